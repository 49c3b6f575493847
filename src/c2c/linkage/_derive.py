"""Derived elements that several measures share: race and ethnicity for publication, terms as dates, wages by quarter in one year's dollars."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import ibis

from c2c import catalog

if TYPE_CHECKING:
    from c2c.linkage._facts import Bench

SEGMENTS = ("ccc", "csu", "uc")
HALF_TIME = ("full", "three_quarter", "half")
NUMBER_FILES = ("aid_application", "training_participation", "cdss_person")
"""Aid, training and social service files: where the number of a person not seen in college can be found."""


def prepare(bench: Bench, year: int) -> None:
    """Lay out `enrollments`, `awards_earned`, `wages`, `with_number` and `number_in_services`, up to a closing year."""
    bench.make("enrollments", enrollments(bench).filter(ibis._.academic_year <= year))
    bench.make("awards_earned", awards(bench))
    bench.make("wages", quarterly_wages(bench))
    wage_earners = bench.table("wages").select("pseudonym")
    bench.make("with_number", _people_with_number(bench, ("ccc_person", "csu_person", "uc_person", *NUMBER_FILES), wage_earners))
    bench.make("number_in_services", _people_with_number(bench, NUMBER_FILES, wage_earners.filter(ibis.literal(False))))


def race_ethnicity(hispanic: Any, race_codes: Any) -> Any:
    """The public group of detailed codes: Hispanic of any race first; codes of several groups are two or more; none is not reported.

    Source: the catalog's `race_ethnicity` and `race_detail` sets; a group is told by the first digit of its codes.
    """
    rows = read_list("race_groups")
    groups = ibis.literal([row["group"] for row in rows])
    digits = ibis.literal([row["first_digit"] for row in rows])
    first = race_codes.fill_null("").split(" ").map(lambda code: code.left(1)).unique().filter(lambda d: digits.contains(d))  # noqa: PLW0108 - the method takes its argument by position only
    only = groups[digits.index(first[0])]
    return ibis.cases(
        (hispanic.fill_null(False), "hispanic"),
        (first.length() == 0, "not_reported"),
        (first.length() > 1, "two_or_more"),
        else_=only,
    )


def gender(code: Any) -> Any:
    """Gender as sent; blank is unknown."""
    return code.fill_null("U")


def yes_no(flag: Any) -> Any:
    """A flag as the group it makes: `yes` or `no`."""
    return flag.fill_null(False).ifelse("yes", "no")


def enrollments(bench: Bench) -> ibis.Table:
    """Every term of every student in the three public systems, other than as a high school student. One row per person, campus and term.

    A term begins and ends on the days of `terms.csv`; `term_number` counts terms through the years, so that terms of one name and year in two
    systems are one term whatever their days. `load_half`: at least half time.
    """
    parts = []
    for segment in SEGMENTS:
        sent = bench.table(f"{segment}_enrollment")
        campus = sent["college_code" if segment == "ccc" else "campus_code"]
        disability = sent["dsps_participant" if segment == "ccc" else "disability_services"]
        parts.append(
            sent.filter(sent.entry_type != "dual_enrollment").select(
                "pseudonym", "academic_year", "term", "entry_type", "attendance_load", segment=ibis.literal(segment), campus=ibis.literal(f"{segment}-").concat(campus),
                cip2=sent.cip_code.left(2), first_generation=yes_no(sent.first_generation), pell=yes_no(sent.pell_recipient), veteran=yes_no(sent.veteran),
                disability=yes_no(disability), goal=sent.education_goal if segment == "ccc" else ibis.null("string"),
                units=sent.units_earned if segment == "ccc" else sent.units_attempted,
            )
        )  # fmt: skip
    every = parts[0].union(parts[1]).union(parts[2])
    terms = bench.table("terms").drop("effective_from", "source")
    dated = every.join(terms, ["segment", "term"])
    begin = ibis.date(dated.academic_year + dated.start_year_offset, dated.start_month, dated.start_day)
    end = ibis.date(dated.academic_year + dated.end_year_offset, dated.end_month, dated.end_day)
    columns = [*every.columns]
    order = [(code, int(row["order"]) - 1) for code, row in catalog.load().code_sets["term"].items()]
    number = dated.academic_year * len(order) + dated.term.cases(*order, else_=0)
    dated = dated.select(*columns, begins=begin, ends=end, term_number=number, load_half=dated.attendance_load.isin(HALF_TIME))
    return dated.mutate(first_quarter=quarter_of(dated.begins), last_quarter=quarter_of(dated.ends))


def awards(bench: Bench) -> ibis.Table:
    """Every award of the three public systems. One row per award, with its category and rank."""
    parts = []
    for segment in SEGMENTS:
        sent = bench.table(f"{segment}_award")
        campus = sent["college_code" if segment == "ccc" else "campus_code"]
        parts.append(
            sent.select(
                "pseudonym",
                "award_date",
                "award_type",
                segment=ibis.literal(segment),
                campus=ibis.literal(f"{segment}-").concat(campus),
                cip2=sent.cip_code.left(2),
            )
        )
    every = parts[0].union(parts[1]).union(parts[2])
    kinds = bench.table("award_categories").select("award_type", "category", "rank")
    return every.join(kinds, "award_type").select(*every.columns, "category", "rank", quarter=quarter_of(every.award_date))


def quarterly_wages(bench: Bench) -> ibis.Table:
    """Wages of each person and quarter over all employers, in dollars of the latest year of `consumer_prices.csv`, with the main employer.

    One row per person and quarter with wages above zero. Years after the table's last carry its level. `main_employer` is an opaque code.
    """
    sent, prices = bench.table("ui_wage"), bench.table("consumer_prices")
    latest = prices.year.max().as_scalar()
    level = prices["index"].max().as_scalar()
    joined = sent.mutate(price_year=ibis.least(sent.wage_year, latest)).join(
        prices.select(price_year="year", price="index"), "price_year"
    )
    real = joined.select(
        "pseudonym", "employer_account", "employer_county", naics2=joined.naics_code.left(2), quarter=joined.wage_year * 4 + joined.wage_quarter - 1,
        wages=joined.quarterly_wages * (level / joined.price),
    ).filter(ibis._.wages > 0)  # fmt: skip
    per_job = real.group_by("pseudonym", "quarter", "employer_account").agg(wages=real.wages.sum(), naics2=real.naics2.min())
    total = per_job.group_by("pseudonym", "quarter").agg(
        wages=per_job.wages.sum(), main=_main_employer(per_job, per_job.employer_account)
    )
    return total.select("pseudonym", "quarter", "wages", main_employer=total.main.employer, naics2=total.main.naics2)


def _people_with_number(bench: Bench, names: tuple[str, ...], also: ibis.Table) -> ibis.Table:
    """People whose Social Security number was sent in one of these files, and those of `also`. One row per person."""
    parts = [also]
    for file in names:
        if bench.has(file) and "has_ssn" in bench.table(file).columns:
            sent = bench.table(file)
            parts.append(sent.filter(sent.has_ssn).select("pseudonym"))
    return ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct()


def quarter_of(day: Any) -> Any:
    """A day's calendar quarter as one running number: year times four, plus zero to three."""
    return day.year() * 4 + day.quarter() - 1


