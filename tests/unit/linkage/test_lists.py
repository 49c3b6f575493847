"""The room's lists are dated data with a source: a code that no list knows would silently leave a measure."""

from __future__ import annotations

import pytest

from c2c import catalog
from c2c.linkage._derive import SEGMENTS, read_list

CODES = catalog.load().code_sets


def test_every_term_of_every_system_has_its_days() -> None:
    """A term without days would drop its students from every measure."""
    assert {(r["segment"], r["term"]) for r in read_list("terms")} == {(s, t) for s in SEGMENTS for t in CODES["term"]}


def test_every_award_that_can_be_sent_has_a_category() -> None:
    """An award without a category would count as none."""
    assert {r["award_type"] for r in read_list("award_categories")} == set(CODES["award_type"])


def test_every_detailed_race_code_has_its_public_group() -> None:
    """Groups are told by the first digit; nine is not reported."""
    digits = {r["first_digit"] for r in read_list("race_groups")}
    assert {code[0] for code in CODES["race_detail"]} - digits == {"9"}
    assert {r["group"] for r in read_list("race_groups")} <= set(CODES["race_ethnicity"])


def test_prices_have_no_gap() -> None:
    """A year without a price would drop its wages."""
    years = [int(r["year"]) for r in read_list("consumer_prices")]
    assert years == list(range(years[0], years[-1] + 1)) and all(float(r["index"]) > 200 for r in read_list("consumer_prices"))


@pytest.mark.parametrize("name", ["terms", "award_categories", "race_groups", "consumer_prices"])
def test_each_row_has_its_source(name: str) -> None:
    """Who doubts a figure can follow it to where it is from."""
    assert all(row["source"] for row in read_list(name))
