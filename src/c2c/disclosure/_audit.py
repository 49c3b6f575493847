"""The auditor: given what is published and nothing else, how closely can each withheld count be worked out? Shares no code with the suppressor.

It fails closed: a contradiction, an unknown status of the solver, a killed process or a timeout is a refusal. Counts are whole numbers, and a range
over them can be narrower than over all numbers: a set of cells that integer programs can still judge is judged by them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import time
from typing import TypeVar

import highspy
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from c2c.plumbing import cores, engines, progress

CERTIFYING_ROUNDS = 16
SLACK = 1e-6
ROOM = 4.0
"""A count of which nothing is known is taken to be below so many times all that is shown: a narrower world, so never a laxer verdict."""

WHOLE = 1_500
"""Cells up to which whole numbers are asked for: larger sets are judged over all numbers, piece by piece."""

T = TypeVar("T")
S = TypeVar("S")
Relation = tuple[int, tuple[int, ...]]
Share = tuple[int, int, float, float]


class CannotTell(Exception):
    """The auditor could not come to an answer; whoever asked must refuse."""


@dataclass(frozen=True)
class Judged:
    """What the public can work out of each withheld cell: least and greatest possible count."""

    cells: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def narrow(self, width: float) -> np.ndarray:
        """The cells known more closely than `width`."""
        return np.asarray(self.cells[self.high - self.low < width - SLACK])


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


@dataclass(frozen=True)
class _Job:
    """One set of cells to be judged, and how far: `ends` asks for exact ends where worlds met do not do, `whole` for whole numbers."""

    tied: Tied
    width: float
    until: float
    ends: bool
    whole: bool


def judge(
    low: np.ndarray,
    high: np.ndarray,
    relations: Sequence[Relation],
    ask: np.ndarray,
    *,
    width: float,
    seconds: float,
    shares: Sequence[Share] = (),
) -> Judged:
    """The range of each asked cell over all worlds of counts that fit what is published.

    `low` and `high`: what the figures say of each cell (equal where it is shown, 0 and infinity where nothing is). `relations`: (total, parts).
    `shares`: (part, whole, least, greatest) where a rounded share of a whole is shown. A range that reaches `width` in worlds met on the way is
    certified and not driven to its ends.

    Raises:
        CannotTell: what is published contradicts itself, the solver gives no certain answer, a process was killed, or `seconds` are over.
    """
    until = time() + seconds
    low, high = _subtract(low.astype(float), high.astype(float), relations)
    known = high - low < SLACK
    high = np.where(known, high, np.minimum(high, ROOM * (float(low[known].sum()) + 1000.0)))
    asked = np.zeros(len(low), dtype=bool)
    asked[ask] = True
    small: list[tuple[np.ndarray, Tied]] = []
    large: list[tuple[np.ndarray, Tied]] = []
    for cells, tied in _components(low, high, known, relations, shares, asked):
        if tied.asked.any():
            (small if len(cells) <= WHOLE else large).append((cells, tied))
    jobs = [_Job(tied, width, until, ends=True, whole=True) for _, tied in small]
    for (cells, _), found in zip(small, _each(jobs), strict=True):
        low[cells], high[cells] = found
    if large:
        cells = np.concatenate([some for some, _ in large])
        low[cells], high[cells] = _judge_large([tied for _, tied in large], width, until)
    return Judged(ask, low[ask], high[ask])


def _each(jobs: Sequence[_Job]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The ranges of each set of cells, side by side where there are many cells."""
    sizes = [len(job.tied.low) for job in jobs]
    if sum(sizes) <= WHOLE:
        yield from map(_judge_tied, jobs)
        return
    # Small sets travel together.
    heaps = np.split(np.arange(len(jobs)), np.flatnonzero(np.diff(np.cumsum(sizes) // WHOLE)) + 1)
    with progress.bar(f"Attacking {sum(sizes):,} withheld cells", sum(sizes)) as step:
        for heap, found in zip(heaps, _apart(_judge_some, ([jobs[i] for i in heap] for heap in heaps)), strict=True):
            yield from found
            step(sum(sizes[i] for i in heap))


def _apart(act: Callable[[S], T], over: Iterable[S]) -> Iterator[T]:
    try:
        yield from cores.each_apart(act, over)
    except cores.Killed:
        raise CannotTell("a process was killed") from None


def _judge_some(jobs: list[_Job]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [_judge_tied(job) for job in jobs]


def _judge_tied(job: _Job) -> tuple[np.ndarray, np.ndarray]:
    """The range of each asked cell of one set, as far as the job needs it."""
    model = _Model(job.tied, job.until)
    asked = job.tied.asked
    model.certify(asked, job.width, whole=job.whole)
    if job.ends:
        model.drive(asked, job.width, whole=False)
    low, high = model.spread[False]
    if job.whole:
        wide = asked & (high - low >= job.width - SLACK)
        model.turn_whole()
        model.certify(wide, job.width, whole=True)
        model.drive(wide, job.width, whole=True)
        low, high = np.where(wide, model.spread[True], model.spread[False])
    return low, high


def _judge_large(sets: Sequence[Tied], width: float, until: float) -> tuple[np.ndarray, np.ndarray]:
    """Sets too large to be judged at once: pieces around the cells still open, larger each time, until these are decided or a piece is all of its set.

    A cell is wide where its piece lets it be, all beyond held in a world amid the others; narrow where its piece pins it, all beyond let go.
    """
    most = max(len(tied.low) for tied in sets)
    world = np.concatenate(list(_apart(_amid, ((tied, until) for tied in sets))))
    tied = _together(sets)
    # The solver keeps a sum up to a millionth; no piece must be refused for it.
    sums = np.bincount(tied.rows, tied.factors * world[tied.columns], len(tied.least))
    tied = replace(tied, least=np.minimum(tied.least, sums), greatest=np.maximum(tied.greatest, sums))
    low, high, still = world.copy(), world.copy(), tied.asked
    size, ends = WHOLE, False
    while True:
        pieces = _pieces(tied, np.flatnonzero(still).tolist(), size)
        for piece, (a, b) in _judge_pieces(replace(tied, asked=still), pieces, (world, world), width, until, ends=ends):
            low[piece], high[piece] = np.minimum(low[piece], a), np.maximum(high[piece], b)
        still = still & (high - low < width - SLACK)
        if size >= most or not still.any():
            return low, high
        if ends:
            pieces = [piece for piece in pieces if still[piece].any()]
            for piece, (a, b) in _judge_pieces(replace(tied, asked=still), pieces, (tied.low, tied.high), width, until, ends=True):
                narrow = still[piece] & (b - a < width - SLACK)
                low[piece[narrow]], high[piece[narrow]] = a[narrow], b[narrow]
                still[piece[narrow]] = False
            size *= 2
        ends = True


def _amid(job: tuple[Tied, float]) -> np.ndarray:
    return _Model(*job).amid()


def _together(sets: Sequence[Tied]) -> Tied:
    """Several sets as one, so that pieces of all are judged side by side: no sum reaches from one to another."""
    cells = np.cumsum([0, *(len(t.low) for t in sets)])
    sums = np.cumsum([0, *(len(t.least) for t in sets)])
    low, high, factors, least, greatest, asked = (
        np.concatenate([getattr(t, name) for t in sets]) for name in ("low", "high", "factors", "least", "greatest", "asked")
    )
    rows = np.concatenate([t.rows + before for t, before in zip(sets, sums, strict=False)])
    columns = np.concatenate([t.columns + before for t, before in zip(sets, cells, strict=False)])
    return Tied(low, high, rows, columns, factors, least, greatest, asked)


def _judge_pieces(
    tied: Tied, pieces: Sequence[np.ndarray], rest: tuple[np.ndarray, np.ndarray], width: float, until: float, *, ends: bool
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    """The ranges in each piece, with all beyond it anywhere between two ends."""
    jobs = [_Job(tied.part(piece, *rest), width, until, ends=ends, whole=False) for piece in pieces]
    return zip(pieces, _each(jobs), strict=True)


def _pieces(tied: Tied, seeds: Sequence[int], size: int) -> list[np.ndarray]:
    """Pieces of at most so many cells grown around some, no cell in two."""
    taken = np.zeros(len(tied.low), dtype=bool)
    return [tied.grow(seed, size, taken) for seed in seeds if not taken[seed]]


def _subtract(low: np.ndarray, high: np.ndarray, relations: Sequence[Relation]) -> tuple[np.ndarray, np.ndarray]:
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


def _components(
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


class _Model:
    """One set of unknown cells as a program of which only the objective changes, and how far the worlds met spread each cell.

    `spread`: least and greatest count met, over all worlds and over those of whole numbers.
    """

    def __init__(self, tied: Tied, until: float) -> None:
        self._n, self._until, self._whole = len(tied.low), until, False
        rows = max(len(tied.least), 1)
        by_column = coo_matrix((tied.factors, (tied.rows, tied.columns)), shape=(rows, self._n)).tocsc()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self._n, rows
        lp.col_cost_ = np.zeros(self._n)
        lp.col_lower_, lp.col_upper_ = tied.low, tied.high
        lp.row_lower_ = tied.least if len(tied.least) else np.array([-highspy.kHighsInf])
        lp.row_upper_ = tied.greatest if len(tied.least) else np.array([highspy.kHighsInf])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = by_column.indptr, by_column.indices, by_column.data
        self._model = engines.linear_program()
        # Many objectives on one system: primal simplex from the last answer, without presolve, was four times as fast.
        for option, value in (("presolve", "off"), ("simplex_strategy", 4)):
            self._model.setOptionValue(option, value)
        self._model.passModel(lp)
        self._every = np.arange(self._n, dtype=np.int32)
        self._rng = np.random.default_rng(20_261_124)
        self.spread = {whole: np.array([np.full(self._n, np.inf), np.full(self._n, -np.inf)]) for whole in (False, True)}

    def certify(self, asked: np.ndarray, width: float, *, whole: bool) -> None:
        """Meet worlds at random until each asked cell is wide, as far as a few rounds go."""
        for turn in range(CERTIFYING_ROUNDS):
            still = self._open(asked, width, whole)
            if not len(still):
                return
            objective = np.zeros(self._n)
            objective[still] = self._rng.choice([-1.0, 1.0], len(still)) if turn > 1 else 1.0 - 2.0 * turn
            self._meet(objective)

    def drive(self, asked: np.ndarray, width: float, *, whole: bool) -> None:
        """Find the least and greatest count of each asked cell that is not wide yet."""
        for cell in self._open(asked, width, whole).tolist():
            for sign in (1.0, -1.0):
                low, high = self.spread[whole][:, cell]
                if high - low < width - SLACK:
                    objective = np.zeros(self._n)
                    objective[cell] = sign
                    self._meet(objective)

    def turn_whole(self) -> None:
        """From now on, worlds of whole numbers only."""
        self._whole = True
        self._model.changeColsIntegrality(self._n, self._every, np.full(self._n, highspy.HighsVarType.kInteger))
        for option, value in (("presolve", "choose"), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.5)):
            self._model.setOptionValue(option, value)

    def amid(self) -> np.ndarray:
        """A world that lies amid the others, at the edge in as few cells as may be."""
        for option, value in (("solver", "ipm"), ("run_crossover", "off"), ("presolve", "choose")):
            self._model.setOptionValue(option, value)
        return self._world(np.zeros(self._n))

    def _open(self, asked: np.ndarray, width: float, whole: bool) -> np.ndarray:
        low, high = self.spread[whole]
        return np.flatnonzero(asked & ~(high - low >= width - SLACK))

    def _meet(self, objective: np.ndarray) -> None:
        world = self._world(objective)
        whole_numbers = self._whole or np.abs(world - world.round()).max() < SLACK
        for whole, (low, high) in self.spread.items():
            if whole_numbers or not whole:
                np.minimum(low, world, out=low)
                np.maximum(high, world, out=high)

    def _world(self, objective: np.ndarray) -> np.ndarray:
        """The world that is least in an objective."""
        left = self._until - time()
        if left <= 0:
            raise CannotTell("the time allowed is over")
        self._model.changeColsCost(self._n, self._every, objective)
        self._model.setOptionValue("time_limit", self._model.getRunTime() + left)
        self._model.run()
        if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise CannotTell(f"the solver answered {self._model.modelStatusToString(self._model.getModelStatus())}")
        world = np.array(self._model.getSolution().col_value)
        return world.round() if self._whole else world
