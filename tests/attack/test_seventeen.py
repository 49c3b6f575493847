"""The attacks A1 to A16, one fixture each: a stranger succeeds against what is usually done, and fails against the gate.

A16 stands with the public site's channels, `unit/web/test_channels.py`.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path
from statistics import mean

import pytest

from attack.fixtures import (
    GRADUATES,
    WENT_ON,
    cell,
    long_form,
    people,
    pinned,
    protected,
    read,
    released,
    small_only,
    write,
)
from builders import a_site
from c2c import disclosure
from c2c.disclosure._products import read_product
from c2c.disclosure._protect import protect_system
from c2c.publication import Query, answer
from releases import a_cell, a_release
from unit.disclosure.test_gate import a_system, small

SCHOOLS = """
    place | group | value
    north | a     | 40
    north | b     | 30
    north | c     | 4
    north | Total | 74
    south | a     | 60
    south | b     | 25
    south | c     | 31
    south | Total | 116
    Total | a     | 100
    Total | b     | 55
    Total | c     | 35
    Total | Total | 190
"""


def test_a1_a_cell_is_not_its_total_less_the_rest(tmp_path: Path) -> None:
    """74 less 40 less 30 leaves 4: hiding the 4 alone hides nothing."""
    rows = long_form(read(SCHOOLS))
    assert pinned(write(tmp_path / "naive.csv", small_only(rows)), width=1)
    assert not pinned(protected(tmp_path, rows))


def test_a2_a_rectangle_of_small_cells_is_too_tight(tmp_path: Path) -> None:
    """Four small cells cover one another on every line, and none can be more than five."""
    rows = long_form(
        read("""
            place | group | value
            north | a     | 4
            north | b     | 1
            north | c     | 90
            north | Total | 95
            south | a     | 1
            south | b     | 2
            south | c     | 80
            south | Total | 83
            west  | a     | 50
            west  | b     | 70
            west  | c     | 60
            west  | Total | 180
            Total | a     | 55
            Total | b     | 73
            Total | c     | 230
            Total | Total | 358
        """)
    )
    assert len(pinned(write(tmp_path / "naive.csv", small_only(rows)))) == 4
    assert not pinned(protected(tmp_path, rows))


def test_a3_overlapping_areas_give_no_piece_away(tmp_path: Path) -> None:
    """District two lies in two Assembly districts. Districts and Assembly districts are all large; the piece between them is four people."""
    some = [
        *people(60, school_district="one", legislative_district="A", group="x"),
        *people(26, school_district="two", legislative_district="A", group="x"),
        *people(4, school_district="two", legislative_district="B", group="x"),
        *(
            p
            for d, n in (("three", 70), ("four", 90), ("five", 80))
            for p in people(n, school_district=d, legislative_district="B", group="x")
        ),
        *(p for d, n in (("six", 75), ("seven", 65)) for p in people(n, school_district=d, legislative_district="A", group="x")),
        *(p for d, n in (("eight", 75), ("nine", 65)) for p in people(n, school_district=d, legislative_district="C", group="x")),
    ]
    in_a = {d: sum(p["school_district"] == d for p in some) for d in ("one", "six", "seven", "two")}
    assert in_a["two"] - (sum(p["legislative_district"] == "A" for p in some) - in_a["one"] - in_a["six"] - in_a["seven"]) == 4
    text = GRADUATES.replace('breakdowns = [[], ["group"]]', "breakdowns = [[]]\nplaces = true")
    cells = released(a_site(tmp_path), text, some)
    shown = {(c["school_district"] or c["legislative_district"]): c["value"] for c in cells if c["status"] == "shown"}
    assert shown and not {"one", "two", "six", "seven", "A"} <= shown.keys()
    assert not {"three", "four", "five", "B"} <= shown.keys()


def test_a4_a_cell_is_one_cell_in_whatever_table_it_stands(tmp_path: Path) -> None:
    """Two tables, each safe by itself, hide the small group beside another cover each; side by side they print both covers."""
    sizes = {"a": 4, "b": 30, "c": 30, "d": 30, "e": 30}
    one = long_form({"table": "g", "group": g, "sex": "", "value": str(n)} for g, n in (*sizes.items(), ("Total", 124)))
    found, safe = [], []
    for women in range(11, 17):
        other = by_sex(sizes, women)
        apart = [protected(tmp_path, one, "one"), protected(tmp_path, other, "other")]
        assert not any(pinned(path) for path in apart)
        together = [row for path in apart for row in csv.DictReader(path.open(encoding="utf-8"))]
        found.append(pinned(write(tmp_path / "naive.csv", together), width=1))
        safe.append(not pinned(protected(tmp_path, one + other, "both")))
    assert any(found) and all(safe)


def by_sex(sizes: dict[str, int], women: int) -> list[dict[str, str]]:
    """The groups by sex with all margins; `women` in every group but the small one, which has men alone."""
    cells = {
        (g, s): (0 if g == "a" else women) if s == "F" else n - (0 if g == "a" else women) for g, n in sizes.items() for s in "FM"
    }
    rows = {(g, s): sum(v for (x, y), v in cells.items() if g in (x, "Total") and s in (y, "Total")) for g in (*sizes, "Total") for s in ("F", "M", "Total")}  # fmt: skip
    return long_form({"table": "s", "group": g, "sex": s, "value": str(n)} for (g, s), n in rows.items())


def test_a5_one_edition_less_the_other_shows_nobody(tmp_path: Path) -> None:
    """Three people came late. Each edition is safe; their difference would be the three."""
    sizes = {"a": 200, "b": 180, "c": 160, "d": 140, "e": 120}
    first = [p for g, n in sizes.items() for p in people(n, group=g)]
    late = [*first, *people(3, group="b")]
    assert len([p for p in late if p["group"] == "b"]) - sizes["b"] == 3
    site = a_site(tmp_path)
    one, two = released(site, GRADUATES, first), released(site, GRADUATES, late, release_id="2025-two")
    at = {(c["table"], c["group"]): c["value"] for c in one if c["status"] == "shown"}
    moved = [abs(c["value"] - at[c["table"], c["group"]]) for c in two if c["status"] == "shown"]
    assert len(at) == 6 and moved and not [m for m in moved if 0 < m < 11]
    assert cell(two, "count", table="hs_graduates-group", group="b")["status"] == "c"


def shares() -> list[dict[str, object]]:
    """A group of 18, one that all went on, one where all but two did, one where few did, and twelve more."""
    told = {"tiny": (3, 18), "all": (300, 300), "nearly": (198, 200), "few": (4, 150)} | {
        f"other {i}": (200 + 10 * i, 500) for i in range(12)
    }
    return [{"group": g, "went_on": "yes" if i < x else "no"} for g, (x, n) in told.items() for i in range(n)]


@pytest.fixture(scope="module")
def went_on(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """The same groups through the gate."""
    return released(a_site(tmp_path_factory.mktemp("shares")), GRADUATES + WENT_ON, shares())


def test_a6_a_share_of_a_small_group_is_a_count(went_on: list[dict[str, object]]) -> None:
    """The count 3 is hidden, 16.7 % of 18 is not: three people again."""
    assert round(0.167 * 18) == 3
    assert cell(went_on, "percent", group="tiny")["status"] == "c"
    sized = {c["group"] for c in went_on if c["statistic"] == "count" and c["status"] == "shown"}
    assert {c["group"] for c in went_on if c["statistic"] == "percent" and c["status"] != "c"} <= sized


def test_a7_all_of_a_large_group_is_told_of_each(went_on: list[dict[str, object]]) -> None:
    """100 % of 300 hides no small count, and tells of every one that they went on."""
    assert small_only([{"value": "300", "status": "shown"}])[0]["status"] == "shown"
    row = cell(went_on, "percent", group="all")
    assert row["value"] is None and (row["status"] == "c" or row["low"] * 300 / 100 <= 290)


def test_a15_what_is_left_of_a_group_is_small(went_on: list[dict[str, object]]) -> None:
    """198 of 200 is large, and 2 are left: whoever is not among the 198 is one of two."""
    assert 200 - round(0.99 * 200) == 2
    row = cell(went_on, "percent", group="nearly")
    assert row["value"] is None and (row["status"] == "c" or row["low"] * 200 / 100 <= 190)
    assert {"banded"} <= {c["status"] for c in went_on if c["statistic"] == "percent"}


def product_of(statistic: str) -> str:
    """A product that declares a figure of pay of this kind."""
    return GRADUATES.replace('statistic = "count"', f'statistic = "{statistic}"\nvalue = "pay"')


def test_a8_two_means_are_one_persons_pay() -> None:
    """Eleven people and the same eleven with one more: twelve times the one mean less eleven times the other is the twelfth's pay."""
    pay = [30_000, 31_000, 29_500, 40_000, 41_500, 38_000, 35_000, 36_500, 33_000, 34_000, 32_000]
    twelfth = 187_400
    assert round(12 * mean([*pay, twelfth]) - 11 * mean(pay)) == twelfth
    with pytest.raises(disclosure.TooRevealing, match=r"DSC-045.*mean"):
        read_product(product_of("mean"))


