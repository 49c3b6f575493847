"""The suppressor: which further counts must be withheld so that no sum gives back one that is. Primary cells come in, a pattern goes out.

Safety is kept as *worlds*: changes of the true counts that keep every sum and every figure shown. The spread of a cell over the worlds found so
far is width nobody can take away, so each step needs only look around one cell. The auditor shares no code with this and has the last word.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import highspy
import numpy as np

from c2c.disclosure._system import System, matrix
from c2c.plumbing import engines

DEARER = 12.0
"""How much more a margin costs than the detail below it, for each dimension it lacks: readers miss totals most."""

NEAR, FAR, EVERYWHERE = 300, 2_000, 1_000_000
"""Cells looked at around one that is too narrow; more where so many do not suffice."""

ALREADY = 1e-3
"""What it costs to move a cell that is withheld anyway: little, so that worlds stay small."""


@dataclass(frozen=True)
class World:
    """One change of the true counts that keeps every sum: which cells move, and by how much."""

    cells: np.ndarray
    change: np.ndarray
    leaves_singles: bool
    """Does no count of one move in it? Then it stands for an insider too."""


class Suppressor:
    """One system's pattern of withheld cells, widened until each is wide enough in the worlds the shown figures allow.

    For a cell that is too narrow, the least costly change that gives it room is found by linear programming (Fischetti and Salazar-González
    2001), and the cells that move with it are withheld too. `width` binds for an outsider; `insider_width` for whoever is alone in a cell and so
    knows every count of one.
    """

    def __init__(self, system: System, *, width: float, insider_width: float, small: float, seed: bytes) -> None:
        self.system, self._width, self._insider = system, width, insider_width
        self._values = np.array(system.values, dtype=float)
        n = len(self._values)
        self._published = np.array(system.published, dtype=bool)
        # How far each may move: never below zero, and what was told of it before still holds.
        self._rise, self._fall = np.full(n, highspy.kHighsInf), self._values.copy()
        self._told = np.zeros(n, dtype=bool)
        for c, (least, greatest) in system.told.items():
            self._told[c], self._rise[c], self._fall[c] = True, greatest - self._values[c], self._values[c] - least
        self._fixed = self._told & (self._rise + self._fall < 1)
        self._single = (self._values == 1) & self._published & ~self._told
        # What no table shows but a difference would: small ones need room like those that are withheld. So does what was told of an earlier
        # edition: else the difference between the two would show who came or went.
        self._derived = (~self._published & ~self._told & (self._values > 0) & (self._values < small)) | (self._told & ~self._fixed)
        rng = np.random.default_rng(np.frombuffer(seed[:16], dtype=np.uint32))
        # A cell costs the people it would take from view, and totals far more than their detail; a secret jitter keeps the choice from being read back.
        depth = np.array([min(len(key), 3) for key in system.keys], dtype=float)
        self._cost = (1.0 + np.sqrt(self._values)) * DEARER ** (3.0 - depth) * (1.0 + 0.2 * rng.random(n))
        self._tie = rng.permutation(n)
        by_cell = matrix(n, system.relations)
        by_row = by_cell.tocsr()
        self._matrix = by_cell
        self._rows_of = np.split(by_cell.indices, by_cell.indptr[1:-1])
        self._cells_of = np.split(by_row.indices, by_row.indptr[1:-1])
        self._model = engines.linear_program()
        self._model.setOptionValue("presolve", "off")
        self._programs, self._kept = 0, 0
        self.hidden = np.zeros(n, dtype=bool)
        self._worlds: dict[int, World] = {}
        self._touching: list[dict[int, float]] = [{} for _ in range(n)]
        self._spread = {insider: np.zeros((2, n)) for insider in (False, True)}

    def cover(self, must: Iterable[int]) -> None:
        """Withhold these, and further cells until each that is withheld has room."""
        queue: list[tuple[float, int, int]] = []

        def push(cells: Iterable[int]) -> None:
            for c in cells:
                heapq.heappush(queue, (float(self._values[c]), int(self._tie[c]), int(c)))

        self.hidden[[c for c in must if self._published[c] and not self._told[c]]] = True
        push(np.flatnonzero(self.hidden | self._derived))
        while queue:
            cell = heapq.heappop(queue)[2]
            before = self.hidden.copy()
            for insider in (False, True):
                if not self._is_wide(cell, insider) and not self._certify(cell, insider):
                    self._open(cell, insider)
            push(np.flatnonzero(self.hidden & ~before))

    def give_back(self, must: set[int], *, effort: int) -> None:
        """Print again, in secret order, the covering cells that no withheld one needs, as far as so many linear programs go.

        The dearest are tried first. Stopped anywhere, the pattern is safe.
        """
        cover = [c for c in np.flatnonzero(self.hidden).tolist() if c not in must]
        until = self._programs + effort
        for cell in sorted(cover, key=lambda c: (-self._cost[c], self._tie[c])):
            if self._programs < until:
                self._print_again(cell)

    def _print_again(self, cell: int) -> None:
        dead = {w: self._worlds[w] for w in sorted(self._touching[cell])}
        shaken = sorted({int(c) for world in dead.values() for c in world.cells} - {cell})
        self.hidden[cell] = False
        for number in dead:
            self._drop(number)
        self._measure([cell, *shaken])
        for c in shaken:
            if not (self.hidden[c] or self._derived[c]):
                continue
            for insider in (False, True):
                if not self._is_wide(c, insider) and not self._certify(c, insider):
                    self.hidden[cell] = True
                    for world in dead.values():
                        self._keep(world)
                    return

    def _is_wide(self, cell: int, insider: bool) -> bool:
        # Whoever is alone knows that cell; and that nobody is in another tells of nobody.
        if insider and self._values[cell] <= 1:
            return True
        low, high = self._spread[insider][:, cell]
        return bool(high - low >= (self._insider if insider else self._width) - 1e-6)

    def _certify(self, cell: int, insider: bool) -> bool:
        """Look for worlds that give the cell room with what is withheld already. True when it is wide enough."""
        need = self._insider if insider else self._width
        for limit in (NEAR, EVERYWHERE):
            around = self._around(cell, limit, insider, withheld_only=True)
            for up in (True, False):
                low, high = self._spread[insider][:, cell]
                rest = need - (-low if up else high)
                most = min(rest, self._rise[cell] if up else self._fall[cell])
                if most > 1e-6 and (world := self._move(cell, around, up=up, at_most=most)) is not None:
                    self._keep(world)
                if self._is_wide(cell, insider):
                    return True
            if len(around) < limit:
                break
        return False

    def _open(self, cell: int, insider: bool) -> None:
        """Withhold the cheapest further cells that give the cell room."""
        need = self._insider if insider else self._width
        low, high = self._spread[insider][:, cell]
        for limit in (NEAR, FAR, EVERYWHERE):
            around = self._around(cell, limit, insider, withheld_only=False)
            tried = [
                self._move(cell, around, up=up, exactly=far)
                for up, far, room in ((True, need + low, self._rise[cell]), (False, need - high, self._fall[cell]))
                if 1e-6 < far <= room
            ]
            found = [w for w in tried if w is not None]
            if found:
                world = min(found, key=self._price)
                self.hidden[self._fresh(world)] = True
                self._keep(world)
                return
            if len(around) < limit:
                break
        # No world moves this cell that far while sums hold: all that stands in its sums goes with it, and the auditor decides.
        for row in self._rows_of[cell]:
            beside = self._cells_of[row]
            self.hidden[beside[self._published[beside] & ~self._told[beside]]] = True
        self._certify(cell, insider)

    def _price(self, world: World) -> float:
        return float(self._cost[self._fresh(world)].sum())

    def _fresh(self, world: World) -> np.ndarray:
        """The cells of a world that are still in view."""
        in_view = self._published[world.cells] & ~self.hidden[world.cells] & ~self._told[world.cells]
        return np.asarray(world.cells[in_view])

    def _around(self, cell: int, limit: int, insider: bool, *, withheld_only: bool) -> np.ndarray:
        """Cells that may move with one, nearest first along the sums, at most so many. What everybody knows stays where it is."""
        may = ~self._fixed
        if withheld_only:
            may = may & (self.hidden | self._told | ~self._published)
        if insider:
            may = may & ~self._single
        seen, rows_seen = np.zeros(len(may), dtype=bool), np.zeros(len(self._cells_of), dtype=bool)
        found, edge, count = [np.array([cell])], np.array([cell]), 1
        seen[cell] = True
        while len(edge) and count < limit:
            rows = np.unique(np.concatenate([self._rows_of[c] for c in edge.tolist()]))
            rows = rows[~rows_seen[rows]]
            rows_seen[rows] = True
            if not len(rows):
                break
            near = np.unique(np.concatenate([self._cells_of[r] for r in rows.tolist()]))
            edge = near[may[near] & ~seen[near]][: limit - count]
            seen[edge] = True
            count += len(edge)
            found.append(edge)
        return np.concatenate(found)

    def _move(self, cell: int, around: np.ndarray, *, up: bool, at_most: float = 0.0, exactly: float = 0.0) -> World | None:
        """The cheapest world that moves the cell so far, or as far as it goes; None where there is none. `around` begins with the cell."""
        n = len(around)
        part = self._matrix[:, around]
        rows, where = np.unique(part.indices, return_inverse=True)
        free = self.hidden[around] | self._told[around] | ~self._published[around]
        cost = np.where(free, ALREADY, self._cost[around])
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = 2 * n, len(rows)
        cost = np.concatenate([cost, cost])
        low, high = np.zeros(2 * n), np.concatenate([self._rise[around], self._fall[around]])
        mine, other = (0, n) if up else (n, 0)
        high[other] = 0.0
        if exactly:
            low[mine] = high[mine] = exactly
        else:
            high[mine], cost[mine] = at_most, -1.0
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, low, high
        lp.row_lower_ = lp.row_upper_ = np.zeros(len(rows))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        starts = part.indptr.astype(np.int32)
        lp.a_matrix_.start_ = np.concatenate([starts, starts[1:] + starts[-1]])
        lp.a_matrix_.index_ = np.concatenate([where, where]).astype(np.int32)
        lp.a_matrix_.value_ = np.concatenate([part.data, -part.data])
        self._model.passModel(lp)
        self._model.run()
        self._programs += 1
        if self._model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        x = np.array(self._model.getSolution().col_value)
        change = x[:n] - x[n:]
        moved = np.abs(change) > 1e-6
        cells = around[moved]
        return World(cells, change[moved], not self._single[cells].any()) if moved[0] else None

    def _keep(self, world: World) -> None:
        number, self._kept = self._kept, self._kept + 1
        self._worlds[number] = world
        for c, change in zip(world.cells.tolist(), world.change.tolist(), strict=True):
            self._touching[c][number] = change
        for insider in (False, True):
            if world.leaves_singles or not insider:
                low, high = self._spread[insider]
                low[world.cells] = np.minimum(low[world.cells], world.change)
                high[world.cells] = np.maximum(high[world.cells], world.change)

    def _drop(self, number: int) -> None:
        for c in self._worlds.pop(number).cells.tolist():
            del self._touching[c][number]

    def _measure(self, cells: Iterable[int]) -> None:
        """Take the spread of cells anew from the worlds that are left."""
        for c in cells:
            every = self._touching[c]
            some = [change for number, change in every.items() if self._worlds[number].leaves_singles]
            for insider, changes in ((False, every.values()), (True, some)):
                self._spread[insider][:, c] = min(0.0, min(changes, default=0.0)), max(0.0, max(changes, default=0.0))
