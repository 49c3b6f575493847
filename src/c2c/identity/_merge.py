"""Merging rows into people along edges, strongest first, where not too much of the evidence speaks against it. All components take a step at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from c2c.identity._arrays import starts_of
from c2c.identity._rules import rule

WINDOW = 32
"""Edges of a component that are judged together."""


def merge(
    known: tuple[np.ndarray, np.ndarray, np.ndarray],
    component: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    forced: np.ndarray,
    *,
    vetoes: np.ndarray,
    never: np.ndarray,
) -> np.ndarray:
    """The place that stands for each place after merging along edges in their order.

    All components take a step at a time: the next edges of each are judged together as things stand, and the first that joins two sides joins them.
    `known`: the weight of each place, whether its birth date speaks, whether it is loose. `component`: of each place.
    """
    weight, speaks, loose = known
    mass, voice = weight.copy(), np.where(speaks, weight, 0.0)
    # A row with neither number nor birth date bridges nothing: it joins once, and only as a leaf. Its first edge is the one that may.
    leaf = np.where(forced, -1, np.where(loose[left], left, np.where(loose[right], right, -1)))
    live = leaf < 0
    live[np.unique(leaf, return_index=True)[1]] = True
    order = np.flatnonzero(live)
    order = order[np.argsort(component[left[order]], kind="stable")]
    left, right, forced = left[order], right[order], forced[order]
    begin = starts_of(component[left])
    end = np.append(begin[1:], len(left))
    against = _Against.of(component, vetoes, weight[vetoes[:, 0]] * weight[vetoes[:, 1]], never)
    members = np.argsort(component, kind="stable")
    first, last = (np.searchsorted(component[members], component[left[begin]], side) for side in ("left", "right"))
    root, share = np.arange(len(weight)), rule("conflict_share")
    while len(begin):
        until = np.minimum(begin + WINDOW, end)
        at, of = _spans(begin, until)
        a, b = root[left[at]], root[right[at]]
        # Rows without a birth date can seldom contradict: a hundred wage rows must not outvote two births.
        heard = voice[a] * voice[b]
        heard = np.where(heard > 0, heard, mass[a] * mass[b])
        joins = np.flatnonzero((a != b) & (forced[at] | (against.between(a, b) <= share * heard)))
        joins = joins[starts_of(of[joins])]
        a, b, now = a[joins], b[joins], of[joins]
        lighter = (mass[a] < mass[b]) | ((mass[a] == mass[b]) & (a > b))
        a, b = np.where(lighter, b, a), np.where(lighter, a, b)
        mass[a] += mass[b]
        voice[a] += voice[b]
        against.join(a, b)
        place, whose = _spans(first[now], last[now])
        place = members[place]
        root[place] = np.where(root[place] == b[whose], a[whose], root[place])
        begin = until
        begin[now] = at[joins] + 1
        left_over = begin < end
        begin, end, first, last = begin[left_over], end[left_over], first[left_over], last[left_over]
    return root


def _spans(begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers from each beginning to before its end, one span after the other, and which span each is of."""
    count = end - begin
    of = np.repeat(np.arange(len(begin)), count)
    return np.arange(len(of)) + np.repeat(begin - (np.cumsum(count) - count), count), of


@dataclass(frozen=True)
class _Against:
    """How much weight of conflicting pairs lies between any two sides of a component.

    One square of numbers per component, over the places that some pair speaks against: `row` is where a side's row begins in `weight`, `column` its
    place in every row, `width` how long a row is; minus one where nothing speaks against a side.
    """

    weight: np.ndarray
    row: np.ndarray
    column: np.ndarray
    width: np.ndarray

    @staticmethod
    def of(component: np.ndarray, vetoes: np.ndarray, weight: np.ndarray, never: np.ndarray) -> _Against:
        """Before anything is merged. `weight`: of each veto; `never`: pairs that no evidence joins."""
        opposed = np.zeros(len(component), dtype=bool)
        opposed[vetoes], opposed[never] = True, True
        places = np.flatnonzero(opposed)
        places = places[np.argsort(component[places], kind="stable")]
        starts = starts_of(component[places])
        sizes = np.diff(np.append(starts, len(places)))
        row, column, width = (np.full(len(component), -1) for _ in range(3))
        width[places] = np.repeat(sizes, sizes)
        column[places] = np.arange(len(places)) - np.repeat(starts, sizes)
        row[places] = np.repeat(np.cumsum(sizes**2) - sizes**2, sizes) + column[places] * width[places]
        found = _Against(np.zeros(int((sizes**2).sum())), row, column, width)
        for pairs, told in ((vetoes, weight), (never, np.full(len(never), np.inf))):
            for one, other in (pairs.T, pairs.T[::-1]):
                found.weight[row[one] + column[other]] = told
        return found

    def between(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The weight between two sides, known by their roots."""
        found = np.zeros(len(a))
        both = np.flatnonzero((self.row[a] >= 0) & (self.row[b] >= 0))
        found[both] = self.weight[self.row[a[both]] + self.column[b[both]]]
        return found

    def join(self, a: np.ndarray, b: np.ndarray) -> None:
        """Let `a` stand for both sides: at most one pair of each component."""
        alone = (self.row[a] < 0) & (self.row[b] >= 0)
        for values in (self.row, self.column, self.width):
            values[a[alone]] = values[b[alone]]
        both = ~alone & (self.row[b] >= 0)
        a, b = a[both], b[both]
        row, width = self.row[a], self.width[a]
        mine, of = _spans(row, row + width)
        column = mine - row[of]
        summed = self.weight[mine] + self.weight[self.row[b][of] + column]
        summed[column == self.column[a][of]] = 0.0
        self.weight[mine] = summed
        begins = row - self.column[a] * width
        self.weight[begins[of] + column * width[of] + self.column[a][of]] = summed
