"""For any small table: once protected, no arithmetic gives a withheld count back."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attack.outsider import withheld_counts
from builders import a_table
from c2c import disclosure
from c2c.disclosure import _audit

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


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.integers(0, 12), st.integers(0, 90)), min_size=24, max_size=24))
def test_linked_tables_hold_against_a_stranger(counts: list[int]) -> None:
    """Three tables over two dimensions each share their margins; an attacker who shares no code with us bounds no withheld count below nine."""
    cube = np.array(counts).reshape(2, 3, 4)
    names = ("a", "b", "c")
    with tempfile.TemporaryDirectory() as folder:
        raw, safe = Path(folder) / "raw.csv", Path(folder) / "safe.csv"
        with raw.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["table", "measure", "statistic", *names, "value", "status", "of"])
            for one, other in ((0, 1), (0, 2), (1, 2)):
                table = cube.sum(axis=3 - one - other)
                for i in (*range(table.shape[0]), None):
                    for j in (*range(table.shape[1]), None):
                        n = table[slice(None) if i is None else i, slice(None) if j is None else j].sum()
                        where = {one: "Total" if i is None else f"v{i}", other: "Total" if j is None else f"v{j}"}
                        writer.writerow([f"{one}{other}", "m", "count", *(where.get(d, "") for d in range(3)), int(n), "shown", ""])
        try:
            disclosure.protect_file(raw, safe)
        except disclosure.TooRevealing:
            assert not safe.exists()
            return
        assert disclosure.attack_file(safe, None)["ok"]
        assert not [row for row, low, high in withheld_counts(safe) if high - low < 9 - 1e-6]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(1, 18)), min_size=3, max_size=3), st.sets(st.integers(0, 2), max_size=2))
def test_no_count_is_called_safe_that_whole_numbers_give_away(groups: list[tuple[int, int]], sizes_shown: set[int]) -> None:
    """Eight cells: three groups, how many of each have an outcome, and both totals, with each share rounded. What is judged wide is as wide in the
    list of all whole numbers that fit."""
    part = np.array([min(x, n) for x, n in groups])
    size = np.array([n for _, n in groups])
    rounded = np.round(100 * part / size)
    least, greatest = np.maximum(rounded - 0.5, 0) / 100, np.minimum(rounded + 0.5, 100) / 100
    low = np.array([*np.where(np.isin(np.arange(3), list(sizes_shown)), size, 0), size.sum(), 0, 0, 0, part.sum()], dtype=float)
    high = np.where((low > 0) | (np.arange(8) == 7), low, np.inf)
    shares = [(4 + g, g, float(least[g]), float(greatest[g])) for g in range(3)]
    judged = _audit.judge(low, high, [(3, (0, 1, 2)), (7, (4, 5, 6))], np.arange(8), width=9, seconds=60, shares=shares)
    n, x = int(size.sum()) + 1, int(part.sum()) + 1
    one, two, a, b = np.meshgrid(np.arange(n), np.arange(n), np.arange(x), np.arange(x), indexing="ij", sparse=True)
    cells = [one, two, size.sum() - one - two, size.sum(), a, b, part.sum() - a - b, part.sum()]
    fits = np.ones(np.broadcast_shapes(one.shape, two.shape, a.shape, b.shape), dtype=bool)
    for g in range(3):
        fits &= (cells[g] >= low[g]) & (cells[g] <= high[g]) & (cells[4 + g] >= 0)
        fits &= (cells[4 + g] >= least[g] * cells[g] - 1e-9) & (cells[4 + g] <= greatest[g] * cells[g] + 1e-9)
    for c in (0, 1, 2, 4, 5, 6):
        met = np.broadcast_to(cells[c], fits.shape)[fits]
        if judged.high[c] - judged.low[c] >= 9 - 1e-6:
            assert met.max() - met.min() >= 9
