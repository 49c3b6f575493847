"""Early learning, K-12 and the educators: what the Department of Education sends."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from c2c.synthetic._desk import Desk
from c2c.synthetic._lives import Year
from c2c.synthetic._outbox import choose, day, only, pick, span, text

GRADES = ("TK", "KN", *(f"{g:02d}" for g in range(1, 13)))
LEVELS = ("1", "2", "3", "4")
SUBJECTS = ("english", "math", "science", "social_science", "world_language", "physical_education", "art")
AG_AREAS = ("b", "c", "d", "a", "e", "none", "f")
DRDP = ("atl_reg", "sed", "lld", "eld", "cog", "pd_hlth")
DRDP_LEVELS = (
    "responding_later",
    "exploring_earlier",
    "exploring_middle",
    "exploring_later",
    "building_earlier",
    "building_middle",
    "building_later",
    "integrating_earlier",
)


MORE_ABSENT = {2021: 0.5, 2022: 3.4, 2023: 2.5, 2024: 1.7, 2025: 1.3, 2026: 1.0}
"""How much longer pupils were away than before the pandemic, by closing year, on the scale of days missed (`anchors.csv`)."""


def send_schools(desk: Desk, year: Year) -> None:
    """The seven K-12 files and the educators' file of one closing year."""
    p, y, who = desk.people, year.year, year.pupils
    grade = year.grade[who]
    school = _school(desk, who, grade)
    code = {"school_year": span(y), "cds_code": school, "ssid": desk.ssid(who)}
    status = _status(desk, year, who, grade)
    moved = year.moved_from[who] >= 0

    rng = desk.rng(y, "k12_person")
    names = desk.names("cde", who, y, rng, "former_last_name")
    guardian = p.guardian[p.household[who]]
    known = guardian >= 0
    parents = desk.names("cde", np.maximum(guardian, 0), y, rng)
    nick = only(rng.random(len(who)) < 0.01, pl.Series(p.middle[who], dtype=pl.String))
    desk.send("k12_person", y, who, names | desk.demography(who, rng) | {
        "ssid": code["ssid"], "district_code": pick(desk.lives.map.district_code, desk.lives.district[who]),
        "retired_ssid": desk.retired_ssid(who), "local_student_id": desk.id("local", who + desk.lives.district[who] * p.n, 8),
        "alias_first_name": nick, "street_address": desk.street(who, rng), "address_city": desk.city(who), "address_zip": desk.zip(who),
        "home_language": desk.language.gather(who), "guardian_first_name": only(known, parents["first_name"]),
        "guardian_last_name": only(known, parents["last_name"]), "guardian_email": only(known, desk.email(np.maximum(guardian, 0), rng, 0.7)),
    })  # fmt: skip

    rng = desk.rng(y, "k12_enrollment")
    start, end = day(y - 1, 8, 14, len(who)), day(y, 6, 10, len(who))
    dropped = year.extra["dropped"][who]
    end = np.where(dropped, day(y, 1, 20, len(who)), end)
    finished = year.graduated[who]
    reason = pl.select(pl.when(pl.Series(finished)).then(pl.lit("completed")).when(pl.Series(dropped)).then(pl.lit("no_known_enrollment"))
                       .otherwise(pl.lit("grade_change"))).to_series()  # fmt: skip
    old = np.flatnonzero(moved & (grade >= 0))
    before = pick(desk.lives.map.district_code, year.moved_from[who][old])
    old_school = pl.select(pl.concat_str([before, _number_of_school(grade[old])])).to_series()
    begin = np.where(moved & (grade >= 0), day(y, 1, 12, len(who)), start)
    everyone = np.concatenate([who, who[old]])
    grade_code = pick(GRADES, np.concatenate([grade, grade[old]]) + 1)
    kind = np.select([np.concatenate([grade, grade[old]]) <= 5, np.concatenate([grade, grade[old]]) <= 8], [0, 1], 2)
    desk.send("k12_enrollment", y, everyone, {
        "ssid": desk.ssid(everyone), "school_year": span(y), "cds_code": pl.concat([school, old_school]),
        "enrollment_start_date": np.concatenate([begin, start[old]]),
        "enrollment_end_date": np.concatenate([np.maximum(end, begin), day(y, 1, 8, len(old))]), "enrollment_status": "primary",
        "grade_level": grade_code, "tk_participant": only(np.concatenate([grade, grade[old]]) <= 0, np.concatenate([grade, grade[old]]) == -1),
        "school_type": pick(("elementary", "middle", "high"), kind), "charter_school": "false",
        "exit_reason": pl.concat([reason, pl.Series(["transfer_ca_public"] * len(old), dtype=pl.String)]),
    })  # fmt: skip
    desk.send("k12_status", y, who, code | status)

    rng = desk.rng(y, "k12_attendance")
    expected = np.where(dropped, 90.0, 180.0)
    missed = np.minimum(np.round(rng.gamma(1.6, 4.0 + 2.6 * p.ses[who] + MORE_ABSENT.get(y, 0.0), len(who))), expected)
    desk.send("k12_attendance", y, who, code | {
        "expected_days": expected, "days_attended": expected - missed, "chronically_absent": missed / expected >= 0.1,
    })  # fmt: skip
    _tests(desk, year, who, grade, school, status)
    _courses(desk, year, who, grade, school)
    rng = desk.rng(y, "k12_discipline")
    some = np.flatnonzero((grade >= 4) & (rng.random(len(who)) < 0.055 * np.exp(-0.4 * p.ability[who])))
    desk.send("k12_discipline", y, who[some], {
        "ssid": desk.ssid(who[some]), "school_year": span(y), "cds_code": school.gather(some),
        "incident_id": desk.id("incident", who[some] + y * p.n, 10, "I"), "incident_date": day(y - 1, 10, 1, len(some)) + rng.integers(0, 200, len(some)),
        "discipline_type": choose(rng, ("suspension_out", "suspension_in", "other_means"), len(some), (0.55, 0.25, 0.2)),
        "discipline_offense": choose(rng, ("violent_no_injury", "drug", "defiance", "harassment", "property"), len(some)),
        "days_removed": rng.integers(1, 5, len(some)).astype(float),
    })  # fmt: skip
    _completion(desk, year)
    _educators(desk, year)


