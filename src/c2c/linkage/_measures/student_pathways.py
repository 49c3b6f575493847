"""What happens to people after high school: the populations that Student Pathways counts, and each person's part in every measure.

Definitions: the catalog's `measures.csv`. A null outcome means that the person is outside that measure's base, or that the cohort's years are not
over yet; a null value, that there is none to count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from c2c.linkage._derive import gender, pay_over, race_ethnicity, yes_no

if TYPE_CHECKING:
    from c2c.linkage._facts import Bench

NEEDS = ("k12_person", "k12_status", "k12_completion", "ccc_person", "ccc_enrollment", "ccc_award", "csu_person", "csu_enrollment", "csu_award",
         "uc_person", "uc_enrollment", "uc_award", "ui_wage")  # fmt: skip
FOLLOWED = 8
"""Years after high school that the eight-year measures look at."""


def hs_graduates(bench: Bench, year: int) -> ibis.Table:
    """California public high school graduates. One row per person, in the earliest year of a diploma.

    Feeds hs_graduates, public_college_enrolled_1yr, not_seen_public_college_8yr, first_college_system, highest_award_8yr, years_to_award,
    left_without_award and earnings_no_college.
    """
    people = _graduates(bench)
    terms, awards = bench.table("enrollments"), bench.table("awards_earned")
    june = ibis.date(people.academic_year, 6, 30)
    seen = people.select("pseudonym", "academic_year", june=june)
    enrolled = seen.join(terms, "pseudonym", rname="{name}_of_term").filter(lambda t: t.begins > t.june)
    enrolled = enrolled.mutate(days=enrolled.begins.epoch_days() - enrolled.june.epoch_days())
    in_eight = enrolled.filter(enrolled.days <= _days(FOLLOWED))
    # A tie in one term goes to the four-year college.
    rank = in_eight.segment.cases(("csu", 0), ("uc", 1), else_=2)
    order = in_eight.begins.epoch_days() * 10 + rank
    first = in_eight.group_by("pseudonym").agg(
        first_days=in_eight.days.min(), first_order=order.min(), last_year=in_eight.academic_year_of_term.max(),
        ccc=(in_eight.segment == "ccc").any(), first_four=in_eight.begins.min(where=in_eight.segment != "ccc"), first_ccc=in_eight.begins.min(where=in_eight.segment == "ccc"),
    )  # fmt: skip
    earned = seen.join(awards, "pseudonym").filter(lambda t: t.award_date > t.june)
    earned = earned.mutate(days=earned.award_date.epoch_days() - earned.june.epoch_days())
    earned = earned.filter(earned.days <= _days(FOLLOWED))
    place = ibis.row_number().over(
        group_by="pseudonym", order_by=(earned["rank"].desc(), earned.days, earned.award_type, earned.campus)
    )
    best = (
        earned.mutate(place=place)
        .filter(ibis._.place == 0)
        .select("pseudonym", award_rank="rank", award="category", award_days="days")
    )
    joined = people.left_join(first, "pseudonym").drop("pseudonym_right").left_join(best, "pseudonym").drop("pseudonym_right")

    complete = joined.academic_year + FOLLOWED <= year
    within_1 = joined.academic_year + 1 <= year
    entered = joined.first_days.notnull()
    first_node = ibis.cases(
        (~entered, "no_public_college"), (joined.first_order % 10 == 0, "csu"), (joined.first_order % 10 == 1, "uc"), else_="ccc"
    )
    transferred = joined.first_ccc.notnull() & joined.first_four.notnull() & (joined.first_ccc < joined.first_four)
    still = joined.last_year >= joined.academic_year + FOLLOWED - 1
    last_node = ibis.cases(
        (joined.award.notnull(), "award"), (still, "still_enrolled"), (transferred, "transferred"), else_="left_no_award"
    )
    category = ibis.cases(
        (joined.award.isnull(), "none"), ((joined.award == "bachelor") & transferred, "bachelor_transferred"), (joined.award == "bachelor", "bachelor_direct"), else_=joined.award
    )  # fmt: skip
    left = entered & joined.award.isnull() & ~still
    counted = joined.select(
        *people.columns, complete=complete, entered=entered,
        enrolled_public_1yr=_when(within_1, yes_no(joined.first_days <= _days(1))),
        not_seen_8yr=_when(complete, yes_no(~entered)),
        first_node=_when(complete, first_node), first_system=_when(complete & entered, first_node), last_node=_when(complete & entered, last_node),
        award_category=_when(complete, category), left_without_award=_when(complete & entered, yes_no(left)),
        years_to_award=_when(complete & joined.award.notnull(), joined.award_days / 365.25),
        segment=_when(complete & entered, first_node),
    )  # fmt: skip
    counted = bench.make("graduates_followed", counted)
    # The calendar year eight years on must be over: its four quarters are in the feed by the cycle of the next closing year.
    alone = counted.filter(~counted.entered & counted.complete & (counted.academic_year + FOLLOWED < year))
    alone = alone.mutate(unit=alone.pseudonym, low=(alone.academic_year + FOLLOWED) * 4)
    pay = (
        pay_over(bench, alone, alone.low, alone.low + 3)
        .filter(ibis._.n_quarters >= 3)
        .select(pseudonym="unit", earnings_no_college="pay", main_employer="main_employer")
    )
    return counted.left_join(pay, "pseudonym").drop("pseudonym_right", "complete", "entered")


def college_entrants(bench: Bench, year: int) -> ibis.Table:
    """First-time community college students with a transfer goal, or 12 units in three years. One row per person, in the year of entry.

    Feeds transfer_rate_6yr: enrolled at CSU or UC within six years of the first term (private and out-of-state colleges are not joined).
    """
    terms = bench.table("enrollments")
    entry = terms.filter((terms.segment == "ccc") & (terms.entry_type == "first_time"))
    entry = _first_row(entry, "pseudonym", entry.begins, entry.campus)
    ccc = terms.filter(terms.segment == "ccc").select("pseudonym", "units", day="begins")
    units = entry.select("pseudonym", start="begins").join(ccc, "pseudonym")
    units = (
        units.filter(units.day.epoch_days() - units.start.epoch_days() < _days(3))
        .group_by("pseudonym")
        .agg(units_3yr=ibis._.units.sum())
    )
    four = terms.filter(terms.segment != "ccc").group_by("pseudonym").agg(first_four=ibis._.begins.min())
    people = entry.left_join(units, "pseudonym").drop("pseudonym_right").left_join(four, "pseudonym").drop("pseudonym_right")
    people = people.filter((people.goal == "transfer") | (people.units_3yr >= 12))
    moved = (people.first_four > people.begins) & (people.first_four.epoch_days() - people.begins.epoch_days() <= _days(6))
    people = people.mutate(transferred_6yr=_when(people.academic_year + 6 <= year, yes_no(moved)))
    return _student(bench, people, "transferred_6yr")


def transfers(bench: Bench, year: int) -> ibis.Table:
    """Students who moved from a community college to CSU or UC. One row per person, in the year of the first four-year term.

    Feeds transfer_bachelors_3yr.
    """
    terms, awards = bench.table("enrollments"), bench.table("awards_earned")
    four = terms.filter(terms.segment != "ccc")
    four = _first_row(four, "pseudonym", four.begins, four.campus)
    ccc = terms.filter(terms.segment == "ccc").group_by("pseudonym").agg(first_ccc=ibis._.begins.min())
    bachelor = awards.filter(awards.category == "bachelor").group_by("pseudonym").agg(bachelor=ibis._.award_date.min())
    people = (
        four.join(ccc, "pseudonym")
        .filter(lambda t: t.first_ccc < t.begins)
        .left_join(bachelor, "pseudonym")
        .drop("pseudonym_right")
    )
    done = people.bachelor.epoch_days() - people.begins.epoch_days() <= _days(3)
    people = people.mutate(bachelor_3yr=_when(people.academic_year + 3 <= year + 1, yes_no(done)))
    return _student(bench, people.filter(people.academic_year + 2 <= year), "bachelor_3yr")


def student_terms(bench: Bench, year: int) -> ibis.Table:
    """Terms of students enrolled at least half time whose wages could be seen. One row per person, campus and term.

    Feeds employed_while_enrolled: wages above zero in any quarter that overlaps the term.
    """
    terms, wages, known = bench.table("enrollments"), bench.table("wages"), bench.table("with_number")
    mine = terms.filter(terms.load_half & (terms.academic_year <= year)).semi_join(known, "pseudonym")
    mine = mine.mutate(unit=mine.pseudonym.concat("|", mine.campus, "|", mine.academic_year.cast("string"), "|", mine.term))
    worked = mine.select("pseudonym", "unit", "first_quarter", "last_quarter").join(wages, "pseudonym")
    worked = (
        worked.filter(worked.quarter.between(worked.first_quarter, worked.last_quarter))
        .select("unit")
        .distinct()
        .mutate(worked=True)
    )
    joined = mine.left_join(worked, "unit").drop("unit_right")
    return _student(bench, joined.mutate(employed=yes_no(joined.worked)), "employed")


def student_years(bench: Bench, year: int) -> ibis.Table:
    """Years of students enrolled at least half time with wages in all four quarters from July. One row per person and academic year.

    Feeds earnings_while_enrolled.
    """
    terms = bench.table("enrollments")
    mine = terms.filter(terms.load_half & (terms.academic_year <= year))
    mine = mine.mutate(unit=mine.pseudonym.concat("|", mine.academic_year.cast("string")))
    mine = _first_row(mine, "unit", mine.begins, mine.campus)
    mine = bench.make("studying", mine.mutate(low=(mine.academic_year - 1) * 4 + 2))
    pay = (
        pay_over(bench, mine, mine.low, mine.low + 3)
        .filter(ibis._.n_quarters == 4)
        .select("unit", earnings="pay", main_employer="main_employer")
    )
    return _student(bench, mine.join(pay, "unit"), "earnings", "main_employer")


def awards(bench: Bench, year: int) -> ibis.Table:
    """People who earned an award of a public college. One row per person and year of award, with the highest award of that year.

    Feeds earnings_1yr_after_award, earnings_3yr_after_award and employed_in_california_1yr. A student who studies on in the year measured is left
    out of its earnings.
    """
    earned, terms = bench.table("awards_earned"), bench.table("enrollments")
    school_year = earned.award_date.year() + (earned.award_date.month() > 6).cast("int64")
    earned = earned.mutate(academic_year=school_year, unit=earned.pseudonym.concat("|", school_year.cast("string")))
    place = ibis.row_number().over(
        group_by="unit", order_by=(earned["rank"].desc(), earned.award_date, earned.award_type, earned.campus)
    )
    top = earned.mutate(place=place).filter(ibis._.place == 0).drop("place")
    four = terms.filter(terms.segment != "ccc").group_by("pseudonym").agg(first_four=ibis._.begins.min())
    ccc = terms.filter(terms.segment == "ccc").group_by("pseudonym").agg(first_ccc=ibis._.begins.min())
    top = top.left_join(four, "pseudonym").drop("pseudonym_right").left_join(ccc, "pseudonym").drop("pseudonym_right")
    moved = (top.first_ccc < top.first_four).fill_null(False)
    category = ibis.cases(
        ((top.category == "bachelor") & moved, "bachelor_transferred"),
        (top.category == "bachelor", "bachelor_direct"),
        else_=top.category,
    )
    top = bench.make("awards_by_year", top.mutate(award_category=category))
    last_quarter = year * 4 + 1
    studied = terms.select("pseudonym", studied_year="academic_year").distinct()
    out = top
    for name, low, high, after in (("earnings_1yr", 1, 4, 1), ("earnings_3yr", 9, 12, 3)):
        pay = pay_over(bench, top, top.quarter + low, top.quarter + high).filter(ibis._.n_quarters >= 3)
        busy = (
            top.select("pseudonym", "unit", "academic_year")
            .join(studied, "pseudonym")
            .filter(lambda t, after=after: t.studied_year == t.academic_year + after)
        )
        pay = pay.anti_join(busy, "unit").select(
            "unit", **{name: "pay", f"employer_{name}": "main_employer", f"naics2_{name}": "naics2"}
        )
        pay = bench.make(f"pay_{name}", pay)
        out = out.left_join(pay, "unit").drop("unit_right")
        out = out.mutate(**{name: _when(out.quarter + high <= last_quarter, out[name])})
    wages = bench.table("wages").select("pseudonym", "quarter")
    fourth = (
        top.select("pseudonym", "unit", quarter=top.quarter + 4)
        .join(wages, ["pseudonym", "quarter"])
        .select("unit")
        .distinct()
        .mutate(worked=True)
    )
    known = bench.table("with_number").mutate(known=True)
    out = out.left_join(fourth, "unit").drop("unit_right").left_join(known, "pseudonym").drop("pseudonym_right")
    out = out.mutate(employed=_when((out.quarter + 4 <= last_quarter) & out.known.fill_null(False), yes_no(out.worked)))
    places = bench.table("institutions")
    campuses = places.filter(places.kind == "campus").select(campus="code", county="county")
    out = out.left_join(campuses, "campus").drop("campus_right")
    who = _people(bench)
    named = out.left_join(who, "pseudonym").drop("pseudonym_right")
    return named.select(
        "pseudonym", "academic_year", "segment", "campus", "cip2", "county", "award_category", "employed", "earnings_1yr", "employer_earnings_1yr", "earnings_3yr", "employer_earnings_3yr",
        naics2=named.naics2_earnings_1yr, race_ethnicity=named.race_ethnicity.fill_null("not_reported"), gender=named.gender.fill_null("U"), age_bracket=named.age_bracket,
    )  # fmt: skip


def leavers(bench: Bench, year: int) -> ibis.Table:
    """People whose last public college term was in a year, with no award and no enrollment in the next two. One row per person.

    Feeds earnings_left_without_award: wages over quarters 5 to 8 after the last term.
    """
    terms, earned = bench.table("enrollments"), bench.table("awards_earned")
    last = _first_row(terms, "pseudonym", -terms.begins.epoch_days(), terms.campus)
    last = last.anti_join(earned, "pseudonym")
    last = bench.make("left_college", last.filter(last.academic_year + 2 <= year).mutate(unit=last.pseudonym))
    pay = pay_over(bench, last, last.last_quarter + 5, last.last_quarter + 8).filter(ibis._.n_quarters >= 3)
    pay = pay.select(pseudonym="unit", earnings="pay", main_employer="main_employer", naics2="naics2")
    places = bench.table("institutions")
    campuses = places.filter(places.kind == "campus").select(campus="code", county="county")
    joined = last.join(pay, "pseudonym").left_join(campuses, "campus").drop("campus_right")
    return _student(bench, joined, "earnings", "main_employer", "naics2", "county")


def _graduates(bench: Bench) -> ibis.Table:
    """Everyone with a diploma, with the school and the groups of the graduation year. One row per person."""
    sent = bench.table("k12_completion")
    done = sent.filter(sent.completer_status.startswith("diploma_"))
    done = done.mutate(academic_year=done.hs_graduation_year.fill_null(done.school_year))
    first = _first_row(done, "pseudonym", done.academic_year, done.cds_code).select("pseudonym", "academic_year", "cds_code")
    person, status, places = bench.table("k12_person"), bench.table("k12_status"), bench.table("institutions")
    who = person.group_by("pseudonym", academic_year=person.period).agg(
        hispanic=person.hispanic_latino.any(), race_codes=person.race_codes.min(), gender=person.gender.min()
    )
    groups = status.group_by("pseudonym", academic_year=status.school_year).agg(
        foster=status.foster_youth.any(), homeless=status.homeless.any(), ses=status.ses_disadvantaged.any()
    )  # fmt: skip
    schools = places.filter(places.kind == "school").select(cds_code="code", legislative_district="legislative_district")
    districts = places.filter(places.kind == "school_district").select(school_district="code", county="county")
    joined = first.mutate(school_district=first.cds_code.left(7))
    joined = joined.left_join(who, ["pseudonym", "academic_year"]).drop("pseudonym_right", "academic_year_right")
    joined = joined.left_join(groups, ["pseudonym", "academic_year"]).drop("pseudonym_right", "academic_year_right")
    joined = (
        joined.left_join(schools, "cds_code")
        .drop("cds_code_right")
        .left_join(districts, "school_district")
        .drop("school_district_right")
    )
    return joined.select(
        "pseudonym", "academic_year", "county", "school_district", "legislative_district", race_ethnicity=race_ethnicity(joined.hispanic, joined.race_codes),
        gender=gender(joined.gender), foster=yes_no(joined.foster), homeless=yes_no(joined.homeless), ses_disadvantaged=yes_no(joined.ses),
    )  # fmt: skip


def _people(bench: Bench) -> ibis.Table:
    """Groups of college students, from the latest record of the first system that has them. One row per person."""
    parts = []
    for rank, file in enumerate(("ccc_person", "csu_person", "uc_person")):
        sent = bench.table(file)
        parts.append(
            sent.select("pseudonym", "period", "hispanic_latino", "race_codes", "gender", "age_bracket", rank=ibis.literal(rank))
        )
    every = ibis.union(*parts)
    latest = _first_row(every, "pseudonym", -every.period, every["rank"])
    return latest.select(
        "pseudonym",
        "age_bracket",
        race_ethnicity=race_ethnicity(latest.hispanic_latino, latest.race_codes),
        gender=gender(latest.gender),
    )


def _student(bench: Bench, rows: ibis.Table, *columns: str) -> ibis.Table:
    """The splits of college students beside what a measure counts."""
    who = _people(bench)
    named = rows.left_join(who, "pseudonym").drop("pseudonym_right")
    return named.select(
        "pseudonym", "academic_year", "segment", "campus", "cip2", "first_generation", "pell", "veteran", "disability", "attendance_load", "age_bracket", *columns,
        race_ethnicity=named.race_ethnicity.fill_null("not_reported"), gender=named.gender.fill_null("U"),
    )  # fmt: skip


def _first_row(table: ibis.Table, by: str, *order: Any) -> ibis.Table:
    """The first row of each, in an order; equal rows by all they hold, so that it is always the same one."""
    rest = [table[c] for c in table.columns]
    return table.mutate(place=ibis.row_number().over(group_by=by, order_by=(*order, *rest))).filter(ibis._.place == 0).drop("place")


def _when(condition: Any, value: Any) -> Any:
    return condition.ifelse(value, ibis.null())


def _days(years: int) -> int:
    """Whole years as days, leap days included."""
    return round(years * 365.25)


POPULATIONS = {
    "hs_graduates": hs_graduates, "college_entrants": college_entrants, "transfers": transfers, "student_terms": student_terms, "student_years": student_years,
    "awards": awards, "leavers": leavers,
}  # fmt: skip
