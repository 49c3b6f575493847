"""The rounding layer: whatever is published is nobody or enough people, and what adds up still adds up."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from c2c.disclosure._rounding import round_classes

SEED = bytes(range(32))
CLASSES = st.lists(st.one_of(st.integers(0, 14), st.integers(0, 200)), min_size=12, max_size=12)


def by_margins(shape: tuple[int, ...]) -> csr_matrix:
    """Every count of a table of this shape with all its margins: one row each."""
    at = np.arange(int(np.prod(shape))).reshape(shape)
    rows = []
    for mask in range(1 << len(shape)):
        kept = [d for d in range(len(shape)) if mask >> d & 1]
        for where in np.ndindex(*(shape[d] for d in kept)):
            index: list[int | slice] = [slice(None)] * len(shape)
            for d, i in zip(kept, where, strict=True):
                index[d] = i
            row = np.zeros(at.size, dtype=np.int64)
            row[np.ravel(at[tuple(index)])] = 1
            rows.append(row)
    return csr_matrix(np.array(rows))


@settings(max_examples=60, deadline=None)
@given(CLASSES)
def test_every_published_count_is_nobody_or_enough(counts: list[int]) -> None:
    """No figure of one to ten people is left anywhere, margins included; a class that stands in no small figure is told as it is."""
    published, true = by_margins((2, 2, 3)), np.array(counts)
    said = round_classes(true, published, base=11, seed=SEED)
    shown = published @ said
    assert not ((shown > 0) & (shown < 11)).any() and (said >= 0).all()
    small = (published @ true > 0) & (published @ true < 11)
    if not small.any():
        assert (said == true).all()


def test_totals_move_by_less_than_the_base_where_there_is_room() -> None:
    """Many small classes: the state's total stays within the base, and the same seed says the same."""
    rng = np.random.default_rng(5)
    true, published = rng.integers(0, 9, 60), by_margins((5, 4, 3))
    said = round_classes(true, published, base=11, seed=SEED)
    assert abs(int(said.sum()) - int(true.sum())) <= 11
    assert (said == round_classes(true, published, base=11, seed=SEED)).all()
    margins = np.abs(published @ said - published @ true)
    assert margins.mean() < 11
