"""For any component: taking a step in all of them at once joins what taking each edge in turn would."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from c2c.identity import _merge
from c2c.identity._rules import rule

N = 12
PAIRS = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda p: p[0] < p[1]), max_size=40, unique=True)


def one_by_one(
    known: Any, edges: list[tuple[int, int]], forced: list[bool], vetoes: list[tuple[int, int]], never: list[tuple[int, int]]
) -> list[int]:
    """The rule as it is told: strongest first, sides by their members, conflicting weight counted anew each time."""
    weight, speaks, loose = known
    side = list(range(N))
    bound: set[int] = set()
    for (i, j), must in zip(edges, forced, strict=True):
        if not must and (loose[i] or loose[j]):
            leaf = i if loose[i] else j
            if leaf in bound:
                continue
            bound.add(leaf)
        ours, theirs = ([k for k in range(N) if side[k] == side[end]] for end in (i, j))
        if side[i] == side[j]:
            continue
        between = [
            (a, b) if a in ours else (b, a)
            for a, b in (*vetoes, *never)
            if side[a] != side[b] and {side[a], side[b]} == {side[i], side[j]}
        ]
        against = sum(
            float("inf") if pair in never or pair[::-1] in never else weight[pair[0]] * weight[pair[1]] for pair in between
        )
        voices = sum(weight[k] for k in ours if speaks[k]) * sum(weight[k] for k in theirs if speaks[k])
        heard = voices or sum(weight[k] for k in ours) * sum(weight[k] for k in theirs)
        if must or against <= rule("conflict_share") * heard:
            side = [side[i] if one == side[j] else one for one in side]
    return side


@settings(deadline=None, max_examples=200)
@given(PAIRS, PAIRS, PAIRS, st.lists(st.integers(0, 9), min_size=N, max_size=N), st.integers(1, 5))
def test_components_in_step_are_parted_as_edge_by_edge(
    edges: list[tuple[int, int]], vetoes: list[tuple[int, int]], never: list[tuple[int, int]], dice: list[int], window: int
) -> None:
    """A merge that one way refuses and the other makes would give a person another's history on the larger of two machines."""
    component = np.array([0] * 7 + [1] * 5)
    inside = [pair for pair in edges if component[pair[0]] == component[pair[1]]]
    against = [pair for pair in vetoes if component[pair[0]] == component[pair[1]]]
    parted = [pair for pair in never[:3] if component[pair[0]] == component[pair[1]]]
    against = [pair for pair in against if pair not in parted]
    known = (np.array([float(1 + d % 4) for d in dice]), np.array([d % 3 > 0 for d in dice]), np.array([d == 9 for d in dice]))
    forced = [n == 0 and dice[0] == 1 for n in range(len(inside))]
    left, right = (np.array([pair[k] for pair in inside], dtype=np.int64) for k in (0, 1))
    no, yes = (np.array(pairs, dtype=np.int64).reshape(-1, 2) for pairs in (parted, against))
    was, _merge.WINDOW = _merge.WINDOW, window
    try:
        root = _merge.merge(known, component, left, right, np.array(forced, dtype=bool), vetoes=yes, never=no)
    finally:
        _merge.WINDOW = was
    told = one_by_one(known, inside, forced, against, parted)
    assert all((root[a] == root[b]) == (told[a] == told[b]) for a in range(N) for b in range(a))
