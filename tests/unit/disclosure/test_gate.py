"""What the gate knows when it protects: small counts, earlier editions, insiders, combinations nobody can be in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from builders import a_site
from c2c.disclosure import TooRevealing, _audit, _ledger, _protect, _suppress
from c2c.disclosure._cohort import Cell, Cohort
from c2c.disclosure._costs import counts_of
from c2c.disclosure._pattern import Asked, Suppressor
from c2c.disclosure._percents import people_in, share_shown
from c2c.disclosure._products import Table
from c2c.disclosure._protect import check_system, covering_loss, find_narrow, is_necessary, protect_system
from c2c.disclosure._rules import rules_in_force
from c2c.disclosure._system import Counted, System, add_table, cut, key_of

SEED = bytes(range(32))
RULES = rules_in_force(date(2026, 7, 1))


def a_system(rows: list[tuple[str, str, int]]) -> System:
    """People by place and group with all margins, everything published."""
    people = pl.DataFrame(
        [{"place": p, "group": g} for p, g, n in rows for _ in range(n)], schema={"place": pl.String, "group": pl.String}
    )
    system = System()
    add_table(system, Counted(people), ("place", "group"))
    system.published = [True] * len(system.keys)
    return system


def small(system: System) -> set[int]:
    return {c for c, v in enumerate(system.values) if 0 < v < 11}


def test_a_small_count_is_withheld_with_enough_others() -> None:
    """One small cell in a table with margins takes at least a rectangle with it, and no more than is needed."""
    system = a_system([("n", "a", 40), ("n", "b", 30), ("n", "c", 4), ("s", "a", 60), ("s", "b", 25), ("s", "c", 31)])
    hidden = protect_system(system, small(system), SEED)
    assert small(system) <= hidden and len(hidden) == 4
    check_system(system, hidden, where="here")
    for cell in hidden - small(system):
        assert find_narrow(system, hidden - {cell})


def test_two_small_cells_do_not_cover_each_other() -> None:
    """A 4 beside a 3 in one line is known within a few: the attack would find it."""
    system = a_system([("n", "a", 4), ("n", "b", 3), ("n", "c", 90)])
    assert find_narrow(system, small(system))
    check_system(system, protect_system(system, small(system), SEED), where="here")


def test_whoever_is_alone_in_a_cell_learns_nothing_of_a_neighbour() -> None:
    """The only girl of her group knows her own count; with it nobody else's may be worked out."""
    system = a_system([("n", "a", 1), ("n", "b", 9), ("n", "c", 50), ("s", "a", 70), ("s", "b", 40), ("s", "c", 60)])
    hidden = protect_system(system, small(system), SEED)
    assert not find_narrow(system, hidden, insiders=True)


def test_a_zero_that_everybody_knows_covers_nothing() -> None:
    """If nobody can be in a cell, hiding it hides nothing: another cell must cover."""
    system = a_system([("n", "a", 5), ("n", "b", 0), ("n", "c", 80), ("s", "a", 70), ("s", "b", 40), ("s", "c", 60)])
    never = system.at[key_of({"place": "n", "group": "b"})]
    system.told[never] = (0.0, 0.0)
    hidden = protect_system(system, small(system), SEED)
    assert never not in hidden
    check_system(system, hidden, where="here")


def test_what_cannot_be_protected_is_refused() -> None:
    """Where an earlier release has shown everything around a small count, nothing can hide it now: the gate says so."""
    system = a_system([("n", "a", 5), ("n", "b", 60)])
    for key in ({"place": "n"}, {"group": "b"}, {}, {"place": "n", "group": "b"}):
        cell = system.at[key_of(key)]
        system.told[cell] = (float(system.values[cell]),) * 2
    hidden = protect_system(system, small(system), SEED)
    with pytest.raises(TooRevealing, match="DSC-001"):
        check_system(system, hidden, where="here")


@pytest.mark.parametrize(
    ("x", "n", "shown"),
    [
        (100, 200, (50.0, None, None, "shown")),
        (15, 30, (None, 50.0, 60.0, "banded")),  # a band of ten
        (11, 39, (None, 0.0, 30.0, "banded")),  # ten of 39 are 26 %: the end reaches to 30
        (0, 22, (None, 0.0, 50.0, "banded")),
        (22, 22, (None, 50.0, 100.0, "banded")),
        (10, 45, (None, 0.0, 23.0, "banded")),
        (11, 45, (24.0, None, None, "shown")),
        (0, 5_000, (None, 0.0, 1.0, "banded")),  # none of a large group
        (5_000, 5_000, (None, 99.0, 100.0, "banded")),  # all of it
        (198, 200, (None, 95.0, 100.0, "banded")),
        (12, 600, (None, 0.0, 2.0, "banded")),
    ],
)
def test_a_share_is_said_no_closer_than_its_group_allows(x: int, n: int, shown: tuple[object, ...]) -> None:
    """A whole percent of a small group is as good as a count, and an end says no less than ten people."""
    assert share_shown(x, n, RULES) == shown


