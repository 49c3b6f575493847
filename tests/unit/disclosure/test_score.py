"""The publication score: what each table of a release adds up to under the guidelines, and which a state that is stricter leaves out unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from attack.fixtures import GRADUATES, people, released
from builders import a_site
from c2c.disclosure._products import read_product
from c2c.disclosure._score import publication_scores

PRODUCT = read_product("""
product = "p"
edition = "1"
geographies = ["county", "legislative_district"]
mergeable = []
hierarchies = {}
identities = []
[[tables]]
measure = "m"
population = "q"
statistic = "count"
years = 2
horizon = 0
breakdowns = [[], ["race_ethnicity"], ["gender", "veteran"], ["race_ethnicity", "gender", "age_bracket"], ["homeless"], ["cip2"]]
places = true
place_breakdowns = [["gender"]]
place_years = 1
""")
GROUPS = ("county", "legislative_district", "race_ethnicity", "gender", "veteran", "age_bracket", "homeless", "cip2")


def cells(table: str, *values: Any, statistic: str = "count", year: str = "2026", **codes: list[str]) -> pl.DataFrame:
    """Published cells of one table: a figure, `c` withheld or `b` an end band."""
    status = {"c": "c", "b": "banded"}
    rows = [
        {
            "table": table, "statistic": statistic, "academic_year": year, "status": status.get(v, "shown"),
            "value": None if v in status else float(v), **{g: (codes[g][i] if g in codes else None) for g in GROUPS},
        }
        for i, v in enumerate(values)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64, **dict.fromkeys(GROUPS, pl.String)})


# Points by the guidelines' tables: smallest count (1), place (24), groups (3, 5, 18, 30, 32), groups at once (26).
SPEC = [
    ("m", (300, 1200), {}, 3 - 5 + 0 - 5),
    ("m", (0, 1200), {}, 2 - 5 + 0 - 5),
    ("m", ("c", 1200), {}, 7 - 5 + 0 + 0),
    ("m-race_ethnicity", (11, 1200), {"race_ethnicity": ["a", "w"]}, 5 - 5 + 3 + 1),
    ("m-race_ethnicity", (1000, 1200), {"race_ethnicity": ["a", "w"]}, 2 - 5 + 3 + 1),
    ("m-gender-veteran", (100, 120), {"gender": ["F", "M"], "veteran": ["1", "1"]}, 3 - 5 + 5 + 2),
    ("m-race_ethnicity-gender-age_bracket", ("c",), {"race_ethnicity": ["a"], "gender": ["F"], "age_bracket": ["18_19"]}, 7 - 5 + 13 + 4),
    ("m-homeless", (100, 120), {"homeless": ["1", "0"]}, 3 - 5 + 3 + 1),
    ("m-cip2", [100] * 9, {"cip2": [str(i) for i in range(9)]}, 3 - 5 + 5 + 1),
    ("m-cip2", [100] * 10, {"cip2": [str(i) for i in range(10)]}, 3 - 5 + 7 + 1),
    ("m-county", (100,), {"county": ["1"]}, 3 + 7 + 0 - 5),
    ("m-legislative_district", (100,), {"legislative_district": ["1"]}, 3 + 0 + 0 - 5),
    ("m-county-gender", (100,), {"county": ["1"], "gender": ["F"]}, 3 + 7 + 3 + 1),
]  # fmt: skip


@pytest.mark.parametrize(("table", "values", "codes", "points"), SPEC)
def test_a_table_has_the_points_of_the_guidelines(table: str, values: Any, codes: dict[str, list[str]], points: int) -> None:
    """Each component by the guidelines' own tables; 12 passes and 13 does not."""
    said = publication_scores(cells(table, *values, **codes), PRODUCT, 2026)
    (row,) = said["tables"]
    assert (row["score"], row["passes"]) == (points, points <= 12)
    assert sum(row["points"].values()) == points


def test_a_share_tells_no_count_and_an_end_band_a_small_one() -> None:
    """Eleven people at least stand behind a share that is shown, fewer may behind an end."""
    shown, band = (
        publication_scores(cells("m", v, 60, statistic="percent"), PRODUCT, 2026)["tables"][0]["points"]["events"]
        for v in (40, "b")
    )
    assert (shown, band) == (5, 7)


def test_of_several_years_the_worst_counts_and_most_points_stand_first() -> None:
    """A table is as safe as its worst year; what most needs a look stands on top; places are summed up."""
    told = pl.concat([cells("m", 2000, year="2025"), cells("m", "c"), cells("m-county-gender", "c", county=["1"], gender=["F"])])
    said = publication_scores(told, PRODUCT, 2026)
    assert [(r["table"], r["score"]) for r in said["tables"]] == [("m-county-gender", 18), ("m", 2)]
    assert said["by_place"] == {"county": {"tables": 1, "pass": 0, "most": 18}, "state": {"tables": 1, "pass": 1, "most": 2}}


def test_a_board_may_leave_detailed_tables_out_before_data_are_read(tmp_path: Path) -> None:
    """As shipped the table by group stands; with a board's own limit it goes, by what it declares, and the whole state's stays."""
    site = a_site(tmp_path)
    some = people(60, group="a") + people(80, group="b")
    (site.folder("rules") / "board.csv").write_text(
        "rule_id,group_from,edition,effective_from,effective_to,value,source,checked_on\n"
        "most_declared_score,,B1,2026-07-01,,0,resolution 7,2026-06-30\n",
        "utf-8",
    )
    assert {c["table"] for c in released(site, GRADUATES, some)} == {"hs_graduates"}
    other = a_site(tmp_path / "as shipped")
    assert {c["table"] for c in released(other, GRADUATES, some)} == {"hs_graduates", "hs_graduates-group"}
