"""From edges to people: strongest first, refusing a merge that too much of the evidence speaks against."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from c2c.identity._compare import AT, FIELDS, NULL, Coded, among, birth_parts, compare, unlike_names
from c2c.identity._estimate import Model
from c2c.identity._rules import rule
from c2c.identity._score import score

PIECE = 4_000_000


def cluster(
    coded: Coded,
    weight: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    bits: np.ndarray,
    *,
    loose: np.ndarray,
    agreeing: np.ndarray,
    model: Model,
    twins: bool,
) -> np.ndarray:
    """A label for each row: rows of one label are one person.

    Connected components only divide the work. Where a component holds rows that cannot be one person, edges are taken strongest first and
    a merge is refused when conflicting pairs hold more than a quarter of the weight between the two sides. `loose` rows (neither number, key
    nor birth date) join one cluster at most. Rows lie in the order of their digests, which breaks ties: the order of a file decides nothing.
    """
    n = len(weight)
    component = _components(n, left, right)
    troubled, conflicts = _conflicts(coded, component, agreeing, model, twins)
    label = component.astype(np.int64).copy()
    busy = np.isin(component, troubled) | np.isin(component, np.unique(component[loose]) if loose.any() else [])
    mine = busy[left]
    order = np.lexsort((right[mine], left[mine], -bits[mine]))
    edges_left, edges_right = left[mine][order], right[mine][order]
    parent = {int(i): int(i) for i in np.flatnonzero(busy)}
    mass = {i: float(weight[i]) for i in parent}
    against: dict[int, dict[int, float]] = {}
    for a, b in conflicts:
        w = float(weight[a]) * float(weight[b])
        against.setdefault(int(a), {})[int(b)] = w
        against.setdefault(int(b), {})[int(a)] = w
    share = rule("conflict_share")
    speaks = coded.known_birth & ~coded.is_default
    voice = {i: float(weight[i]) if speaks[i] else 0.0 for i in parent}
    attached: set[int] = set()

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in zip(edges_left.tolist(), edges_right.tolist(), strict=True):
        if loose[i] or loose[j]:
            # A row with neither number nor birth date bridges nothing: it joins once, and only as a leaf.
            leaf = i if loose[i] else j
            if leaf in attached:
                continue
            attached.add(leaf)
        a, b = root(i), root(j)
        if a == b:
            continue
        # Rows without a birth date can seldom contradict: a hundred wage rows must not outvote two births.
        heard = voice[a] * voice[b] or mass[a] * mass[b]
        if against.get(a, {}).get(b, 0.0) > share * heard:
            continue
        if mass[a] < mass[b] or (mass[a] == mass[b] and a > b):
            a, b = b, a
        parent[b] = a
        mass[a] += mass.pop(b)
        voice[a] += voice.pop(b)
        for other, w in against.pop(b, {}).items():
            mine_ = against.setdefault(a, {})
            mine_[other] = mine_.get(other, 0.0) + w
            theirs = against[other]
            theirs.pop(b, None)
            theirs[a] = mine_[other]
        against.get(a, {}).pop(a, None)
    for i in parent:
        label[i] = n + root(i)
    return np.unique(label, return_inverse=True)[1]


def confidence(label: np.ndarray, weight: np.ndarray, left: np.ndarray, right: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """For each row the weakest edge on the strongest path to its cluster's heaviest row; one for that row itself."""
    n = len(label)
    inside = label[left] == label[right]
    a, b, p = left[inside], right[inside], probability[inside]
    # The spanning tree of least doubt holds the strongest paths; a root above all heaviest rows makes it one walk.
    order = np.lexsort((np.arange(n), -weight, label))
    heaviest = order[np.concatenate([[True], label[order][1:] != label[order][:-1]])] if n else order
    doubt = 1.0 + (1.0 - p)
    tree = minimum_spanning_tree(coo_matrix((doubt, (a, b)), shape=(n, n)).tocsr()).tocoo()
    rows, cols = np.concatenate([tree.row, np.full(len(heaviest), n)]), np.concatenate([tree.col, heaviest])
    walk = coo_matrix((np.concatenate([tree.data, np.ones(len(heaviest))]), (rows, cols)), shape=(n + 1, n + 1)).tocsr()
    visited, before = breadth_first_order(walk, n, directed=False)
    strength = np.ones(n + 1)
    edge = dict(zip(zip(tree.row.tolist(), tree.col.tolist(), strict=True), (2.0 - tree.data).tolist(), strict=True))
    for node in visited[1:]:
        above = before[node]
        if above != n:
            held = edge.get((node, above), edge.get((above, node), 1.0))
            strength[node] = min(strength[above], held)
    return strength[:n]


def _components(n: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def _conflicts(
    coded: Coded, component: np.ndarray, agreeing: np.ndarray, model: Model, twins: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Components with rows that cannot be one person, and the conflicting pairs in them."""
    order = np.argsort(component, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], component[order][1:] != component[order][:-1]]))
    sizes = np.diff(np.append(starts, len(order)))
    some = (sizes > 1) & (sizes <= int(rule("component_limit")))
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
        a, b = order[i], order[j]
        known = among(np.minimum(a, b) * len(order) + np.maximum(a, b), agreeing)
        bad = cannot_be_one(coded, a, b, agreeing=known, model=model, twins=twins)
        found.append(np.stack([a[bad], b[bad]], axis=1))
    pairs = np.concatenate(found)
    return np.unique(component[pairs[:, 0]]), pairs


def cannot_be_one(coded: Coded, a: np.ndarray, b: np.ndarray, *, agreeing: np.ndarray, model: Model, twins: bool) -> np.ndarray:
    """Evidence that two rows are two people: numbers far apart, births far apart, a father and his junior, brothers and sisters.

    Births a few years apart are no such evidence where all the rest of a pair says strongly that it is one person: a misread date.
    """
    levels = compare(coded, a, b, agreeing=agreeing)
    first, surname, birth, number, suffix, key = (
        levels[:, FIELDS.index(f)] for f in ("first", "surname", "birth", "number", "suffix", "key")
    )
    numbers_far = number == AT["number", "other"]
    known = coded.known_birth[a] & coded.known_birth[b] & ~coded.is_default[a] & ~coded.is_default[b]
    unequal = known & (birth != 0)
    swapped = (birth == AT["birth", "one edit or swapped"]) & (birth_parts(coded, a, b).sum(axis=1) == 1)
    two_parts = known & (birth_parts(coded, a, b).sum(axis=1) <= 1) & ~swapped
    years = known & (np.abs(coded.day[a] - coded.day[b]) > rule("years_apart") * 365.25)
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
    differ = coded.known_number[a] & coded.known_number[b] & (number != 0)
    unlike = (first == AT["first", "alike"]) | unlike_first
    # A twin may bear the other's given name as middle name: that reads as a nickname.
    near = (first >= AT["first", "nickname"]) & (first <= AT["first", "close"])
    by_twins = unlike & (differ | ((key != 0) & (key != NULL))) | (near & ((key == AT["key", "differs"]) | numbers_far))
    by_twins = together & (by_twins | (unlike_first & ~same_number))
    return by_number | by_birth | by_suffix | by_twins | (two_names & (birth != 0) & (key != 0))
