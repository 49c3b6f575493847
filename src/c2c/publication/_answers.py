"""Answers: slices of a release. Nothing is added up and no group made that was not published as such."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from c2c.vocabulary import Release

GEOGRAPHIES = ("county", "school_district", "legislative_district")
LABELS = ("release", "product", "table", "measure", "statistic", "unit")
FIGURES = ("value", "low", "high", "status", "of")
ANSWERS = ("outcome", "first_node", "last_node", "award_category")
"""Dimensions that may be the answer of a measure and not a group of people. A query need not name them."""


@dataclass(frozen=True)
class Query:
    """What a reader asks: one measure, of some places and years, by some groups. Empty `places` is every one; no geography, the state."""

    measure: str
    geography: str = ""
    places: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def shape(self) -> frozenset[str]:
        """The dimensions it asks by."""
        return frozenset({*self.groups, self.geography} - {""})


@dataclass(frozen=True)
class Answer:
    """Rows of a release that answer a query, and where the combination was not published the nearest one that was."""

    rows: tuple[Mapping[str, Any], ...]
    nearest: Query | None = None


@dataclass(frozen=True)
class Change:
    """How many figures of a measure differ between two releases: with another value or mark, no longer there, or there for the first time."""

    measure: str
    changed: int
    gone: int
    added: int


@dataclass(frozen=True)
class _Span:
    """What a measure was published by."""

    years: tuple[int, ...]
    groups: tuple[str, ...]
    geographies: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Shelf:
    """A release held in memory by one process: its cells by table shape, its places, its method, and what each measure was published by."""

    cells: pl.DataFrame = field(repr=False)
    places: Mapping[str, Mapping[str, Any]] = field(repr=False)
    method: Mapping[str, Any] = field(repr=False)
    tables: Mapping[str, Mapping[frozenset[str], pl.DataFrame]] = field(repr=False)
    _spans: Mapping[str, _Span] = field(repr=False)
    _places_of: Mapping[str, tuple[str, ...]] = field(repr=False)

    def years(self, measure: str) -> list[int]:
        """The years that a measure was published for."""
        return list(self._spans[measure].years) if measure in self._spans else []

    def groups(self, measure: str) -> list[str]:
        """The groups of people that a measure was published by, alone or with others."""
        return list(self._spans[measure].groups) if measure in self._spans else []

    def geographies(self, measure: str) -> list[str]:
        """The kinds of place that a measure was published by."""
        return list(self._spans[measure].geographies) if measure in self._spans else []

    def places_of(self, geography: str) -> list[str]:
        """The places of one kind that stand in the release, by name."""
        return list(self._places_of.get(geography, ()))

    def changes(self, newer: Shelf) -> tuple[Change, ...]:
        """What a newer release says otherwise, by measure."""
        return _changes(self, newer)


@functools.lru_cache(maxsize=8)
def shelf(folder: Path) -> Shelf:
    """The release in a folder, opened once: it never changes."""
    # Only a figure that is shown leaves this room: should a release ever hold more beside a mark, no page, file or order can tell it.
    cells = pl.read_parquet(folder / "cells.parquet").with_columns(
        pl.when(pl.col("status") == "shown").then("value").alias("value"),
        *(pl.when(pl.col("status") == "banded").then(c).alias(c) for c in ("low", "high")),
    )
    dims = [c for c in cells.columns if c not in (*LABELS, *FIGURES, "academic_year")]
    places = {row["code"]: row for row in pl.read_parquet(folder / "institutions.parquet").iter_rows(named=True)}
    method = json.loads((folder / "method.json").read_text("utf-8"))
    tables: dict[str, dict[frozenset[str], pl.DataFrame]] = {}
    for (measure, _), table in cells.group_by(["measure", "table"], maintain_order=True):
        by_shape = tables.setdefault(str(measure), {})
        shape = frozenset(d for d in dims if table[d].null_count() < len(table))
        by_shape[shape] = pl.concat([by_shape[shape], table]) if shape in by_shape else table
    in_order = {measure: dict(sorted(found.items(), key=lambda t: (len(t[0]), sorted(t[0])))) for measure, found in tables.items()}
    spans = {measure: _span(found) for measure, found in in_order.items()}
    return Shelf(
        cells, places, method, in_order, spans, {g: _places_of(cells, places, g) for g in GEOGRAPHIES if g in cells.columns}
    )


def _span(tables: Mapping[frozenset[str], pl.DataFrame]) -> _Span:
    """Years, groups and kinds of place of one measure's tables, of which the coarsest comes first."""
    coarsest = next(iter(tables))
    answered = coarsest if coarsest <= set(ANSWERS) else frozenset()
    dims = {d for shape in tables for d in shape}
    return _Span(
        tuple(sorted({int(y) for table in tables.values() for y in table["academic_year"].unique()})),
        tuple(sorted(dims - answered - {*GEOGRAPHIES, "outcome", "first_node", "last_node"})),
        tuple(g for g in GEOGRAPHIES if g in dims),
    )


