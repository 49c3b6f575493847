"""The suppressor: which further counts must be withheld so that no sum gives back one that is. Primary cells come in, a pattern goes out."""

from __future__ import annotations

import highspy
import numpy as np

from c2c.disclosure._system import System, matrix
from c2c.plumbing import engines

FAR = 1e6
DEARER = 12.0
"""How much more a margin costs than the detail below it, for each dimension it lacks: readers miss totals most."""


class Suppressor:
    """One system's pattern of withheld cells, widened until each is safe in every world the published figures allow.

    For a cell that is too narrow, the least costly change that moves it up and down by the width needed, with every sum kept, is found by linear
    programming (Fischetti and Salazar-González 2001); the cells that move with it are withheld too. Each such change is a possible world for all.
    """

    def __init__(self, system: System, hidden: set[int], *, width: float, insider_width: float, seed: bytes) -> None:
        self.system, self.hidden, self._width, self._insider = system, set(hidden), width, insider_width
        values = np.array(system.values, dtype=float)
        n = len(values)
        rng = np.random.default_rng(np.frombuffer(seed[:16], dtype=np.uint32))
        # A cell costs the people it would take from view, and totals far more than their detail; a secret jitter keeps the choice from being read back.
        depth = np.array([len(key) for key in system.keys])
        self._cost = (1.0 + np.sqrt(values)) * DEARER ** (3.0 - np.minimum(depth, 3)) * (1.0 + 0.2 * rng.random(n))
        self._values = values
        starts, columns, entries = matrix(system)
        self._model = engines.linear_program()
        for option, value in (("log_to_console", False), ("output_flag", False), ("threads", 1)):
            self._model.setOptionValue(option, value)
        # Each cell may rise (first half) or fall (second half); no cell falls below zero.
        for v in values:
            self._model.addVar(0.0, FAR)
            del v
        for v in values:
            self._model.addVar(0.0, float(v))
        for r in range(len(starts) - 1):
            cols, coef = columns[starts[r] : starts[r + 1]], entries[starts[r] : starts[r + 1]]
            self._model.addRow(
                0.0, 0.0, 2 * len(cols), np.concatenate([cols, cols + n]).astype(np.int32), np.concatenate([coef, -coef])
            )
        self._n = n

    def cover(self, must: set[int]) -> set[int]:
        """Withhold further cells until each of these, and each that covers them, has room; returns the pattern."""
        waiting = sorted(must, key=lambda c: (self._values[c], self.system.keys[c]))
        done: set[int] = set()
        singles = [c for c in range(self._n) if self._values[c] == 1]
        while waiting:
            cell = waiting.pop(0)
            if cell in done:
                continue
            done.add(cell)
            down = min(self._values[cell], np.ceil(self._width / 2))
            moves = [(cell, self._width - down + 1, 1, self._width), (cell, down, -1, self._width)]
            added = self._make_room(moves, frozen=[])
            if self._values[cell] != 1:
                low = min(self._values[cell], np.ceil(self._insider / 2))
                frozen = [c for c in singles if c in self.hidden and c != cell]
                if frozen:
                    added |= self._make_room([(cell, self._insider - low + 1, 1, 0.0), (cell, low, -1, 0.0)], frozen=frozen)
            # Only what the public sees withheld must have room of its own.
            added = {c for c in added if self.system.published[c]}
            waiting += sorted(added, key=lambda c: (self._values[c], self.system.keys[c]))
        return self.hidden

    def _make_room(self, moves: list[tuple[int, float, int, float]], *, frozen: list[int]) -> set[int]:
        added: set[int] = set()
        for cell, amount, direction, _ in moves:
            if amount <= 0:
                continue
            for support in self._support(cell, amount, direction, frozen):
                if support not in self.hidden:
                    self.hidden.add(support)
                    added.add(support)
        return added

    def _support(self, cell: int, amount: float, direction: int, frozen: list[int]) -> list[int]:
        """The cells of the cheapest change of the wanted size; those withheld already move for nothing."""
        n, model = self._n, self._model
        cost = self._cost.copy()
        cost[list(self.hidden)] = 1e-3
        every = np.arange(2 * n, dtype=np.int32)
        model.changeColsCost(2 * n, every, np.concatenate([cost, cost]))
        up, down = (amount, 0.0) if direction > 0 else (0.0, amount)
        model.changeColBounds(cell, up, up)
        model.changeColBounds(cell + n, down, down)
        for c in frozen:
            model.changeColBounds(c, 0.0, 0.0)
            model.changeColBounds(c + n, 0.0, 0.0)
        model.run()
        status = model.getModelStatus()
        found: list[int] = []
        if status == highspy.HighsModelStatus.kOptimal:
            x = np.array(model.getSolution().col_value)
            moved = (x[:n] > 1e-7) | (x[n:] > 1e-7)
            found = np.flatnonzero(moved).tolist()
        for c in (cell, *frozen):
            model.changeColBounds(c, 0.0, FAR)
            model.changeColBounds(c + n, 0.0, float(self._values[c]))
        if status == highspy.HighsModelStatus.kInfeasible and not frozen:
            # No world moves this cell that far while sums hold: everything that stands in its sums goes with it, and the auditor decides.
            found = sorted({c for total, parts in self.system.relations if cell in (total, *parts) for c in (total, *parts)})
        return found
