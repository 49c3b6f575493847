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


@dataclass(frozen=True)
class Joined:
    """What parting components needs to know of the whole: each row's component, the rows that bridge nothing (`loose`), the pairs that stewards
    called one person (`forced`) or two (`never`), the pairs with a person key in common (`agreeing`), and the model."""

    component: np.ndarray
    loose: np.ndarray
    forced: np.ndarray
    never: np.ndarray
    agreeing: np.ndarray
    model: Model
    twins: bool

    def with_forced(self, edges: Edges) -> Edges:
        """The edges with the stewards' before them, stronger than any evidence."""
        if not len(self.forced):
            return edges
        left, right = self.forced[:, 0].astype(edges.left.dtype), self.forced[:, 1].astype(edges.right.dtype)
        said = Edges(left, right, np.full(len(left), np.inf, dtype=np.float32), np.ones(len(left), dtype=bool))
        return Edges.joined([said, edges])


@dataclass(frozen=True)
class Settled:
    """Rows parted into people: rows of one `label` are one person; how sure of each; `vetoes`: pairs of rows that cannot be one person."""

    rows: np.ndarray
    label: np.ndarray
    confidence: np.ndarray
    vetoes: np.ndarray


def join(coded: Coded, edges: Edges, *, agreeing: np.ndarray, model: Model, twins: bool, decided: Decided | None = None) -> Joined:
    """The connected components of what links. They only divide the work: each can be settled apart from the others."""
    none = np.zeros((0, 2), dtype=np.int64)
    pairs = np.stack([decided.left, decided.right], axis=1) if decided is not None else none
    forced, never = (pairs[decided.same], pairs[~decided.same]) if decided is not None else (none, none)
    left, right = (
        np.concatenate([said, found[edges.linked]]) for said, found in zip(forced.T, (edges.left, edges.right), strict=True)
    )
    return Joined(_components(coded.n, left, right), _loose(coded), forced, never, agreeing, model, twins)


def settle(coded: Coded, joined: Joined, rows: np.ndarray, edges: Edges) -> Settled:
    """Part whole components into people. `rows`: theirs, in order; the ends of `edges` (with the stewards') are places among them.

    Where a component holds rows that cannot be one person, edges are taken strongest first and a merge is refused when conflicting pairs hold
    more than a quarter of the weight between the two sides. Rows with neither number, key nor birth date join one cluster at most. Rows lie in
    the order of their digests, which breaks ties: the order of a file decides nothing.
    """
    component = joined.component[rows]
    groups = _groups(component)
    vetoes = _vetoes(coded, joined, rows, groups)
    loose = joined.loose[rows]
    decided = _inside(rows, np.concatenate([joined.forced, joined.never]))
    asked = np.zeros(len(groups.sizes), dtype=bool)
    for at in (vetoes[:, 0], np.flatnonzero(loose), decided.ravel()):
        asked[groups.of[at]] = True
    busy = asked[groups.of]
    mine = edges.linked & busy[edges.left]
    left, right, bits = edges.left[mine], edges.right[mine], edges.bits[mine]
    order = np.lexsort((right, left, -bits))
    where = np.flatnonzero(busy)
    root = _merge(
        (coded.weight[rows], (coded.known_birth & ~coded.is_default)[rows], loose),
        where,
        left[order],
        right[order],
        np.isinf(bits[order]),
        vetoes=vetoes,
        never=_inside(rows, joined.never),
    )
    label = component.astype(np.int64)
    label[where] = coded.n + rows[root]
    return Settled(rows, label, confidence(label, coded.weight[rows], edges), rows[vetoes])


