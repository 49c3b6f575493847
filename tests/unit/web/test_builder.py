"""The query builder keeps what was chosen, says what does not fit, and never runs away with a table."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from c2c.publication import Query
from c2c.web.public import _points, builder
from releases import a_cell, a_release

CELLS = [
    *(a_cell("hs_graduates", 500 + y, year=y) for y in (2024, 2025)),
    *(a_cell("hs_graduates", 250 + y, year=y, gender=g) for g in ("F", "M") for y in (2024, 2025)),
    a_cell("hs_graduates", 300, county="06037"),
    a_cell("transfer_rate_6yr", 30, statistic="percent", outcome="yes", year=2020),
    a_cell("transfer_rate_6yr", 30, statistic="percent", outcome="yes", year=2020, ses_disadvantaged="yes"),
]


def test_a_table_that_is_too_large_keeps_its_newest_whole_years(tmp_path: Path) -> None:
    """Above the most, years are cut from the oldest on and named; no year is shown in part."""
    shown = _points.points(a_release(tmp_path, CELLS), "en", Query("hs_graduates", groups=("gender",)))
    kept, gone = builder.cut(shown, 3)
    assert [p.year for p in kept] == [2025, 2025] and gone == [2024]
    assert builder.cut(shown, 4) == (list(shown), [])


def test_a_cut_table_says_what_was_cut_and_links_the_whole(tmp_path: Path, visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of a cut table knows it, and can take all of it."""
    monkeypatch.setattr(builder, "MOST_CELLS", 3)
    a_release(tmp_path, CELLS)
    page = visitor(tmp_path).get("/tables?measure=hs_graduates&by=gender").content.decode()
    assert "These years were cut: 2024" in page and "tables.csv?measure=hs_graduates&amp;by=gender" in page
    table = page[page.index("<table") : page.index("</table>")]
    assert "2025" in table and "2024" not in table


def test_what_does_not_fit_is_marked_kept_and_comes_back(tmp_path: Path, visitor: Any) -> None:
    """Changing the measure loses nothing: a group that the new one lacks is marked, and counts again when the first returns."""
    a_release(tmp_path, CELLS)
    client = visitor(tmp_path)
    page = client.get("/tables?measure=transfer_rate_6yr&geo=county:06037&year=2025&by=gender").content.decode()
    assert re.findall(r"<s>([^<]+)</s>", page) == ["County", "2025", "Gender"]
    assert "measure=transfer_rate_6yr&amp;geo=county:06037&amp;year=2025&amp;by=gender&amp;step=measure" in page
    assert "<s>" not in client.get("/tables?measure=hs_graduates&geo=county:06037&year=2025").content.decode()


def test_editing_a_done_step_leads_back_to_the_table(tmp_path: Path, visitor: Any) -> None:
    """Whoever changes the years of a finished table sees the table again, not the rest of the steps."""
    a_release(tmp_path, CELLS)
    client = visitor(tmp_path)
    page = client.get("/tables?measure=hs_graduates&by=gender&step=years&back=table").content.decode()
    assert '<input type="hidden" name="step" value="table">' in page and '<input type="hidden" name="by" value="gender">' in page
    assert (
        '<input type="hidden" name="step" value="groups">' in client.get("/tables?measure=hs_graduates&step=years").content.decode()
    )


def test_a_dimension_moves_between_rows_and_columns_and_back(tmp_path: Path, visitor: Any) -> None:
    """Up and Down walk through rows and columns, and the address ends in the link to press next."""
    a_release(tmp_path, CELLS)
    client = visitor(tmp_path)

    def heads(query: str) -> list[str]:
        page = client.get(f"/tables?{query}").content.decode()
        return re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page)

    assert heads("measure=hs_graduates&by=gender") == ["Gender", "2024", "2025"]
    page = client.get("/tables?measure=hs_graduates&by=gender").content.decode()
    moved = re.search(r'id="up-academic_year" href="\?([^"#]+)#(\w[\w-]*)"', page)
    assert moved and moved[2] == "up-academic_year"
    assert heads(moved[1].replace("&amp;", "&")) == ["Gender", "Year", "Figure"]
    assert heads("measure=hs_graduates&by=gender&rows=academic_year&cols=gender") == ["Year", "Female", "Male"]