def send_early_learning(desk: Desk, year: Year) -> None:
    """The three early learning files: children of low-income families aged one to four, and some older after school."""
    p, y = desk.people, year.year
    age = -year.grade
    chance = np.where(p.ses, np.select([age == 1, age == 2, age == 3, age == 4], [0.36, 0.28, 0.12, 0.09], 0.0), 0.0)
    who = np.flatnonzero(p.child & (desk.steady[0] < chance))
    rng = desk.rng(y, "elc_child")
    names = desk.names("elc", who, y, rng, "former_last_name")
    guardian = p.guardian[p.household[who]]
    parents = desk.names("elc", np.maximum(guardian, 0), y, rng)
    contractor = text(1000 + desk.lives.district[who] % 9000, 4)
    child = desk.id("elc", who, 9, "E")
    desk.send("elc_child", y, who, names | desk.demography(who, rng) | {
        "elc_child_id": child, "contractor_code": contractor, "family_case_number": desk.id("family", p.household[who], 8, "F"),
        "ssid": only((age[who] == 1) & (rng.random(len(who)) < 0.15), desk.ssid(who)), "address_zip": desk.zip(who),
        "guardian_first_name": only(guardian >= 0, parents["first_name"]), "guardian_last_name": only(guardian >= 0, parents["last_name"]),
        "home_language": desk.language.gather(who),
    })  # fmt: skip
    rng = desk.rng(y, "elc_enrollment")
    entry = day(y - 1, 8, 20, len(who)) + rng.integers(0, 120, len(who))
    birth = p.birth[who]
    stay = rng.random(len(who)) < 0.7
    leave = np.minimum(entry + rng.integers(60, 240, len(who)), day(y, 6, 28, len(who)))
    program = choose(
        rng, ("cspp_part_day", "cspp_full_day", "general_child_care", "alternative_payment"), len(who), (0.35, 0.35, 0.15, 0.15)
    )
    desk.send("elc_enrollment", y, who, {
        "elc_child_id": child, "program_year": span(y), "contractor_code": contractor, "site_id": text(desk.lives.district[who] * 10 + p.school[who], 6, "S"),
        "elc_program_type": program, "elc_setting": choose(rng, ("center", "family_home"), len(who), (0.85, 0.15)), "entry_date": entry,
        "exit_date": only(~stay, leave), "entry_age_months": ((entry - birth).astype(int) / 30.44).astype(int),
        "months_enrolled": np.clip(np.where(stay, (np.datetime64(f"{y}-06-30") - entry).astype(int), (leave - entry).astype(int)) // 30, 1, 12),
        "half_day_status": pl.select(pl.when(program.is_in(["cspp_part_day"])).then(pl.lit("half_day")).otherwise(pl.lit("full_day"))).to_series(),
        "county": desk.county(who), "child_has_ifsp_or_iep": desk.steady[1][who] < 0.08,
        "exit_reason": only(~stay, choose(rng, ("moved", "eligibility_ended", "family_choice", "aged_out"), len(who))),
    })  # fmt: skip
    rng = desk.rng(y, "elc_assessment")
    rated = np.flatnonzero(age[who] <= 2)
    many = np.repeat(rated, 2 * len(DRDP))
    period, domain = np.tile(np.repeat([0, 1], len(DRDP)), len(rated)), np.tile(np.arange(len(DRDP)), 2 * len(rated))
    score = np.clip(380 + 60 * period - 40 * age[who][many] + 40 * p.ability[who][many] + rng.normal(0, 40, len(many)), 50, 950)
    desk.send("elc_assessment", y, who[many], {
        "elc_child_id": child.gather(many), "program_year": span(y), "rating_period": pick(("fall", "spring"), period),
        "drdp_domain": pick(DRDP, domain), "drdp_score": score.round(1),
        "drdp_level": pick(DRDP_LEVELS, np.clip(((score - 180) / 55).astype(int), 0, len(DRDP_LEVELS) - 1)),
        "rating_date": np.where(period == 0, np.datetime64(f"{y - 1}-10-20"), np.datetime64(f"{y}-04-25")),
    })  # fmt: skip


def _school(desk: Desk, who: np.ndarray, grade: np.ndarray) -> pl.Series:
    """CDS code of each pupil's school: two high schools in a district, listed on the map; lower schools under numbers of their own."""
    lives = desk.lives
    high = lives.map.high_schools[lives.district[who], lives.school[who]].astype(str)
    lower = pl.select(pl.concat_str([pick(lives.map.district_code, lives.district[who]), _number_of_school(grade)])).to_series()
    return pl.select(pl.when(pl.Series(grade >= 9)).then(pl.Series(high, dtype=pl.String)).otherwise(lower)).to_series()


def _number_of_school(grade: np.ndarray) -> pl.Series:
    return pick(("6000010", "6050020", "6070030"), np.select([grade <= 5, grade <= 8], [0, 1], 2))


def _status(desk: Desk, year: Year, who: np.ndarray, grade: np.ndarray) -> dict[str, Any]:
    """English learners, low income, foster care, homelessness, disability: some for life, some for a year."""
    p, _y, rng = desk.people, year.year, desk.rng(year.year, "k12_status")
    learner = (p.home_language[who] != "eng") & (desk.steady[2][who] < 0.86)
    fluent_from = 1 + (desk.steady[3][who] * 13).astype(int)
    fluent = learner & (grade >= fluent_from)
    status = np.select([fluent, learner, p.home_language[who] != "eng"], [0, 1, 2], 3)
    iep = desk.steady[1][who] < 0.125
    ses = np.where(rng.random(len(who)) < 0.06, ~p.ses[who], p.ses[who])
    disability = choose(rng, ("290", "240", "280", "320", "210"), len(who), (0.4, 0.2, 0.15, 0.2, 0.05))
    return {
        "english_learner_status": pick(("RFEP", "EL", "IFEP", "EO"), status),
        "reclassification_date": only(fluent, day(p.kinder[who] + fluent_from, 3, 1)), "ses_disadvantaged": ses,
        "meal_eligibility": pl.select(pl.when(pl.Series(ses)).then(pl.lit("free")).otherwise(pl.lit("not_eligible"))).to_series(),
        "foster_youth": (desk.steady[4][who] < 0.011) & (ses | (rng.random(len(who)) < 0.3)),
        "homeless": (desk.steady[5][who] < 0.11) & (rng.random(len(who)) < 0.6) & ses, "migrant": desk.steady[6][who] < 0.009, "has_iep": iep,
        "disability_category": only(iep, disability), "parent_education": pick(("not_hs", "hs", "some_college", "college", "graduate"), desk.parent_education[who]),
        "grade_6_math_course": only(grade == 6, "Course 1"),
    }  # fmt: skip


def _tests(desk: Desk, year: Year, who: np.ndarray, grade: np.ndarray, school: pl.Series, status: dict[str, Any]) -> None:
    """Milestone tests in grades 3, 5, 8 and 11, none in spring 2020; English proficiency for learners every year."""
    rng, p = desk.rng(year.year, "k12_assessment"), desk.people
    learner = (pl.Series(status["english_learner_status"]) == "EL").to_numpy()
    milestone = np.isin(grade, [3, 5, 8, 11]) & (year.year != 2020)
    some = np.flatnonzero(milestone | (learner & (grade >= 0)))
    g, z, held = grade[some], p.ability[who[some]], milestone[some]
    columns: dict[str, Any] = {"ssid": desk.ssid(who[some]), "school_year": span(year.year), "cds_code": school.gather(some),
                                  "grade_tested": pick(GRADES, g + 1), "alternate_assessment": "false"}  # fmt: skip
    for test, shift in (("ela", -0.02), ("math", -0.36)):
        level = np.clip((1.67 + 0.75 * (z + shift) + rng.normal(0, 0.55, len(some))).round().astype(int), 0, 3)
        for milestone_grade in (3, 5, 8, 11):
            columns[f"{test}_level_grade_{milestone_grade}"] = only(held & (g == milestone_grade), pick(LEVELS, level))
    for name, at in (("elementary", 5), ("middle", 8), ("high", 11)):
        columns[f"science_score_{name}"] = only(
            held & (g == at), np.clip(390 + 45 * z + rng.normal(0, 40, len(some)), 150, 650).round(0)
        )
    columns["elpac_level"] = only(
        learner[some], pick(LEVELS, np.clip((1.6 + 0.5 * z + rng.normal(0, 0.7, len(some))).round().astype(int), 0, 3))
    )
    desk.send("k12_assessment", year.year, who[some], columns)


def _courses(desk: Desk, year: Year, who: np.ndarray, grade: np.ndarray, school: pl.Series) -> None:
    """Course grades of grades 7 to 12: seven classes a year, marked at its end."""
    rng, p = desk.rng(year.year, "k12_course_grade"), desk.people
    some = np.flatnonzero(grade >= 7)
    many, subject = np.repeat(some, len(SUBJECTS)), np.tile(np.arange(len(SUBJECTS)), len(some))
    mark = np.clip((1.25 - 0.65 * p.ability[who[many]] + rng.normal(0, 0.95, len(many))).round().astype(int), 0, 4)
    college = (rng.random(len(many)) < 0.07) & (grade[many] >= 11)
    hard = (rng.random(len(many)) < 0.16 * np.exp(0.6 * p.ability[who[many]])) & (grade[many] >= 10)
    desk.send("k12_course_grade", year.year, who[many], {
        "ssid": desk.ssid(who[many]), "school_year": span(year.year), "cds_code": school.gather(many), "k12_term": "full_year",
        "section_id": text(desk.lives.district[who[many]] * 1000 + grade[many] * 10 + subject, 7), "course_code": text(2100 + subject * 40 + np.maximum(grade[many], 7), 4),
        "subject_area": pick(SUBJECTS, subject), "ag_area": only(grade[many] >= 9, pick(AG_AREAS, subject)),
        "course_level": pick(("regular", "college_credit", "ap"), np.where(college, 1, np.where(hard & (subject < 5), 2, 0))),
        "grade_mark": pick(("A", "B", "C", "D", "F"), mark), "credits_attempted": np.full(len(many), 10.0), "credits_earned": np.where(mark < 4, 10.0, 0.0),
    })  # fmt: skip


def _completion(desk: Desk, year: Year) -> None:
    """How each senior's year ended."""
    p, y, rng, who = desk.people, year.year, desk.rng(year.year, "k12_completion"), year.seniors
    done = year.graduated[who]
    z, n = p.ability[who], len(who)
    status = np.select([done & (rng.random(n) < 0.985), done, rng.random(n) < 0.4, rng.random(n) < 0.15], [0, 1, 2, 3], 4)
    cte = done & (rng.random(n) < 0.17)
    desk.send("k12_completion", y, who, {
        "ssid": desk.ssid(who), "school_year": span(y), "cds_code": _school(desk, who, year.grade[who]), "completion_date": day(y, 6, 9, n),
        "completer_status": pick(("diploma_standard", "diploma_exempt", "still_enrolled", "equivalency", "not_completed"), status),
        "hs_graduation_year": only(done, np.full(n, y)), "cohort_year": np.full(n, y), "ag_met": done & (rng.random(n) < np.clip(0.56 + 0.22 * z, 0.03, 0.97)),
        "cumulative_gpa": np.clip(2.9 + 0.45 * z + rng.normal(0, 0.35, n), 0.5, 4.6).round(2), "cte_completer": cte,
        "cte_sector": only(cte, choose(rng, ("52", "51", "11", "50", "01", "12"), n)),
        "college_units_earned": np.where(rng.random(n) < 0.18, rng.choice([3.0, 6.0, 9.0], n), 0.0),
        "ap_exams_passed": np.where(done, np.clip((0.6 * np.exp(0.7 * z) * rng.exponential(1, n)).astype(int), 0, 12), 0),
        "ib_exams_passed": np.zeros(n, dtype=int), "seal_of_biliteracy": done & (p.home_language[who] != "eng") & (rng.random(n) < 0.3),
    })  # fmt: skip


def _educators(desk: Desk, year: Year) -> None:
    """Who works in the schools: the grown-ups who teach, and graduates who became teachers."""
    p, y, rng = desk.people, year.year, desk.rng(year.year, "teacher_assignment")
    lives = desk.lives
    young = (lives.bachelor_year > 0) & (y - lives.bachelor_year >= 2) & (desk.steady[7] < 0.09)
    age = y - lives.birth_year
    who = np.flatnonzero((lives.teaches & (age >= 24) & (age <= 66) | young) & (rng.random(p.n) < 0.93))
    job = choose(rng, ("teacher", "counselor", "administrator", "librarian"), len(who), (0.88, 0.05, 0.05, 0.02))
    subject = choose(
        rng,
        ("multiple", "english", "math", "science", "social_science", "special_ed_mild"),
        len(who),
        (0.45, 0.14, 0.13, 0.1, 0.08, 0.1),
    )
    names = desk.names("cde", who, y, rng, "name_suffix")
    former = names.pop("former_last_name")
    desk.send("teacher_assignment", y, who, names | desk.demography(who, rng) | {
        "seid": text(1_000_000_000 + desk.number("seid", who, 9), 10), "alias_last_name": former, "school_year": span(y),
        "cds_code": _school(desk, who, 9 + 0 * who), "assignment_number": np.ones(len(who), dtype=int), "staff_job": job,
        "subject_area": only((job == "teacher").to_numpy(), subject), "fte": np.where(rng.random(len(who)) < 0.9, 1.0, 0.5),
        "assignment_authorization": choose(rng, ("clear", "intern", "out_of_field", "ineffective"), len(who), (0.84, 0.04, 0.05, 0.07)),
        "highest_degree": choose(rng, ("bachelor_plus", "master", "master_plus"), len(who), (0.45, 0.35, 0.2)),
        "years_of_service": np.clip(age[who] - 25, 0, 40).astype(float),
    })  # fmt: skip
