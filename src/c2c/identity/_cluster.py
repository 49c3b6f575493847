"""From edges to people: strongest first, refusing a merge that too much of the evidence speaks against, or a steward."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from c2c.identity._coded import FIELDS, Coded
from c2c.identity._compare import AT, NULL, among, compare, same_parts, unlike_names
from c2c.identity._estimate import Model
from c2c.identity._rules import rule
from c2c.identity._score import score

PIECE = 2_000_000
"""Pairs of one component that are looked at together."""


@dataclass(frozen=True)
class Edges:
    """Pairs of rows, left before right, with their bits; `linked` where they may join two rows into one person."""

    left: np.ndarray
    right: np.ndarray
    bits: np.ndarray
    linked: np.ndarray

    @property
    def probability(self) -> np.ndarray:
        """That the two rows are one person's."""
        return np.asarray(1 / (1 + np.exp2(-np.clip(self.bits.astype(np.float64), -60, 60))))

    @staticmethod
    def joined(parts: Sequence[Edges]) -> Edges:
        """Several lists as one."""
        return Edges(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("left", "right", "bits", "linked")))


@dataclass(frozen=True)
class Decided:
    """Pairs of rows that stewards settled: one person (`same`) or two. Absolute: no evidence of the match outweighs them."""

    left: np.ndarray
    right: np.ndarray
    same: np.ndarray


