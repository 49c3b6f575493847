"""The rounding layer: whatever is published is nobody or enough people, and what adds up still adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from attack.fixtures import GRADUATES, WENT_ON, Person, people, released
from builders import a_site
from c2c.disclosure import TooRevealing
from c2c.disclosure._rounding import round_classes
from c2c.plumbing.site import Site

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


SIGNED = "product,base,effective_from,signed_by,source,checked_on\np,11,2026-07-01,counsel.one,board minutes of June,2026-06-30\n"
GROUPS = {"a": (400, 700), "b": (7, 30), "c": (3, 4), "d": (0, 12)}


def a_state(more: int = 0) -> list[Person]:
    """People of four groups, some of whom went on. `more`: so many more in the first group."""
    told = [(g, x, n + (more if g == "a" else 0)) for g, (x, n) in GROUPS.items()]
    return [p for g, x, n in told for p in (*people(x, group=g, went_on="yes"), *people(n - x, group=g, went_on="no"))]


def a_rounding_site(folder: Path, policy: str = SIGNED) -> Site:
    """A site whose counsel has signed that this product is rounded."""
    site = a_site(folder)
    (site.root / "rounding.csv").write_text(policy, "utf-8")
    return site


def counts(cells: list[dict[str, Any]]) -> dict[str, float | None]:
    """The published counts by group; the whole under ""."""
    return {str(c["group"] or ""): c["value"] for c in cells if c["table"].startswith("hs_graduates") and c["statistic"] == "count"}


def test_a_rounded_product_withholds_no_count_and_shows_no_small_one(tmp_path: Path) -> None:
    """Every count is zero or at least eleven, parts still add up to their total, and nothing is held back but shares of very small groups."""
    cells = released(a_rounding_site(tmp_path), GRADUATES + WENT_ON, a_state())
    shown = counts(cells)
    assert set(shown) == {"", *GROUPS} and all(v is not None and (v == 0 or v >= 11) for v in shown.values())
    assert shown[""] == sum(float(v or 0) for g, v in shown.items() if g)
    assert shown["c"] in (0, 11) and abs(float(shown[""] or 0) - len(a_state())) <= 11
    assert {c["status"] for c in cells if c["statistic"] == "percent" and c["group"] == "a"} == {"shown"}


def test_a_class_is_rounded_once(tmp_path: Path) -> None:
    """A second release of the same class shows the same figures, though people came: else the true counts would average out."""
    site = a_rounding_site(tmp_path)
    first = released(site, GRADUATES, a_state())
    assert counts(released(site, GRADUATES, a_state(more=40), release_id="2025-two")) == counts(first)


def test_exact_and_rounded_counts_never_stand_side_by_side(tmp_path: Path) -> None:
    """Once published exactly, a product stays exact: the difference would give the small counts back. And the other way round."""
    exact = a_site(tmp_path / "exact")
    released(exact, GRADUATES, a_state())
    (exact.root / "rounding.csv").write_text(SIGNED, "utf-8")
    rounded = a_rounding_site(tmp_path / "rounded")
    released(rounded, GRADUATES, a_state())
    (rounded.root / "rounding.csv").unlink()
    for site in (exact, rounded):
        with pytest.raises(TooRevealing, match="DSC-047"):
            released(site, GRADUATES, a_state(), release_id="2025-two")


@pytest.mark.parametrize("wrong", [SIGNED.replace("counsel.one", ""), SIGNED.replace(",11,", ",3,"), SIGNED.replace("base,", "")])
def test_rounding_without_a_signature_or_with_a_small_base_is_refused(tmp_path: Path, wrong: str) -> None:
    """A base of three leaves counts of one person's size; nobody switches rounding on without a name to it."""
    with pytest.raises(TooRevealing, match="DSC-046"):
        released(a_rounding_site(tmp_path, wrong), GRADUATES, a_state())
