"""Rates by group say what the gate let out and no more, and how much of a gap is chance."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builders import a_site
from c2c.plumbing.site import Site
from c2c.publication import rates
from c2c.publication.rates._gaps import difference, find_gap, wilson
from c2c.vocabulary import SafeTables

MARGINS = {"release": "r", "product": "match_rates", "measure": "record_links", "statistic": "count", "unit": "records", "academic_year": "2026",
           "outcome": None, "low": None, "high": None, "of": ""}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with the shipped terms."""
    return a_site(tmp_path)


def safe(folder: Path, rows: list[dict[str, Any]]) -> SafeTables:
    """Safe tables of these cells; a cell without a value was withheld."""
    dims = {"gender": None, "link_status": None, "sure": None, "elsewhere": None}
    cells = [MARGINS | dims | {"table": "t", "status": "c" if r["value"] is None else "shown"} | r for r in rows]
    pl.DataFrame(cells, infer_schema_length=None).write_parquet(folder / "cells.parquet")
    return SafeTables("match_rates", folder / "cells.parquet")


def by_gender(f: tuple[int, int | None], m: tuple[int, int | None]) -> list[dict[str, Any]]:
    """All records, and those of women and men: how many, and how many of them are linked for sure."""
    rows: list[dict[str, Any]] = [{"value": float(f[0] + m[0])}]
    for group, (n, x) in (("F", f), ("M", m)):
        rows.append({"gender": group, "value": float(n)})
        rows += [{"gender": group, "sure": s, "value": v} for s, v in (("yes", x), ("no", None if x is None else n - x))]
    return rows


def part(said: Any, by: str) -> Any:
    return next(b for b in said["breakdowns"] if b["by"] == by)


def test_intervals_are_those_of_the_papers() -> None:
    """A statistician who checks the interval finds the printed examples: Newcombe 1998, tables I and II."""
    assert [round(x, 4) for x in wilson(81, 263)] == [0.2553, 0.3662]
    assert [round(x, 4) for x in difference(56, 70, 48, 80)] == [0.0524, 0.3339]
    assert [round(x, 4) for x in difference(10, 10, 0, 20)] == [0.6791, 1.0]


def test_a_gap_is_read_by_what_chance_could_do() -> None:
    """Nobody chases a gap of a handful of people, and nobody calls a real one chance."""
    assert find_gap({"F": (18, 20), "M": (16, 20)}).reading == "chance"  # type: ignore[union-attr]
    large = find_gap({"F": (9_900, 10_000), "M": (9_000, 10_000), "X": (9_500, 10_000)})
    assert large and (large.best, large.worst, large.reading) == ("F", "M", "large")
    assert find_gap({"F": (9_900, 10_000), "M": (9_800, 10_000)}).reading == "some"  # type: ignore[union-attr]
    assert find_gap({"F": (9_900, 10_000)}) is None


def test_many_records_of_one_person_do_not_pass_for_many_people() -> None:
    """Twenty years of one student's files are one person's luck with the match."""
    counts = {"F": (950.0, 1000.0), "M": (900.0, 1000.0)}
    assert find_gap(counts).reading != "chance"  # type: ignore[union-attr]
    assert find_gap(counts, records_per_person=20).reading == "chance"  # type: ignore[union-attr]


def test_what_the_gate_withheld_is_nowhere_in_the_rates(site: Site, tmp_path: Path) -> None:
    """A withheld count gives no share, no gap and no line in the file."""
    said = rates.freeze_rates(site, safe(tmp_path, by_gender((1000, 990), (400, None))), run_id="2026-001", year=2026, people=700)
    women, men = part(said, "gender")["groups"]
    assert (women["sure"], men["sure"], men["n_sure"], men["records"]) == (0.99, None, None, 400)
    assert part(said, "gender")["gaps"]["sure"] is None
    rates.write_rates(site, "2026-001", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8") as handle:
        lines = {row["group"]: row for row in csv.DictReader(handle)}
    assert lines["M"]["share_sure"] == "" and lines["F"]["share_sure"] == "0.99"


def test_each_rate_stands_beside_that_of_the_run_before(site: Site, tmp_path: Path) -> None:
    """A steward sees whether a group is matched better than last time; a refusal in between hides nothing of that."""
    rates.freeze_rates(site, safe(tmp_path, by_gender((1000, 950), (1000, 900))), run_id="2025-001", year=2025, people=2000)
    rates.freeze_refusal(site, run_id="2026-002", year=2026, code="DSC-003", what="too little could be shown")
    said = rates.freeze_rates(site, safe(tmp_path, by_gender((1000, 980), (1000, 930))), run_id="2026-003", year=2026, people=2000)
    assert [g["before"]["sure"] for g in part(said, "gender")["groups"]] == [0.95, 0.9] and said["run_before"] == "2025-001"
    assert rates.open_rates(site, "2026-002")["refused"] == "DSC-003"
    assert rates.open_rates(site, "2027-001") == {}
