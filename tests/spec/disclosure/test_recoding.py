"""What becomes of each kind of element, step by step: the value as it came, and the word for it on every step of the ladder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from c2c.disclosure import TooRevealing
from c2c.disclosure.extracts._people import PERSON
from c2c.disclosure.extracts._plan import Element, Source
from c2c.disclosure.extracts._recode import Ladder, climb
from spec.identity.tables import rows_of

DATES = """
day                 | month   | term           | school_year | any
2019-06-30          | 2019-06 | 2018-19 spring | 2018-19     | any
2019-07-01          | 2019-07 | 2019-20 summer | 2019-20     | any
2019-12-18          | 2019-12 | 2019-20 fall   | 2019-20     | any
2020-01-20T08:00:00 | 2020-01 | 2019-20 spring | 2019-20     | any
1999-09-01          | 1999-09 | 1999-00 fall   | 1999-00     | any
-                   | not_told | not_told      | not_told    | any
"""

PLACES = """
code           | county        | region                     | any
19647330000000 | Los Angeles   | Los Angeles County         | any
01100170112607 | Alameda       | San Francisco Bay Area     | any
3768338        | San Diego     | San Diego-Imperial         | any
06037          | Los Angeles   | Los Angeles County         | any
06115          | Yuba          | Superior California        | any
99999          | elsewhere     | elsewhere                  | any
-              | not_told      | not_told                   | any
"""

INDUSTRIES = """
naics  | sector    | any
611110 | 61        | any
3344   | 31-33     | any
45     | 44-45     | any
00     | elsewhere | any
-      | not_told  | any
"""


def an_element(kind: str, **said: Any) -> Element:
    """An element of a kind, read from the column `value`."""
    return Element(**{"name": "e", "sources": (Source("", "value"),), "kind": kind, "role": "quasi", "width": 5000.0} | said)


def ladder_of(element: Element, values: list[Any], **columns: list[Any]) -> Ladder:
    """The ladder of one person per value, or of the persons named."""
    person = columns.pop("person", [f"p{n:05d}" for n in range(len(values))])
    rows = pl.DataFrame({PERSON: person, "value": values, **columns}, infer_schema_length=None)
    return climb(element, rows.select(PERSON).unique().sort(PERSON), {"": rows})


@pytest.mark.parametrize(("kind", "table"), [("date", DATES), ("place", PLACES), ("industry", INDUSTRIES)])
def test_days_places_and_employers_are_told_more_coarsely_step_by_step(kind: str, table: str) -> None:
    """The exact day, the school and the employer stand on no step."""
    rows = rows_of(table)
    found = ladder_of(an_element(kind), [row[0] for row in rows])
    assert list(found.steps) == [cell.strip() for cell in table.strip().splitlines()[0].split("|")][1:]
    assert [list(words) for words in zip(*(w.to_list() for w in found.words), strict=True)] == [row[1:] for row in rows]


def test_pay_is_told_in_bands_and_the_highest_hundredth_is_one() -> None:
    """Nobody's salary, and not that of the best paid, can be read; each band lies within the next wider one."""
    found = ladder_of(an_element("money"), [float(n) for n in range(0, 200_000, 100)] + [9_999_999.0])
    finest = found.words[0]
    assert finest[0] == "0 to under 5000" and finest[50] == "5000 to under 10000"
    # Twenty-one of 2,001 are one in a hundred: from 198,000 on, told from 195,000.
    assert found.top == 195_000 and finest[-1] == "195000 or more" == finest[1950]
    assert found.steps[:3] == ("bands_of_5000", "bands_of_10000", "bands_of_20000")
    assert found.words[1][-1] == "190000 or more" and found.words[4][0] == "0 to under 80000"


def test_a_top_band_holds_as_many_as_may_stand_alone() -> None:
    """Among few people one in a hundred would be a single one."""
    found = ladder_of(an_element("money"), [1000.0 * n for n in range(50)])
    assert found.words[0].to_list().count(f"{found.top:.10g} or more") >= 11


def test_a_path_is_the_places_of_a_life_in_order() -> None:
    """A place met again at once is not said again; rows may come in any order; last it is said which sorts were met, and no order."""
    sources = tuple(Source("", column, by="year", sort=sort) for column, sort in (("value", "CCC"), ("csu", "CSU")))
    rows = [("p1", "7", None, "2019-20"), ("p1", "7", None, "2018-19"), ("p1", None, "2", "2020-21"), ("p1", "7", None, "2021-22"), ("p2", None, None, "2019-20"), ("p3", None, "2", "2020-21"), ("p3", "9", None, "2021-22")]  # fmt: skip
    for given in (rows, rows[::-1]):
        person, value, csu, year = (list(column) for column in zip(*given, strict=True))
        found = ladder_of(an_element("trajectory", sources=sources), value, person=person, csu=csu, year=year)
        assert dict(zip(found.steps, (w.to_list() for w in found.words), strict=True)) == {
            "places": ["CCC 7 > CSU 2 > CCC 7", "none", "CSU 2 > CCC 9"],
            "sorts": ["CCC > CSU > CCC", "none", "CSU > CCC"],
            "sorts_in_any_order": ["CCC + CSU", "none", "CCC + CSU"],
            "any": ["any"] * 3,
        }


def test_steps_of_the_plans_own_lie_within_each_other(tmp_path: Path) -> None:
    """A value that the list does not know is elsewhere; a list that puts one thing in two is refused."""
    levels = tmp_path / "levels.csv"
    levels.write_text("value,family,kind\noak,beech,leaf\nelm,elm,leaf\nfir,pine,needle\n", "utf-8")
    found = ladder_of(an_element("code", levels=levels), ["oak", "fir", "palm"])
    assert [w.to_list() for w in found.words[:3]] == [["oak", "fir", "palm"], ["beech", "pine", "elsewhere"], ["leaf", "needle", "elsewhere"]]  # fmt: skip
    levels.write_text("value,family,kind\noak,beech,leaf\nelm,beech,needle\n", "utf-8")
    with pytest.raises(TooRevealing, match="DSC-026"):
        ladder_of(an_element("code", levels=levels), ["oak", "elm"])


def test_a_person_of_several_rows_is_told_once() -> None:
    """Which row counts is the plan's to say, and where it does not, nobody guesses."""
    rows = {"person": ["a", "a", "a", "b"], "year": ["2019", "2021", "2020", "2019"]}
    for take, by, expected in (("first", "year", "x"), ("last", "year", "y")):
        element = an_element("code", take=take, sources=(Source("", "value", by=by),))
        assert ladder_of(element, ["x", "y", "z", "x"], **rows).words[0].to_list() == [expected, "x"]
    for take, expected in (("largest", "15 to under 20"), ("total", "25 to under 30"), ("smallest", "0 to under 5")):
        found = ladder_of(an_element("number", take=take, width=5.0), [0.0, 16.0, 9.0, 50.0] + [60.0] * 20, person=["a", "a", "a", *(f"b{n:02d}" for n in range(21))])  # fmt: skip
        assert found.words[0][0] == expected
    assert ladder_of(an_element("code"), ["x", "x", None, "x"], **rows).words[0].to_list() == ["x", "x"]
    with pytest.raises(TooRevealing, match="DSC-024"):
        ladder_of(an_element("code"), ["x", "y", "z", "x"], **rows)
