"""Wages, workforce training, apprenticeship and teachers' credentials."""

from __future__ import annotations

import numpy as np
import polars as pl

from c2c.synthetic._desk import Desk
from c2c.synthetic._lives import Year
from c2c.synthetic._outbox import choose, day, only, pick, span, text

INDUSTRIES = (
    "722511",
    "445110",
    "621111",
    "611110",
    "541511",
    "236115",
    "484110",
    "524113",
    "561720",
    "311811",
    "111219",
    "921190",
    "711110",
    "812112",
)


def send_wages(desk: Desk, year: Year) -> None:
    """Quarterly wages of the school year: July to June, one row per worker, employer and quarter. No birth date, no middle of the month."""
    p, y, rng = desk.people, year.year, desk.rng(year.year, "ui_wage")
    worker = np.flatnonzero((year.quarters > 0) & (p.has_ssn | desk.borrows))
    # Names are written once a year by an employer: its four reports repeat them.
    names = desk.names("edd", worker, y, rng, "name_suffix", "former_last_name", "birth_date")
    ssn = desk.ssn(worker, rng, 1.0, borrowed=True, wrong=0.003)
    rows, quarter = np.nonzero((year.quarters[worker][:, None] >> np.arange(4)) & 1)
    second = rng.random(len(rows)) < 0.07
    rows, quarter, extra = (
        np.concatenate([rows, rows[second]]),
        np.concatenate([quarter, quarter[second]]),
        np.arange(len(rows) + second.sum()) >= len(rows),
    )
    whom = worker[rows]
    employer = np.where(extra, (year.employer[whom] * 31 + 17) % desk.lives.n_employers, year.employer[whom])
    public = employer % 9 == 0
    wages = year.annual_pay[whom] / 4 * rng.lognormal(-0.02, 0.2, len(rows)) * np.where(extra, 0.2, 1.0)
    counties = pl.Series([str(c) for c in desk.lives.map.district_county])
    desk.send("ui_wage", y, whom, {k: v.gather(rows) for k, v in names.items()} | {
        "ssn": ssn.gather(rows), "wage_year": np.where(quarter < 2, y - 1, y), "wage_quarter": np.array([3, 4, 1, 2])[quarter],
        "employer_account": text(10_000_000 + employer, 8), "naics_code": pick(INDUSTRIES, employer % len(INDUSTRIES)),
        "employer_ownership": pick(("private", "local"), public.astype(int)), "employer_county": counties.gather(employer % len(counties)),
        "quarterly_wages": np.clip(wages, 1, 400_000).round(2),
    })  # fmt: skip


def send_training(desk: Desk, year: Year) -> None:
    """Workforce programs and apprenticeships (both proposed feeds)."""
    y, rng = year.year, desk.rng(year.year, "training_participation")
    age = y - desk.lives.birth_year
    who = np.flatnonzero((age >= 18) & (age < 62) & (year.enrolled == 0) & (rng.random(desk.people.n) < 0.022))
    n = len(who)
    start = day(y - 1, 7, 10, n) + rng.integers(0, 200, n)
    desk.send("training_participation", y, who, desk.names("lwda", who, y, rng, "name_suffix", "former_last_name") | desk.demography(who, rng) | {
        "participant_id": desk.id("participant", who, 8, "P"), "ssn": desk.ssn(who, rng, 0.85), "address_zip": desk.zip(who),
        "workforce_program": choose(rng, ("wioa_adult", "wioa_youth", "wagner_peyser", "etp", "state_grant"), n), "start_date": start, "end_date": start + 120,
        "county": desk.county(who), "provider_code": text(who % 90, 4, "PR"), "occupation_code": choose(rng, ("31-1131", "47-2111", "53-3032", "15-1232"), n),
        "training_exit": choose(rng, ("completed_credential", "completed", "employed", "left"), n), "credential_earned": rng.random(n) < 0.4,
    })  # fmt: skip
    rng = desk.rng(y, "apprenticeship")
    who = np.flatnonzero((age >= 18) & (age < 40) & (desk.steady[5] > 0.975) & (year.enrolled == 0))
    n = len(who)
    started = day(np.maximum(desk.lives.birth_year[who] + 19, y - 4), 7, 15)
    over = rng.random(n) < 0.3
    desk.send("apprenticeship", y, who, desk.names("lwda", who, y, rng, "name_suffix", "former_last_name") | desk.demography(who, rng) | {
        "apprentice_id": desk.id("apprentice", who, 8, "A"), "ssn": desk.ssn(who, rng, 0.9), "program_number": text(who % 300, 5),
        "occupation_code": choose(rng, ("47-2111", "47-2152", "49-9021"), n), "naics_sector": "23", "start_date": np.minimum(started, np.datetime64(f"{y}-06-01")),
        "end_date": only(over, day(y, 6, 15, n)), "apprenticeship_status": pick(("active", "completed"), over.astype(int)),
    })  # fmt: skip


