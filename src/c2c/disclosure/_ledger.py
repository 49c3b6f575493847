"""The release ledger: every cell ever published and its form, and what a new release would show beside it. Never a withheld value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from c2c.disclosure._count import Cell, Cohorts, share_shown
from c2c.disclosure._rules import TooRevealing, rule
from c2c.plumbing.site import Site

NOT_COORDINATES = ("release", "product", "table", "unit", "value", "low", "high", "status", "of")
Where = frozenset[tuple[str, str]]


def join_earlier(site: Site, release_id: str, cohorts: Cohorts) -> dict[str, int]:
    """Tell each cohort what earlier releases have shown of it, in place; returns how many cells that concerns.

    A count that was shown before and is the same now is public: it can cover nothing and nothing hides it. One that moved by fewer people than
    may stand alone would show those few beside the old figure: it is withheld, with whatever that takes.
    """
    before = [dict(_figures(pl.read_parquet(path))) for path in sorted((site.root / "ledger" / "cells").glob("*.parquet"))
              if path.stem != release_id]  # fmt: skip
    counted = {"releases": len(before), "public": 0, "moved": 0}
    for (_, cohort), found in cohorts.items():
        # Counts first: a share tells nothing new only where its group is known to be the same.
        for row in sorted((r for r in found.rows if r.key is not None), key=lambda r: r.statistic == "percent"):
            shown = [figures[where] for figures in before if (where := _where(row, cohort)) in figures]
            cell = found.system.at[row.key] if row.key is not None else 0
            if not shown or cell in found.primary:
                continue
            if row.statistic == "count":
                moved = min(abs(found.system.values[cell] - value) for value in shown)
                same = moved == 0
                if 0 < moved < rule("joint_difference"):
                    counted["moved"] += 1
                    found.primary.add(cell)
            else:
                same = found.system.public[found.system.at[row.base]] and share_shown(found.system.values[cell], row.n)[0] in shown
            counted["public"] += same and not found.system.public[cell]
            found.system.public[cell] |= same
    return counted


def refuse_if_little_is_left(said: Mapping[str, Any]) -> None:
    """Refuse a release of which, beside earlier ones, hardly anything of the state could be shown.

    Raises:
        TooRevealing: DSC-003.
    """
    if said["joint"]["releases"] and said["share_of_state_cells_shown"] < rule("least_share_beside_earlier"):
        raise TooRevealing(
            "DSC-003",
            where="beside the releases published before",
            what=f"{said['joint']['moved']} counts moved by a few people, and too little could be shown without showing them",
            remedy="Nothing was published; the earlier releases stay. Publish when more has changed, or with fewer tables.",
        )


def enter(site: Site, table: pl.DataFrame, release_id: str) -> None:
    """Write every cell of a release into the ledger, before the release exists."""
    path = site.folder("ledger", "cells") / f"{release_id}.parquet"
    part = path.with_name(f".{path.name}.part")
    table.write_parquet(part, compression="zstd")
    part.replace(path)


def _figures(table: pl.DataFrame) -> Iterator[tuple[Where, float]]:
    """Each count and percent shown, by where it stands."""
    coordinates = [c for c in table.columns if c not in NOT_COORDINATES]
    shown = table.filter((pl.col("status") == "shown") & (pl.col("statistic") != "median"))
    for row in shown.select(*coordinates, "value").iter_rows(named=True):
        value = float(row.pop("value"))
        yield frozenset((k, v) for k, v in row.items() if v is not None), value


def _where(row: Cell, cohort: int) -> Where:
    said = row.coordinates | {"measure": row.table.measure, "statistic": row.statistic, "academic_year": str(cohort)}
    return frozenset(said.items())
