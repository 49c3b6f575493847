"""Answers are slices of what was published, and say where to look when that was not."""

from __future__ import annotations

from pathlib import Path

from c2c.publication import Query, answer, shelf
from releases import a_cell, a_release

CELLS = [
    a_cell("hs_graduates", 500, year=2024),
    a_cell("hs_graduates", 520),
    a_cell("hs_graduates", 260, gender="F"),
    a_cell("hs_graduates", 260, gender="M"),
    a_cell("hs_graduates", 300, county="06037"),
    a_cell("hs_graduates", 200, table="flows", first_node="ccc", last_node="Total"),
    a_cell("highest_award_8yr", 60, statistic="percent", award_category="none"),
    a_cell("earnings_3yr_after_award", 50_000, statistic="median"),
    a_cell("earnings_3yr_after_award", 40_000, statistic="median", award_category="associate"),
]


def test_a_query_gets_the_table_of_just_its_dimensions(tmp_path: Path) -> None:
    """Nobody gets a finer or coarser table than they asked for."""
    release = a_release(tmp_path, CELLS)
    assert [r["value"] for r in answer(release, Query("hs_graduates", years=(2025,))).rows] == [520]
    assert [r["gender"] for r in answer(release, Query("hs_graduates", groups=("gender",))).rows] == ["F", "M"]
    assert [r["value"] for r in answer(release, Query("hs_graduates", "county", ("06037",))).rows] == [300]


def test_an_award_is_an_answer_or_a_group_as_the_measure_has_it(tmp_path: Path) -> None:
    """The highest award needs no group named; pay by award does, and pay of everybody stays apart from it."""
    release = a_release(tmp_path, CELLS)
    held = shelf(release.folder)
    assert [r["award_category"] for r in answer(release, Query("highest_award_8yr")).rows] == ["none"]
    assert [r["value"] for r in answer(release, Query("earnings_3yr_after_award")).rows] == [50_000]
    assert [r["value"] for r in answer(release, Query("earnings_3yr_after_award", groups=("award_category",))).rows] == [40_000]
    assert held.groups("earnings_3yr_after_award") == ["award_category"] and held.groups("highest_award_8yr") == []


def test_what_was_not_published_names_the_nearest_that_was(tmp_path: Path) -> None:
    """A reader is led to the table that keeps most of what they asked: groups go first, then the place, then the year."""
    release = a_release(tmp_path, CELLS)
    found = answer(release, Query("hs_graduates", "county", ("06037",), (2025,), ("gender",)))
    assert not found.rows and found.nearest == Query("hs_graduates", "county", ("06037",), (2025,))
    assert answer(release, Query("hs_graduates", years=(2025,), groups=("gender", "ses_disadvantaged"))).nearest == Query(
        "hs_graduates", years=(2025,), groups=("gender",)
    )
    assert answer(release, Query("hs_graduates", years=(1999,))).nearest == Query("hs_graduates")


def test_a_mark_never_has_a_number_beside_it(tmp_path: Path) -> None:
    """Should a release ever hold a number beside a mark, it does not leave this room."""
    release = a_release(
        tmp_path,
        [
            a_cell("hs_graduates", 7, status="c"),
            a_cell("hs_graduates", 35, year=2024, statistic="percent", status="banded", low=30, high=40),
        ],
    )
    rows = answer(release, Query("hs_graduates")).rows
    assert [(r["value"], r["low"], r["high"]) for r in rows] == [(None, None, None), (None, 30, 40)]


def test_a_correction_says_what_changed_gone_and_new_by_measure(tmp_path: Path) -> None:
    """A reader of the older release learns in how many figures the newer one says otherwise."""
    older = a_release(
        tmp_path, [a_cell("hs_graduates", 500), a_cell("hs_graduates", 400, year=2024), a_cell("hs_graduates", 1, gender="F")]
    )
    newer = a_release(
        tmp_path,
        [a_cell("hs_graduates", 501), a_cell("hs_graduates", 400, year=2024), a_cell("hs_graduates", 1, gender="M")],
        release_id="2025-two",
    )
    changes = shelf(older.folder).changes(shelf(newer.folder))
    assert [(c.measure, c.changed, c.gone, c.added) for c in changes] == [("hs_graduates", 1, 1, 1)]
