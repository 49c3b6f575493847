"""What binds cells beyond one table: sums by definition, families of places, and cross-tables behind rings of tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from c2c.disclosure._cohort import Cohort, Cohorts
from c2c.disclosure._products import settings_of
from c2c.disclosure._rings import crossed_by
from c2c.disclosure._system import Counted, Key, System, add_table, combinations, key_of, values_of
from c2c.vocabulary import Product


def bind_identities(system: System, identities: Sequence[Mapping[str, Any]]) -> None:
    """Sums that hold by definition, on every group and place where both sides are cells: what the public knows, the auditor knows."""
    for said in identities:
        (dim, value), parts = said["left"][0], said["right"]
        for key in [k for k in system.keys if (dim, value) in k and not any(d in dict(k) for d, _ in parts if d != dim)]:
            rest = {d: v for d, v in key if d != dim}
            others = [key_of(rest | {d: v}) for d, v in parts]
            held = [system.at[o] for o in others if o in system.at]
            if held and sum(system.values[c] for c in held) == system.values[system.at[key]]:
                system.bind(system.at[key], held)


def mark_impossible(found: Cohort, impossible: Sequence[Mapping[str, Any]]) -> None:
    """Combinations that nobody can be in: marked as such, and their zero covers nothing, for everybody knows it."""
    system = found.system
    for said in impossible:
        never = {(str(d), str(v)) for d, v in said["together"]}
        for cell, key in enumerate(system.keys):
            if never <= set(key) and system.values[cell] == 0:
                system.told[cell] = (0.0, 0.0)
    for row in found.rows:
        if row.key is not None and system.at[row.key] in system.told:
            row.status = "z"


def add_crossed(found: Cohort, counted: Counted, most: float) -> None:
    """Count the cross-table behind tables that share their dimensions in a ring (A x B, B x C, A x C): nobody shows its cells, and together they bound them.

    `most`: cells beyond which its parts of a dimension less are counted instead.
    """
    columns = counted.people.columns
    shapes = {frozenset(d for d, _ in row.key if d in columns) for row in (*found.rows, *found.left_out) if row.key is not None}
    size = {d: len(counted.rows((d,))) for d in sorted(set().union(*shapes))}
    for dims in crossed_by(shapes, size, most):
        add_table(found.system, counted, dims)


def bind_places(product: Product, by_year: Mapping[tuple[str, int], Counted], cohorts: Cohorts) -> None:
    """Bind families of places: a county is its districts; a district and an Assembly district share pieces that nobody publishes."""
    hierarchy = settings_of(product)["hierarchies"]
    for where, found in cohorts.items():
        frame, system = by_year[where].people, found.system
        if "school_district" not in frame.columns:
            continue
        for child, parent in hierarchy.items():
            belongs: dict[str, list[str]] = defaultdict(list)
            for c, p in sorted((str(c), str(p)) for c, p in frame.select(child, parent).unique().iter_rows()):
                belongs[p].append(c)
            for key in [k for k in system.keys if parent in dict(k)]:
                rest = {d: v for d, v in key if d != parent}
                parts = [key_of(rest | {child: c}) for c in belongs[dict(key)[parent]]]
                if parts and all(p in system.at for p in parts):
                    system.bind(system.at[key], [system.at[p] for p in parts])
        _pieces(system, frame, "school_district", "legislative_district")


def _pieces(system: System, frame: pl.DataFrame, one: str, other: str) -> None:
    """The overlaps of two families, as cells that no table shows, for everything that is published of both."""
    overlaps = sorted((str(a), str(b)) for a, b in frame.select(one, other).unique().iter_rows())
    inner = sorted({tuple(sorted(d for d, _ in k if d != one)) for k in system.keys if one in dict(k) and other not in dict(k)})
    for dims in inner:
        if not all(d in frame.columns for d in dims):
            continue
        pieces: dict[Key, list[int]] = defaultdict(list)
        counted = {tuple(map(str, row[:-1])): int(row[-1]) for row in frame.group_by(one, other, *dims).len().iter_rows()}
        groups = combinations([values_of(frame, d) for d in dims])
        for a, b in overlaps:
            for values in groups:
                rest = dict(zip(dims, values, strict=True))
                cell = system.add(key_of(rest | {one: a, other: b}), counted.get((a, b, *values), 0), published=False)
                pieces[key_of(rest | {one: a})].append(cell)
                pieces[key_of(rest | {other: b})].append(cell)
        for whole, parts in sorted(pieces.items()):
            if whole in system.at and sum(system.values[p] for p in parts) == system.values[system.at[whole]]:
                system.bind(system.at[whole], parts)
