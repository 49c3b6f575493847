"""What protection took from view, told from the published cells alone: so the account itself can give nobody away."""

from __future__ import annotations

from typing import Any

import polars as pl

from c2c.disclosure._products import settings_of
from c2c.vocabulary import Product

DETAIL = ("breakdowns", "pairs", "place_breakdowns")
"""Where a product declares by which groups it tells people apart."""

STATE = "state"


def account(table: pl.DataFrame, product: Product) -> dict[str, Any]:
    """How much of a release is in view: by kind of place, by group, and for how many people.

    `by_place`: cells, shown and withheld of the state and of each kind of place, how many places of it there are, and how many without any figure by
    group or without any figure. `by_group`: the same for each value of each group, and of a hundred of its people counted in the whole state
    how many are found in some place's figure: what anybody can add up from what is shown.
    """
    cells = table.filter(pl.col("status").is_in(["shown", "banded", "c"])).with_columns(withheld=pl.col("status") == "c")
    places = [g for g in settings_of(product)["geographies"] if g in cells.columns]
    told: list[list[str]] = [by for said in product.tables[1:] for key in DETAIL for by in said.get(key, ())]  # type: ignore[attr-defined]
    groups = sorted({g for by in told for g in by} & set(cells.columns))
    by_place = {STATE: _shown(cells.filter(_nowhere(places)))}
    for place in places:
        here = cells.filter(pl.col(place).is_not_null())
        kept = here.filter(~pl.col("withheld"))
        detail = kept.filter(pl.any_horizontal(pl.lit(False), *(pl.col(g).is_not_null() for g in groups)))
        n = here[place].n_unique()
        by_place[place] = _shown(here) | {
            "places": n,
            "without_detail": n - detail[place].n_unique(),
            "with_nothing": n - kept[place].n_unique(),
        }
    by_group = {g: _of_group(cells, g, groups, places) for g in groups}
    return {"by_place": by_place, "by_group": {g: found for g, found in by_group.items() if found}}


def _of_group(cells: pl.DataFrame, group: str, groups: list[str], places: list[str]) -> dict[str, dict[str, Any]]:
    others = [pl.col(g).is_null() for g in groups if g != group]
    alone = cells.filter(pl.col(group).is_not_null(), pl.col("statistic") == "count", *others)
    found = {}
    for (value,), mine in sorted(cells.filter(pl.col(group).is_not_null()).group_by(group)):
        figures = alone.filter(pl.col(group) == value, ~pl.col("withheld"))
        found[str(value)] = _shown(mine) | {"pct_found_in": {p: _found_in(figures, group, p, places) for p in places}}
    return found


def _found_in(figures: pl.DataFrame, group: str, place: str, places: list[str]) -> float | None:
    """Of a hundred people whom the state's figures count, how many stand in some place's. None where the release has no such figures."""
    one = [
        "measure",
        "academic_year",
        *(c for c in ("outcome", "first_node", "last_node", "award_category") if c in figures.columns and c != group),
    ]
    of_state = figures.filter(_nowhere(places)).group_by(one).agg(pl.col("value").sum().alias("whole"))
    of_places = figures.filter(pl.col(place).is_not_null()).group_by(one).agg(pl.col("value").sum())
    both = of_state.join(of_places, on=one, nulls_equal=True)
    whole = both["whole"].sum()
    return round(100 * float(both["value"].sum()) / float(whole), 1) if whole else None


def _nowhere(places: list[str]) -> pl.Expr:
    return pl.all_horizontal(pl.lit(True), *(pl.col(p).is_null() for p in places))


def _shown(cells: pl.DataFrame) -> dict[str, Any]:
    withheld = int(cells["withheld"].sum())
    return {
        "cells": len(cells),
        "withheld": withheld,
        "pct_shown": round(100 * (1 - withheld / len(cells)), 1) if len(cells) else None,
    }
