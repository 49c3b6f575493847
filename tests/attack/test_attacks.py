"""`c2c attack` finds what can be worked out of published files, and says of a wrong file which row is wrong. The named attacks are in `test_seventeen.py`."""

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


def test_hiding_small_cells_alone_is_found_out(tmp_path: Path) -> None:
    """D8: primary suppression by itself fails the attack."""
    safe = tmp_path / "safe.csv"
    disclosure.protect_file(a_table(tmp_path / "raw.csv", ROWS), safe)
    said = disclosure.attack_file(unhide(safe, {("north", "c")}, ROWS), tmp_path / "verdicts.csv")
    assert not said["ok"] and said["pinned"] >= 1
    assert "pinned" in (tmp_path / "verdicts.csv").read_text("utf-8")


def test_tables_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    """The auditor fails closed: what does not add up gets no verdict of safe."""
    path = a_table(tmp_path / "raw.csv", ROWS)
    text = path.read_text("utf-8").replace("t,north,Total,74", "t,north,Total,5")
    path.write_text(text.replace("t,north,c,4", "t,north,c,"), "utf-8")
    try:
        assert not disclosure.attack_file(path, None)["ok"]
    except disclosure.TooRevealing as refused:
        assert refused.code == "DSC-002"


def test_an_attack_that_runs_out_of_time_refuses(tmp_path: Path) -> None:
    """D8: whoever cannot tell in the time allowed says so, and gives no verdict of safe."""
    safe = tmp_path / "safe.csv"
    disclosure.protect_file(a_table(tmp_path / "raw.csv", ROWS), safe)
    with pytest.raises(disclosure.TooRevealing, match=r"DSC-002.*time"):
        disclosure.attack_file(safe, None, seconds=0)


def test_a_file_without_figures_is_refused_with_its_remedy(tmp_path: Path) -> None:
    """A wrong file gets a code and a remedy, not a crash."""
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(disclosure.TooRevealing, match="DSC-004"):
        disclosure.attack_file(tmp_path / "x.csv", None)


def write(path: Path, text: str) -> Path:
    """A file of rows written with blanks around commas for the eye."""
    path.write_text("\n".join(",".join(p.strip() for p in line.split(",")) for line in text.strip().splitlines()) + "\n", "utf-8")
    return path


def test_every_covering_cell_printed_again_gives_a_small_one_away(tmp_path: Path) -> None:
    """D4: unhiding any one cell that only covers makes the attack succeed; none is withheld for nothing."""
    safe = tmp_path / "safe.csv"
    disclosure.protect_file(a_table(tmp_path / "raw.csv", ROWS), safe)
    with safe.open(encoding="utf-8") as handle:
        withheld = {(r["place"], r["group"]) for r in csv.DictReader(handle) if r["status"] == "c"}
    inner = withheld & {(p, g) for p, g, n in ROWS if n > 10}
    assert inner
    for cell in inner:
        assert not disclosure.attack_file(unhide(safe, withheld - {cell}, ROWS), None)["ok"]


def test_a_share_gives_its_count_away(tmp_path: Path) -> None:
    """A6: 17 % of 18 is three people; a withheld count beside it is found."""
    path = write(
        tmp_path / "x.csv",
        """table,group,outcome,statistic,value,status,of
           t,a,Total,count,18,shown,
           t,b,Total,count,300,shown,
           t,Total,Total,count,318,shown,
           t,a,yes,percent,,c,outcome
           t,b,yes,percent,50,shown,outcome
           t,Total,yes,percent,48,shown,outcome""",
    )
    said = disclosure.attack_file(path, tmp_path / "v.csv")
    assert not said["ok"] and said["pinned"] + said["narrow"] == 1


