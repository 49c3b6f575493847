"""The release ledger: every cell ever published and its form, and what a new release would show beside it. Never a withheld value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from c2c.disclosure._count import Cell, Cohort, Cohorts, share_shown
from c2c.disclosure._rules import TooRevealing, rule
from c2c.plumbing.site import Site

NOT_COORDINATES = ("release", "product", "table", "unit", "value", "low", "high", "status", "of")
Where = frozenset[tuple[str, str]]


def join_earlier(site: Site, release_id: str, cohorts: Cohorts, standing: Collection[str]) -> dict[str, int]:
    """Tell each cohort what earlier releases have shown of it, in place; returns how many figures that concerns.

    Where a release stands, its figures are carried on as they were given while they are less than eleven people off, and what it withheld stays
    withheld: nobody can tell from two editions who came or went. Of a release that was retired nothing is carried on, but whatever it showed
    is known: a figure that is the same is public, and one that moved by fewer people than may stand alone is withheld.
    """
    ledger = sorted((site.root / "ledger" / "cells").glob("*.parquet"), key=lambda p: (p.stat().st_mtime_ns, p.name))
    before = [(path.stem in standing, _figures(pl.read_parquet(path))) for path in ledger if path.stem != release_id]
    counted = {"releases": len(before), "carried": 0, "public": 0, "moved": 0, "revised": 0}
    for (_, cohort), found in cohorts.items():
        # Counts first: what is known of a share leans on what is known of its group.
        for row in sorted((r for r in found.rows if r.key is not None), key=lambda r: r.statistic == "percent"):
            where = _where(row, cohort)
            given = [(stands, figures[where]) for stands, figures in before if where in figures]
            if given:
                counted[_join(row, found, given)] += 1
    return counted


def _join(row: Cell, found: Cohort, given: list[tuple[bool, float | None]]) -> str:
    """What earlier releases gave of one row (a figure, or None where withheld), told to its cohort: carried, public or moved."""
    assert row.key is not None  # noqa: S101 - the caller takes rows with a cell only
    cell, room = found.system.at[row.key], rule("joint_difference")
    x = float(found.system.values[cell])
    stands, newest = given[-1]
    if stands and newest is None:
        found.kept_hidden.add(cell)
        return "carried"
    if row.statistic == "percent":
        return _join_share(row, found, cell, given)
    shown = [value for _, value in given if value is not None]
    if stands and newest is not None and abs(x - newest) < room:
        found.primary.discard(cell)
        found.carried[cell] = newest
        found.system.told[cell] = (max(newest - room + 1, 0.0), newest + room - 1)
        return "carried"
    moved = min((abs(x - value) for value in shown), default=room)
    if 0 < moved < room:
        found.primary.add(cell)
        return "moved"
    if moved == 0 and cell not in found.primary:
        found.system.told[cell] = (x, x)
        return "public"
    return "revised"


def _join_share(row: Cell, found: Cohort, cell: int, given: list[tuple[bool, float | None]]) -> str:
    """A share that stands is carried on with its group; one of a retired release is public where its group is the same."""
    stands, newest = given[-1]
    base = found.system.at[row.base]
    if base not in found.system.told or newest is None:
        return "revised"
    x, n = float(found.system.values[cell]), found.carried.get(base, float(row.n))
    room = rule("joint_difference") - 1 + n / 200
    if stands and base in found.carried and abs(x - newest * n / 100) <= room:
        row.figure = newest
        found.primary.discard(cell)
        found.system.told[cell] = (max(newest * n / 100 - room, 0.0), newest * n / 100 + room)
        return "carried"
    if not stands and cell not in found.primary and any(share_shown(int(x), row.n)[0] == value for _, value in given):
        found.system.told[cell] = (x, x)
        return "public"
    return "revised"


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


def _figures(table: pl.DataFrame) -> dict[Where, float | None]:
    """Each count and percent that was shown or withheld, by where it stands; None where it was withheld."""
    coordinates = [c for c in table.columns if c not in NOT_COORDINATES]
    said = table.filter(pl.col("status").is_in(["shown", "c"]) & (pl.col("statistic") != "median"))
    found = {}
    for row in said.select(*coordinates, "value").iter_rows(named=True):
        value = row.pop("value")
        found[frozenset((k, str(v)) for k, v in row.items() if v is not None)] = value
    return found


def _where(row: Cell, cohort: int) -> Where:
    said = row.coordinates | {"measure": row.table.measure, "statistic": row.statistic, "academic_year": str(cohort)}
    return frozenset(said.items())
