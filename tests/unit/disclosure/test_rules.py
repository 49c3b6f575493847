"""Rules of publication as dated rows: what holds on a day, what waits for its day, and what a site may change."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from attack.fixtures import GRADUATES, WENT_ON, cell, people, released
from builders import a_site
from c2c.audit import entries
from c2c.disclosure import TooRevealing, _ledger, _rules
from c2c.disclosure._cohort import Cell, Cohort
from c2c.disclosure._ends import print_ends
from c2c.disclosure._products import Table
from c2c.disclosure._protect import find_narrow, protect_system
from c2c.disclosure._rules import list_rules, rules_in_force
from c2c.disclosure._system import System, key_of
from c2c.disclosure._tabulate import _figure
from c2c.plumbing.site import Site
from journey import c2c

DAY = date(2026, 11, 1)
HEAD = "rule_id,group_from,edition,effective_from,effective_to,value,source,checked_on\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that has no rules of its own yet."""
    return a_site(tmp_path)


def adopt(site: Site, *rows: str) -> None:
    """Put a file of the board's beside the shipped rules."""
    (site.folder("rules") / "board.csv").write_text(HEAD + "\n".join(rows) + "\n", "utf-8")


def test_a_sites_proposal_holds_from_its_own_day_on_and_not_before(site: Site) -> None:
    """The board decides now for January: nothing changes until then, and nobody need remember to change it."""
    adopt(site, "least_count,,board 2027,2027-01-01,,20,Board resolution 12,2026-10-30")
    before, after = rules_in_force(date(2026, 12, 31), site), rules_in_force(date(2027, 1, 1), site)
    assert (before["least_count"], before.edition) == (11, "2026.1")
    assert (after["least_count"], after.edition) == (20, "2026.1 + board 2027")
    states = {(r["set"], r["value"]): r["state"] for r in list_rules(DAY, site) if r["rule"] == "least_count"}
    assert states == {("public", 11): "in force", ("board", 20): "proposal"}
    later = {r["set"]: r["state"] for r in list_rules(date(2027, 1, 1), site) if r["rule"] == "least_count"}
    assert later == {"public": "overruled", "board": "in force"}


def test_a_release_is_made_under_the_rules_of_its_day_and_names_them(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same people before and after the board's day: 15 of them are a count, then they are too few."""
    adopt(site, "least_count,,board 2027,2027-01-01,,20,Board resolution 12,2026-10-30")
    sizes = {"a": 15, "b": 90, "c": 80, "d": 70, "e": 60, "f": 50}
    some = [p for g, n in sizes.items() for p in people(n, group=g)]
    found = []
    for day in ("2026-12-31", "2027-01-01"):
        monkeypatch.setenv("C2C_NOW", f"{day}T12:00:00")
        other = Site(site.root) if day < "2027" else a_site(site.root / "other")
        if other.root != site.root:
            adopt(other, "least_count,,board 2027,2027-01-01,,20,Board resolution 12,2026-10-30")
        cells = released(other, GRADUATES, some)
        told = [e for e in entries(other) if e["event"] == "disclosure:product:cleared"]
        found.append((cell(cells, "count", table="hs_graduates-group", group="a")["status"], told[-1]["rules"]))
    assert found == [("shown", "2026.1"), ("c", "2026.1 + board 2027")]


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ("least_count,,b,2027-01-01,,10,s,2026-10-30", "DSC-043", "11 from 2026-07-01"),
        ("largest_employer_share,,b,2027-01-01,,0.9,s,2026-10-30", "DSC-043", "laxer"),
        ("percent_end,300,b,2027-01-01,,0.5,s,2026-10-30", "DSC-043", "laxer"),
        ("least_count,,b,2027-01-01,,many,s,2026-10-30", "DSC-041", "row 2"),
        ("least_count,,b,2027-01-01,2026-01-01,20,s,2026-10-30", "DSC-041", "ends before it begins"),
        ("least_cuont,,b,2027-01-01,,20,s,2026-10-30", "DSC-041", "no rule of this name"),
        ("least_count,,b,2027-01-01,,20,,2026-10-30", "DSC-041", "source"),
        ("least_count,,b,2027-01-01,,20,s,2026-10-30\nleast_count,,c,2027-06-01,,25,s,2026-10-30", "DSC-042", "row 3, beside board.csv, row 2"),
    ],
)  # fmt: skip
def test_a_site_may_be_stricter_and_never_laxer(site: Site, row: str, code: str, said: str) -> None:
    """Whoever writes a row that may not be learns it at once, by file and row, and no release is made under it."""
    adopt(site, row)
    with pytest.raises(TooRevealing, match=f"{code}.*{said}"):
        rules_in_force(DAY, site)


