"""From edges to people: strongest first, refusing a merge that too much of the evidence speaks against, or a steward."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from c2c.identity._arrays import among
from c2c.identity._coded import Coded
from c2c.identity._estimate import Model
from c2c.identity._merge import merge
from c2c.identity._rules import rule
from c2c.identity._two_people import cannot_be_one, differ_somewhere, of_two_minds

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
    called one person (`forced`) or two (`never`), the pairs with a person key in common (`agreeing`), and the model. `large`: how many components
    were too large to be one person's, and `entry`: the bits that an edge needed inside the last of them."""

    component: np.ndarray
    large: int
    entry: float
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
    """Rows parted into people: rows of one `label` are one person; how sure of each; `vetoes`: pairs of rows of one person that by themselves could not
    be one. Those between two people are not kept: strangers in a large component may be millions of pairs."""

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
    bits = np.concatenate([np.full(len(forced), np.inf, dtype=np.float32), edges.bits[edges.linked]])
    component, large, entry = components(coded.n, left, right, bits)
    return Joined(component, large, entry, _loose(coded), forced, never, agreeing, model, twins)


def components(n: int, left: np.ndarray, right: np.ndarray, bits: np.ndarray) -> tuple[np.ndarray, int, float]:
    """The component of each row, how many were too large at first, and the bits that an edge needed inside the last of those.

    More rows in one than any person has (`component_limit`) are strangers strung together: what an edge inside it must weigh is raised bit by bit
    until it falls apart. Edges of stewards, of infinite bits, stay.
    """
    component, large, entry = _connected(n, left, right), 0, 0.0
    while (too_large := np.bincount(component, minlength=1) > rule("component_limit")).any():
        inside = too_large[component[left]]
        raised = float(np.floor(bits[inside].min())) + 1
        if np.isinf(raised):
            break
        large, entry, strong = large or int(too_large.sum()), raised, ~inside | (bits >= raised)
        left, right, bits = left[strong], right[strong], bits[strong]
        component = _connected(n, left, right)
    return component, large, entry


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
    root = merge(
        (coded.weight[rows], (coded.known_birth & ~coded.is_default)[rows], loose),
        groups.of,
        mine.left,
        mine.right,
        np.isinf(mine.bits),
        vetoes=vetoes,
        never=never[component[never[:, 0]] == component[never[:, 1]]],
    )
    label = np.where(busy, coded.n + rows[root], component.astype(np.int64))
    inside = vetoes[label[vetoes[:, 0]] == label[vetoes[:, 1]]]
    return Settled(rows, label, confidence(label, coded.weight[rows], edges), rows[inside])


def _inside(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Pairs of rows as places among `rows`; those with an end elsewhere are left out."""
    if not len(rows):
        return pairs[:0]
    at = np.minimum(np.searchsorted(rows, pairs), len(rows) - 1)
    return np.asarray(at[(rows[at] == pairs).all(axis=1)])


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


def _connected(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
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
    some = (sizes > 1) & of_two_minds(coded, rows[order], starts)
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
        differing = differ_somewhere(coded, rows[x], rows[y])
        x, y = x[differing].astype(np.int64), y[differing].astype(np.int64)
        a, b = rows[x].astype(np.int64), rows[y].astype(np.int64)
        alike = among(a * coded.n + b, joined.agreeing)
        bad = cannot_be_one(coded, a, b, agreeing=alike, model=joined.model, twins=joined.twins)
        found.append(np.stack([x[bad], y[bad]], axis=1))
    return np.concatenate(found)
