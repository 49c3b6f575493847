"""For any small table: once protected, no arithmetic gives a withheld count back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import a_table
from c2c import disclosure

COUNTS = st.lists(st.one_of(st.integers(0, 15), st.integers(0, 400)), min_size=9, max_size=9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COUNTS)
def test_no_subtraction_recovers_a_withheld_count(counts: list[int]) -> None:
    """Whatever the counts, the attack on the protected table finds nothing, or the gate refuses to publish it."""
    rows = [(p, g, n) for (p, g), n in zip([(p, g) for p in ("x", "y", "z") for g in ("a", "b", "c")], counts, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        safe = Path(folder) / "safe.csv"
        try:
            disclosure.protect_file(a_table(Path(folder) / "raw.csv", rows), safe)
        except disclosure.TooRevealing:
            assert not safe.exists()
            return
        assert disclosure.attack_file(safe, None)["ok"]
