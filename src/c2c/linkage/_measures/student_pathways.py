"""What happens to people after high school: the populations that Student Pathways counts, and each person's part in every measure.

Definitions: the catalog's `measures.csv`. A null outcome means that the person is outside that measure's base, or that the cohort's years are not
over yet; a null value, that there is none to count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from c2c import catalog
from c2c.linkage._derive import gender, pay_over, race_ethnicity, yes_no

if TYPE_CHECKING:
    from c2c.linkage._facts import Bench

NEEDS = ("k12_person", "k12_status", "k12_completion", "ccc_person", "ccc_enrollment", "ccc_award", "csu_person", "csu_enrollment", "csu_award",
         "uc_person", "uc_enrollment", "uc_award", "ui_wage")  # fmt: skip
FOLLOWED, TRANSFER_YEARS = 8, 6
"""Years after high school, and after entering a community college, that the catalog's measures look at."""

GROUPS = (
    "county",
    "school_district",
    "legislative_district",
    "race_ethnicity",
    "gender",
    "foster",
    "homeless",
    "ses_disadvantaged",
)
"""Splits of the measures of graduates, as they were in the graduation year."""


def hs_graduates(bench: Bench, year: int) -> ibis.Table:
    """California public high school graduates. One row per person, in the earliest year of a diploma.

    Feeds hs_graduates, public_college_enrolled_1yr, not_seen_public_college_8yr, first_college_system, highest_award_8yr,
    left_without_award and earnings_no_college. The eight years run from 30 June of the graduation year to 30 June eight years on.
    """
    people = bench.make("graduates", _graduates(bench))
    terms, awards = bench.table("enrollments"), bench.table("awards_earned")
    seen = people.select("pseudonym", class_of="academic_year", june=ibis.date(people.academic_year, 6, 30))
    after = seen.join(terms, "pseudonym").filter(lambda t: t.begins > t.june)
    in_one = after.begins <= after.june + ibis.interval(years=1)
    in_eight = after.begins <= after.june + ibis.interval(years=FOLLOWED)
    # The earliest term decides; of two in one term, the four-year college. The remainder of four says which system.
    order = after.term_number * 4 + after.segment.cases(("csu", 0), ("uc", 1), else_=2)
    first = after.group_by("pseudonym").agg(
        ever=after.begins.min(), in_one=in_one.any(), first_order=order.min(where=in_eight), last_year=after.academic_year.max(where=in_eight),
        first_four=after.term_number.min(where=in_eight & (after.segment != "ccc")), first_ccc=after.term_number.min(where=in_eight & (after.segment == "ccc")),
    )  # fmt: skip
    first = bench.make("seen_in_college", first)
    earned = _earned_within(seen, awards)
    best = _first_row(earned, "pseudonym", -earned["rank"], earned.award_date)
    best = bench.make("best_awards", best.select("pseudonym", award="category", award_date="award_date"))
    joined = people.left_join(first, "pseudonym").drop("pseudonym_right").left_join(best, "pseudonym").drop("pseudonym_right")

    complete = joined.academic_year + FOLLOWED <= year
    entered = joined.first_order.notnull()
    system = joined.first_order % 4
    first_node = ibis.cases((~entered, "no_public_college"), (system == 0, "csu"), (system == 1, "uc"), else_="ccc")
    transferred = (joined.first_ccc < joined.first_four).fill_null(False)
    still = (joined.last_year >= joined.academic_year + FOLLOWED - 1).fill_null(False)
    earned_one = joined.award.notnull()
    last_node = ibis.cases((earned_one, "award"), (still, "still_enrolled"), (transferred, "transferred"), else_="left_no_award")
    counted = joined.select(
        *people.columns, complete=complete, ever=joined.ever, transferred=transferred,
        enrolled_public_1yr=_when(joined.academic_year + 1 <= year, yes_no(joined.in_one)),
        not_seen_8yr=_when(complete, yes_no(~entered)),
        first_node=_when(complete, first_node), first_system=_when(complete & entered, first_node), last_node=_when(complete & entered, last_node),
        award_category=_when(complete, award_category(joined.award, transferred)),
        left_without_award=_when(complete & entered, yes_no(~earned_one & ~still)),
        segment=_when(complete & entered, first_node),
    )  # fmt: skip
    counted = bench.make("graduates_followed", counted)
    # The calendar year eight years on must be over: its four quarters are in the feed by the cycle of the next closing year. Nobody counts
    # who was seen in college before its end.
    new_year = ibis.date(counted.academic_year + FOLLOWED + 1, 1, 1)
    alone = counted.filter(counted.ever.isnull() | (counted.ever >= new_year)).filter(ibis._.academic_year + FOLLOWED < year)
    alone = alone.semi_join(bench.table("number_in_services"), "pseudonym")
    alone = alone.mutate(unit=alone.pseudonym, low=(alone.academic_year + FOLLOWED) * 4)
    pay = (
        pay_over(bench, alone, alone.low, alone.low + 3)
        .filter(ibis._.n_quarters >= 3)
        .select(pseudonym="unit", earnings_no_college="pay", main_employer="main_employer")
    )
    return counted.left_join(pay, "pseudonym").drop("pseudonym_right", "complete", "ever", "transferred")