@pytest.mark.parametrize("statistic", ["maximum", "rank", "growth", "sum"])
def test_a9_a_figure_that_is_one_persons_is_refused_by_declaration(statistic: str) -> None:
    """The highest pay of a thousand people is one person's; so is who stands first. Nothing is counted before the refusal."""
    with pytest.raises(disclosure.TooRevealing, match="DSC-045"):
        read_product(product_of(statistic))


def test_a10_neither_marks_nor_method_tell_which_cell_is_the_small_one(tmp_path: Path) -> None:
    """ "<11" beside "*" says which is small; so does a known rule, that the next smallest covers. Ours has one mark, and chance in secret chooses."""
    rows = long_form(read("group | value\na | 4\nb | 30\nc | 30\nd | 30\nTotal | 94"))
    with protected(tmp_path, rows).open(encoding="utf-8") as handle:
        marked = [r for r in csv.DictReader(handle) if r["status"] != "shown"]
    assert len(marked) > 1 and {(r["status"], r["value"]) for r in marked} == {("c", "")}
    system = a_system([("n", g, n) for g, n in (("a", 4), ("b", 30), ("c", 30), ("d", 30))])
    covers = {frozenset(protect_system(system, small(system), bytes([s] * 32)) - small(system)) for s in range(8)}
    assert len(covers) > 1


