"""Cells and the sums that bind them: one system of counts, whatever tables they stand in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.sparse import csc_matrix

Key = tuple[tuple[str, str], ...]
"""A cell by its coordinates, margins left out: the same people in two tables are one cell."""


@dataclass
class System:
    """Counts that sums bind together, one entry per cell.

    `published`: could the public see the cell at all? `told`: what everybody knows of a cell already, least and greatest, from an earlier release
    or because it cannot be other than zero. `relations`: (total, parts) as cell numbers.
    """

    keys: list[Key] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    published: list[bool] = field(default_factory=list)
    told: dict[int, tuple[float, float]] = field(default_factory=dict)
    relations: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    at: dict[Key, int] = field(default_factory=dict)
    _said: set[tuple[int, tuple[int, ...]]] = field(default_factory=set, repr=False)

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


def key_of(coordinates: Mapping[str, str | None]) -> Key:
    """A cell's key: its coordinates without margins, in the order of their names."""
    return tuple(sorted((d, v) for d, v in coordinates.items() if v is not None and v != "Total"))


def add_table(system: System, people: pl.DataFrame, dims: tuple[str, ...]) -> None:
    """Count a table's people in every combination of its dimensions and their margins, and bind each margin to its parts.

    Only categories that occur are cells; a combination that does not occur is a cell of zero people. Cells are added unpublished.
    """
    counts: dict[Key, int] = {(): len(people)}
    masks = [tuple(d for i, d in enumerate(dims) if mask >> i & 1) for mask in range(1 << len(dims))]
    for some in filter(None, masks):
        for row in people.group_by(some).len().iter_rows():
            counts[key_of(dict(zip(some, map(str, row[:-1]), strict=True)))] = int(row[-1])
    domain = {d: sorted(map(str, people[d].unique().to_list())) for d in dims}
    for some in masks:
        for values in combinations([domain[d] for d in some]):
            key = key_of(dict(zip(some, values, strict=True)))
            system.add(key, counts.get(key, 0), published=False)
    for some in masks:
        for d in (d for d in dims if d not in some):
            for values in combinations([domain[x] for x in some]):
                fixed = dict(zip(some, values, strict=True))
                parts = [system.at[key_of(fixed | {d: v})] for v in domain[d]]
                system.bind(system.at[key_of(fixed)], parts)


def combinations(lists: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Every choice of one value from each list, in their order."""
    return list(itertools.product(*lists))


def matrix(n: int, relations: Sequence[tuple[int, tuple[int, ...]]]) -> csc_matrix:
    """The relations as a sparse matrix, one row each: one for the total, minus one for each part; a world's rows sum to zero."""
    sizes = np.array([1 + len(parts) for _, parts in relations], dtype=np.int64)
    rows = np.repeat(np.arange(len(relations)), sizes)
    cells = np.fromiter(itertools.chain.from_iterable((t, *p) for t, p in relations), dtype=np.int64, count=int(sizes.sum()))
    signs = np.full(len(cells), -1.0)
    signs[np.cumsum(sizes) - sizes] = 1.0
    return csc_matrix((signs, (rows, cells)), shape=(len(relations), n))