def graduate_awards(bench: Bench, year: int) -> ibis.Table:
    """What graduates earned within eight years. One row per graduate and award category, with the years to the first award of it.

    Feeds years_to_award: who earned an associate degree and then a bachelor's counts in both. After `hs_graduates`.
    """
    people = bench.table("graduates_followed")
    seen = people.select("pseudonym", class_of="academic_year", june=ibis.date(people.academic_year, 6, 30))
    earned = _earned_within(seen, bench.table("awards_earned"))
    joined = people.filter(people.complete).drop("award_category").join(earned, "pseudonym")
    joined = joined.mutate(
        award_category=award_category(joined.category, joined.transferred), unit=joined.pseudonym.concat("|", joined.category)
    )
    first = _first_row(joined, "unit", joined.award_date)
    columns = ("pseudonym", "academic_year", "award_category", *GROUPS)
    return first.select(*columns, years_to_award=_years_between(first.june, first.award_date))


def college_entrants(bench: Bench, year: int) -> ibis.Table:
    """First-time community college students with a transfer goal, or 12 units in three years. One row per person, in the year of entry.

    Feeds transfer_rate_6yr: enrolled at CSU or UC within six years of the first term (private and out-of-state colleges are not joined).
    """
    terms = bench.table("enrollments")
    entry = terms.filter((terms.segment == "ccc") & (terms.entry_type == "first_time"))
    entry = bench.make("first_ccc_terms", _first_row(entry, "pseudonym", entry.begins, entry.campus))
    start = entry.select("pseudonym", start="begins", start_number="term_number")
    later = start.join(terms, "pseudonym")
    in_three = (later.segment == "ccc") & (later.begins >= later.start) & (later.begins < later.start + ibis.interval(years=3))
    moved = (
        (later.segment != "ccc")
        & (later.term_number > later.start_number)
        & (later.begins <= later.start + ibis.interval(years=TRANSFER_YEARS))
    )
    then = later.group_by("pseudonym").agg(units_3yr=later.units.sum(where=in_three), moved=moved.any())
    people = entry.join(bench.make("after_entry", then), "pseudonym")
    people = people.filter((people.goal == "transfer") | (people.units_3yr >= 12))
    people = people.mutate(transferred_6yr=_when(people.academic_year + TRANSFER_YEARS <= year, yes_no(people.moved)))
    return _student(bench, people, "transferred_6yr")


def transfers(bench: Bench, year: int) -> ibis.Table:
    """Students who moved from a community college to CSU or UC as undergraduates. One row per person, in the year of the first four-year term.

    Feeds transfer_bachelors_3yr. A cohort counts once its third summer has been sent.
    """
    terms, awards = bench.table("enrollments"), bench.table("awards_earned")
    four = terms.filter(terms.segment != "ccc")
    four = bench.make("first_four_year_terms", _first_row(four, "pseudonym", four.begins, four.campus))
    four = four.filter((four.entry_type != "graduate_new") & (four.academic_year + 3 <= year))
    before = terms.filter(terms.segment == "ccc").group_by("pseudonym").agg(first_ccc=ibis._.term_number.min())
    people = four.join(before, "pseudonym").filter(ibis._.first_ccc < ibis._.term_number)
    degrees = awards.filter(awards.category == "bachelor").select("pseudonym", "award_date")
    done = people.select("pseudonym", "begins").join(degrees, "pseudonym")
    done = done.filter((done.award_date > done.begins) & (done.award_date <= done.begins + ibis.interval(years=3)))
    people = people.left_join(done.select("pseudonym").distinct().mutate(done=True), "pseudonym").drop("pseudonym_right")
    return _student(bench, people.mutate(bachelor_3yr=yes_no(people.done)), "bachelor_3yr")


