"""Cells and the sums that bind them: one system of counts, whatever tables they stand in."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.csgraph import connected_components

Key = tuple[tuple[str, str], ...]
"""A cell by its coordinates, margins left out: the same people in two tables are one cell."""


N_PEOPLE = "n_people"
"""Of a class of people: how many it is said to hold."""


@dataclass
class System:
    """Counts that sums bind together, one entry per cell.

    `published`: could the public see the cell at all? `told`: what everybody knows of a cell already, least and greatest, from an earlier release
    or because it cannot be other than zero. `unasked`: cells that no table shows and that were out before; nothing withheld now could keep
    them. `relations`: (total, parts) as cell numbers.
    """

    keys: list[Key] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    published: list[bool] = field(default_factory=list)
    told: dict[int, tuple[float, float]] = field(default_factory=dict)
    unasked: set[int] = field(default_factory=set)
    relations: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    at: dict[Key, int] = field(default_factory=dict)
    _said: set[tuple[int, tuple[int, ...]]] = field(default_factory=set, repr=False)
    _sums: csc_matrix | None = field(default=None, repr=False)
    _wide: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)

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

    def around(self, cells: Collection[int]) -> tuple[System, list[int]]:
        """The sums that some cells stand in, as a system of its own, and which cell each of its cells is here."""
        sums = [self.relations[r] for r in np.unique(self.sums()[:, sorted(cells)].indices).tolist()]
        mine = sorted(set(cells).union(*((total, *parts) for total, parts in sums)))
        part = System()
        for c in mine:
            part.add(self.keys[c], self.values[c], published=self.published[c])
        at = {c: i for i, c in enumerate(mine)}
        part.told = {at[c]: said for c, said in self.told.items() if c in at}
        part.unasked = {at[c] for c in self.unasked if c in at}
        for total, parts in sums:
            part.bind(at[total], [at[p] for p in parts])
        return part, mine

    def sums(self) -> csc_matrix:
        """The relations as a sparse matrix, one row each: one for the total, minus one for each part; a world's rows sum to zero."""
        size = len(self.relations), len(self.keys)
        if self._sums is None or self._sums.shape != size:
            lengths = np.array([1 + len(parts) for _, parts in self.relations], dtype=np.int64)
            rows = np.repeat(np.arange(len(lengths)), lengths)
            cells = np.fromiter(itertools.chain.from_iterable((t, *p) for t, p in self.relations), np.int64, int(lengths.sum()))
            signs = np.full(len(cells), -1.0)
            signs[np.cumsum(lengths) - lengths] = 1.0
            self._sums = csc_matrix((signs, (rows, cells)), shape=size)
        return self._sums

    def wide(self) -> np.ndarray:
        """For each sum a rank, the most local first: sums of few people are. They rank kind by kind, from the kind whose totals are smallest to that whose
        are largest: a school's groups, a district's schools, the state's districts."""
        if len(self._wide) != len(self.relations):
            kinds: dict[tuple[str, ...], list[int]] = defaultdict(list)
            for number, (total, parts) in enumerate(self.relations):
                kinds[tuple(sorted({d for d, _ in self.keys[total]} ^ {d for d, _ in self.keys[parts[0]]}))].append(number)
            size = {kind: float(np.median([self.values[self.relations[r][0]] for r in rows])) for kind, rows in kinds.items()}
            self._wide = np.zeros(len(self.relations), dtype=np.int64)
            for place, kind in enumerate(sorted(kinds, key=lambda k: (size[k], k))):
                self._wide[kinds[kind]] = place
        return self._wide

    def bind(self, total: int, parts: Iterable[int]) -> None:
        """Say that a cell is the sum of others. A sum said twice is kept once."""
        members = tuple(sorted(set(parts) - {total}))
        if members and (total, members) not in self._said:
            self._said.add((total, members))
            self.relations.append((total, members))


def key_of(coordinates: Mapping[str, str | None]) -> Key:
    """A cell's key: its coordinates without margins, in the order of their names."""
    return tuple(sorted((d, v) for d, v in coordinates.items() if v is not None and v != "Total"))