def test_an_end_stated_by_one_figure_alone_is_read(tmp_path: Path) -> None:
    """ "5 % or less" of 100 leaves 0 to 5; with the total, the share withheld beside it is known within seven people."""
    path = write(
        tmp_path / "x.csv",
        """table,group,outcome,statistic,value,low,high,status,of
           t,a,Total,count,100,,,shown,
           t,b,Total,count,50,,,shown,
           t,Total,Total,count,150,,,shown,
           t,a,yes,percent,,,5,banded,outcome
           t,b,yes,percent,,,,c,outcome
           t,Total,yes,percent,8,,,shown,outcome""",
    )
    assert [verdict(path, tmp_path)] == [("6.25", "12.75", "narrow")]


def verdict(path: Path, folder: Path) -> tuple[str, str, str]:
    """What the attack says of the one withheld figure."""
    disclosure.attack_file(path, folder / "v.csv")
    with (folder / "v.csv").open(encoding="utf-8") as handle:
        (row,) = csv.DictReader(handle)
    return row["low"], row["high"], row["verdict"]


@pytest.mark.parametrize(
    ("row", "code"),
    [("mean,30,,,shown", "DSC-006"), ("percent,130,,,shown", "DSC-005"), ("percent,,60,40,banded", "DSC-005")],
)
def test_a_figure_that_cannot_be_is_named(tmp_path: Path, row: str, code: str) -> None:
    """A mean is not taken for a count, nor a share above a hundred for nothing said."""
    path = write(tmp_path / "x.csv", f"table,group,outcome,of,statistic,value,low,high,status\nt,a,yes,outcome,{row}")
    with pytest.raises(disclosure.TooRevealing, match=rf"{code}.*row 2"):
        disclosure.attack_file(path, None)


def test_one_share_left_out_of_a_hundred_is_found(tmp_path: Path) -> None:
    """Shares that add up to a hundred: withholding one alone withholds nothing."""
    path = write(
        tmp_path / "x.csv",
        """table,system,statistic,value,status,of
           t,Total,count,200,shown,
           t,ccc,percent,60,shown,system
           t,csu,percent,36,shown,system
           t,uc,percent,,c,system""",
    )
    assert not disclosure.attack_file(path, None)["ok"]


def test_overlapping_places_are_judged_by_their_pieces(tmp_path: Path) -> None:
    """A3: a district that lies in two Assembly districts is tied to both by pieces that nobody shows."""
    path = write(
        tmp_path / "x.csv",
        """table,district,assembly,value,status
           d,D1,,100,shown
           d,D2,,,c
           a,,A1,100,shown
           a,,A2,,c
           s,,,105,shown""",
    )
    levels = write(tmp_path / "levels.csv", "dim,hierarchy,parent,child\ndistrict,assembly,A1,D1\ndistrict,assembly,A2,D2")
    said = disclosure.attack_file(path, None, levels=levels)
    assert not said["ok"] and said["pinned"] == 2


def test_two_releases_are_attacked_together(tmp_path: Path) -> None:
    """A5: what one edition withholds and the next one shows is known; each alone holds."""
    one = """t,first,a,,c
             t,first,b,,c
             t,first,Total,100,shown"""
    other = """t,second,a,,c
               t,second,b,95,shown
               t,second,Total,100,shown"""
    head = "table,release,group,value,status\n"
    assert disclosure.attack_file(write(tmp_path / "1.csv", head + one), None)["ok"]
    assert not disclosure.attack_file(write(tmp_path / "2.csv", head + one + "\n" + other), None)["ok"]