def student_terms(bench: Bench, year: int) -> ibis.Table:
    """Terms of students enrolled at least half time whose wages could be seen. One row per person and term: the campus of the greatest load.

    Feeds employed_while_enrolled: wages above zero in any quarter that overlaps the term. Pupils of a high school are not students here.
    """
    terms, wages, known = bench.table("enrollments"), bench.table("wages"), bench.table("with_number")
    mine = terms.filter(terms.load_half & (terms.academic_year <= year)).semi_join(known, "pseudonym")
    mine = mine.mutate(unit=mine.pseudonym.concat("|", mine.term_number.cast("string")))
    mine = bench.make("half_time_terms", _first_row(mine, "unit", _load_order(mine), mine.campus))
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
    out of its earnings: who has a term that overlaps the four quarters.
    """
    earned, terms = bench.table("awards_earned"), bench.table("enrollments")
    school_year = earned.award_date.year() + (earned.award_date.month() > 6).cast("int64")
    earned = earned.mutate(academic_year=school_year, unit=earned.pseudonym.concat("|", school_year.cast("string")))
    top = _first_row(earned, "unit", -earned["rank"], earned.award_date, earned.award_type, earned.campus)
    systems = terms.group_by("pseudonym").agg(
        first_four=terms.term_number.min(where=terms.segment != "ccc"),
        first_ccc=terms.term_number.min(where=terms.segment == "ccc"),
    )
    top = top.left_join(systems, "pseudonym").drop("pseudonym_right")
    moved = (top.first_ccc < top.first_four).fill_null(False)
    top = bench.make("awards_by_year", top.mutate(award_category=award_category(top.category, moved)))
    last_quarter = year * 4 + 1
    out = top
    for name, low, high in (("earnings_1yr", 1, 4), ("earnings_3yr", 9, 12)):
        pay = pay_over(bench, top, top.quarter + low, top.quarter + high).filter(ibis._.n_quarters >= 3)
        busy = top.select("pseudonym", "unit", low=top.quarter + low, high=top.quarter + high).join(terms, "pseudonym")
        busy = busy.filter((busy.first_quarter <= busy.high) & (busy.last_quarter >= busy.low)).select("unit").distinct()
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
    # A matched wage identity is one that wages were found for, in any quarter.
    known = wages.select("pseudonym").distinct().mutate(known=True)
    out = out.left_join(fourth, "unit").drop("unit_right").left_join(known, "pseudonym").drop("pseudonym_right")
    out = out.mutate(employed=_when((out.quarter + 4 <= last_quarter) & out.known.fill_null(False), yes_no(out.worked)))
    places = bench.table("institutions")
    campuses = places.filter(places.kind == "campus").select(campus="code", county="county")
    out = out.left_join(campuses, "campus").drop("campus_right")
    who = bench.table("students")
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


def students(bench: Bench) -> ibis.Table:
    """Groups of college students, from their latest record; of one year, the first system's. One row per person."""
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


def award_category(category: Any, transferred: Any) -> Any:
    """The catalog's `award_category`: a bachelor's counts apart for those who transferred; no award is `none`."""
    return ibis.cases(
        (category.isnull(), "none"),
        ((category == "bachelor") & transferred, "bachelor_transferred"),
        (category == "bachelor", "bachelor_direct"),
        else_=category,
    )


def _earned_within(seen: ibis.Table, awards: ibis.Table) -> ibis.Table:
    """Awards of graduates in the eight years after 30 June of their class. One row per award."""
    earned = seen.join(awards, "pseudonym")
    return earned.filter((earned.award_date > earned.june) & (earned.award_date <= earned.june + ibis.interval(years=FOLLOWED)))


def _years_between(start: Any, end: Any) -> Any:
    """Years from day to day, to one decimal."""
    return ((end.epoch_days() - start.epoch_days()) / 365.25).round(1)


def _load_order(terms: ibis.Table) -> Any:
    """The greatest load first: the order of the catalog's codes."""
    order = [(code, int(row["order"])) for code, row in catalog.load().code_sets["attendance_load"].items()]
    return terms.attendance_load.cases(*order, else_=len(order) + 1)


def _student(bench: Bench, rows: ibis.Table, *columns: str) -> ibis.Table:
    """The splits of college students beside what a measure counts."""
    who = bench.table("students")
    named = rows.left_join(who, "pseudonym").drop("pseudonym_right")
    return named.select(
        "pseudonym", "academic_year", "segment", "campus", "cip2", "first_generation", "pell", "veteran", "disability", "attendance_load", "age_bracket", *columns,
        race_ethnicity=named.race_ethnicity.fill_null("not_reported"), gender=named.gender.fill_null("U"),
    )  # fmt: skip


def _first_row(table: ibis.Table, by: str, *order: Any) -> ibis.Table:
    """The first row of each, in a rising order; equal rows by all they hold, so that it is always the same one.

    A falling order is asked for by the negative: of two orders by one column, Ibis keeps the later.
    """
    rest = [table[c] for c in table.columns]
    return table.mutate(place=ibis.row_number().over(group_by=by, order_by=(*order, *rest))).filter(ibis._.place == 0).drop("place")


def _when(condition: Any, value: Any) -> Any:
    return condition.ifelse(value, ibis.null())


POPULATIONS = {
    "hs_graduates": hs_graduates, "graduate_awards": graduate_awards, "college_entrants": college_entrants, "transfers": transfers, "student_terms": student_terms, "student_years": student_years,
    "awards": awards, "leavers": leavers,
}  # fmt: skip
