"""Attacks that someone with all that was published and unlimited arithmetic would try. The gate must withstand each."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from builders import a_table
from c2c import disclosure

ROWS = [("north", "a", 40), ("north", "b", 30), ("north", "c", 4), ("south", "a", 60), ("south", "b", 25), ("south", "c", 31)]


def unhide(path: Path, keep: set[tuple[str, str]], rows: list[tuple[str, str, int]]) -> Path:
    """Print what was withheld, but for some cells."""
    truth = {(p, g): n for p, g, n in rows}
    with path.open(encoding="utf-8") as handle:
        said = list(csv.DictReader(handle))
    for row in said:
        if row["status"] == "c" and (row["place"], row["group"]) not in keep and (row["place"], row["group"]) in truth:
            row |= {"status": "shown", "value": str(truth[row["place"], row["group"]])}
    out = path.with_name("unhidden.csv")
    with out.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, said[0])
        writer.writeheader()
        writer.writerows(said)
    return out


def test_a_small_cell_is_not_its_total_minus_the_rest(tmp_path: Path) -> None:
    """A1: subtracting shown parts from a shown total gives no small count back."""
    safe = tmp_path / "safe.csv"
    said = disclosure.protect_file(a_table(tmp_path / "raw.csv", ROWS), safe)
    assert said["withheld"] > 1
    assert disclosure.attack_file(safe, None)["ok"]


def test_hiding_small_cells_alone_is_found_out(tmp_path: Path) -> None:
    """D8: primary suppression by itself fails the attack."""
    safe = tmp_path / "safe.csv"
    disclosure.protect_file(a_table(tmp_path / "raw.csv", ROWS), safe)
    said = disclosure.attack_file(unhide(safe, {("north", "c")}, ROWS), tmp_path / "verdicts.csv")
    assert not said["ok"] and said["pinned"] >= 1
    assert "pinned" in (tmp_path / "verdicts.csv").read_text("utf-8")


def test_a_rectangle_too_small_is_not_enough(tmp_path: Path) -> None:
    """A2: covering a 4 with cells of 1 and 2 leaves it known within a few; the width must be nine."""
    rows = [
        ("north", "a", 4),
        ("north", "b", 1),
        ("north", "c", 90),
        ("south", "a", 1),
        ("south", "b", 2),
        ("south", "c", 80),
        ("west", "a", 50),
        ("west", "b", 70),
        ("west", "c", 60),
    ]
    safe = tmp_path / "safe.csv"
    disclosure.protect_file(a_table(tmp_path / "raw.csv", rows), safe)
    assert disclosure.attack_file(safe, None)["ok"]
    small = {("north", "a"), ("north", "b"), ("south", "a"), ("south", "b")}
    assert not disclosure.attack_file(unhide(safe, small, rows), None)["ok"]


def test_one_mark_serves_small_and_covering_cells(tmp_path: Path) -> None:
    """A10: nothing in the file says which withheld cell is the small one."""
    safe = tmp_path / "safe.csv"
    disclosure.protect_file(a_table(tmp_path / "raw.csv", ROWS), safe)
    with safe.open(encoding="utf-8") as handle:
        withheld = [r for r in csv.DictReader(handle) if r["status"] != "shown"]
    assert {r["status"] for r in withheld} == {"c"} and {r["value"] for r in withheld} == {""}


def test_the_same_tables_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    """A11: asking again with rows shuffled teaches nothing new."""
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    disclosure.protect_file(a_table(tmp_path / "raw.csv", ROWS), first)
    disclosure.protect_file(a_table(tmp_path / "raw2.csv", ROWS[::-1]), second)
    assert sorted(first.read_text("utf-8").splitlines()) == sorted(second.read_text("utf-8").splitlines())


def test_tables_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    """The auditor fails closed: what does not add up gets no verdict of safe."""
    path = a_table(tmp_path / "raw.csv", ROWS)
    text = path.read_text("utf-8").replace("t,north,Total,74", "t,north,Total,5")
    path.write_text(text.replace("t,north,c,4", "t,north,c,"), "utf-8")
    try:
        assert not disclosure.attack_file(path, None)["ok"]
    except disclosure.TooRevealing as refused:
        assert refused.code == "DSC-002"


def test_a_file_without_figures_is_refused_with_its_remedy(tmp_path: Path) -> None:
    """A wrong file gets a code and a remedy, not a crash."""
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(disclosure.TooRevealing, match="DSC-004"):
        disclosure.attack_file(tmp_path / "x.csv", None)
