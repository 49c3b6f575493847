"""How sure a row's place is: the weakest edge on the strongest path to its person's heaviest row."""

from __future__ import annotations

import numpy as np

from c2c.identity._cluster import Edges, confidence


def test_what_people_joined_is_certain_though_the_match_doubted_it() -> None:
    """Linkage leaves out doubtful links: a steward's work must raise a link and never lower it."""
    edges = Edges(np.array([0, 1]), np.array([1, 2]), np.array([3.0, 5.0], dtype=np.float32), np.array([True, True]))
    label, weight = np.zeros(3, dtype=np.int64), np.array([9.0, 1.0, 1.0])
    joined = Edges(np.array([0]), np.array([1]), np.array([np.inf], dtype=np.float32), np.array([True]))
    doubted = confidence(label, weight, edges)
    assert doubted[1] < 0.95
    settled = confidence(label, weight, Edges.joined([joined, edges]))
    assert settled[1] == 1.0
    assert np.isclose(settled[2], 1 / (1 + 2.0**-5))