def send_credentials(desk: Desk, year: Year) -> None:
    """Preparation of graduates who will teach, their first credential, and renewals of those who do."""
    lives, y = desk.lives, year.year
    becoming = (lives.bachelor_year > 0) & (desk.steady[7] < 0.09)
    rng = desk.rng(y, "teacher_prep")
    who = np.flatnonzero(becoming & np.isin(y - lives.bachelor_year, [1, 2]))
    n, done = len(who), (y - lives.bachelor_year[np.flatnonzero(becoming & np.isin(y - lives.bachelor_year, [1, 2]))]) == 2
    subject = choose(rng, ("multiple", "english", "math", "science", "special_ed_mild"), n, (0.45, 0.15, 0.15, 0.1, 0.15))
    kind = pl.select(pl.when(subject == "multiple").then(pl.lit("multiple_subject")).when(subject == "special_ed_mild").then(pl.lit("education_specialist"))
                     .otherwise(pl.lit("single_subject"))).to_series()  # fmt: skip
    entry = day(lives.bachelor_year[who], 8, 25)
    seid = text(1_000_000_000 + desk.number("seid", who, 9), 10)
    desk.send("teacher_prep", y, who, desk.names("ctc", who, y, rng, "middle_name", "name_suffix", "former_last_name") | desk.demography(who, rng) | {
        "candidate_id": desk.id("candidate", who, 9, "K"), "seid": only(done, seid), "institution_code": text(110_000 + who % 60, 6), "academic_year": span(y),
        "prep_pathway": choose(rng, ("traditional", "intern", "residency"), n, (0.7, 0.22, 0.08)), "credential_type": kind, "subject_area": subject,
        "prep_status": pick(("enrolled", "completed"), done.astype(int)), "entry_date": entry, "completion_date": only(done, np.maximum(entry, day(y, 5, 30, n))),
    })  # fmt: skip
    rng = desk.rng(y, "credential")
    renew = lives.teaches & (np.arange(desk.people.n) % 5 == y % 5)
    new = becoming & (y - lives.bachelor_year == 2)
    who = np.flatnonzero(renew | new)
    n, fresh = len(who), new[np.flatnonzero(renew | new)]
    issued = day(y - 1, 7, 20, n) + rng.integers(0, 320, n)
    desk.send("credential", y, who, desk.names("ctc", who, y, rng, "name_suffix") | desk.demography(who, rng) | {
        "seid": text(1_000_000_000 + desk.number("seid", who, 9), 10), "ssn": desk.ssn(who, rng, 0.95), "address_zip": desk.zip(who),
        "document_number": desk.id("document", who * 32 + (y - 2000), 10), "credential_type": choose(rng, ("multiple_subject", "single_subject", "education_specialist"), n, (0.5, 0.35, 0.15)),
        "credential_level": pick(("clear", "preliminary"), fresh.astype(int)), "subject_area": choose(rng, ("multiple", "english", "math", "science"), n),
        "prep_pathway": "traditional", "issue_date": issued, "expiration_date": issued + 1825,
    })  # fmt: skip