def test_no_band_leaves_fewer_than_ten_people_in_doubt() -> None:
    """For every group up to a thousand people: what is said of a small share, or of all but a few, fits any small share of the group."""
    for n in range(22, 1_001):
        for few in (range(11), range(n - 10, n + 1)):
            assert len({share_shown(x, n, RULES) for x in few}) == 1, n
            low, high = people_in(share_shown(few[0], n, RULES), n)
            assert low <= few[0] and high >= few[-1], n


def a_cohort(system: System) -> Cohort:
    table = Table("t", "hs_graduates", "hs_graduates", "count", 2025, "", ("group",), {})
    rows = [Cell(table, dict(key), "count", key=key) for key in system.keys if len(key) < 2 and "place" not in dict(key)]
    return Cohort(system=system, rows=rows, primary=small(system))


def earlier(site_folder: Path, figures: dict[str, int | None]) -> None:
    rows = [
        {"release": "old", "product": "p", "table": "t", "measure": "hs_graduates", "statistic": "count", "unit": "people", "academic_year": "2025",
         "group": g or None, "value": v, "low": None, "high": None, "status": "c" if v is None else "shown", "of": ""} for g, v in figures.items()
    ]  # fmt: skip
    folder = site_folder / "ledger" / "cells"
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_parquet(folder / "old.parquet")


def test_a_count_that_moved_by_a_few_people_is_withheld(tmp_path: Path) -> None:
    """Two editions side by side must not show who came or went; what is the same stays, what was withheld stays withheld."""
    site = a_site(tmp_path)
    system = a_system([("n", "a", 40), ("n", "b", 34), ("s", "c", 60), ("s", "d", 55)])
    cohort = a_cohort(system)
    earlier(site.root, {"a": 40, "b": 31, "c": None, "d": 90})
    said = _ledger.join_earlier(site, "new", {("hs_graduates", 2025): cohort}, RULES)
    at = {g: system.at[key_of({"group": g})] for g in "abcd"}
    assert at["b"] in cohort.primary and at["a"] not in cohort.primary and at["d"] not in cohort.primary
    assert cohort.kept_withheld == {at["c"]} and system.told[at["a"]] == (40.0, 40.0)
    assert said == {"releases": 1, "same": 1, "moved": 1, "kept_withheld": 1, "revised": 1, "left_out": 0}
    hidden = protect_system(system, cohort.primary | cohort.kept_withheld, SEED)
    assert at["a"] not in hidden and at["b"] in hidden and at["c"] in hidden
    check_system(system, hidden, where="here")


def test_nothing_is_withheld_for_nothing() -> None:
    """On a cube of many small counts at least nine in ten covering cells are needed: shown, each would give another away."""
    rng = np.random.default_rng(12)
    counts = rng.negative_binomial(0.9, 0.03, (9, 7))
    system = a_system([(f"p{i}", f"g{j}", int(n)) for (i, j), n in np.ndenumerate(counts)])
    hidden = protect_system(system, small(system), SEED)
    check_system(system, hidden, where="here")
    cover = hidden - small(system)
    needed = [c for c in cover if find_narrow(system, hidden - {c}) or find_narrow(system, hidden - {c}, insiders=True)]
    assert len(cover) >= 4 and len(needed) >= 0.9 * len(cover)


def test_people_come_whole() -> None:
    """Thirty-seven in a hundred of at most twenty-five is nobody at all, though a quarter of a person would fit: what is narrow over whole numbers
    is narrow."""
    low, high = np.array([0.0, 0.0]), np.array([np.inf, 25.0])
    judged = _audit.judge(low, high, (), np.array([0]), width=9, seconds=60, shares=[(0, 1, 0.37, 0.37)])
    assert judged.narrow(9).tolist() == [0]