def test_the_stricter_of_two_steps_holds(site: Site) -> None:
    """A site that sets ends of six percent for groups of 40 on is stricter than shipped for larger groups too."""
    adopt(site, "percent_end,40,b,2026-08-01,,6,Board resolution 3,2026-10-30")
    rules = rules_in_force(DAY, site)
    assert [rules.for_group("percent_end", n) for n in (30, 40, 100, 5_000)] == [10, 6, 6, 6]


def test_no_rule_before_its_first_day(site: Site) -> None:
    """Where no row holds, nothing is shown under a rule that is not there."""
    with pytest.raises(TooRevealing, match=r"DSC-044.*2020-01-01"):
        rules_in_force(date(2020, 1, 1))["least_count"]


def test_the_shipped_rules_say_where_they_come_from() -> None:
    """Every shipped threshold has a source, and holds on the day after the last one was checked."""
    rows, _ = _rules._shipped()
    assert all(row.source and row.edition for row in rows)
    assert {r["state"] for r in list_rules(DAY)} == {"in force"}
    json.dumps(list_rules(DAY))


def shares(counts: dict[str, tuple[int, int]]) -> Cohort:
    """A cohort of shares by group, with their totals."""
    system, rows, primary = System(), [], set()
    table = Table("t", "m", "p", "percent", 2025, "", ("group",), {})
    for part in (0, 1):
        keys = [key_of({"group": g} | ({"outcome": "yes"} if part == 0 else {})) for g in counts]
        cells = [system.add(k, c[part]) for k, c in zip(keys, counts.values(), strict=True)]
        total = system.add(key_of({"outcome": "yes"} if part == 0 else {}), sum(c[part] for c in counts.values()))
        system.bind(total, cells)
    for g, (x, n) in [*counts.items(), ("", (sum(x for x, _ in counts.values()), sum(n for _, n in counts.values())))]:
        where = {"group": g} if g else {}
        yes, base = key_of(where | {"outcome": "yes"}), key_of(where)
        no = system.add(key_of(where | {"outcome": "no"}), n - x, published=False)
        system.bind(system.at[base], [system.at[yes], no])
        rows.append(Cell(table, where | {"outcome": "yes"}, "percent", "outcome", yes, base, n))
        if x < 11 or n - x < 11:
            primary.add(system.at[yes])
    return Cohort(system, rows, primary)


def printed(counts: dict[str, tuple[int, int]]) -> Cohort:
    """The cohort protected, with what ends can be printed."""
    found, rules = shares(counts), rules_in_force(DAY)
    found.hidden = protect_system(found.system, found.primary, bytes(32), rules)
    print_ends(found, rules, lambda s, h: find_narrow(s, h, rules) | find_narrow(s, h, rules, insiders=True))
    return found


def test_an_end_is_printed_where_its_cover_is_wide() -> None:
    """4 of 150 is said as 7 % or less: ten people in doubt, and the group beside it stays as open."""
    found = printed({"a": (4, 150), "b": (200, 400), "c": (220, 400)})
    cell_of_a = found.system.at[key_of({"group": "a", "outcome": "yes"})]
    assert cell_of_a not in found.hidden and found.system.told[cell_of_a] == (0.0, 10.0)
    assert found.hidden and not find_narrow(found.system, found.hidden)


