"""The release ledger: every cell ever published and its form, and what a new release would show beside it. Never a withheld value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from c2c.disclosure._cohort import Cell, Cohort, Cohorts
from c2c.disclosure._percents import is_end, is_small, least_group, people_in, share_shown
from c2c.disclosure._products import Table, tables_of
from c2c.disclosure._rules import Rules, TooRevealing
from c2c.plumbing.site import Site
from c2c.vocabulary import Product

NOT_COORDINATES = ("release", "product", "table", "unit", "value", "low", "high", "status", "of")
Where = frozenset[tuple[str, str]]
Figure = tuple[float | None, float | None, float | None]
"""What was shown of a row: its value, or low and high of its band."""


def join_earlier(site: Site, release_id: str, cohorts: Cohorts, rules: Rules) -> dict[str, int]:
    """Tell each cohort what earlier releases have shown of it, in place; returns how many figures that concerns.

    What was published stays known, retired or not. A figure that is the same is public: it can cover nothing, and nothing hides it. One that moved
    by fewer people than may stand alone would show those few beside the old figure: it is withheld, with whatever that takes. What was
    withheld stays withheld. All this holds of tables that are left out now as well: none of their cells is shown, and what they withheld must
    not come out by what is. Records that were corrected since move figures, and only figures that did not move are told: so no sum is ever
    told of which one part is of the old state and another of the new.
    """
    before = [figures(pl.read_parquet(path)) for path in _earlier(site, release_id)]
    counted = {"releases": 0, "same": 0, "moved": 0, "kept_withheld": 0, "revised": 0, "left_out": 0}
    met: set[int] = set()
    for (_, cohort), found in cohorts.items():
        # Counts first: what is known of a share leans on what is known of its group.
        rows = [*((r, False) for r in found.rows), *((r, True) for r in found.left_out)]
        for row, left_out in sorted((r for r in rows if r[0].key is not None), key=lambda r: r[0].statistic == "percent"):
            where = _where(row, cohort)
            having = [number for number, figures in enumerate(before) if where in figures]
            given = [before[number][where] for number in having]
            met.update(having)
            if given:
                counted[_join(row, found, given, rules)] += 1
                counted["left_out"] += left_out
    # A release of other figures altogether says nothing of these.
    return counted | {"releases": len(met)}


def _join(row: Cell, found: Cohort, given: list[Figure | None], rules: Rules) -> str:
    """Tell a cohort what was given before of one row: figures, or None where it was withheld."""
    assert row.key is not None  # noqa: S101 - only rows with a cell are joined
    system, cell = found.system, found.system.at[row.key]
    x = system.values[cell]
    shown = [figure for figure in given if figure is not None]
    if not shown:
        found.kept_withheld.add(cell)
        return "kept_withheld"
    if row.statistic == "percent":
        if row.n < least_group(rules) or system.at[row.base] not in system.told:
            return "revised"
        now = share_shown(x, row.n, rules)
        same = now[:3] in shown
        if same and is_end(now) and (cell in found.primary if system.published[cell] else is_small(x, row.n, rules)):
            # The band is known and stays; whatever else is shown must leave it as wide as it was.
            system.told[cell] = people_in(now, row.n)
            return "same"
    else:
        moved = min((abs(x - value) for value, _, _ in shown if value is not None), default=float(x))
        same = moved == 0
        if 0 < moved < rules["joint_difference"]:
            (found.primary if system.published[cell] else found.kept_withheld).add(cell)
            return "moved"
    if not same or cell in found.primary:
        return "revised"
    system.told[cell] = (float(x), float(x))
    return "same"


def _earlier(site: Site, release_id: str) -> list[Path]:
    return [path for path in sorted((site.root / "ledger" / "cells").glob("*.parquet")) if path.stem != release_id]


def tables_before(site: Site, release_id: str) -> list[Table]:
    """Every table that any other release has published, as its product declared it then."""
    found: dict[tuple[str, int], list[Table]] = {}
    for path in _earlier(site, release_id):
        declared = pl.read_parquet_metadata(path).get("declared")
        if not declared:
            continue
        said = json.loads(declared)
        shown = set(pl.read_parquet(path, columns=["table", "academic_year"]).unique().iter_rows())
        for table in tables_of(Product(said["product"], said["edition"], tuple(said["tables"])), said["year"]):
            alike = found.setdefault((table.name, table.year), [])
            if (table.name, str(table.year)) in shown and table not in alike:
                alike.append(table)
    return [table for alike in found.values() for table in alike]


def published(site: Site, release_id: str) -> dict[Where, Figure | None]:
    """Every figure that any other release has published, by where it stands; None where all that had it withheld it."""
    known: dict[Where, Figure | None] = {}
    for path in _earlier(site, release_id):
        given = figures(pl.read_parquet(path))
        known |= {where: value for where, value in given.items() if value is not None or where not in known}
    return known


def beside(before: Mapping[Where, Figure | None], now: Mapping[Where, Figure | None]) -> dict[str, int]:
    """What a release would change beside all that was published: figures by what they are, None where one is withheld.

    `new`: shown for the first time. `same`, `moved`: shown before, and again with that value or another. `gone_from_view`: shown before, and now
    withheld. `still_withheld`: withheld before and now. `no_longer_asked`: published before, and not in this release.
    """
    counted = dict.fromkeys(("new", "same", "moved", "gone_from_view", "still_withheld", "new_withheld", "no_longer_asked"), 0)
    for where, value in now.items():
        if where not in before:
            counted["new" if value is not None else "new_withheld"] += 1
        elif value is None:
            counted["still_withheld" if before[where] is None else "gone_from_view"] += 1
        else:
            counted["same" if before[where] == value else "new" if before[where] is None else "moved"] += 1
    counted["no_longer_asked"] = len(set(before) - set(now))
    return counted


def refuse_if_little_is_left(said: Mapping[str, Any], rules: Rules) -> None:
    """Refuse a release of which, beside earlier ones, hardly anything of the state could be shown.

    Raises:
        TooRevealing: DSC-003.
    """
    if said["joint"]["releases"] and said["share_of_state_cells_shown"] < rules["least_share_beside_earlier"]:
        raise TooRevealing(
            "DSC-003",
            where="beside the releases published before",
            what=f"{said['joint']['moved']} counts moved by a few people, and too little could be shown without showing them",
            remedy="Nothing was published; the earlier releases stay. Publish when more has changed, or with fewer tables.",
        )


def check_form(site: Site, product_id: str, release_id: str, *, rounded: bool) -> None:
    """Refuse exact figures beside rounded ones of the same product: the difference would give both away. Once is for good.

    Raises:
        TooRevealing: DSC-047.
    """
    for path in _earlier(site, release_id):
        before = pl.read_parquet(path, columns=["product"])["product"]
        if product_id in before and _is_rounded(path) != rounded:
            raise TooRevealing(
                "DSC-047",
                where=f"product {product_id}",
                what="it was published with exact counts" if rounded else "it was published with rounded counts",
                remedy="Rounding is switched on before a product's first release, and stays on.",
            )


def keep_rounded(site: Site, table: pl.DataFrame, product: Product, release_id: str) -> pl.DataFrame:
    """A rounded table in which every cohort that was published before stands as it was: rounded twice, its true counts would average out."""
    population = {said["measure"]: said["population"] for said in product.tables[1:]}
    now = table.with_columns(of_whom=pl.col("measure").replace_strict(population, default=""))
    for path in _earlier(site, release_id):
        before = pl.read_parquet(path)
        if not _is_rounded(path) or product.product_id not in before["product"]:
            continue
        before = before.with_columns(
            pl.lit(release_id).alias("release"), of_whom=pl.col("measure").replace_strict(population, default="")
        )
        cohort = ["of_whom", "academic_year"]
        now = pl.concat([now.join(before, on=cohort, how="anti"), before.join(now, on=cohort, how="semi")], how="diagonal")
    kept = now.select(table.columns)
    return kept.sort([c for c in kept.columns if c not in ("value", "low", "high", "status", "of")])


def _is_rounded(path: Path) -> bool:
    return pl.read_parquet_metadata(path).get("form") == "rounded"


def enter(
    site: Site, table: pl.DataFrame, release_id: str, *, product: Product | None = None, year: int = 0, rounded: bool = False
) -> None:
    """Write every cell of a release into the ledger, before the release exists, and whether its counts are exact or rounded.

    `product` and `year`: what its tables were counted by, so that a later release that leaves one out can count it again.
    """
    path = site.folder("ledger", "cells") / f"{release_id}.parquet"
    part = path.with_name(f".{path.name}.part")
    said = {"form": "rounded" if rounded else "exact"}
    if product:
        declared = {"product": product.product_id, "edition": product.edition, "year": year, "tables": product.tables}
        said["declared"] = json.dumps(declared)
    table.write_parquet(part, compression="zstd", metadata=said)
    part.replace(path)


def figures(table: pl.DataFrame) -> dict[Where, Figure | None]:
    """Each count and percent that was shown, in a band or not, or withheld, by where it stands; None where it was withheld."""
    coordinates = [c for c in table.columns if c not in NOT_COORDINATES]
    said = table.filter(pl.col("status").is_in(["shown", "banded", "c"]) & pl.col("statistic").is_in(["count", "percent"]))
    found: dict[Where, Figure | None] = {}
    for row in said.select(*coordinates, "value", "low", "high", pl.col("status") == "c").iter_rows(named=True):
        withheld, figure = row.pop("status"), (row.pop("value"), row.pop("low"), row.pop("high"))
        found[frozenset((k, str(v)) for k, v in row.items() if v is not None)] = None if withheld else figure
    return found


def _where(row: Cell, cohort: int) -> Where:
    said = row.coordinates | {"measure": row.table.measure, "statistic": row.statistic, "academic_year": str(cohort)}
    return frozenset(said.items())
