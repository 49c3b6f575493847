"""No pattern covers with fewer cells than this: what stands beside the ratio of covering to primary cells, where its bar cannot be had."""

from __future__ import annotations

from collections.abc import Collection

import highspy
import numpy as np

from c2c.disclosure._system import System
from c2c.plumbing import engines

FAR = 1e4
"""No world that moves one cell by nine moves another farther than this."""


def least_cover(system: System, primary: Collection[int], width: float, *, seconds: float = 60.0) -> int:
    """At least so many further cells must be withheld so that each primary one is `width` wide for an outsider.

    Only the primary cells are asked to be wide, not those that cover them, and nobody is an insider: so any pattern that is safe withholds more.
    Fischetti and Salazar-González 2001: a choice of cells that leaves one narrow breaks a capacity constraint, the dual of its widest move; what
    the least choice within all found breaks is added until it breaks none. The bound is that of the whole-number program, as far as it came in
    `seconds`.
    """
    values = np.array(system.values, dtype=float)
    free = np.array(system.published, dtype=bool) & ~np.isin(np.arange(len(values)), list(primary))
    least, greatest = np.zeros(len(values)), np.full(len(values), FAR)
    for c, (low, high) in system.told.items():
        free[c], least[c], greatest[c] = False, low, min(high, FAR)
    fall, rise = values - least, np.maximum(np.minimum(greatest, values + FAR) - values, 0.0)
    master, moves = _master(int(free.sum())), _Moves(system, fall, rise)
    chosen = np.where(free, 0.0, 1.0)
    held = sorted(c for c in primary if c not in system.told)
    if not held:
        return 0
    while True:
        broken = [cut for c in held if (cut := _capacity(moves, c, chosen, free, width)) is not None]
        for share in broken:
            at = np.flatnonzero(share)
            master.addRow(1.0, highspy.kHighsInf, len(at), at.astype(np.int32), share[at])
        if not broken:
            break
        master.run()
        chosen[free] = np.array(master.getSolution().col_value)
    n = master.getNumCol()
    master.changeColsIntegrality(n, np.arange(n, dtype=np.int32), np.full(n, highspy.HighsVarType.kInteger))
    master.setOptionValue("time_limit", master.getRunTime() + seconds)
    master.run()
    return int(np.ceil(master.getInfo().mip_dual_bound - 1e-6))


def _master(n: int) -> highspy.Highs:
    model = engines.linear_program()
    for _ in range(n):
        model.addCol(1.0, 0.0, 1.0, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
    return model


class _Moves:
    """The farthest that one cell may move, where each other may move by a share of its room."""

    def __init__(self, system: System, fall: np.ndarray, rise: np.ndarray) -> None:
        self._fall, self._rise, self._n = fall, rise, len(fall)
        sums = system.sums()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self._n, sums.shape[0]
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(self._n), -fall, rise
        lp.row_lower_ = lp.row_upper_ = np.zeros(sums.shape[0])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = sums.indptr, sums.indices, sums.data
        self._model = engines.linear_program()
        self._model.passModel(lp)
        self._every = np.arange(self._n, dtype=np.int32)

    def farthest(self, cell: int, shares: np.ndarray, width: float, *, up: bool) -> tuple[float, np.ndarray]:
        """How far, at most `width`, and how much of that each cell's whole room would account for: the move's dual."""
        low, high = -self._fall * shares, self._rise * shares
        low[cell], high[cell] = max(low[cell], -width), min(high[cell], width)
        cost = np.zeros(self._n)
        cost[cell] = -1.0 if up else 1.0
        self._model.changeColsBounds(self._n, self._every, low, high)
        self._model.changeColsCost(self._n, self._every, cost)
        self._model.run()
        dual = -np.array(self._model.getSolution().col_dual)
        room = np.where(dual > 0, self._rise, self._fall)
        room[cell] = min(room[cell], width)
        return -self._model.getInfo().objective_function_value, np.abs(dual) * room


def _capacity(moves: _Moves, cell: int, shares: np.ndarray, free: np.ndarray, width: float) -> np.ndarray | None:
    """The constraint that a choice of cells breaks if it leaves this one narrow: a share for each free cell, at least one in all; else None."""
    (up, above), (down, below) = (moves.farthest(cell, shares, width, up=up) for up in (True, False))
    if up + down >= width - 1e-3:
        return None
    room = above + below
    need = width - room[~free].sum()
    if need <= 1e-6:
        return None
    share = np.minimum(room[free] / need, 1.0)
    share[share < 1e-7] = 0.0
    return share
