"""What is told of a release: from published cells alone, and beside everything published before."""

from __future__ import annotations

from typing import Any

import polars as pl

from c2c.disclosure._account import account
from c2c.disclosure._ledger import beside
from c2c.vocabulary import Product

PRODUCT = Product(
    "p",
    "1",
    ({"settings": {"geographies": ["county"]}}, {"measure": "m", "breakdowns": [[], ["gender"]], "place_breakdowns": [["gender"]]}),
)
TOLD = """
county gender outcome value status
       -       -      300   shown
       F       -      200   shown
       M       -      .     c
A      -       -      250   shown
B      -       -      50    shown
A      F       -      150   shown
A      M       -      100   shown
B      F       -      .     c
B      M       -      .     c
"""  # fmt: skip


def a_table(text: str) -> pl.DataFrame:
    """Published cells from a table for the eye; the whole state has no county."""
    rows: list[dict[str, Any]] = []
    for line in text.strip().splitlines()[1:]:
        *where, value, status = line.split()
        county, gender, _ = (None, *where) if len(where) == 2 else where
        rows.append({
            "measure": "m", "statistic": "count", "academic_year": "2025", "county": county, "gender": None if gender == "-" else gender,
            "outcome": None, "value": None if value == "." else float(value), "status": status,
        })  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"outcome": pl.String, "county": pl.String, "value": pl.Float64})


def test_it_is_told_what_is_in_view_and_for_whom() -> None:
    """The one who signs sees which places have no detail and of which group how many people are found in some place."""
    said = account(a_table(TOLD), PRODUCT)
    assert said["by_place"]["state"] == {"cells": 3, "withheld": 1, "pct_shown": 66.7}
    assert said["by_place"]["county"] == {
        "cells": 6, "withheld": 2, "pct_shown": 66.7, "places": 2, "without_detail": 1, "with_nothing": 0
    }  # fmt: skip
    women, men = said["by_group"]["gender"]["F"], said["by_group"]["gender"]["M"]
    assert women == {"cells": 3, "withheld": 1, "pct_shown": 66.7, "pct_found_in": {"county": 75.0}}
    # The state's figure for men is withheld: what share of it the counties show would give it away, so nothing is said.
    assert men["pct_found_in"] == {"county": None}


def test_a_release_is_set_beside_all_that_was_published() -> None:
    """Each figure is new, the same, moved, gone from view or still withheld: nothing changes unseen."""
    before: dict[Any, float | None] = {"a": 40.0, "b": 31.0, "c": None, "d": 90.0, "e": 12.0, "x": None}
    now: dict[Any, float | None] = {"a": 40.0, "b": None, "c": None, "d": 101.0, "f": 50.0, "g": None, "x": 20.0}
    assert beside(before, now) == {
        "new": 2, "same": 1, "moved": 1, "gone_from_view": 1, "still_withheld": 1, "new_withheld": 1, "no_longer_asked": 1
    }  # fmt: skip
