"""Worlds of counts that fit what is published, met by a linear program and, where it is asked, by one of whole numbers."""

from __future__ import annotations

from time import time

import highspy
import numpy as np
from scipy.sparse import coo_matrix

from c2c.disclosure._tied import SLACK, CannotTell, Tied
from c2c.plumbing import engines

CERTIFYING_ROUNDS = 16


class Program:
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