def test_a11_asking_again_teaches_nothing(tmp_path: Path) -> None:
    """Noise thrown anew at each question averages out to the count; ours gives the same bytes, whatever the order of rows."""
    dice = random.Random(7)
    assert round(mean(4 + dice.choice([-3, -2, -1, 0, 1, 2, 3]) for _ in range(2_000))) == 4
    rows = long_form(read(SCHOOLS))
    answers = [protected(tmp_path, some, str(i)).read_text("utf-8").splitlines() for i, some in enumerate((rows, rows, rows[::-1]))]
    assert answers[0] == answers[1] and sorted(answers[0]) == sorted(answers[2])


def test_a12_the_builder_answers_no_question_that_was_not_declared(tmp_path: Path) -> None:
    """Two questions, each of many people, that differ by one person show that person. A lattice of fixed tables has no such two."""
    ages = [18] * 60 + [19] * 40 + [20]
    assert sum(a <= 20 for a in ages) - sum(a <= 19 for a in ages) == 1
    cells = [a_cell("hs_graduates", 500), a_cell("hs_graduates", 300, gender="F"), a_cell("hs_graduates", 200, gender="M")]
    release = a_release(tmp_path, cells)
    found = answer(release, Query("hs_graduates", groups=("gender", "ses_disadvantaged")))
    assert not found.rows and found.nearest == Query("hs_graduates", groups=("gender",))


