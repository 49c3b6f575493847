"""From edges to people: strongest first, refusing a merge that too much of the evidence speaks against, or a steward."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from c2c.identity._arrays import among, starts_of
from c2c.identity._coded import FIELDS, Coded
from c2c.identity._compare import AT, NULL, compare, same_parts, unlike_names
from c2c.identity._estimate import Model
from c2c.identity._rules import rule
from c2c.identity._score import score

TELLING = ("first", "surname", "birth", "number", "middle", "suffix", "key")
"""The fields that may show two rows to be two people."""

WINDOW = 32
"""Edges of a component that are judged together."""

BUCKET = 100_000
"""Rows of components that are parted together."""

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

    def among(self, which: np.ndarray) -> Edges:
        """Some of them: a mask, or their places."""
        return Edges(self.left[which], self.right[which], self.bits[which], self.linked[which])

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


def in_buckets(component: np.ndarray, edges: Edges) -> Iterator[tuple[np.ndarray, Edges]]:
    """Whole components, about `BUCKET` rows at a time: their rows, in order, and the edges inside them, whose ends are places among these."""
    edges = edges.among(component[edges.left] == component[edges.right])
    bucket = (np.cumsum(np.bincount(component)) // BUCKET)[component].astype(np.int16)
    rows, within = (np.argsort(of, kind="stable") for of in (bucket, bucket[edges.left]))
    cuts = np.arange(1, int(bucket.max(initial=0)) + 2)
    row_cuts, edge_cuts = ([0, *np.searchsorted(of, cuts).tolist()] for of in (bucket[rows], bucket[edges.left[within]]))
    place = np.empty(len(component), dtype=np.int32)
    for (low, high), (first, last) in zip(itertools.pairwise(row_cuts), itertools.pairwise(edge_cuts), strict=True):
        place[rows[low:high]] = np.arange(high - low)
        mine = edges.among(within[first:last])
        yield rows[low:high], Edges(place[mine.left], place[mine.right], mine.bits, mine.linked)


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
    mine = _each_at_its_strongest(len(rows), edges.among(edges.linked & busy[edges.left]))
    mine = mine.among(np.lexsort((mine.right, mine.left, -mine.bits)))
    never = _inside(rows, joined.never)
    root = _merge(
        (coded.weight[rows], (coded.known_birth & ~coded.is_default)[rows], loose),
        groups.of,
        mine.left,
        mine.right,
        np.isinf(mine.bits),
        vetoes=vetoes,
        never=never[component[never[:, 0]] == component[never[:, 1]]],
    )
    label = np.where(busy, coded.n + rows[root], component.astype(np.int64))
    return Settled(rows, label, confidence(label, coded.weight[rows], edges), rows[vetoes])


def _inside(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Pairs of rows as places among `rows`; those with an end elsewhere are left out."""
    if not len(rows):
        return pairs[:0]
    at = np.minimum(np.searchsorted(rows, pairs), len(rows) - 1)
    return np.asarray(at[(rows[at] == pairs).all(axis=1)])


def _merge(
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


def confidence(label: np.ndarray, weight: np.ndarray, edges: Edges) -> np.ndarray:
    """For each row the weakest edge on the strongest path to its cluster's heaviest row; one for that row itself."""
    n = len(label)
    inside = _each_at_its_strongest(n, edges.among(label[edges.left] == label[edges.right]))
    a, b, p = inside.left, inside.right, inside.probability
    # The spanning tree of least doubt holds the strongest paths; a root above all heaviest rows makes it one walk.
    order = np.lexsort((-weight, label))
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


def _each_at_its_strongest(n: int, edges: Edges) -> Edges:
    """Each pair once: one that stewards called one person may be an edge as well, and a sparse matrix would add the two up."""
    if not np.isinf(edges.bits).any():
        return edges
    code = edges.left.astype(np.int64) * n + edges.right
    order = np.lexsort((-edges.bits, code))
    return edges.among(order[np.concatenate([[True], code[order][1:] != code[order][:-1]])])


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
    levels = compare(coded, a, b, agreeing=agreeing, fields=TELLING)
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
    # Only here does the whole of a pair count, places and all.
    misread = np.zeros(len(a), dtype=bool)
    at = np.flatnonzero(two_parts & ~near_number & ~years)
    whole = compare(coded, a[at], b[at], agreeing=agreeing[at])
    misread[at] = score(coded, a[at], b[at], whole, model) >= rule("misread_birth_bits")
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
