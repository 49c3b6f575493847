"""A pretend state that is nothing like the real one would teach the wrong lesson: it stays near what is publicly known."""

from __future__ import annotations

import pytest

from c2c import catalog
from integration.synthetic.measured import MEASURED, State

ANCHORS = catalog.load().anchors


@pytest.mark.parametrize("anchor", ANCHORS)
def test_the_state_is_near_the_anchor(state: State, anchor: str) -> None:
    """What the files say lies within the anchor's tolerance of the public figure."""
    row = ANCHORS[anchor]
    assert MEASURED[anchor](state) == pytest.approx(float(row["value"]), abs=float(row["tolerance"])), row["what"]


def test_every_anchor_names_its_source() -> None:
    """A figure that nobody can look up calibrates nothing."""
    assert set(MEASURED) == set(ANCHORS)
    assert all(row["source"] and row["what"] and float(row["tolerance"]) > 0 for row in ANCHORS.values())