def _places_of(cells: pl.DataFrame, places: Mapping[str, Mapping[str, Any]], geography: str) -> tuple[str, ...]:
    """The places of one kind that cells speak of, by name; numbers in names count as numbers."""
    codes = set(cells[geography].drop_nulls().unique()) & set(places)
    return tuple(
        sorted(codes, key=lambda code: [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", str(places[code]["name"]))])
    )


@functools.lru_cache(maxsize=256)
def _slice(folder: Path, query: Query) -> pl.DataFrame | None:
    """The rows of the one table that answers a query. None where that combination, place or year was not published."""
    held = shelf(folder)
    for shape, whole in held.tables.get(query.measure, {}).items():
        # A dimension that is both (the award a person earned) is a group where the query names it.
        if shape - set(ANSWERS) == query.shape - set(ANSWERS) and query.shape <= shape:
            table = whole
            if query.years:
                table = table.filter(pl.col("academic_year").is_in([str(y) for y in query.years]))
            if query.geography and query.places:
                table = table.filter(pl.col(query.geography).is_in(list(query.places)))
            if len(table):
                return table
    return None


def answer(release: Release, query: Query) -> Answer:
    """Slice a release. Where the combination was never published, say so by naming the nearest coarser one that was."""
    table = _slice(release.folder, query)
    if table is not None:
        return Answer(tuple(table.iter_rows(named=True)))
    return Answer((), next((q for q in _coarser(query) if _slice(release.folder, q) is not None), None))


def _coarser(query: Query) -> Iterator[Query]:
    """Queries that ask for less, the nearest first: groups go first, then the place, then the years."""
    kept = [g for n in range(len(query.groups), -1, -1) for g in itertools.combinations(query.groups, n)]
    for years in dict.fromkeys((query.years, ())):
        for geography, places in dict.fromkeys(((query.geography, query.places), ("", ()))):
            for groups in kept:
                candidate = Query(query.measure, geography, places, years, groups)
                if candidate != query:
                    yield candidate


@functools.lru_cache(maxsize=32)
def _changes(older: Shelf, newer: Shelf) -> tuple[Change, ...]:
    before, after = _said(older.cells), _said(newer.cells)
    counts: dict[str, list[int]] = {}
    for cell in {*before, *after}:
        if before.get(cell) != after.get(cell):
            kind = 1 if cell not in after else 2 if cell not in before else 0
            counts.setdefault(dict(cell)["measure"], [0, 0, 0])[kind] += 1
    return tuple(Change(measure, *counted) for measure, counted in sorted(counts.items()))


def _said(cells: pl.DataFrame) -> dict[tuple[tuple[str, str], ...], tuple[Any, ...]]:
    """What is said of each cell, by what the cell is."""
    figures = ("value", "low", "high", "status")
    return {
        tuple((k, str(v)) for k, v in sorted(row.items()) if v is not None and k not in (*figures, "release")): tuple(
            row[k] for k in figures
        )
        for row in cells.iter_rows(named=True)
    }