CROSS = {
    ("a", "F", "yes"): 2, ("a", "F", "no"): 20, ("a", "M", "yes"): 20, ("a", "M", "no"): 15,
    ("b", "F", "yes"): 20, ("b", "F", "no"): 15, ("b", "M", "yes"): 15, ("b", "M", "no"): 3,
}  # fmt: skip
"""People by three classifications. Any two of them make a table of four counts, none below 17."""


def test_a13_the_whole_table_is_not_rebuilt_from_its_two_way_margins(tmp_path: Path) -> None:
    """Three tables of large counts only, each safe by itself. Together they leave the first of the eight cells nobody publishes between 0 and 5."""
    some = [p for (g, s, poor), n in CROSS.items() for p in people(n, group=g, sex=s, ses=poor)]
    pairs = ('["group", "sex"]', '["group", "ses"]', '["sex", "ses"]')
    naive = []
    for number, pair in enumerate(pairs):
        (tmp_path / str(number)).mkdir()
        naive += released(a_site(tmp_path / str(number)), GRADUATES.replace('[], ["group"]', pair), some)
    ours = released(a_site(tmp_path), GRADUATES.replace('[], ["group"]', ", ".join(pairs)), some)
    assert {row["status"] for row in naive} == {"shown"} and any(row["status"] == "shown" for row in ours)
    rebuilt = [
        {(r["group"], r["sex"], r["ses"]) for r in pinned(write(tmp_path / "all.csv", with_cross(rows))) if r["table"] == "cross"}
        for rows in (naive, ours)
    ]
    assert [{k for k in found if 0 < CROSS[k] < 11} for found in rebuilt] == [{("a", "F", "yes"), ("b", "M", "no")}, set()]


def with_cross(rows: list[dict[str, object]]) -> list[dict[str, str]]:
    """Published rows, and beside them the cells of the cross-table as a stranger asks about them."""
    asked = [{"table": "cross", "group": g, "sex": s, "ses": poor, "status": "c", "academic_year": "2025"} for g, s, poor in CROSS]
    texts = [{k: "" if v is None else str(v) for k, v in row.items()} for row in (*rows, *asked)]
    blank = dict.fromkeys({k for row in texts for k in row}, "") | {"measure": "hs_graduates", "statistic": "count"}
    return [blank | row for row in texts]


def test_a14_whoever_is_alone_in_a_cell_works_out_no_neighbour(tmp_path: Path) -> None:
    """To a stranger the 1 and the 9 cover each other. The one knows herself, and so the nine."""
    rows = long_form(
        read("""
            place | group | value
            north | a     | 1
            north | b     | 9
            north | c     | 50
            north | Total | 60
            south | a     | 70
            south | b     | 40
            south | c     | 60
            south | Total | 170
            Total | a     | 71
            Total | b     | 49
            Total | c     | 110
            Total | Total | 230
        """)
    )
    hidden = {("north", "a"), ("north", "b"), ("south", "a"), ("south", "b")}
    naive = [r | {"value": "", "status": "c"} if (r["place"], r["group"]) in hidden else r for r in rows]
    assert not pinned(write(tmp_path / "naive.csv", naive))
    assert pinned(write(tmp_path / "known.csv", she_knows(naive)), width=1)
    with protected(tmp_path, rows).open(encoding="utf-8") as handle:
        ours = list(csv.DictReader(handle))
    assert not pinned(write(tmp_path / "ours.csv", she_knows(ours)), width=3)


def she_knows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The tables as the one person of the north's group a reads them."""
    return [r | {"value": "1", "status": "shown"} if (r["place"], r["group"]) == ("north", "a") else r for r in rows]