def _inside(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Pairs of rows as places among `rows`; those with an end elsewhere are left out."""
    if not len(rows):
        return pairs[:0]
    at = np.minimum(np.searchsorted(rows, pairs), len(rows) - 1)
    return np.asarray(at[(rows[at] == pairs).all(axis=1)])


def _merge(
    known: tuple[np.ndarray, np.ndarray, np.ndarray],
    busy: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    forced: np.ndarray,
    *,
    vetoes: np.ndarray,
    never: np.ndarray,
) -> np.ndarray:
    """The place that stands for each of the `busy` places after merging along edges in their order.

    `known`: the weight of each place, whether its birth date speaks, whether it is loose.
    """
    weight, speaks, loose = known
    place = np.full(len(weight), -1, dtype=np.int64)
    place[busy] = np.arange(len(busy))
    parent = list(range(len(busy)))
    mass = weight[busy].tolist()
    voice = np.where(speaks, weight, 0.0)[busy].tolist()
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
    is_loose = loose[busy].tolist()

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
    return busy[[root(i) for i in range(len(busy))]] if len(busy) else busy


def confidence(label: np.ndarray, weight: np.ndarray, edges: Edges) -> np.ndarray:
    """For each row the weakest edge on the strongest path to its cluster's heaviest row; one for that row itself."""
    n = len(label)
    inside = label[edges.left] == label[edges.right]
    a, b, p = edges.left[inside], edges.right[inside], edges.probability[inside]
    if np.isinf(edges.bits).any():
        a, b, p = _each_at_its_strongest(n, a, b, p)
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


def _each_at_its_strongest(n: int, a: np.ndarray, b: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each pair once: one that stewards called one person may be an edge as well, and a sparse matrix would add the two up."""
    code = a.astype(np.int64) * n + b
    order = np.lexsort((-p, code))
    kept = order[np.concatenate([[True], code[order][1:] != code[order][:-1]])]
    return a[kept], b[kept], p[kept]


def _components(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def _loose(coded: Coded) -> np.ndarray:
    """Rows with neither number, unshared key nor birth date."""
    held = np.zeros(coded.n, dtype=bool)
    held[coded.keys.filter(~coded.keys["shared"])["row"].to_numpy()] = True
    return np.asarray(~coded.known_birth & (coded.number < 0) & ~held)


@dataclass(frozen=True)
class _Groups:
    """Places in the order of their components: where each component begins there, how many places it has, and which component (by its
    position among them) each place is of."""

    order: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray
    of: np.ndarray


def _groups(component: np.ndarray) -> _Groups:
    order = np.argsort(component, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], component[order][1:] != component[order][:-1]])) if len(order) else order
    sizes = np.diff(np.append(starts, len(order)))
    of = np.empty(len(order), dtype=np.int64)
    of[order] = np.repeat(np.arange(len(starts)), sizes)
    return _Groups(order, starts, sizes, of)


def _vetoes(coded: Coded, joined: Joined, rows: np.ndarray, groups: _Groups) -> np.ndarray:
    """The pairs of places whose rows are of one component and cannot be one person, left before right."""
    order, starts, sizes = groups.order, groups.starts, groups.sizes
    some = (sizes > 1) & (sizes <= int(rule("component_limit"))) & _of_two_minds(coded, rows[order], starts)
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
        x, y = np.minimum(order[i], order[j]), np.maximum(order[i], order[j])
        differing = _differ_somewhere(coded, rows[x], rows[y])
        x, y = x[differing].astype(np.int64), y[differing].astype(np.int64)
        a, b = rows[x].astype(np.int64), rows[y].astype(np.int64)
        alike = among(a * coded.n + b, joined.agreeing)
        bad = cannot_be_one(coded, a, b, agreeing=alike, model=joined.model, twins=joined.twins)
        found.append(np.stack([x[bad], y[bad]], axis=1))
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
    held = (x >= 0) & (y >= 0)
    known = held & ~coded.default[x] & ~coded.default[y]
    unequal = known & (x != y)
    parts = np.full(len(a), 3, dtype=np.int8)
    parts[unequal] = same_parts(coded, x[unequal], y[unequal])
    swapped = (birth == AT["birth", "one edit or swapped"]) & (parts == 1)
    two_parts = unequal & (parts <= 1) & ~swapped
    # A day that stands for an unknown one leaves the year: it still tells a father from his son.
    years = held & ~coded.yearless[x] & ~coded.yearless[y]
    years &= np.abs(coded.day_of[x] - coded.day_of[y]) > rule("years_apart") * 365.25
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