def test_a_large_set_is_judged_in_pieces_as_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the pieces in which a set of unknown counts is judged, the same ones are narrow."""
    rng = np.random.default_rng(3)
    system = a_system([(f"p{i}", f"g{j}", int(n)) for (i, j), n in np.ndenumerate(rng.negative_binomial(0.9, 0.05, (12, 6)))])
    hidden = {c for c, v in enumerate(system.values) if 0 < v < 25} - {c for c, key in enumerate(system.keys) if len(key) < 2}
    at_once = find_narrow(system, hidden)
    monkeypatch.setattr(_audit, "WHOLE", 8)
    assert find_narrow(system, hidden) == at_once


def a_state(seed: int, districts: int) -> System:
    """People by district, school, group and outcome, with all margins."""
    rng = np.random.default_rng(seed)
    people = pl.DataFrame(
        [(f"d{d}", f"d{d}s{s}", f"g{g}", f"o{o}") for d in range(districts) for s in range(3) for g in range(3) for o in range(3)],
        schema=["district", "school", "group", "outcome"],
        orient="row",
    )
    counted = Counted(people, people.with_columns(n_people=pl.Series(rng.negative_binomial(0.8, 0.03, len(people)))))
    system = System()
    for dims in (("district", "group", "outcome"), ("school", "group", "outcome")):
        add_table(system, counted, dims)
    for key, total in list(system.at.items()):
        where = dict(key)
        if "district" in where:
            rest = {d: v for d, v in where.items() if d != "district"}
            schools = [f"{where['district']}s{s}" for s in range(3)]
            system.bind(total, [system.at[key_of(rest | {"school": s})] for s in schools])
    system.published = [True] * len(system.keys)
    return system


def test_what_is_looked_at_around_a_district_is_whole_districts() -> None:
    """A group made anew around a district's count that is too narrow holds that district and others, each with its schools: with half of another's cells none of them
    could move."""
    system = a_state(1, 6)
    must = np.zeros(len(system.keys), dtype=bool)
    must[system.at[key_of({"district": "d3", "group": "g1", "outcome": "o1"})]] = True
    of_district = {
        d: {c for c, key in enumerate(system.keys) if any(v == d or v.startswith(f"{d}s") for _, v in key)}
        for d in map("d{}".format, range(6))
    }
    whole = Suppressor(counts_of(system, SEED, {}), must, Asked(9, 3, 11, 100))
    group = next(set(g.tolist()) for g in whole.still_narrow(3 * len(of_district["d3"])) if must[g].any())
    assert of_district["d3"] <= group and sum(cells <= group for cells in of_district.values()) >= 2


def test_a_total_is_in_no_group_without_all_its_parts() -> None:
    """To two schools of three their district would seem the nearest to cover for them: with the third elsewhere it stays in view."""
    system = a_state(1, 2)
    whole = Suppressor(counts_of(system, SEED, {}), np.zeros(len(system.keys), dtype=bool), Asked(9, 3, 11, 100))
    of_district = np.array([c for c, key in enumerate(system.keys) if any(v == "d1" or v.startswith("d1s") for _, v in key)])
    assert whole.closed(of_district).tolist() == of_district.tolist()
    two = np.array([c for c in of_district.tolist() if dict(system.keys[c]).get("school") != "d1s2"])
    assert whole.closed(two).tolist() == [c for c in two.tolist() if "school" in dict(system.keys[c])]


def test_what_one_person_knows_is_what_each_asked_apart_knows() -> None:
    """People who are alone in a cell are asked in halves, and the verdict is that of asking one by one."""
    system = a_state(2, 2)
    hidden = protect_system(system, small(system), SEED)
    hidden -= set(sorted(hidden - small(system))[::9])
    withheld, low, high = _protect._seen(system, hidden)
    numbers = np.arange(len(system.values))
    alone = withheld & (np.array(system.values) == 1)
    verdicts = set()
    for cell in [c for c in sorted(hidden) if system.values[c] > 1][::8]:
        apart = [
            _protect._narrow(
                system, np.where(numbers == one, 1.0, low), np.where(numbers == one, 1.0, high), numbers == cell, RULES, 3
            )
            for one in np.flatnonzero(alone).tolist()
        ]
        shown = _protect._shown_to_one(system, high - low >= 1, cell, alone, RULES)
        assert shown == any(apart)
        verdicts.add(shown)
    assert verdicts == {True, False}


def test_what_is_narrow_is_found_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state of which some cover is in view is attacked in pieces, and from them the same cells are narrow as from all of it."""
    system = a_state(2, 3)
    hidden = protect_system(system, small(system), SEED)
    hidden -= set(sorted(hidden - small(system))[::9])
    at_once = find_narrow(system, hidden)
    alone = find_narrow(system, hidden, insiders=True)
    assert at_once and hidden - at_once
    monkeypatch.setattr(_audit, "WHOLE", 12)
    assert find_narrow(system, hidden) == at_once and find_narrow(system, hidden, insiders=True) == alone


