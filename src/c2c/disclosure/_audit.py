"""The auditor: given what is published and nothing else, how closely can each withheld count be worked out? Shares no code with the suppressor.

It fails closed: a contradiction, an unknown status of the solver, a killed process or a timeout is a refusal. Counts are whole numbers, and a range
over them can be narrower than over all numbers: a set of cells that integer programs can still judge is judged by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import TypeVar

import numpy as np

from c2c.disclosure._program import Program
from c2c.disclosure._tied import SLACK, CannotTell, Relation, Share, Tied, components, pieces_around, subtract, together
from c2c.plumbing import cores, progress

__all__ = ["CannotTell", "Judged", "judge"]

ROOM = 4.0
"""A count of which nothing is known is taken to be below so many times all that is shown: a narrower world, so never a laxer verdict."""

WHOLE = 1_500
"""Cells up to which whole numbers are asked for: larger sets are judged over all numbers, piece by piece."""

T = TypeVar("T")
S = TypeVar("S")


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
    low, high = subtract(low.astype(float), high.astype(float), relations)
    known = high - low < SLACK
    high = np.where(known, high, np.minimum(high, ROOM * (float(low[known].sum()) + 1000.0)))
    asked = np.zeros(len(low), dtype=bool)
    asked[ask] = True
    small: list[tuple[np.ndarray, Tied]] = []
    large: list[tuple[np.ndarray, Tied]] = []
    for cells, tied in components(low, high, known, relations, shares, asked):
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
    program = Program(job.tied, job.until)
    asked = job.tied.asked
    program.certify(asked, job.width, whole=job.whole)
    if job.ends:
        program.drive(asked, job.width, whole=False)
    low, high = program.spread[False]
    if job.whole:
        wide = asked & (high - low >= job.width - SLACK)
        program.turn_whole()
        program.certify(wide, job.width, whole=True)
        program.drive(wide, job.width, whole=True)
        low, high = np.where(wide, program.spread[True], program.spread[False])
    return low, high


def _judge_large(sets: Sequence[Tied], width: float, until: float) -> tuple[np.ndarray, np.ndarray]:
    """Sets too large to be judged at once: pieces around the cells still open, larger each time, until these are decided or a piece is all of its set.

    A cell is wide where its piece lets it be, all beyond held in a world amid the others; narrow where its piece pins it, all beyond let go.
    """
    most = max(len(tied.low) for tied in sets)
    world = np.concatenate(list(_apart(_amid, ((tied, until) for tied in sets))))
    tied = together(sets)
    # The solver keeps a sum up to a millionth; no piece must be refused for it.
    sums = np.bincount(tied.rows, tied.factors * world[tied.columns], len(tied.least))
    tied = replace(tied, least=np.minimum(tied.least, sums), greatest=np.maximum(tied.greatest, sums))
    low, high, still = world.copy(), world.copy(), tied.asked
    size, ends = WHOLE, False
    while True:
        pieces = pieces_around(tied, np.flatnonzero(still).tolist(), size)
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
    return Program(*job).amid()


def _judge_pieces(
    tied: Tied, pieces: Sequence[np.ndarray], rest: tuple[np.ndarray, np.ndarray], width: float, until: float, *, ends: bool
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    """The ranges in each piece, with all beyond it anywhere between two ends."""
    jobs = [_Job(tied.part(piece, *rest), width, until, ends=ends, whole=False) for piece in pieces]
    return zip(pieces, _each(jobs), strict=True)
