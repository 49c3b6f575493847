"""The auditor: given what is published and nothing else, how closely can each withheld count be worked out? Shares no code with the suppressor.

It fails closed: a contradiction, an unknown status of the solver or a timeout is a refusal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

import highspy
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from c2c.plumbing import engines

CERTIFYING_ROUNDS = 16
SLACK = 1e-6
ROOM = 4.0
"""A count of which nothing is known is taken to be below so many times all that is shown: a narrower world, so never a laxer verdict."""

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


def judge(
    low: np.ndarray,
    high: np.ndarray,
    relations: Sequence[Relation],
    ask: np.ndarray,
    *,
    width: float,
    shares: Sequence[Share] = (),
    seconds: float = 1200.0,
) -> Judged:
    """The range of each asked cell over all worlds of counts that fit what is published.

    `low` and `high`: what the figures say of each cell (equal where it is shown, 0 and infinity where nothing is). `relations`: (total, parts).
    `shares`: (part, whole, least, greatest) where a rounded share of a whole is shown. A range that reaches `width` in worlds met on the way is
    certified and not driven to its ends.

    Raises:
        CannotTell: what is published contradicts itself, the solver gives no certain answer, or `seconds` are over.
    """
    until = monotonic() + seconds
    low, high = _subtract(low.astype(float), high.astype(float), relations)
    known = high - low < SLACK
    ceiling = ROOM * (float(low[known].sum()) + 1000.0)
    found_low, found_high = low[ask].copy(), np.minimum(high[ask], ceiling)
    where = {int(c): i for i, c in enumerate(ask)}
    asked = np.zeros(len(low), dtype=bool)
    asked[ask] = True
    for cells, sums, parts in _components(known, relations, shares):
        wanted = cells[asked[cells]]
        if len(wanted):
            tied = _Tied(cells, sums, parts, low, high, ceiling, until)
            for c, (a, b) in zip(wanted.tolist(), tied.ranges(wanted, width), strict=True):
                found_low[where[c]], found_high[where[c]] = a, b
    return Judged(ask, found_low, found_high)


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
    known: np.ndarray, relations: Sequence[Relation], shares: Sequence[Share]
) -> Iterator[tuple[np.ndarray, list[Relation], list[Share]]]:
    """Sets of unknown cells that sums and shares tie together, each with its sums and shares."""
    ties: list[tuple[int, int]] = []
    loose: list[tuple[int, Relation]] = []
    bound: list[tuple[int, Share]] = []
    for relation in relations:
        unknown = [c for c in (relation[0], *relation[1]) if not known[c]]
        if unknown:
            loose.append((unknown[0], relation))
            ties += [(unknown[0], c) for c in unknown[1:]]
    for share in shares:
        unknown = [c for c in share[:2] if not known[c]]
        if unknown:
            bound.append((unknown[0], share))
            ties += [(unknown[0], c) for c in unknown[1:]]
    n = len(known)
    a, b = (np.array(ties, dtype=np.int64).reshape(-1, 2)).T
    label = connected_components(coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(n, n)), directed=False)[1]
    free = np.flatnonzero(~known)
    order = free[np.argsort(label[free], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    sums_of: dict[int, list[Relation]] = {}
    shares_of: dict[int, list[Share]] = {}
    for c, relation in loose:
        sums_of.setdefault(int(label[c]), []).append(relation)
    for c, share in bound:
        shares_of.setdefault(int(label[c]), []).append(share)
    for cells in np.split(order, cuts) if len(order) else ():
        yield np.sort(cells), sums_of.get(int(label[cells[0]]), []), shares_of.get(int(label[cells[0]]), [])


class _Tied:
    """One set of unknown cells as a linear program of which only the objective changes."""

    def __init__(
        self,
        cells: np.ndarray,
        sums: list[Relation],
        shares: list[Share],
        low: np.ndarray,
        high: np.ndarray,
        ceiling: float,
        until: float,
    ) -> None:
        self._n, self._until = len(cells), until
        self._at = {int(c): i for i, c in enumerate(cells)}
        sides: list[tuple[float, float]] = []
        entries: list[tuple[int, int, float]] = []

        def row(members: Iterator[tuple[int, float]], least: float, greatest: float) -> None:
            fixed = 0.0
            for c, factor in members:
                if c in self._at:
                    entries.append((len(sides), self._at[c], factor))
                else:
                    fixed += factor * low[c]
            sides.append((least - fixed, greatest - fixed))

        for total, parts in sums:
            row(itertools.chain([(total, 1.0)], ((p, -1.0) for p in parts)), 0.0, 0.0)
        for part, whole, least, greatest in shares:
            row(iter([(part, 1.0), (whole, -least)]), 0.0, highspy.kHighsInf)
            row(iter([(part, 1.0), (whole, -greatest)]), -highspy.kHighsInf, 0.0)
        rows, columns, factors = (np.array(x) for x in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 3
        by_column = coo_matrix((factors, (rows, columns)), shape=(max(len(sides), 1), self._n)).tocsc()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self._n, max(len(sides), 1)
        lp.col_cost_ = np.zeros(self._n)
        lp.col_lower_, lp.col_upper_ = low[cells], np.minimum(high[cells], ceiling)
        lp.row_lower_ = np.array([s[0] for s in sides] or [-highspy.kHighsInf])
        lp.row_upper_ = np.array([s[1] for s in sides] or [highspy.kHighsInf])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = by_column.indptr, by_column.indices, by_column.data
        self._model = engines.linear_program()
        # Many objectives on one system: primal simplex from the last answer, without presolve, was four times as fast.
        for option, value in (("presolve", "off"), ("simplex_strategy", 4)):
            self._model.setOptionValue(option, value)
        self._model.passModel(lp)
        self._every = np.arange(self._n, dtype=np.int32)

    def ranges(self, wanted: np.ndarray, width: float) -> list[tuple[float, float]]:
        """Least and greatest count of each wanted cell, as far as the width asked for needs it."""
        at = np.array([self._at[c] for c in wanted.tolist()])
        low, high = np.full(self._n, np.inf), np.full(self._n, -np.inf)

        def meet(objective: np.ndarray) -> None:
            world = self._world(objective)
            np.minimum(low, world, out=low)
            np.maximum(high, world, out=high)

        rng = np.random.default_rng(20_261_124)
        for turn in range(CERTIFYING_ROUNDS):
            open_ = at[high[at] - low[at] < width]
            if not len(open_):
                break
            objective = np.zeros(self._n)
            objective[open_] = rng.choice([-1.0, 1.0], len(open_)) if turn > 1 else 1.0 - 2.0 * turn
            meet(objective)
        for i in at.tolist():
            for sign in (1.0, -1.0):
                if high[i] - low[i] < width:
                    objective = np.zeros(self._n)
                    objective[i] = sign
                    meet(objective)
        return [(float(low[i]), float(high[i])) for i in at.tolist()]

    def _world(self, objective: np.ndarray) -> np.ndarray:
        """The world that is least in an objective."""
        left = self._until - monotonic()
        if left <= 0:
            raise CannotTell("the time allowed is over")
        self._model.changeColsCost(self._n, self._every, objective)
        self._model.setOptionValue("time_limit", self._model.getRunTime() + left)
        self._model.run()
        if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise CannotTell(f"the solver answered {self._model.modelStatusToString(self._model.getModelStatus())}")
        return np.array(self._model.getSolution().col_value)
