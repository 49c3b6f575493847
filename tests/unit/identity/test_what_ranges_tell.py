"""What ranges of pairs tell is added up as they come, and comes to the same as if all were held."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c2c.identity import _pairs
from c2c.identity._block import RULES
from c2c.identity._pairs import Told

RANGES = st.lists(st.dictionaries(st.integers(0, 30), st.integers(1, 9), max_size=12), max_size=9)


@pytest.mark.parametrize("waiting", [0, 5, 1_000])
@given(ranges=RANGES)
@settings(max_examples=60, deadline=None)
def test_patterns_of_all_ranges_are_counted_once_each(waiting: int, ranges: list[dict[int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pairs, "WAITING", waiting)
        whole = Told.joined(_told(seen, place) for place, seen in enumerate(ranges))
    expected: dict[int, int] = {}
    for seen in ranges:
        for pattern, n in seen.items():
            expected[pattern] = expected.get(pattern, 0) + n
    assert whole.patterns.tolist() == sorted(expected)
    assert whole.counts.tolist() == [[expected[p] * (bit + 1) for p in sorted(expected)] for bit in range(len(RULES) + 1)]
    assert whole.sampled.tolist() == list(range(len(ranges)))


def _told(seen: dict[int, int], place: int) -> Told:
    """One range's, its patterns in any order."""
    n = np.array([*seen.values()], dtype=np.int32)
    counts = np.stack([n * (bit + 1) for bit in range(len(RULES) + 1)])
    return Told(np.array([*seen], dtype=np.int64), counts, np.array([place]))