def cluster(
    coded: Coded, edges: Edges, *, agreeing: np.ndarray, model: Model, twins: bool, decided: Decided | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A label for each row, rows of one label being one person; and the pairs of rows that cannot be.

    Connected components only divide the work. Where a component holds rows that cannot be one person, edges are taken strongest first and
    a merge is refused when conflicting pairs hold more than a quarter of the weight between the two sides. Rows with neither number, key
    nor birth date join one cluster at most. Rows lie in the order of their digests, which breaks ties: the order of a file decides nothing.
    """
    n = coded.n
    left, right, bits = (values[edges.linked] for values in (edges.left, edges.right, edges.bits))
    if decided is not None:
        left, right = np.concatenate([decided.left[decided.same], left]), np.concatenate([decided.right[decided.same], right])
        bits = np.concatenate([np.full(int(decided.same.sum()), np.inf, dtype=np.float32), bits])
    component = _components(n, left, right)
    vetoes = _vetoes(coded, component, agreeing, model, twins)
    loose = _loose(coded)
    asked = np.zeros(component.max() + 1 if n else 0, dtype=bool)
    asked[component[vetoes[:, 0]]] = True
    asked[component[loose]] = True
    if decided is not None:
        asked[component[decided.left]] = True
        asked[component[decided.right]] = True
    busy = asked[component]
    mine = busy[left]
    order = np.lexsort((right[mine], left[mine], -bits[mine]))
    parts = (values[mine][order] for values in (left, right, np.isinf(bits)))
    never = np.stack([decided.left, decided.right], axis=1)[~decided.same] if decided is not None else vetoes[:0]
    label = component.astype(np.int64)
    where = np.flatnonzero(busy)
    label[where] = n + _merge(coded, where, *parts, loose=loose, vetoes=vetoes, never=never)
    return np.unique(label, return_inverse=True)[1], vetoes


def _merge(
    coded: Coded,
    rows: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    forced: np.ndarray,
    *,
    loose: np.ndarray,
    vetoes: np.ndarray,
    never: np.ndarray,
) -> np.ndarray:
    """The row that stands for each of `rows` after merging along edges in their order."""
    place = np.full(coded.n, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    weight, speaks = coded.weight, (coded.known_birth & ~coded.is_default)[rows]
    parent = list(range(len(rows)))
    mass = weight[rows].tolist()
    voice = np.where(speaks, weight[rows], 0.0).tolist()
    against: dict[int, dict[int, float]] = {}
    for a, b, w in zip(
        place[vetoes[:, 0]].tolist(),
        place[vetoes[:, 1]].tolist(),
        (weight[vetoes[:, 0]] * weight[vetoes[:, 1]]).tolist(),
        strict=True,
    ):
        against.setdefault(a, {})[b] = w
        against.setdefault(b, {})[a] = w
    for a, b in place[never].tolist():
        against.setdefault(a, {})[b] = against.setdefault(b, {})[a] = float("inf")
    share = rule("conflict_share")
    attached: set[int] = set()
    is_loose = loose[rows].tolist()

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j, must in zip(place[left].tolist(), place[right].tolist(), forced.tolist(), strict=True):
        if not must and (is_loose[i] or is_loose[j]):
            # A row with neither number nor birth date bridges nothing: it joins once, and only as a leaf.
            leaf = i if is_loose[i] else j
            if leaf in attached:
                continue
            attached.add(leaf)
        a, b = root(i), root(j)
        if a == b:
            continue
        # Rows without a birth date can seldom contradict: a hundred wage rows must not outvote two births.
        heard = voice[a] * voice[b] or mass[a] * mass[b]
        contrary = against[a].get(b, 0.0) if a in against else 0.0
        if contrary > share * heard and not must:
            continue
        if mass[a] < mass[b] or (mass[a] == mass[b] and a > b):
            a, b = b, a
        parent[b] = a
        mass[a] += mass[b]
        voice[a] += voice[b]
        for other, w in against.pop(b, {}).items():
            mine = against.setdefault(a, {})
            mine[other] = mine.get(other, 0.0) + w
            theirs = against[other]
            theirs.pop(b, None)
            theirs[a] = mine[other]
        if a in against:
            against[a].pop(a, None)
    return rows[[root(i) for i in range(len(rows))]] if len(rows) else rows


def confidence(label: np.ndarray, weight: np.ndarray, edges: Edges, decided: Decided | None = None) -> np.ndarray:
    """For each row the weakest edge on the strongest path to its cluster's heaviest row; one for that row itself."""
    n = len(label)
    inside = label[edges.left] == label[edges.right]
    a, b, p = edges.left[inside], edges.right[inside], edges.probability[inside]
    if decided is not None:
        left, right = decided.left[decided.same], decided.right[decided.same]
        # A pair that people joined counts once: the matrix would add what it meets twice.
        other = ~np.isin(a.astype(np.int64) * n + b, left.astype(np.int64) * n + right)
        a, b = np.concatenate([left, a[other]]), np.concatenate([right, b[other]])
        p = np.concatenate([np.ones(len(left)), p[other]])
    # The spanning tree of least doubt holds the strongest paths; a root above all heaviest rows makes it one walk.
    order = np.lexsort((np.arange(n), -weight, label))
    heaviest = order[np.concatenate([[True], label[order][1:] != label[order][:-1]])] if n else order
    tree = minimum_spanning_tree(coo_matrix((2.0 - p, (a, b)), shape=(n, n)).tocsr()).tocoo()
    rows, cols = np.concatenate([tree.row, np.full(len(heaviest), n)]), np.concatenate([tree.col, heaviest])
    walk = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, cols)), shape=(n + 1, n + 1)).tocsr()
    above = breadth_first_order(walk, n, directed=False)[1]
    weakest = np.ones(n + 1)
    downwards = above[tree.col] == tree.row
    weakest[np.where(downwards, tree.col, tree.row)] = 2.0 - tree.data
    # Each row looks twice as far up at every step.
    above = np.where(above < 0, n, above)
    while (above != n).any():
        weakest = np.minimum(weakest, weakest[above])
        above = above[above]
    return weakest[:n]


def _components(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def _loose(coded: Coded) -> np.ndarray:
    """Rows with neither number, unshared key nor birth date."""
    held = np.zeros(coded.n, dtype=bool)
    held[coded.keys.filter(~coded.keys["shared"])["row"].to_numpy()] = True
    return np.asarray(~coded.known_birth & (coded.number < 0) & ~held)


def _vetoes(coded: Coded, component: np.ndarray, agreeing: np.ndarray, model: Model, twins: bool) -> np.ndarray:
    """The pairs of rows of one component that cannot be one person, left before right."""
    order = np.argsort(component, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], component[order][1:] != component[order][:-1]])) if len(order) else order
    sizes = np.diff(np.append(starts, len(order)))
    some = (sizes > 1) & (sizes <= int(rule("component_limit"))) & _of_two_minds(coded, order, starts)
    inside = np.repeat(some, sizes)
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    after = np.where(inside, np.repeat(sizes, sizes) - place - 1, 0)
    until = np.cumsum(after)
    found = [np.zeros((0, 2), dtype=np.int64)]
    # In pieces: a state's components hold many pairs.
    cuts = np.searchsorted(until, np.arange(0, int(until[-1]) if len(until) else 0, PIECE), side="right").tolist()
    for low, high in itertools.pairwise([*cuts, len(order)]):
        count = after[low:high]
        i = np.repeat(np.arange(low, high), count)
        j = i + 1 + np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
        a, b = np.minimum(order[i], order[j]), np.maximum(order[i], order[j])
        differing = _differ_somewhere(coded, a, b)
        a, b = a[differing].astype(np.int64), b[differing].astype(np.int64)
        bad = cannot_be_one(coded, a, b, agreeing=among(a * len(order) + b, agreeing), model=model, twins=twins)
        found.append(np.stack([a[bad], b[bad]], axis=1))
    return np.concatenate(found)


