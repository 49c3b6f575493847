"""Unknown counts that sums and shares tie together, once plain subtraction has told what it can, and pieces of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import highspy
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

SLACK = 1e-6
Relation = tuple[int, tuple[int, ...]]
Share = tuple[int, int, float, float]


class CannotTell(Exception):
    """The auditor could not come to an answer; whoever asked must refuse."""


@dataclass(frozen=True)
class Tied:
    """Unknown cells that sums and shares tie together, numbered anew, with what is known taken out of their sums.

    One entry of `rows`, `columns` and `factors` for each cell of a sum or side of a share; a row lies between `least` and `greatest`. `asked`: the
    cells to be judged.
    """

    low: np.ndarray
    high: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    factors: np.ndarray
    least: np.ndarray
    greatest: np.ndarray
    asked: np.ndarray

    def part(self, cells: np.ndarray, low: np.ndarray, high: np.ndarray) -> Tied:
        """Some of the cells, in their order, with each other anywhere between two ends. Held where they are in one world, the others leave each of these no
        more room than it has; let go as far as each may, no less."""
        rows = np.unique(self.rows[_entries(self._of_cell, cells)])
        entries = _entries(self._of_row, rows)
        columns, factors, row = self.columns[entries], self.factors[entries], np.searchsorted(rows, self.rows[entries])
        at = np.searchsorted(cells, columns).clip(max=len(cells) - 1)
        mine = cells[at] == columns
        ends = factors * low[columns], factors * high[columns]
        least, greatest = (np.bincount(row[~mine], end[~mine], len(rows)) for end in (np.minimum(*ends), np.maximum(*ends)))
        return Tied(
            self.low[cells], self.high[cells], row[mine], at[mine], factors[mine],
            self.least[rows] - greatest, self.greatest[rows] - least, self.asked[cells],
        )  # fmt: skip

    def grow(self, seed: int, most: int, taken: np.ndarray) -> np.ndarray:
        """At most so many cells around one, along the shortest sums: a school's groups come before its district, that before the state. Leaves out those
        `taken`, and takes what it finds."""
        # The suppressor looks around its cells much like this. It is not called from here: one error would hide the other.
        found: list[int] = []
        waiting: list[tuple[int, int]] = []
        beside: dict[int, list[int]] = {}
        cell: int | None = seed
        while cell is not None:
            taken[cell] = True
            found.append(cell)
            for row in self.rows[_entries(self._of_cell, [cell])].tolist():
                if row not in beside:
                    cells = self.columns[_entries(self._of_row, [row])]
                    beside[row] = cells[~taken[cells]][::-1].tolist()
                    heapq.heappush(waiting, (len(cells), row))
            cell = None
            while cell is None and waiting and len(found) < most:
                if left := beside[waiting[0][1]]:
                    cell = left.pop()
                    cell = None if taken[cell] else cell
                else:
                    heapq.heappop(waiting)
        return np.array(sorted(found))

    @cached_property
    def _of_cell(self) -> Index:
        return _index(self.columns, len(self.low))

    @cached_property
    def _of_row(self) -> Index:
        return _index(self.rows, len(self.least))


Index = tuple[np.ndarray, np.ndarray]
"""The entries of each row, or of each cell: all of them in that order, and where each begins and ends."""


def _index(of: np.ndarray, n: int) -> Index:
    return np.argsort(of, kind="stable"), np.concatenate([[0], np.cumsum(np.bincount(of, minlength=n))])


def _entries(index: Index, some: Iterable[int]) -> np.ndarray:
    order, starts = index
    return np.concatenate([order[starts[i] : starts[i + 1]] for i in some])


def subtract(low: np.ndarray, high: np.ndarray, relations: Sequence[Relation]) -> tuple[np.ndarray, np.ndarray]:
    """Plain subtraction, again and again: a sum with one unknown gives it away; a sum of zero gives all its parts away."""
    members = [(total, *parts) for total, parts in relations]
    sums_of: dict[int, list[int]] = {}
    for r, cells in enumerate(members):
        for c in cells:
            sums_of.setdefault(c, []).append(r)
    waiting, queued = list(range(len(members))), [True] * len(members)
    while waiting:
        r = waiting.pop()
        queued[r] = False
        total, *parts = members[r]
        unknown = [c for c in members[r] if high[c] - low[c] > SLACK]
        seen = sum(low[c] for c in parts if high[c] - low[c] <= SLACK)
        settled: dict[int, float] = {}
        if not unknown and abs(low[total] - seen) > 0.5:
            raise CannotTell("sums that should be equal are not")
        if len(unknown) == 1:
            settled[unknown[0]] = seen if unknown[0] == total else low[total] - seen
        elif unknown and total not in unknown and abs(low[total] - seen) < SLACK:
            settled = dict.fromkeys(unknown, 0.0)
        for c, value in settled.items():
            if value < low[c] - 0.5 or value > high[c] + 0.5:
                raise CannotTell("a count that cannot be what its sums say")
            low[c] = high[c] = value
            for other in sums_of[c]:
                if not queued[other]:
                    queued[other] = True
                    waiting.append(other)
    return low, high


def components(
    low: np.ndarray, high: np.ndarray, known: np.ndarray, relations: Sequence[Relation], shares: Sequence[Share], asked: np.ndarray
) -> Iterator[tuple[np.ndarray, Tied]]:
    """Sets of unknown cells that sums and shares tie together: their numbers, and what is said of them."""
    sums = [(((total, 1.0), *((p, -1.0) for p in parts)), 0.0, 0.0) for total, parts in relations]
    sides = [(((part, 1.0), (whole, -least)), 0.0, highspy.kHighsInf) for part, whole, least, _ in shares]
    sides += [(((part, 1.0), (whole, -greatest)), -highspy.kHighsInf, 0.0) for part, whole, _, greatest in shares]
    every = [*sums, *sides]
    rows = np.repeat(np.arange(len(every)), [len(members) for members, _, _ in every]).astype(np.int64)
    cells, factors = np.array([m for members, _, _ in every for m in members], dtype=float).reshape(-1, 2).T
    cells = cells.astype(np.int64)
    least, greatest = np.array([ends for _, *ends in every], dtype=float).reshape(-1, 2).T
    fixed = np.bincount(rows[known[cells]], (factors * low[cells])[known[cells]], len(every))
    least, greatest = least - fixed, greatest - fixed
    mine = ~known[cells]
    rows, cells, factors = rows[mine], cells[mine], factors[mine]
    n = len(low)
    ties = coo_matrix((np.ones(len(rows), dtype=np.int8), (cells, n + rows)), shape=(n + len(every),) * 2)
    label = connected_components(ties, directed=False)[1]
    free = np.flatnonzero(~known)
    by_cell, by_entry = free[np.argsort(label[free], kind="stable")], np.argsort(label[cells], kind="stable")
    entries = np.split(by_entry, np.flatnonzero(np.diff(label[cells[by_entry]])) + 1)
    entries_of = {int(label[cells[some[0]]]): some for some in entries if len(some)}
    at = np.zeros(n, dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    for some in np.split(by_cell, np.flatnonzero(np.diff(label[by_cell])) + 1) if len(by_cell) else ():
        at[some] = np.arange(len(some))
        own = entries_of.get(int(label[some[0]]), nothing)
        kept, row = np.unique(rows[own], return_inverse=True)
        yield some, Tied(low[some], high[some], row, at[cells[own]], factors[own], least[kept], greatest[kept], asked[some])


def together(sets: Sequence[Tied]) -> Tied:
    """Several sets as one, so that pieces of all are judged side by side: no sum reaches from one to another."""
    cells = np.cumsum([0, *(len(t.low) for t in sets)])
    sums = np.cumsum([0, *(len(t.least) for t in sets)])
    low, high, factors, least, greatest, asked = (
        np.concatenate([getattr(t, name) for t in sets]) for name in ("low", "high", "factors", "least", "greatest", "asked")
    )
    rows = np.concatenate([t.rows + before for t, before in zip(sets, sums, strict=False)])
    columns = np.concatenate([t.columns + before for t, before in zip(sets, cells, strict=False)])
    return Tied(low, high, rows, columns, factors, least, greatest, asked)


def pieces_around(tied: Tied, seeds: Sequence[int], size: int) -> list[np.ndarray]:
    """Pieces of at most so many cells grown around some, no cell in two."""
    taken = np.zeros(len(tied.low), dtype=bool)
    return [tied.grow(seed, size, taken) for seed in seeds if not taken[seed]]