def pay_over(bench: Bench, people: ibis.Table, first: Any, last: Any) -> ibis.Table:
    """Pay of each row of `people` (`pseudonym`, `unit`) over a run of quarters. One row per unit with pay: sum, quarters, main employer.

    `first` and `last` are columns of `people`: running numbers of quarters, both inside.
    """
    wages = bench.table("wages")
    spans = people.select("pseudonym", "unit", low=first, high=last)
    inside = spans.join(wages, "pseudonym").filter(lambda t: t.quarter.between(t.low, t.high))
    per_employer = inside.group_by("unit", "main_employer").agg(
        wages=inside.wages.sum(), n=inside.count(), naics2=inside.naics2.min()
    )
    total = per_employer.group_by("unit").agg(
        pay=per_employer.wages.sum(), n_quarters=per_employer.n.sum(), main=_main_employer(per_employer, per_employer.main_employer)
    )
    return total.select("unit", "pay", "n_quarters", main_employer=total.main.employer, naics2=total.main.naics2)


def _main_employer(paid: ibis.Table, employer: Any) -> Any:
    """The employer who paid most, with its industry; of equals, the greater code, so that it is always the same one."""
    return ibis.struct({"wages": paid.wages, "employer": employer, "naics2": paid.naics2}).max()


@functools.cache
def read_list(name: str) -> tuple[dict[str, str], ...]:
    """One of the room's dated lists, row by row."""
    return tuple(csv.DictReader((files("c2c.linkage") / f"{name}.csv").read_text("utf-8").splitlines()))
