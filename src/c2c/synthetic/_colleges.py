"""Community colleges, CSU, UC, aid, private colleges and private schools: what each sends of its students."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from c2c.synthetic._desk import Desk
from c2c.synthetic._lives import CCC, CSU, PRIVATE, UC, Awards, Year
from c2c.synthetic._outbox import choose, day, only, pick, span, text

CIPS = (
    "52.0201",
    "51.3801",
    "45.0101",
    "26.0101",
    "42.0101",
    "11.0701",
    "50.0701",
    "13.1210",
    "24.0101",
    "27.0101",
    "23.0101",
    "14.0801",
    "43.0107",
    "12.0500",
)
LOADS = ("full", "three_quarter", "half", "less_than_half")
UNITS = np.array([13.0, 9.0, 6.0, 3.0])
TERMS = {CCC: ("fall", "spring"), CSU: ("fall", "spring"), UC: ("fall", "winter", "spring")}


def send_colleges(desk: Desk, year: Year) -> None:
    """The twelve files of the three public systems of one closing year."""
    _community_colleges(desk, year)
    for system, name in ((CSU, "csu"), (UC, "uc")):
        _four_year(desk, year, system, name)
    for system, name in ((CCC, "ccc"), (CSU, "csu"), (UC, "uc")):
        _awards(desk, year, system, name)


def send_aid(desk: Desk, year: Year) -> None:
    """Applications of seniors for the year just begun and of students, and the aid that followed."""
    p, y, rng = desk.people, year.year, desk.rng(year.year, "aid_application")
    fresh = (desk.lives.grad_year == y - 1) & (rng.random(p.n) < 0.58 + 0.10 * p.ses)
    studying = (
        np.isin(year.enrolled, [CCC, CSU, UC])
        & (desk.lives.grad_year < y - 1)
        & p.child
        & (rng.random(p.n) < np.where(p.ses, 0.62, 0.38))
    )
    who = np.flatnonzero(fresh | studying)
    n = len(who)
    dream = ~p.has_ssn[who] & (rng.random(n) < 0.7)
    complete = rng.random(n) < 0.93
    names = desk.names("csac", who, y, rng, "name_suffix", "former_last_name")
    ses = p.ses[who]
    student = text(100_000_000 + desk.number("csac", who, 8), 9)
    desk.send("aid_application", y, who, names | {
        "csac_student_id": student, "aid_year": span(y), "aid_application_type": pick(("fafsa", "cadaa"), dream.astype(int)),
        "dream_act_id": only(dream, desk.id("dream", who, 9)), "ssid": only(rng.random(n) < 0.45, desk.ssid(who)), "ssn": only(~dream, desk.ssn(who, rng, 0.97)),
        "address_zip": desk.zip(who), "email": desk.email(who, rng, 0.95), "phone": desk.phone(who, rng, 0.8),
        "hs_cds_code": only(rng.random(n) < 0.8, _high_school(desk, who)), "submitted_date": day(y - 1, 1, 15, n) + rng.integers(0, 110, n),
        "application_complete": complete, "gpa_verified": rng.random(n) < 0.7,
        "student_aid_index": np.where(ses, rng.integers(-1500, 3000, n), rng.integers(2000, 60000, n)),
        "income_band": pick(("under_30k", "30k_48k", "48k_75k", "75k_110k", "over_110k"), np.clip(np.where(ses, 0, 2) + rng.integers(0, 3, n), 0, 4)),
        "dependency_status": choose(rng, ("dependent", "independent"), n, (0.85, 0.15)), "first_generation": desk.parent_education[who] < 3,
        "student_parent": rng.random(n) < 0.04, "foster_youth": desk.steady[4][who] < 0.011,
    })  # fmt: skip
    rng = desk.rng(y, "aid_award")
    needy = np.flatnonzero(complete & ses & (rng.random(n) < 0.8))
    used = np.isin(year.enrolled[who[needy]], [CCC, CSU, UC]) & (rng.random(len(needy)) < 0.93)
    offered = rng.choice([1_094.0, 1_648.0, 5_742.0, 6_195.0, 12_570.0], len(needy))
    status = np.where(used, 0, np.where(rng.random(len(needy)) < 0.7, 1, 2))
    desk.send("aid_award", y, who[needy], {
        "csac_student_id": student.gather(needy), "aid_year": span(y), "aid_program": choose(rng, ("cal_grant_a", "cal_grant_b", "middle_class", "promise_grant", "pell"), len(needy)),
        "institution_code": text(10_000_000 + year.enrolled[who[needy]] * 1000 + year.campus[who[needy]], 8),
        "aid_award_status": pick(("paid", "not_claimed", "offered"), status), "amount_offered": offered, "amount_paid": np.where(used, offered, 0.0),
    })  # fmt: skip


def send_private(desk: Desk, year: Year) -> None:
    """What the clearinghouse answers to a query, by its key alone, and the completions of approved private schools."""
    y, rng = year.year, desk.rng(year.year, "private_enrollment")
    who = np.flatnonzero(year.enrolled == PRIVATE)
    names = desk.names("nsc", who, y, rng, "middle_name", "name_suffix", "former_last_name", "birth_date")
    key = _request_key(desk, who)
    where = _private_college(year.campus[who])
    desk.send("private_enrollment", y, who, names | {"request_key": key, "start_date": day(y - 1, 8, 25, len(who)), "end_date": day(y, 5, 20, len(who)),
                                                     "attendance_load": choose(rng, ("full", "half"), len(who), (0.85, 0.15))} | where)  # fmt: skip
    mine = year.awards.system == PRIVATE
    who = year.awards.who[mine]
    desk.send("private_award", y, who, {"request_key": _request_key(desk, who), "award_date": year.awards.date[mine], "award_type": pl.Series(year.awards.kind[mine], dtype=pl.String),
                                        "cip_code": _field(desk, who)} | _private_college(year.awards.campus[mine]))  # fmt: skip
    rng = desk.rng(y, "bppe_completion")
    age = y - desk.lives.birth_year
    who = np.flatnonzero((year.enrolled == 0) & (age >= 18) & (age < 45) & (rng.random(desk.people.n) < 0.02))
    n = len(who)
    status = choose(rng, ("graduate", "withdrawn"), n, (0.7, 0.3))
    start = day(y - 1, 7, 5, n) + rng.integers(0, 150, n)
    done = (status == "graduate").to_numpy()
    desk.send("bppe_completion", y, who, desk.names("bppe", who, y, rng, "name_suffix", "former_last_name") | {
        "bppe_school_code": text(1_900_000 + who % 60, 7), "bppe_student_key": desk.id("bppe", who + y * desk.people.n, 8), "ssn": desk.ssn(who, rng, 0.8), "itin": desk.itin(who, rng),
        "gender": desk.gender.gather(who), "email": desk.email(who, rng, 0.6), "cip_code": _field(desk, who), "award_type": "diploma_private", "start_date": start,
        "completion_date": only(done, start + 170), "completion_status": status, "loan_debt": rng.integers(0, 20_000, n).astype(float),
    })  # fmt: skip


def _community_colleges(desk: Desk, year: Year) -> None:
    p, y = desk.people, year.year
    early = np.flatnonzero(np.isin(year.grade, [11, 12]) & (desk.steady[0] > 0.86) & desk.lives.public & ~desk.lives.left_school)
    students = np.flatnonzero(year.enrolled == CCC)
    who = np.concatenate([students, early])
    rng, n = desk.rng(y, "ccc_person"), len(students) + len(early)
    dual = np.arange(n) >= len(students)
    desk.send("ccc_person", y, who, desk.names("ccc", who, y, rng) | desk.demography(who, rng) | {
        "ccc_student_id": desk.id("ccc", who, 8, "C"), "ccc_id_type": "college", "cccid": only(desk.steady[1][who] < 0.75, _cccid(desk, who)),
        "ssid": only(rng.random(n) < np.where(dual, 0.6, 0.3), desk.ssid(who)), "ssn": desk.ssn(who, rng, 0.72), "itin": desk.itin(who, rng),
        "address_city": desk.city(who), "address_zip": desk.zip(who), "email": desk.email(who, rng, 0.8), "phone": desk.phone(who, rng, 0.6),
    })  # fmt: skip
    rng = desk.rng(y, "ccc_enrollment")
    # One row per student and term; those who leave in winter have no spring, those in high school take spring alone.
    fall = np.flatnonzero(~dual)
    spring = np.flatnonzero(dual | ~year.left_midyear[who])
    row, term = np.concatenate([fall, spring]), np.concatenate([np.zeros(len(fall), int), np.ones(len(spring), int)])
    whom, m = who[row], len(fall) + len(spring)
    load = np.where(dual[row], 3, year.load[whom])
    new = year.first_time[whom] & (term == 0)
    back = (year.came_from[whom] == 0) & ~new & (term == 0)
    attempted = UNITS[load]
    college = pick(desk.lives.map.ccc, np.where(dual[row], desk.lives.district[whom] % len(desk.lives.map.ccc), year.campus[whom]))
    common: dict[str, Any] = {
        "ccc_student_id": desk.id("ccc", whom, 8, "C"),
        "college_code": college,
        "academic_year": span(y),
        "term": pick(("fall", "spring"), term),
    }
    goal = np.where(p.ability[whom] + desk.steady[2][whom] > 0.2, 0, (desk.steady[3][whom] * 4).astype(int) + 1)
    desk.send("ccc_enrollment", y, whom, common | {
        "entry_type": pick(("dual_enrollment", "first_time", "returning", "continuing"), np.select([dual[row], new, back], [0, 1, 2], 3)),
        "attendance_load": pick(LOADS, load), "credit_status": "credit", "units_attempted": attempted,
        "units_earned": np.minimum(attempted, (attempted * rng.choice([0.4, 0.8, 1.0], m)).round(0)), "gpa_cumulative": np.clip(2.7 + 0.4 * p.ability[whom] + rng.normal(0, 0.5, m), 0, 4).round(2),
        "education_goal": pick(("transfer", "associate", "certificate", "job_skills", "undecided"), goal), "cip_code": _field(desk, whom),
        "first_generation": desk.parent_education[whom] < 3, "student_parent": desk.steady[6][whom] > 0.94, "pell_recipient": p.ses[whom] & (desk.steady[4][whom] < 0.6),
        "fee_waiver": p.ses[whom], "eops_participant": desk.steady[5][whom] > 0.95, "dsps_participant": desk.steady[1][whom] < 0.06, "veteran": desk.steady[7][whom] > 0.975,
        "residency": choose(rng, ("resident", "ab540", "nonresident_us", "nonresident_intl"), m, (0.93, 0.03, 0.02, 0.02)),
    })  # fmt: skip
    rng = desk.rng(y, "ccc_course_enrollment")
    taken = np.clip((attempted / 3).astype(int), 1, 3)
    many = np.repeat(np.arange(m), taken)
    place = np.arange(len(many)) - np.repeat(np.cumsum(taken) - taken, taken)
    subject = (place + whom[many]) % 5
    mark = np.clip((1.3 - 0.55 * p.ability[whom[many]] + rng.normal(0, 1.1, len(many))).round().astype(int), 0, 5)
    desk.send("ccc_course_enrollment", y, whom[many], {k: v if isinstance(v, str) else v.gather(many) for k, v in common.items()} | {
        "section_id": text(subject * 10_000 + place * 100 + year.campus[whom[many]] % 100, 6), "subject_area": pick(("english", "math", "science", "social_science", "art"), subject),
        "transfer_level": rng.random(len(many)) < 0.8, "dual_enrollment": dual[row][many], "grade_mark": pick(("A", "B", "C", "D", "F", "W"), mark),
        "units_earned": np.where(mark <= 3, 3.0, 0.0),
    })  # fmt: skip


def _four_year(desk: Desk, year: Year, system: int, name: str) -> None:
    p, y = desk.people, year.year
    students = np.flatnonzero(year.enrolled == system)
    rng = desk.rng(y, f"{name}_person")
    hopeful = np.isin(np.arange(p.n), year.seniors) & (
        rng.random(p.n) < np.clip((0.36 if system == CSU else 0.22) * np.exp(0.4 * p.ability), 0, 0.9)
    )
    transfer_hopeful = (year.enrolled == CCC) & (year.load == 0) & (desk.lives.years_here >= 2) & (rng.random(p.n) < 0.4)
    who = np.flatnonzero(np.isin(np.arange(p.n), students) | hopeful | transfer_hopeful)
    n, width = len(who), {"csu": 8, "uc": 7}[name]
    first_digit = {"csu": 100_000_000, "uc": 90_000_000}[name]

    def number(of: np.ndarray) -> pl.Series:
        return text(first_digit + desk.number(name, of, width), width + 1)

    columns = desk.names(name, who, y, rng) | desk.demography(who, rng) | {
        f"{name}_student_id": number(who), "ssid": only(rng.random(n) < 0.5, desk.ssid(who)), "ssn": desk.ssn(who, rng, 0.86),
        "itin": desk.itin(who, rng), "address_zip": desk.zip(who), "email": desk.email(who, rng, 0.9), "hs_cds_code": only(rng.random(n) < 0.85, _high_school(desk, who)),
    }  # fmt: skip
    if name == "csu":
        columns["cccid"] = only((year.came_from[who] == CCC) & (rng.random(n) < 0.5), _cccid(desk, who))
    desk.send(f"{name}_person", y, who, columns)

    rng = desk.rng(y, f"{name}_application")
    campuses = desk.lives.map.csu if system == CSU else desk.lives.map.uc
    asked = np.flatnonzero(hopeful | transfer_hopeful)
    each = 1 + (rng.random(len(asked)) < 0.6)
    many = np.repeat(asked, each)
    place = np.arange(len(many)) - np.repeat(np.cumsum(each) - each, each)
    admitted = rng.random(len(many)) < np.clip(0.55 + 0.2 * p.ability[many], 0.05, 0.97)
    desk.send(f"{name}_application", y, many, {
        f"{name}_student_id": number(many), "campus_code": pick(campuses, (many + place) % len(campuses)), "academic_year": span(y), "term": "fall",
        "entry_type": pick(("first_time", "transfer_ccc"), transfer_hopeful[many].astype(int)), "application_status": pick(("denied", "admitted"), admitted.astype(int)),
        "cip_code": _field(desk, many),
    })  # fmt: skip

    rng = desk.rng(y, f"{name}_enrollment")
    terms = TERMS[system]
    row = np.concatenate([students if i == 0 else students[~year.left_midyear[students]] for i in range(len(terms))])
    term = np.concatenate(
        [np.full(len(students) if i == 0 else int((~year.left_midyear[students]).sum()), i) for i in range(len(terms))]
    )
    m, load = len(row), year.load[row]
    new = (year.came_from[row] != system) & (term == 0) | (desk.lives.years_here[row] == 1) & (term == 0)
    moved = desk.lives.transferred[row]
    kind = np.select([year.masters[row] & new, new & moved, new], [0, 1, 2], 3)
    upper = moved | (desk.lives.years_here[row] >= 3)
    desk.send(f"{name}_enrollment", y, row, {
        f"{name}_student_id": number(row), "campus_code": pick(campuses, year.campus[row] % len(campuses)), "academic_year": span(y), "term": pick(terms, term),
        "entry_type": pick(("graduate_new", "transfer_ccc", "first_time", "continuing"), kind),
        "student_level": pick(("lower_division", "upper_division", "masters"), np.where(year.masters[row], 2, upper.astype(int))), "attendance_load": pick(LOADS, load),
        "units_attempted": UNITS[load] + 1, "gpa_cumulative": np.clip(3.0 + 0.35 * p.ability[row] + rng.normal(0, 0.4, m), 0, 4.0).round(2), "cip_code": _field(desk, row),
        "origin_institution_code": only(moved, text(100_000 + desk.lives.district[row] % 900, 6)), "transfer_units_accepted": np.where(moved, 60.0, 0.0),
        "first_generation": desk.parent_education[row] < 3, "pell_recipient": p.ses[row] & (desk.steady[4][row] < 0.75), "student_parent": desk.steady[6][row] > 0.97,
        "disability_services": desk.steady[1][row] < 0.06, "veteran": desk.steady[7][row] > 0.985,
        "residency": choose(rng, ("resident", "ab540", "nonresident_us", "nonresident_intl"), m, (0.9, 0.03, 0.03, 0.04)),
    })  # fmt: skip


def _awards(desk: Desk, year: Year, system: int, name: str) -> None:
    mine: Awards = year.awards
    some = mine.system == system
    who, kind = mine.who[some], pl.Series(mine.kind[some], dtype=pl.String)
    codes = {"ccc": desk.lives.map.ccc, "csu": desk.lives.map.csu, "uc": desk.lives.map.uc}[name]
    where = "college_code" if name == "ccc" else "campus_code"
    student = {
        "ccc": lambda: desk.id("ccc", who, 8, "C"), "csu": lambda: text(100_000_000 + desk.number("csu", who, 8), 9), "uc": lambda: text(90_000_000 + desk.number("uc", who, 7), 8),
    }[name]()  # fmt: skip
    desk.send(f"{name}_award", year.year, who, {f"{name}_student_id": student, where: pick(codes, mine.campus[some] % len(codes)), "award_date": mine.date[some],
                                                 "award_type": kind, "cip_code": _field(desk, who)})  # fmt: skip


def _field(desk: Desk, who: np.ndarray) -> pl.Series:
    return pick(CIPS, desk.major[who] % len(CIPS))


def _cccid(desk: Desk, who: np.ndarray) -> pl.Series:
    n = desk.number("cccid", who, 9)
    letters = pl.Series([chr(65 + i) + chr(65 + j) + chr(65 + k) for i in range(10) for j in range(10) for k in range(10)])
    return pl.select(pl.concat_str([letters.gather(n // 1_000_000), text(n % 100_000, 5)])).to_series()


def _high_school(desk: Desk, who: np.ndarray) -> pl.Series:
    return pl.Series(desk.lives.map.high_schools[desk.lives.district[who], desk.lives.school[who]].astype(str), dtype=pl.String)


def _request_key(desk: Desk, who: np.ndarray) -> pl.Series:
    one, two = desk.number("request", who, 9), desk.number("request", who + desk.people.n, 9)
    return pl.select(pl.concat_str([text(one, 16), text(two, 16)])).to_series()


def _private_college(campus: np.ndarray) -> dict[str, pl.Series]:
    segment = np.array([0, 0, 0, 1, 2, 3])[campus % 6]
    codes = ("private_nonprofit_ca", "private_forprofit_ca", "out_of_state_public", "out_of_state_private")
    return {
        "institution_code": text(300_000 + campus * 7, 6, "", "-00"),
        "segment": pick(codes, segment),
        "institution_state": pick(("CA", "CA", "NV", "OR"), segment),
    }
