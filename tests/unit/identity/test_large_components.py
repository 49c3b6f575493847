"""Strangers strung together by weak links are taken apart before they are judged, and what stewards joined stays."""

from __future__ import annotations

import numpy as np
import pytest

from c2c.identity import _cluster
from c2c.identity._cluster import components

FAMILIES, ROWS = 5, 4


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cluster, "rule", lambda name: {"component_limit": 6}[name])


def strung(between: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of five people in a row, each bound by edges of thirty bits, and one edge from each to the next."""
    within = [(ROWS * f + i, ROWS * f + i + 1, 30.0) for f in range(FAMILIES) for i in range(ROWS - 1)]
    across = [(ROWS * f - 1, ROWS * f, between + f) for f in range(1, FAMILIES)]
    left, right, bits = zip(*within, *across, strict=True)
    return np.array(left), np.array(right), np.array(bits, dtype=np.float32)


def test_a_component_too_large_falls_apart_at_its_weakest_links() -> None:
    """Without this a chain of coincidences through a city would be one person."""
    component, large, entry = components(FAMILIES * ROWS + 1, *strung(between=3.0))
    assert (large, entry) == (1, 8.0)
    assert len(np.unique(component)) == FAMILIES + 1
    assert all(len(set(component[ROWS * f : ROWS * (f + 1)].tolist())) == 1 for f in range(FAMILIES))


def test_components_of_a_usual_size_keep_their_weakest_edges() -> None:
    """The bar is raised where it must be, and nowhere else."""
    component, large, entry = components(3, np.array([0, 1]), np.array([1, 2]), np.array([0.1, 0.2], dtype=np.float32))
    assert (len(np.unique(component)), large, entry) == (1, 0, 0.0)


def test_what_stewards_joined_is_not_taken_apart() -> None:
    """A steward's word outweighs the limit."""
    left, right = np.arange(9), np.arange(1, 10)
    component, _, _ = components(10, left, right, np.full(9, np.inf, dtype=np.float32))
    assert len(np.unique(component)) == 1


def test_no_rows_make_no_component() -> None:
    """An empty file is matched too."""
    none = np.zeros(0, dtype=np.int64)
    assert components(0, none, none, none.astype(np.float32))[1:] == (0, 0.0)
