"""The release ledger: every cell ever published and its form, and what two editions together would show. Never a withheld value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from c2c.disclosure._rules import TooRevealing, rule
from c2c.plumbing.site import Site

NOT_COORDINATES = ("release", "value", "low", "high", "status", "of", "unit", "table")


def check_together(site: Site, table: pl.DataFrame, earlier: Sequence[Path]) -> None:
    """Refuse a release that, beside an earlier one, gives a withheld figure away or a difference of a few people.

    A count or percent shown then and withheld now, over people of whom nothing else changed, is known; a count that moved by less than
    eleven tells of those few who moved.

    Raises:
        TooRevealing: DSC-003 with the release that stands against it.
    """
    least = rule("joint_difference")
    for folder in earlier:
        before = pl.read_parquet(folder / "cells.parquet")
        both = _beside(table, before)
        counts = both.filter(
            (pl.col("statistic") == "count") & (pl.col("status") == "shown") & (pl.col("status_before") == "shown")
        )
        moved = counts.filter(
            (pl.col("value") != pl.col("value_before")) & ((pl.col("value") - pl.col("value_before")).abs() < least)
        )
        unchanged = _unchanged(both)
        known = both.join(unchanged, on=["measure", "academic_year"]).filter(
            (pl.col("status") == "c") & pl.col("status_before").is_in(["shown", "banded"])
        )
        if len(moved) or len(known):
            raise TooRevealing(
                "DSC-003",
                where=f"beside release {folder.name}",
                what=f"{len(moved)} counts moved by a few people, {len(known)} figures withheld now were shown then",
                remedy="Nothing was published; the earlier release stays. Publish when more has changed, or with fewer tables.",
            )


def enter(site: Site, table: pl.DataFrame, release_id: str) -> None:
    """Write every cell of a release into the ledger, before the release exists."""
    path = site.folder("ledger", "cells") / f"{release_id}.parquet"
    part = path.with_name(f".{path.name}.part")
    table.write_parquet(part, compression="zstd")
    part.replace(path)


def _beside(table: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    coordinates = [c for c in table.columns if c not in NOT_COORDINATES and c in before.columns]
    once = table.unique(coordinates, keep="first")
    return once.join(
        before.unique(coordinates, keep="first").select(*coordinates, "value", "status"),
        on=coordinates,
        suffix="_before",
        nulls_equal=True,
    )


def _unchanged(both: pl.DataFrame) -> pl.DataFrame:
    """Measures and cohorts of which every figure shown in both editions is the same."""
    shown = both.filter((pl.col("status") == "shown") & (pl.col("status_before") == "shown"))
    return (
        shown.group_by("measure", "academic_year")
        .agg((pl.col("value") == pl.col("value_before")).all().alias("same"))
        .filter("same")
        .drop("same")
    )
