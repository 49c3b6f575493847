"""The pattern, made safe one cell after another: worlds found for one still stand for the next, so each step needs only look around one cell."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from c2c.disclosure._costs import Counts
from c2c.disclosure._system import grow
from c2c.disclosure._worlds import Moves, World, Worlds

RIPPLE = 2.0
"""How much dearer a cell is for each further sum in which it would stand withheld alone: that sum will ask for another."""

FAR = 2_000
"""Cells looked at around one that is too narrow, where there are more."""

FARTHEST = 20_000
"""Cells looked at around one that has no room among those: a county's total moves with another county's."""

ALREADY, COVERING = 1e-3, 2e-2
"""What it costs to move a cell that is withheld anyway: little, so that worlds stay small. One that only covers costs more: where no world needs it, it
is printed again, and few worlds are to be found anew."""


@dataclass(frozen=True)
class Asked:
    """What protection must reach: the least width of a withheld cell, that for insiders, and below which count a cell is small.

    `effort`: linear programs that each group may spend on printing cells again.
    """

    width: float
    insider_width: float
    small: float
    effort: int


Known = tuple[np.ndarray, np.ndarray, np.ndarray]
"""What is settled of some cells: which are withheld, and how far the worlds found spread each, for an outsider and for insiders."""


class Suppressor:
    """A pattern of withheld cells, widened until each is wide enough in the worlds the shown figures allow.

    A first pattern comes sum by sum. For a cell that is still too narrow, the least costly change that gives it room is found by linear
    programming (Fischetti and Salazar-González 2001), and the cells that move with it are withheld too. The width asked for binds for an
    outsider; that for insiders for whoever is alone in a cell and so knows every count of one.
    """

    def __init__(self, counts: Counts, must: np.ndarray, asked: Asked) -> None:
        self._values, self._published, self._told = counts.values, counts.published, counts.told
        self._cost, self._tie = counts.cost, counts.tie
        self._width, self._insider, self._effort = asked.width, asked.insider_width, asked.effort
        n = len(self._values)
        # How far each may move: never below zero, and what was told of it before still holds.
        self._rise, self._fall = counts.greatest - self._values, self._values - counts.least
        self._fixed = self._told & (counts.greatest - counts.least < 1)
        self._must = must & ~self._told
        self._single = (self._values == 1) & (self._published | self._must) & ~self._told
        # What no table shows but a difference would: small ones need room like those that are withheld. So does what was told of an earlier
        # edition: else the difference between the two would show who came or went.
        small = ~self._published & ~self._told & (self._values > 0) & (self._values < asked.small)
        self._derived = (small | (self._told & ~self._fixed)) & ~counts.unasked
        self._sums, self._wide = counts.sums, counts.wide
        by_row = counts.sums.tocsr()
        self._rows_of = np.split(counts.sums.indices, counts.sums.indptr[1:-1])
        self._cells_of = np.split(by_row.indices, by_row.indptr[1:-1])
        # How many cells of each sum may move.
        self._moving = np.bincount(
            counts.sums.indices, weights=np.repeat(~self._fixed, np.diff(counts.sums.indptr)), minlength=by_row.shape[0]
        )
        self._programs = 0
        self._withheld: dict[bool, Moves] = {}
        self.hidden = self._must.copy()
        self._worlds = Worlds(n)

    def known(self, cells: np.ndarray) -> Known:
        """What is settled of these cells."""
        return self.hidden[cells], self._worlds.spread[False][:, cells], self._worlds.spread[True][:, cells]

    def learn(self, cells: np.ndarray, known: Known) -> None:
        """Take over what was settled of these cells elsewhere. No cell that is withheld later moves in those worlds: they stand whatever is shown again."""
        self.hidden[cells] = known[0]
        self._worlds.settle(cells, *known[1:])

    def still_narrow(self, most: int) -> list[np.ndarray]:
        """New groups of at most so many cells, each around some that are not wide enough yet, no cell in two."""
        narrow = np.flatnonzero(self._narrow(np.arange(len(self._values))))
        groups, may = [], ~self._fixed
        for cell in sorted(narrow.tolist(), key=lambda c: (self._values[c], self._tie[c])):
            if may[cell]:
                cells = self._near(cell, most, may)
                may[cells] = False
                groups.append(self.closed(cells))
        return groups

    def closed(self, cells: np.ndarray) -> np.ndarray:
        """A group without totals of which a part lies elsewhere: to the few parts that are here such a total would seem the nearest to cover for them."""
        while True:
            mine = self._sums[:, cells]
            at = np.repeat(np.arange(len(cells)), np.diff(mine.indptr))
            rows, which = np.unique(mine.indices, return_inverse=True)
            cut_up = np.bincount(which, weights=~self._fixed[cells[at]]) < self._moving[rows]
            total = np.bincount(at, weights=(mine.data > 0) & cut_up[which], minlength=len(cells)) > 0
            if not total.any():
                return cells
            cells = cells[~total]

    def _narrow(self, cells: np.ndarray) -> np.ndarray:
        """Which of these are withheld, or small and shown by no table, and not wide enough in the worlds found."""
        few = self._width - 1e-6, self._insider - 1e-6
        outsider, insider = ((self._worlds.spread[i][1] - self._worlds.spread[i][0])[cells] < few[i] for i in (False, True))
        return (self.hidden[cells] | self._derived[cells]) & (outsider | (insider & (self._values[cells] > 1)))

    def cover(self, *, last: bool) -> None:
        """Withhold further cells until each that is withheld has room.

        Where a cell cannot have it, `last` withholds all that stands in its sums; else it is left to the whole.
        """
        queue: list[tuple[float, int, int]] = []

        def push(cells: Iterable[int]) -> None:
            for c in cells:
                heapq.heappush(queue, (float(self._values[c]), int(self._tie[c]), int(c)))

        push(np.flatnonzero(self.hidden | self._derived).tolist())
        while queue:
            cell = heapq.heappop(queue)[2]
            for insider in (True, False):
                if not self._is_wide(cell, insider) and not self._certify(cell, insider):
                    push(self._open(cell, insider, last).tolist())

    def balance(self) -> None:
        """A first pattern, sum by sum: what is withheld beside the smallest count must make up for it. Then what is not needed for that is shown.

        Counts of one make up for nothing: whoever they are of knows them.
        """
        settled = self.hidden.copy()
        narrow = np.flatnonzero(self._narrow(np.arange(len(self._values))))
        waiting = sorted({row for c in narrow.tolist() for row in self._rows_of[c].tolist()})
        queued = np.zeros(len(self._cells_of), dtype=bool)
        queued[waiting] = True
        alone = np.array([not self._is_open(cells).any() for cells in self._cells_of], dtype=bool)
        while waiting:
            row = heapq.heappop(waiting)
            queued[row] = False
            cells = self._cells_of[row]
            while not self._balances(cells):
                may = cells[~self._is_open(cells) & self._published[cells] & ~self._told[cells] & (self._values[cells] > 1)]
                if not len(may):
                    break
                price = [self._cost[c] * (1 + RIPPLE * np.count_nonzero(alone[self._rows_of[c]])) for c in may.tolist()]
                chosen = int(may[int(np.argmin(price))])
                self.hidden[chosen] = True
                for other in self._rows_of[chosen].tolist():
                    alone[other] = False
                    if not queued[other]:
                        queued[other] = True
                        heapq.heappush(waiting, other)
        for c in self._dearest_first(self.hidden & ~settled):
            self.hidden[c] = False
            self.hidden[c] = not all(self._balances(self._cells_of[row]) for row in self._rows_of[c].tolist())

    def _is_open(self, cells: np.ndarray) -> np.ndarray:
        """Which of these the public does not know."""
        return (self.hidden[cells] | self._told[cells] | ~self._published[cells]) & ~self._fixed[cells]

    def _balances(self, cells: np.ndarray) -> bool:
        """Do the open cells of one sum make up for the smallest of them? A sum in which nobody is withheld does."""
        unknown = cells[self._is_open(cells)]
        if not (self.hidden[unknown] | self._derived[unknown]).any():
            return True
        counts = self._values[unknown]
        carrying = counts[counts > 1]
        if not len(carrying):
            return not (self.hidden[unknown] & (counts > 0)).any()
        return len(carrying) > 1 and bool(carrying.sum() - carrying.min() > self._width)

    def give_back(self, among: np.ndarray) -> None:
        """Print again, dearest first, the covering cells that no withheld one needs, as far as the effort allows.

        Stopped anywhere, the pattern is safe.
        """
        until = self._programs + self._effort
        for cell in self._dearest_first(among & ~self._must):
            if self._programs < until:
                self._print_again(cell)

    def _dearest_first(self, among: np.ndarray) -> list[int]:
        return sorted(np.flatnonzero(among).tolist(), key=lambda c: (-self._cost[c], self._tie[c]))

    def _print_again(self, cell: int) -> None:
        self._show(cell, True)
        if any(self._gives_away(self._cells_of[row]) for row in self._rows_of[cell].tolist()):
            self._show(cell, False)
            return
        dead = self._worlds.drop(cell)
        moved = {int(c) for world in dead for c in world.cells} - {cell}
        beside = {int(c) for row in self._rows_of[cell].tolist() for c in self._cells_of[row]}
        # Those that fail most often come first: small ones in the same sums.
        shaken = sorted(moved, key=lambda c: (c not in beside, self._values[c], self._tie[c]))
        for c in shaken:
            if not (self.hidden[c] or self._derived[c]):
                continue
            for insider in (True, False):
                if not self._is_wide(c, insider) and not self._certify(c, insider):
                    self._show(cell, False)
                    for world in dead:
                        self._worlds.keep(world)
                    return

    def _show(self, cell: int, shown: bool) -> None:
        self.hidden[cell] = not shown
        for moves in self._withheld.values():
            moves.hold(cell, shown)

    def _gives_away(self, cells: np.ndarray) -> bool:
        """Is one cell all that is open in a sum, for an outsider or for those who are alone in a cell? Then no program need be asked."""
        unknown = cells[self._is_open(cells)]
        others = unknown[~self._single[unknown]]
        return len(unknown) == 1 or (len(others) == 1 and bool(self._values[others[0]] > 1))

    def _is_wide(self, cell: int, insider: bool) -> bool:
        # Whoever is alone knows that cell; and that nobody is in another tells of nobody.
        if insider and self._values[cell] <= 1:
            return True
        low, high = self._worlds.spread[insider][:, cell]
        return bool(high - low >= (self._insider if insider else self._width) - 1e-6)

    def _certify(self, cell: int, insider: bool) -> bool:
        """Look for worlds that give the cell room with what is withheld already. True when it is wide enough."""
        moves = self._moves(cell, insider, withheld_only=True)
        for up in (True, False):
            # What is wide enough for an outsider, and no single moves in it, is so for insiders: they are asked about first, and for as much.
            low, high = self._worlds.spread[insider][:, cell]
            rest = self._width - (-low if up else high)
            most = min(rest, self._rise[cell] if up else self._fall[cell])
            if most > 1e-6 and (world := self._world(moves, cell, most if up else -most)) is not None:
                self._worlds.keep(world)
            if self._is_wide(cell, insider):
                return True
        return False

    def _open(self, cell: int, insider: bool, last: bool) -> np.ndarray:
        """Withhold the cheapest further cells that give the cell room, and say which these are."""
        need = self._insider if insider else self._width
        low, high = self._worlds.spread[insider][:, cell]
        for reach in (FAR, FARTHEST) if last and len(self._values) > FAR else (FAR,):
            moves = self._moves(cell, insider, withheld_only=False, reach=reach)
            tried = [
                self._world(moves, cell, far, exactly=True)
                for far, room in ((need + low, self._rise[cell]), (high - need, self._fall[cell]))
                if 1e-6 < abs(far) <= room
            ]
            found = [w for w in tried if w is not None]
            if found:
                world = min(found, key=self._price)
                fresh = self._fresh(world)
                self._withhold(fresh)
                self._worlds.keep(world)
                return fresh
        if insider or not last:
            # What those alone in cells know together, nobody may know; the auditor asks what each of them knows.
            return np.zeros(0, dtype=np.int64)
        # No world moves this cell that far while sums hold: all that stands in its sums goes with it, and the auditor decides.
        beside = np.unique(np.concatenate([self._cells_of[row] for row in self._rows_of[cell].tolist()]))
        fresh = beside[self._published[beside] & ~self._told[beside] & ~self.hidden[beside]]
        self._withhold(fresh)
        self._certify(cell, insider)
        return fresh

    def _withhold(self, fresh: np.ndarray) -> None:
        self.hidden[fresh] = True
        self._withheld.clear()

    def _price(self, world: World) -> float:
        return float(self._cost[self._fresh(world)].sum())

    def _fresh(self, world: World) -> np.ndarray:
        """The cells of a world that are still in view."""
        in_view = self._published[world.cells] & ~self.hidden[world.cells] & ~self._told[world.cells]
        return np.asarray(world.cells[in_view])

    def _moves(self, cell: int, insider: bool, *, withheld_only: bool, reach: int = FAR) -> Moves:
        """What the cells near one can do among themselves. What everybody knows stays where it is, and for insiders what they know."""
        small = len(self._values) <= FAR
        if withheld_only and insider in self._withheld:
            return self._withheld[insider]
        free = self.hidden | self._told | ~self._published
        may = ~self._fixed & (free | (not withheld_only)) & ~(insider & self._single)
        cells = np.flatnonzero(may) if small else self._near(cell, reach, may)
        cost = np.where(free, np.where(self.hidden & ~self._must, COVERING, ALREADY), self._cost)
        moves = Moves(cells, self._sums[:, cells], self._rise[cells], self._fall[cells], cost[cells])
        if small and withheld_only:
            self._withheld[insider] = moves
        return moves

    def _near(self, cell: int, most: int, may: np.ndarray) -> np.ndarray:
        """A cell and the nearest to it along the sums that may move, at most so many, in order."""
        return np.sort(grow(cell, most, may, self._rows_of.__getitem__, self._cells_of.__getitem__, self._wide))

    def _world(self, moves: Moves, cell: int, far: float, *, exactly: bool = False) -> World | None:
        """The cheapest world that moves the cell so far, or as far as it goes; None where there is none."""
        self._programs += 1
        found = moves.farthest(cell, far, exactly=exactly)
        return World(*found, leaves_singles=not self._single[found[0]].any()) if found else None
