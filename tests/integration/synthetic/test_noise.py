"""Matching is only as good as what it was tried on: each way in which real files differ about one person is in the pretend ones."""

from __future__ import annotations

import polars as pl

from c2c import catalog
from integration.synthetic.measured import State, percent


def test_families_share_a_home_a_surname_and_a_guardian(state: State) -> None:
    """Brothers and sisters are the nearest neighbours of every match."""
    pupils = state.file("k12_person").filter(pl.col("year") == 2020)
    homes = pupils.group_by("last_name", "address_zip", pl.col("street_address").str.extract(r"^(\d+ \w+)")).agg(
        n=pl.col("person").n_unique(), births=pl.col("birth_date").n_unique()
    )
    assert homes.filter((pl.col("n") >= 2) & (pl.col("births") >= 2))["n"].sum() > 0.3 * len(pupils)
    assert percent(pupils, pl.col("guardian_last_name").is_not_null()) > 10


def test_twins_are_two_people_of_one_birth_date(state: State) -> None:
    """Two children alike in all but first name must both be there to be kept apart."""
    pupils = state.file("k12_person").filter(pl.col("year") == 2020)
    pairs = pupils.join(pupils, on=["last_name", "birth_date", "address_zip"]).filter(pl.col("person") < pl.col("person_right"))
    assert len(pairs) >= 10
    assert percent(pairs, pl.col("first_name") != pl.col("first_name_right")) > 90


def test_pupils_move_and_some_get_a_new_number(state: State) -> None:
    """One history in two districts, sometimes under two statewide numbers."""
    pupils = state.file("k12_person")
    moved = pupils.group_by("person").agg(pl.col("district_code").n_unique(), pl.col("ssid").n_unique())
    two_campuses = state.file("ccc_enrollment").group_by("person").agg(pl.col("college_code").n_unique())
    assert moved["ssid"].max() >= 1 and two_campuses["college_code"].max() >= 2
    homes = pupils.group_by("person").agg(pl.col("street_address").str.extract(r"^(\d+)").n_unique())
    assert percent(homes, pl.col("street_address") > 1) > 15


def test_some_women_change_their_name_and_some_offices_know(state: State) -> None:
    """A former name is told to some offices and to none of the others."""
    staff = state.file("teacher_assignment")
    changed = staff.group_by("person").agg(pl.col("last_name").n_unique(), told=pl.col("alias_last_name").is_not_null().any())
    wages = state.file("ui_wage").group_by("person").agg(pl.col("last_name").n_unique())
    assert percent(wages, pl.col("last_name") > 1) > 5
    assert state.file("csu_person")["former_last_name"].is_not_null().any() and changed["last_name"].max() > 1


def test_two_surnames_are_cut_joined_or_hyphenated(state: State) -> None:
    """Each office has its own way with Garcia Lopez."""
    school = state.file("k12_person").select("person", school="last_name").unique("person")
    college = state.file("ccc_person").select("person", college="last_name").unique("person")
    both = school.join(college, on="person")
    cut = pl.col("school").str.contains(" ") & pl.col("school").str.starts_with(pl.col("college") + pl.lit(" "))
    assert percent(both, cut) > 20
    assert percent(state.file("csu_person"), pl.col("last_name").str.contains("-")) > 10


def test_name_order_is_swapped_in_wage_files(state: State) -> None:
    """An employer who writes the surname first is one in a hundred."""
    said = state.file("ui_wage").unique(["person", "year"]).select("person", "year", "first_name", "last_name")
    usual = said.group_by("person").agg(first=pl.col("first_name").mode().first(), last=pl.col("last_name").mode().first())
    swapped = (
        (pl.col("first_name") == pl.col("last")) & (pl.col("last_name") == pl.col("first")) & (pl.col("first") != pl.col("last"))
    )
    assert 0.2 < percent(said.join(usual, on="person"), swapped) < 3


def test_nicknames_stand_for_given_names(state: State) -> None:
    """Pepe in one file is Jose in another."""
    school = state.file("k12_person").select("person", "first_name").unique()
    college = state.file("ccc_person").select("person", other="first_name").unique()
    pairs = school.join(college, on="person").filter(pl.col("first_name") != pl.col("other"))
    assert {("Francisco", "Pancho"), ("William", "Bill"), ("Jose", "Pepe"), ("Guadalupe", "Lupe")} & set(
        pairs.select("first_name", "other").rows()
    )


def test_social_security_numbers_are_missing_and_borrowed(state: State) -> None:
    """Many gave none; a few work under a number that is another's."""
    assert 15 < percent(state.file("ccc_person"), pl.col("ssn").is_null()) < 50
    wages = state.file("ui_wage")
    sharers = wages.group_by("ssn").agg(pl.col("person").n_unique()).filter(pl.col("person") > 1)
    assert 0.2 < 100 * len(sharers) / wages["ssn"].n_unique() < 5
    assert not {e.element for f in ("k12_person", "elc_child") for e in catalog.load().files[f].elements} & {"ssn"}


def test_unknown_birth_dates_are_the_first_of_january(state: State) -> None:
    """A default date is not evidence, and must be there to be recognised."""
    said = state.file("cdss_person")
    assert 0.8 < percent(said, pl.col("birth_date").str.ends_with("-01-01")) < 3
    assert (said["birth_date"] == "1900-01-01").any()


def test_each_source_has_its_own_rate_of_typing_errors(state: State) -> None:
    """A social service desk errs oftener than a school."""

    def errors(file: str) -> float:
        said = state.file(file).select("person", "first_name")
        usual = said.group_by("person").agg(usual=pl.col("first_name").mode().sort().first(), n=pl.len()).filter(pl.col("n") >= 3)
        return percent(said.join(usual, on="person"), pl.col("first_name") != pl.col("usual"))

    assert errors("cdss_person") > 1.5 * errors("k12_person") > 0
