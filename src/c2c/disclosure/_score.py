"""The publication score of the California guidelines: points for a table's smallest count, its place, its groups and how many of them meet.

A first look and no proof: it knows nothing of sums, of other tables or of earlier releases. So counts are withheld and covered whatever the score;
a table that as declared has more points than `most_declared_score` leaves the lattice before any data are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from c2c.disclosure._account import STATE
from c2c.disclosure._products import Table, tables_of
from c2c.disclosure._rules import Rules, edition_of, rule_ids, rule_of
from c2c.vocabulary import Product

SET = "scoring"
MANY = 1_000
"""Of so many or more the guidelines make no difference: the best a count can be."""

UNTOLD = 11
"""A share or a middle figure that is shown has at least so many people behind it, and does not tell how many."""


def too_detailed(product: Product, year: int, rules: Rules) -> set[str]:
    """The tables that have too many points even were each of their counts a thousand: by what they declare, so the refusal tells nothing of anybody."""
    most = rules["most_declared_score"]
    return {t.name for t in tables_of(product, year) if sum(_points(t, MANY, dict.fromkeys(t.groups, 1)).values()) > most}


def publication_scores(cells: pl.DataFrame, product: Product, year: int) -> dict[str, Any]:
    """The points of each table of a release, told from its published cells alone; of several cohorts those of the one that has most.

    A count that is withheld, or a share in an end band, is taken as fewer than eleven. `tables`: one row per table, most points first, with
    what they add up from; `passes`: has it no more points than the guidelines let pass as it is?
    """
    limit = rule_of(SET, "most_to_pass")
    declared = {t.name: t for t in tables_of(product, year)}
    scored: dict[str, dict[str, Any]] = {}
    told = cells.filter(pl.col("status").is_in(["shown", "banded", "c"]))
    for (name, _), mine in sorted(told.group_by("table", "academic_year")):
        table = declared.get(str(name))
        if table is None:
            continue
        parts = _points(table, _smallest(mine), {g: mine[g].n_unique() for g in table.groups})
        score = sum(parts.values())
        if name not in scored or score > scored[str(name)]["score"]:
            scored[str(name)] = {
                "table": name,
                "place": table.place or STATE,
                "score": score,
                "passes": score <= limit,
                "points": parts,
            }
    rows = sorted(scored.values(), key=lambda row: (-row["score"], row["table"]))
    return {"edition": edition_of(SET), "most_to_pass": limit, "by_place": _by_place(rows), "tables": rows}


def _points(table: Table, smallest: int, categories: dict[str, int]) -> dict[str, float]:
    """What a table's score adds up from. One school year, as all tables are of, has no points."""
    n = len(table.groups)
    return {
        "events": rule_of(SET, "events", smallest),
        "place": rule_of(SET, table.place if table.place in rule_ids(SET) else "place" if table.place else STATE),
        "groups": sum(rule_of(SET, g) if g in rule_ids(SET) else rule_of(SET, "categories", categories[g]) for g in table.groups),
        "together": rule_of(SET, "variables", n) if n else rule_of(SET, "only_events", smallest),
    }


def _smallest(cells: pl.DataFrame) -> int:
    """The least count that may stand behind a published cell; nobody is no event."""
    if not cells.filter(pl.col("status") != "shown").is_empty():
        return 0
    counts = cells.filter(pl.col("statistic") == "count", pl.col("value") > 0)["value"]
    untold = cells.filter(pl.col("statistic") != "count").is_empty()
    return min(int(counts.min() or MANY), MANY if untold else UNTOLD)  # type: ignore[arg-type]


def _by_place(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        mine = found.setdefault(row["place"], {"tables": 0, "pass": 0, "most": row["score"]})
        mine["tables"] += 1
        mine["pass"] += row["passes"]
    return found