def _of_two_minds(coded: Coded, order: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Components whose rows know two given names, two birth dates or two numbers: only in those can two rows contradict."""
    if not len(starts):
        return np.zeros(0, dtype=bool)
    found = np.zeros(len(starts), dtype=bool)
    for codes in (coded.code["first"], coded.code["birth"], coded.number):
        mine = codes[order].astype(np.int64)
        found |= np.minimum.reduceat(np.where(mine < 0, np.iinfo(np.int64).max, mine), starts) < np.maximum.reduceat(mine, starts)
    return found


def _differ_somewhere(coded: Coded, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pairs that know two given names, two birth dates or two numbers."""
    apart = np.zeros(len(a), dtype=bool)
    for codes in (coded.code["first"], coded.code["birth"], coded.number):
        x, y = codes[a], codes[b]
        apart |= (x != y) & (x >= 0) & (y >= 0)
    return apart


def cannot_be_one(coded: Coded, a: np.ndarray, b: np.ndarray, *, agreeing: np.ndarray, model: Model, twins: bool) -> np.ndarray:
    """Evidence that two rows are two people: numbers far apart, births far apart, a father and his junior, brothers and sisters.

    Births a few years apart are no such evidence where all the rest of a pair says strongly that it is one person: a misread date.
    """
    levels = compare(coded, a, b, agreeing=agreeing)
    first, surname, birth, number, suffix, key = (
        levels[:, FIELDS.index(f)] for f in ("first", "surname", "birth", "number", "suffix", "key")
    )
    numbers_far = number == AT["number", "other"]
    x, y = coded.code["birth"][a], coded.code["birth"][b]
    known = (x >= 0) & (y >= 0) & ~coded.default[x] & ~coded.default[y]
    unequal = known & (x != y)
    parts = np.full(len(a), 3, dtype=np.int8)
    parts[unequal] = same_parts(coded, x[unequal], y[unequal])
    swapped = (birth == AT["birth", "one edit or swapped"]) & (parts == 1)
    two_parts = unequal & (parts <= 1) & ~swapped
    years = known & (np.abs(coded.day_of[x] - coded.day_of[y]) > rule("years_apart") * 365.25)
    same_number = (number == 0) | (key == 0)
    near_number = (number <= 1) | (key <= 1)
    misread = score(coded, a, b, levels, model) >= rule("misread_birth_bits")
    two_names = unlike_names(dict(zip(FIELDS, levels.T, strict=True)))
    unlike_first, unlike_surname = first == AT["first", "other"], surname == AT["surname", "other"]
    # Two numbers, and two names, or births that differ or are not both known: two people.
    by_number = numbers_far & (unlike_first | unlike_surname | two_names | unequal)
    by_birth = ~near_number & (years | (two_parts & ~misread))
    by_suffix = (suffix == 1) & unequal & ~same_number
    # One surname and birth date under two given names, and a number that differs, if only by a digit: twins, registered on one day.
    together = (surname <= 1) & (birth == 0) & twins
    differ = (coded.number[a] >= 0) & (coded.number[b] >= 0) & (number != 0)
    unlike = (first == AT["first", "alike"]) | unlike_first
    # A twin may bear the other's given name as middle name: that reads as a nickname.
    near = (first >= AT["first", "nickname"]) & (first <= AT["first", "close"])
    by_twins = unlike & (differ | ((key != 0) & (key != NULL))) | (near & ((key == AT["key", "differs"]) | numbers_far))
    by_twins = together & (by_twins | (unlike_first & ~same_number))
    return by_number | by_birth | by_suffix | by_twins | (two_names & (birth != 0) & (key != 0))