@pytest.mark.parametrize(
    ("row", "code"),
    [("t,a,-4,shown", "DSC-005"), ("t,a,many,shown", "DSC-005"), ("t,a,,shown", "DSC-006"), ("t,a,7,secret", "DSC-006"), ("t,a,12,shown\nt,a,13,shown", "DSC-002"), ("t,a,<=5,banded", "DSC-005"), ("t,a,,banded", "DSC-005")],
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_named(tmp_path: Path, row: str, code: str) -> None:
    """Whoever sends a wrong table learns which row is wrong and what to do; nothing is half-written."""
    path = write(tmp_path / "x.csv", f"table,group,value,status\nt,Total,90,shown\n{row}")
    for verb in (lambda: disclosure.attack_file(path, None), lambda: disclosure.protect_file(path, tmp_path / "out.csv")):
        with pytest.raises(disclosure.TooRevealing, match=code):
            verb()
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("levels", "code"),
    [("plce,places,C,D1", "DSC-006"), ("place,places,C,D1\nplace,places,D1,C", "DSC-002"), ("place,C,D1", "DSC-004")],
)
def test_a_hierarchy_that_binds_nothing_is_refused(tmp_path: Path, levels: str, code: str) -> None:
    """A misspelt column or a circle would bind no sum, and the tables would pass for safe."""
    path = write(tmp_path / "x.csv", "table,place,value\nc,C,70\nd,D1,66")
    above = write(tmp_path / "levels.csv", f"{'dim,hierarchy,parent,child' if code != 'DSC-004' else 'dim,parent,child'}\n{levels}")
    with pytest.raises(disclosure.TooRevealing, match=code):
        disclosure.protect_file(path, tmp_path / "out.csv", levels=above)


def test_an_attack_names_the_total_that_contradicts_its_parts(tmp_path: Path) -> None:
    """Whoever attacks a published table that does not add up learns which row; a file without rows is not safe, it is empty."""
    path = write(tmp_path / "x.csv", "table,group,value\nt,a,40\nt,b,30\nt,Total,90")
    with pytest.raises(disclosure.TooRevealing, match=r"DSC-002.*row 4"):
        disclosure.attack_file(path, None)
    with pytest.raises(disclosure.TooRevealing, match=r"DSC-004.*no rows"):
        disclosure.attack_file(write(tmp_path / "none.csv", "table,group,value"), None)


def test_a_total_that_is_not_its_parts_is_refused_before_protection(tmp_path: Path) -> None:
    """Protecting a table with a part left out would protect another table."""
    path = write(tmp_path / "x.csv", "table,group,value\nt,Total,90\nt,a,40\nt,b,30")
    with pytest.raises(disclosure.TooRevealing, match=r"DSC-002.*row 2"):
        disclosure.protect_file(path, tmp_path / "out.csv")


def test_hierarchies_bind_places_to_those_above_them(tmp_path: Path) -> None:
    """A county is its districts, though no table holds both."""
    levels = write(tmp_path / "levels.csv", "dim,hierarchy,parent,child\nplace,places,C,D1\nplace,places,C,D2")
    path = write(tmp_path / "x.csv", "table,place,value\ncounty,C,70\ndistrict,D1,66\ndistrict,D2,4")
    alone, bound = tmp_path / "alone.csv", tmp_path / "bound.csv"
    assert disclosure.protect_file(path, alone)["withheld"] == 1
    assert disclosure.protect_file(path, bound, levels=levels)["withheld"] > 1
    assert disclosure.attack_file(bound, None, levels=levels)["ok"]
    assert not disclosure.attack_file(alone, None, levels=levels)["ok"]


def test_a_place_that_no_row_tells_is_covered_like_one_that_is_withheld(tmp_path: Path) -> None:
    """A county of 70 and one district of 66: the other district is known to be four, though no row speaks of it."""
    path = write(tmp_path / "x.csv", "table,place,value\ncounty,C,70\ndistrict,D1,66")
    levels = write(tmp_path / "levels.csv", "dim,hierarchy,parent,child\nplace,places,C,D1\nplace,places,C,D2")
    said = disclosure.protect_file(path, tmp_path / "out.csv", levels=levels)
    assert said["withheld"] >= 1
    two = write(tmp_path / "y.csv", "table,place,value\ncounty,C,70\ndistrict,D1,40\ndistrict,D4,26\n")
    levels = write(
        tmp_path / "more.csv",
        "dim,hierarchy,parent,child\nplace,places,C,D1\nplace,places,C,D2\nplace,places,C,D3\nplace,places,C,D4",
    )
    assert disclosure.protect_file(two, tmp_path / "out2.csv", levels=levels)["withheld"] >= 1