def test_a_combination_that_was_not_published_explains_itself(tmp_path: Path, visitor: Any) -> None:
    """Nobody meets an empty table: it says why, names the nearest that exists and leads to it."""
    a_release(tmp_path, CELLS)
    page = visitor(tmp_path).get("/tables?measure=hs_graduates&geo=county&by=gender&year=2025").content.decode()
    assert "This combination was not published" in page and "High school graduates · All counties · 2025" in page
    assert "<table" not in page


def test_a_measure_that_this_release_lacks_is_explained(tmp_path: Path, visitor: Any) -> None:
    """A link to a figure that could not be published this time says so, and the steps still stand."""
    a_release(tmp_path, CELLS)
    response = visitor(tmp_path).get("/tables?measure=left_without_award&by=gender")
    page = response.content.decode()
    assert response.status_code == 200 and "This combination was not published" in page and "Left college without an award" in page
    story = visitor(tmp_path).get("/pathways?story=time").content.decode()
    assert (
        "How long does an award take?" in story and "Nothing was published for this choice" in story and ".csv?measure" not in story
    )


def test_a_figure_published_by_place_alone_is_shown_by_place(tmp_path: Path, visitor: Any) -> None:
    """Where the state's own figure had to be left out, a story shows the places and says why."""
    by_place = a_cell("first_college_system", 70, statistic="percent", county="06037", first_node="ccc", year=2018)
    a_release(tmp_path, [*CELLS, by_place])
    page = visitor(tmp_path).get("/pathways?story=enrolls").content.decode()
    assert "was not published for the whole state" in page and "Los Angeles County" in page and "70%" in page


@pytest.mark.parametrize("address", ["measure=nothing", "measure=hs_graduates&geo=moon",
        "measure=hs_graduates&geo=gender", "measure=hs_graduates&geo=county:99999", "measure=hs_graduates&by=shoe", "measure=hs_graduates&year=20x4", "measure=hs_graduates&year=2014..2016..2018", "measure=hs_graduates&step=dance", "measure=hs_graduates&by=gender,pell,foster,veteran"])  # fmt: skip
@pytest.mark.parametrize("language", ["", "/es"])
def test_an_address_that_cannot_be_read_is_answered_in_the_readers_language(
    tmp_path: Path, visitor: Any, address: str, language: str
) -> None:
    """A mistyped address leads to a page with a way on, never to a fault."""
    a_release(tmp_path, CELLS)
    response = visitor(tmp_path).get(f"{language}/tables?{address}")
    assert response.status_code == 400
    assert ("No podemos leer" if language else "We cannot read") in response.content.decode()


def test_a_withheld_cell_leads_to_the_nearest_figure_that_is_shown(tmp_path: Path, visitor: Any) -> None:
    """A mark is a way on: first to fewer groups, then to a wider place, then to another year."""
    crossed = [a_cell("hs_graduates", None, status="c", gender="F", ses_disadvantaged=v) for v in ("yes", "no")]
    more = [
        a_cell("hs_graduates", None, status="c", county="06037", gender="F"),
        a_cell("transfer_rate_6yr", None, status="c", statistic="percent", outcome="yes", year=2019),
    ]
    a_release(tmp_path, [*CELLS, *crossed, *more])
    client = visitor(tmp_path)

    def ways(query: str) -> set[str]:
        page = html.unescape(client.get(f"/tables?{query}").content.decode())
        assert "would describe fewer than 11 people or an employer" in page
        return {w.removesuffix("&release=2025-one") for w in re.findall(r'<a class="mark" href="/tables\?([^"]+)"', page)}

    assert ways("measure=hs_graduates&by=gender,ses_disadvantaged") == {"measure=hs_graduates&year=2025&by=gender"}
    assert ways("measure=hs_graduates&geo=county&by=gender") == {"measure=hs_graduates&geo=county:06037&year=2025"}
    assert ways("measure=transfer_rate_6yr&year=2019") == {"measure=transfer_rate_6yr"}
