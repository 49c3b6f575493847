"""Cells and the sums that bind them: one system of counts, whatever tables they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

Key = tuple[tuple[str, str], ...]
"""A cell by its coordinates, margins left out: the same people in two tables are one cell."""


@dataclass
class System:
    """Counts that sums bind together. `relations`: (total, parts) as cell numbers. `published`: could the public see the cell at all?"""

    keys: list[Key] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    published: list[bool] = field(default_factory=list)
    relations: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    at: dict[Key, int] = field(default_factory=dict)

    def add(self, key: Key, value: int, *, published: bool = True) -> int:
        """The number of a cell, new or known."""
        if key in self.at:
            self.published[self.at[key]] |= published
            return self.at[key]
        self.at[key] = len(self.keys)
        self.keys.append(key)
        self.values.append(value)
        self.published.append(published)
        return self.at[key]

    def bind(self, total: int, parts: Iterable[int]) -> None:
        """Say that a cell is the sum of others. A sum said twice is kept once."""
        members = tuple(sorted(set(parts) - {total}))
        if members and (total, members) not in self._said:
            self._said.add((total, members))
            self.relations.append((total, members))

    _said: set[tuple[int, tuple[int, ...]]] = field(default_factory=set, repr=False)


def key_of(coordinates: Mapping[str, str | None]) -> Key:
    """A cell's key: its coordinates without margins, in the order of their names."""
    return tuple(sorted((d, v) for d, v in coordinates.items() if v is not None and v != "Total"))


def add_table(system: System, people: pl.DataFrame, dims: tuple[str, ...], *, published: bool = True) -> None:
    """Count a table's people in every combination of its dimensions and their margins, and bind each margin to its parts.

    Only categories that occur are cells; a combination that does not occur in a published table is a cell of zero people.
    """
    counts: dict[Key, int] = {}
    for mask in range(1 << len(dims)):
        some = [d for i, d in enumerate(dims) if mask >> i & 1]
        if some:
            for row in people.group_by(some).len().iter_rows():
                counts[key_of(dict(zip(some, map(str, row[:-1]), strict=True)))] = int(row[-1])
        else:
            counts[()] = len(people)
    domain = {d: sorted(map(str, people[d].unique().to_list())) for d in dims}
    for mask in range(1 << len(dims)):
        some = [d for i, d in enumerate(dims) if mask >> i & 1]
        for values in _product([domain[d] for d in some]):
            key = key_of(dict(zip(some, values, strict=True)))
            system.add(key, counts.get(key, 0), published=published)
    for mask in range(1 << len(dims)):
        some = [d for i, d in enumerate(dims) if mask >> i & 1]
        for d in (d for d in dims if d not in some):
            for values in _product([domain[x] for x in some]):
                fixed = dict(zip(some, values, strict=True))
                parts = [system.at[key_of(fixed | {d: v})] for v in domain[d]]
                system.bind(system.at[key_of(fixed)], parts)


def matrix(system: System) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The relations as a sparse matrix by rows: starts, columns, coefficients (one for the total, minus one for each part)."""
    starts, columns, entries = [0], [], []
    for total, parts in system.relations:
        columns += [total, *parts]
        entries += [1.0, *([-1.0] * len(parts))]
        starts.append(len(columns))
    return np.array(starts, dtype=np.int32), np.array(columns, dtype=np.int32), np.array(entries, dtype=float)


def _product(lists: list[list[str]]) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = [()]
    for values in lists:
        out = [(*row, v) for row in out for v in values]
    return out
