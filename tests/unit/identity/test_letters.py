"""Names that cannot be alike are told apart by their letters alone; no pair that might be is lost by that."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, JaroWinkler

from c2c.identity._rules import rule
from c2c.identity._written import Clear

SIGNS = st.text(alphabet="aabeilmnorst01ñ漢", min_size=1, max_size=9)
"""Few letters, often repeated, and signs that fall into one class of 64."""


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(SIGNS, SIGNS), min_size=1, max_size=40))
@example([("martha", "marhta"), ("a", "a"), ("aaaa", "aaaaaaaaa"), ("dixon", "dicksonx"), ("1234567890", "1234567809")])
def test_likeness_that_counts_is_told_as_if_every_pair_were_compared(pairs: list[tuple[str, str]]) -> None:
    """The quick look at letters may spare a comparison, and never a match."""
    values = pl.Series(sorted({name for pair in pairs for name in pair}))
    at = {name: i for i, name in enumerate(values.to_list())}
    a, b = (np.array([at[pair[side]] for pair in pairs]) for side in (0, 1))
    floor = rule("jaro_winkler_far")
    true = np.array([JaroWinkler.normalized_similarity(*pair) for pair in pairs], dtype=np.float32)
    told = Clear().alike("name", values)(a, b)
    assert (np.where(true >= floor, told, 0) == np.where(true >= floor, true, 0)).all()
    assert ((told >= floor) == (true >= floor)).all()
    near = Clear().near("ssid", values)(a, b)
    assert (near == np.array([OSA.distance(*pair) <= 1 for pair in pairs])).all()
