"""Worlds: changes of the true counts that keep every sum and every figure shown. What they spread a cell by is width nobody can take away."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csc_matrix

from c2c.plumbing import engines

STILL = 1e-6
"""What moves less does not move: the solver is no more exact."""


@dataclass(frozen=True)
class World:
    """One change of the true counts that keeps every sum: which cells move, and by how much."""

    cells: np.ndarray
    change: np.ndarray
    leaves_singles: bool
    """Does no count of one move in it? Then it stands for an insider too."""


class Worlds:
    """The worlds found of some cells, and how far they spread each.

    `spread`: the farthest way down and the farthest up, for insiders and for an outsider.
    """

    def __init__(self, n: int) -> None:
        self.spread = {insider: np.zeros((2, n)) for insider in (False, True)}
        self._settled = {insider: np.zeros((2, n)) for insider in (False, True)}
        self._found: dict[int, World] = {}
        self._kept = 0
        self._touching: list[dict[int, float]] = [{} for _ in range(n)]

    def settle(self, cells: np.ndarray, outsider: np.ndarray, insider: np.ndarray) -> None:
        """Take over how far worlds found elsewhere spread these cells, for good."""
        for inside, spread in ((False, outsider), (True, insider)):
            self.spread[inside][:, cells] = self._settled[inside][:, cells] = spread

    def keep(self, world: World) -> None:
        """Take in a world."""
        number, self._kept = self._kept, self._kept + 1
        self._found[number] = world
        for c, change in zip(world.cells.tolist(), world.change.tolist(), strict=True):
            self._touching[c][number] = change
        for insider in (False, True):
            if world.leaves_singles or not insider:
                low, high = self.spread[insider]
                low[world.cells] = np.minimum(low[world.cells], world.change)
                high[world.cells] = np.maximum(high[world.cells], world.change)

    def drop(self, cell: int) -> list[World]:
        """Let go of all worlds that move a cell, and say which these were."""
        dead = {number: self._found.pop(number) for number in sorted(self._touching[cell])}
        for number, world in dead.items():
            for c in world.cells.tolist():
                del self._touching[c][number]
        for c in {c for world in dead.values() for c in world.cells.tolist()}:
            self._measure(c)
        return list(dead.values())

    def _measure(self, cell: int) -> None:
        every = self._touching[cell]
        some = [change for number, change in every.items() if self._found[number].leaves_singles]
        for insider, changes in ((False, every.values()), (True, some)):
            low, high = self._settled[insider][:, cell]
            self.spread[insider][:, cell] = min(low, min(changes, default=0.0)), max(high, max(changes, default=0.0))


class Moves:
    """What some cells can do among themselves while all others stay: one linear program, of which only the cell asked about changes.

    Each cell has a column for its way up and one for its way down, so that what a world costs is what it moves.
    """

    def __init__(self, cells: np.ndarray, sums: csc_matrix, rise: np.ndarray, fall: np.ndarray, cost: np.ndarray) -> None:
        """`cells`: their numbers, rising; `sums`: a column for each; `rise`, `fall` and `cost`: how far it may go and what a step costs."""
        self._cells, self._room, self._cost = cells, np.concatenate([rise, fall]), np.concatenate([cost, cost])
        rows, where = np.unique(sums.indices, return_inverse=True)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = 2 * len(cells), len(rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self._cost, np.zeros(lp.num_col_), self._room
        lp.row_lower_ = lp.row_upper_ = np.zeros(lp.num_row_)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.concatenate([sums.indptr, sums.indptr[1:] + sums.indptr[-1]])
        lp.a_matrix_.index_ = np.concatenate([where, where])
        lp.a_matrix_.value_ = np.concatenate([sums.data, -sums.data])
        self._model = engines.linear_program()
        self._model.setOptionValue("presolve", "off")
        self._model.passModel(lp)

    def hold(self, cell: int, held: bool) -> None:
        """Let a cell move no more, or again."""
        at = int(np.searchsorted(self._cells, cell))
        if at < len(self._cells) and self._cells[at] == cell:
            for column in (at, at + len(self._cells)):
                self._model.changeColBounds(column, 0.0, 0.0 if held else self._room[column])

    def farthest(self, cell: int, far: float, *, exactly: bool = False) -> tuple[np.ndarray, np.ndarray] | None:
        """The cheapest change that moves a cell so far (down where negative), or as far as it goes: the cells that move and how far. None where it stays."""
        n, at = len(self._cells), int(np.searchsorted(self._cells, cell))
        mine, other = (at, at + n) if far > 0 else (at + n, at)
        self._model.changeColBounds(mine, abs(far) if exactly else 0.0, abs(far))
        self._model.changeColBounds(other, 0.0, 0.0)
        self._model.changeColCost(mine, 0.0 if exactly else -1.0)
        # From scratch each time: from where the last cell was left, the way is twice as long.
        self._model.clearSolver()
        self._model.run()
        answered = self._model.getModelStatus() == highspy.HighsModelStatus.kOptimal
        x = np.array(self._model.getSolution().col_value) if answered else np.zeros(2 * n)
        for column in (mine, other):
            self._model.changeColBounds(column, 0.0, self._room[column])
        self._model.changeColCost(mine, self._cost[mine])
        change = x[:n] - x[n:]
        moved = np.abs(change) > STILL
        return (self._cells[moved], change[moved]) if moved[at] else None