def test_what_hangs_together_in_two_counties_is_judged_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two counties that no sum binds are attacked in pieces of both at once: what is narrow is what is narrow in each."""
    both, hidden, narrow = System(), set(), set()
    monkeypatch.setattr(_audit, "WHOLE", 12)
    for county, part in (("a", a_state(2, 3)), ("b", a_state(4, 2))):
        at = [both.add((("county", county), *key), value) for key, value in zip(part.keys, part.values, strict=True)]
        for total, parts in part.relations:
            both.bind(at[total], [at[p] for p in parts])
        withheld = protect_system(part, small(part), SEED)
        withheld -= set(sorted(withheld - small(part))[::9])
        hidden |= {at[c] for c in withheld}
        found = find_narrow(part, withheld)
        assert found
        narrow |= {at[c] for c in found}
    assert find_narrow(both, hidden) == narrow


def test_what_the_sums_near_a_cell_give_away_is_given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A covering cell called needed by the sums near it is needed by all of them: shown, an attack on the whole finds a cell."""
    system = a_state(3, 2)
    hidden = protect_system(system, small(system), SEED)
    monkeypatch.setattr(_protect, "NEAR", 40)
    # One district's schools withheld altogether: none of their counts is needed.
    hidden |= {c for c, key in enumerate(system.keys) if dict(key).get("school", "").startswith("d0") and len(key) > 1}
    assert not find_narrow(system, hidden)
    cover = sorted(hidden - small(system))[::6]
    needed = {c for c in cover if is_necessary(system, hidden, c, near_alone=True)}
    really = {c for c in cover if find_narrow(system, hidden - {c}) or find_narrow(system, hidden - {c}, insiders=True)}
    assert needed <= really < set(cover) and len(needed) > 0.5 * len(really)
    assert {c for c in cover if is_necessary(system, hidden, c)} == really


def test_groups_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system cut into groups keeps each place's counts together, and is as safe as one protected at once, whichever way its borders fall."""
    rng = np.random.default_rng(5)
    system = a_system([(f"p{i}", f"g{j}", int(n)) for (i, j), n in np.ndenumerate(rng.negative_binomial(0.9, 0.03, (12, 6)))])
    for group in cut(system, 30):
        places = [dict(system.keys[c]).get("place") for c in group.tolist()]
        assert all(places.count(p) == 7 for p in set(places) - {None})
    monkeypatch.setattr(_suppress, "GROUP", 30)
    hidden = protect_system(system, small(system), SEED)
    check_system(system, hidden, where="here")
    assert len(hidden - small(system)) < 2 * len(small(system))


def test_small_groups_do_not_cover_for_large_ones() -> None:
    """Of two counts that would do equally, the one withheld is of the group for which those people are fewer of its own."""
    system = a_system([("n", "a", 5), ("n", "b", 40), ("n", "c", 40), ("s", "a", 70), ("s", "b", 20), ("s", "c", 900)])
    hidden = protect_system(system, small(system), SEED)
    loss = covering_loss([(system, hidden, small(system))], "group")
    assert loss["b"] == 0 and loss["c"] > 0
    # What a group has lost elsewhere weighs: another takes its place.
    hidden = protect_system(system, small(system), SEED, dearer={("group", "c"): 50.0})
    assert covering_loss([(system, hidden, small(system))], "group")["c"] == 0


def test_strangers_who_are_alone_do_not_pool_what_they_know() -> None:
    """What two people, each alone in a cell, could only work out together gives nothing away; what one of them can work out does."""
    counts = {"n": (1, 1, 8), "s": (60, 70, 80), "t": (65, 75, 85)}
    system = a_system([("n", "d", 50), *((p, g, n) for p, row in counts.items() for g, n in zip("abc", row, strict=True))])
    at = {(p, g): system.at[key_of({"place": p, "group": g})] for p in counts for g in "abc"}
    assert not find_narrow(system, set(at.values()), insiders=True)
    assert at["n", "c"] in find_narrow(system, {c for (_, g), c in at.items() if g != "b"}, insiders=True)