def test_an_end_that_would_give_its_cover_away_stays_a_mark() -> None:
    """6 and 12 of 18 in all: were the 6 said as ten or fewer, the mark beside it would say eleven or more, and the 6 be known as 7 or fewer."""
    found = printed({"a": (6, 150), "b": (12, 150)})
    assert {found.system.at[key_of({"group": g, "outcome": "yes"})] for g in "ab"} == found.hidden and not found.system.told
    wider = printed({"a": (6, 150), "b": (14, 150)})
    assert wider.system.told == {wider.system.at[key_of({"group": "a", "outcome": "yes"})]: (0.0, 10.0)}


def test_a_share_and_a_median_are_withheld_wherever_their_groups_size_is() -> None:
    """With both a share and a count of its part, a withheld group size would be worked out; pay goes with the count of its people."""
    found = shares({"a": (40, 90), "b": (60, 120)})
    found.hidden = {found.system.at[key_of({"group": "a"})]}
    pay = [Cell(found.rows[0].table, {"group": g}, "median", figure=500.0, status="shown") for g in "ab"]
    said = [_figure(row, found, rules_in_force(DAY))[3] for row in (*found.rows[:2], *pay)]
    assert said == ["c", "shown", "c", "shown"]


def test_a_band_once_published_stays_known(site: Site) -> None:
    """What an edition said as 7 % or less is in a band for the next one too, and is not forgotten for being no number."""
    cohort = shares({"a": (4, 150), "b": (200, 400)})
    rows = [
        {"measure": "m", "statistic": s, "academic_year": "2025", "group": "a", "outcome": o, "value": v, "low": lo, "high": hi, "status": st, "table": "t"}
        for s, o, v, lo, hi, st in (("count", None, 150.0, None, None, "shown"), ("percent", "yes", None, 0.0, 7.0, "banded"))
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(site.folder("ledger", "cells") / "old.parquet")
    base = key_of({"group": "a"})
    cohort.rows.append(Cell(cohort.rows[0].table, {"group": "a"}, "count", key=base))
    said = _ledger.join_earlier(site, "new", {("p", 2025): cohort}, rules_in_force(DAY))
    assert said["same"] == 2 and cohort.system.told[cohort.system.at[key_of({"group": "a", "outcome": "yes"})]] == (0.0, 10.0)


def test_pay_is_told_of_enough_people_and_employers_alone(site: Site) -> None:
    """Medians from 11 people, quartiles from 30; three employers, none with four fifths; on a grid of 500 dollars."""
    text = GRADUATES + WENT_ON.replace('"percent"', '"quartiles"\nvalue = "pay"\nemployer = "works_for"').replace(
        'outcome = "went_on"\nvalues = ["yes"]\n', ""
    )
    told = {"many": (40, 4), "some": (20, 4), "one_employer": (60, 2), **{f"g{i}": (50, 5) for i in range(8)}}
    some = [
        {"group": g, "pay": 30_000.0 + 137 * i, "works_for": f"e{i % firms}"} for g, (n, firms) in told.items() for i in range(n)
    ]
    cells = released(site, text, some)
    pay = {(c["group"], c["statistic"]): c for c in cells if c["table"] == "public_college_enrolled_1yr-group"}
    assert {s for _, s in pay} == {"quartile_1", "median", "quartile_3"}
    assert {pay["some", s]["status"] for s in ("quartile_1", "median")} == {"c"} == {pay["one_employer", "median"]["status"]}
    assert pay["many", "median"]["value"] % 500 == 0 and pay["many", "quartile_3"]["value"] > pay["many", "median"]["value"]


def test_rules_are_listed_by_command_for_any_day() -> None:
    """Whoever signs sees each threshold with its source, as machines do."""
    done = c2c("rules", "list", "--on", "2027-01-01", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["on"] == "2027-01-01"
    assert {"least_count", "percent_end"} <= {r["rule"] for r in said["rules"]} and all(r["source"] for r in said["rules"])