class Counted:
    """The people of one cohort, one row each or several. Tables share most of their margins: each is counted once, however many ask for it."""

    def __init__(self, people: pl.DataFrame, classes: pl.DataFrame | None = None, mean_change: float = 0.0) -> None:
        """`classes`: how many people each class is said to hold (`n_people`), where counts are rounded; else people are counted themselves."""
        self.people, self.mean_change = people, mean_change
        self._of = people if classes is None else classes
        self._n = pl.len() if classes is None else pl.col(N_PEOPLE).sum()
        self._rows: dict[tuple[str, ...], dict[Key, int]] = {(): {(): int(self._of.select(self._n).item())}}
        self._persons: dict[tuple[tuple[str, ...], str], dict[Key, int]] = {}

    def rows(self, dims: tuple[str, ...]) -> Mapping[Key, int]:
        """How many rows each combination of the dimensions' values has; those that do not occur are left out."""
        if dims not in self._rows:
            self._rows[dims] = self._by(dims, self._n)
        return self._rows[dims]

    def persons(self, dims: tuple[str, ...], person: str) -> Mapping[Key, int]:
        """How many persons stand behind those rows. `person`: the column that tells them apart."""
        where = dims, person
        if where not in self._persons:
            alone: dict[Key, int] = {(): self._of[person].n_unique()}
            self._persons[where] = self._by(dims, pl.col(person).n_unique()) if dims else alone
        return self._persons[where]

    def _by(self, dims: tuple[str, ...], counted: pl.Expr) -> dict[Key, int]:
        found = self._of.group_by(dims).agg(counted.alias("n_counted"))
        return {key_of(dict(zip(dims, map(str, row[:-1]), strict=True))): int(row[-1]) for row in found.iter_rows()}


def add_table(system: System, counted: Counted, dims: tuple[str, ...]) -> None:
    """Count a table's people in every combination of its dimensions and their margins, and bind each margin to its parts.

    Only categories that occur are cells; a combination that does not occur is a cell of zero people. Cells are added unpublished.
    """
    masks = [tuple(d for i, d in enumerate(dims) if mask >> i & 1) for mask in range(1 << len(dims))]
    counts = {key: n for some in masks for key, n in counted.rows(some).items()}
    domain = {d: sorted(str(value) for ((_, value),) in counted.rows((d,))) for d in dims}
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


def cut(system: System, most: int) -> list[np.ndarray]:
    """Groups of at most so many cells that sums tie closely together, every cell in one.

    From the most local sums to the widest, the cells of a sum join one group while it has room.
    """
    leader, held = list(range(len(system.keys))), [1] * len(system.keys)

    def leader_of(cell: int) -> int:
        while leader[cell] != cell:
            leader[cell] = cell = leader[leader[cell]]
        return cell

    for number in np.argsort(system.wide(), kind="stable").tolist():
        total, parts = system.relations[number]
        here = leader_of(total)
        for part in parts:
            there = leader_of(part)
            if there == here:
                continue
            if held[here] + held[there] > most:
                here = there
                continue
            leader[there] = here
            held[here] += held[there]
    label = np.array([leader_of(c) for c in range(len(leader))], dtype=np.int64)
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def tied(system: System, unknown: np.ndarray) -> np.ndarray:
    """A number for each set of unknown cells that sums tie together; known cells have sets of their own."""
    n = len(unknown)
    sums = system.sums().tocoo()
    mine = unknown[sums.col]
    ties = coo_matrix((np.ones(int(mine.sum())), (sums.col[mine], n + sums.row[mine])), shape=(n + sums.shape[0],) * 2)
    return np.asarray(connected_components(ties, directed=False)[1][:n])


def near(system: System, unknown: np.ndarray, cell: int, most: int) -> np.ndarray:
    """The unknown cells nearest to one along the sums, at most so many, as a mask."""
    sums = system.sums()
    found = np.zeros(len(unknown), dtype=bool)
    found[
        grow(
            cell,
            most,
            unknown,
            lambda c: sums.indices[sums.indptr[c] : sums.indptr[c + 1]],
            lambda row: np.array((system.relations[row][0], *system.relations[row][1])),
            system.wide(),
        )
    ] = True
    return found


def grow(
    seed: int,
    most: int,
    may: np.ndarray,
    rows_of: Callable[[int], np.ndarray],
    cells_of: Callable[[int], np.ndarray],
    wide: np.ndarray,
) -> list[int]:
    """At most so many of the cells that `may` be among them, from a seed along the most local sums, the shortest of them first: what a place and its parts
    can do among themselves comes before a sum of many places."""
    found: set[int] = set()
    waiting: list[tuple[int, int, int]] = []
    beside: dict[int, list[int]] = {}
    cell: int | None = seed
    while cell is not None:
        found.add(cell)
        for row in rows_of(cell).tolist():
            if row not in beside:
                cells = cells_of(row)
                beside[row] = cells[may[cells]][::-1].tolist()
                heapq.heappush(waiting, (int(wide[row]), len(cells), row))
        cell = None
        while cell is None and waiting and len(found) < most:
            if left := beside[waiting[0][-1]]:
                cell = left.pop()
                cell = None if cell in found else cell
            else:
                heapq.heappop(waiting)
    return list(found)


def values_of(people: pl.DataFrame, dim: str) -> list[str]:
    """The values of a dimension that occur, in order."""
    return sorted(map(str, people[dim].unique().to_list()))


def combinations(lists: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Every choice of one value from each list, in their order."""
    return list(itertools.product(*lists))
