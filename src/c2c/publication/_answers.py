"""Answers: slices of a release. Nothing is added up and no group made that was not published as such."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from c2c.vocabulary import Release

PLACES = ("county", "school_district", "legislative_district")
FIXED = ("release", "product", "table", "measure", "statistic", "unit")
FIGURES = ("value", "low", "high", "status", "of")
INNER = ("outcome", "first_node", "last_node", "award_category")
"""Dimensions that are the answer of a measure, not a group of people."""


@dataclass(frozen=True)
class Query:
    """What a reader asks: one measure, of some places and years, by some groups. Empty `places` is the whole state."""

    measure: str
    geography: str = ""
    places: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Rows of a release that answer a query, and where the combination was not published the nearest one that was."""

    rows: tuple[Mapping[str, Any], ...]
    dimensions: tuple[str, ...]
    nearest: Query | None = None


@dataclass(frozen=True)
class Shelf:
    """A release held in memory by one process: its cells by table shape, its places, method and status."""

    cells: pl.DataFrame
    places: Mapping[str, Mapping[str, Any]]
    method: Mapping[str, Any]
    by_shape: Mapping[tuple[str, frozenset[str]], pl.DataFrame] = field(repr=False)

    def shapes(self, measure: str) -> list[frozenset[str]]:
        """The combinations of dimensions that a measure was published by."""
        return sorted((shape for m, shape in self.by_shape if m == measure), key=lambda s: (len(s), sorted(s)))


@functools.lru_cache(maxsize=8)
def shelf(folder: Path) -> Shelf:
    """The release in a folder, opened once."""
    cells = pl.read_parquet(folder / "cells.parquet")
    dims = [c for c in cells.columns if c not in (*FIXED, *FIGURES, "academic_year")]
    places = {row["code"]: row for row in pl.read_parquet(folder / "institutions.parquet").iter_rows(named=True)}
    method = json.loads((folder / "method.json").read_text("utf-8"))
    by_shape: dict[tuple[str, frozenset[str]], pl.DataFrame] = {}
    for (measure, _), table in cells.group_by(["measure", "table"], maintain_order=True):
        shape = frozenset(d for d in dims if table[d].null_count() < len(table))
        known = by_shape.get((str(measure), shape))
        by_shape[str(measure), shape] = table if known is None else pl.concat([known, table])
    return Shelf(cells, places, method, by_shape)


def answer(release: Release, query: Query) -> Answer:
    """Slice a release. Where the combination was never published, say so by naming the nearest coarser one that was."""
    held = shelf(release.folder)
    wanted = frozenset({*query.groups, *({query.geography} if query.geography else ())})
    for shape in held.shapes(query.measure):
        if shape - set(INNER) == wanted - set(INNER) and (wanted & set(INNER)) <= shape:
            table = held.by_shape[query.measure, shape]
            if query.years:
                table = table.filter(pl.col("academic_year").is_in([str(y) for y in query.years]))
            if query.geography and query.places:
                table = table.filter(pl.col(query.geography).is_in(list(query.places)))
            dims = tuple(d for d in table.columns if d in shape)
            if len(table):
                return Answer(tuple(table.iter_rows(named=True)), dims)
    return Answer((), (), _nearest(held, query))


def _nearest(held: Shelf, query: Query) -> Query | None:
    """The published combination that keeps most of what was asked: groups are dropped first, then the place, then the years."""
    published = [shape - set(INNER) for shape in held.shapes(query.measure)]
    fewer = [(g, query.geography) for n in range(len(query.groups), -1, -1) for g in _choose(query.groups, n)]
    tried = [*fewer, *((g, "") for g, _ in fewer)]
    for groups, geography in tried:
        candidate = Query(query.measure, geography, query.places if geography else (), query.years, tuple(groups))
        if (
            frozenset({*groups, *({geography} if geography else ())}) in published
            and candidate != query
            and answer_exists(held, candidate)
        ):
            return candidate
    open_years = Query(query.measure)
    return open_years if answer_exists(held, open_years) and query != open_years else None


def answer_exists(held: Shelf, query: Query) -> bool:
    """Is there any row for a query?"""
    wanted = frozenset({*query.groups, *({query.geography} if query.geography else ())})
    for (measure, shape), table in held.by_shape.items():
        if measure == query.measure and shape - set(INNER) == wanted:
            years = {str(y) for y in query.years}
            if not years or years & set(table["academic_year"].to_list()):
                return True
    return False


def _choose(items: tuple[str, ...], n: int) -> list[tuple[str, ...]]:
    if n == 0:
        return [()]
    return [(items[i], *rest) for i in range(len(items)) for rest in _choose(items[i + 1 :], n - 1)]
