"""Social services, health coverage and disability services: participation and dates, no clinical detail."""

from __future__ import annotations

import numpy as np
import polars as pl

from c2c.synthetic._desk import Desk
from c2c.synthetic._lives import Year
from c2c.synthetic._outbox import choose, day, only, pick, text


def send_services(desk: Desk, year: Year) -> None:
    """The seven files of social services, Medi-Cal and the regional centers of one closing year."""
    p, y = desk.people, year.year
    low = p.ses[p.household]
    born = p.birth < np.datetime64(f"{y}-01-01")
    rng = desk.rng(y, "services")
    # A household takes part together: its dice are the household's.
    house = np.random.default_rng([desk.seed, 5]).random((3, int(p.household.max()) + 1))[:, p.household]
    fresh = rng.random(int(p.household.max()) + 1)[p.household]
    grown = p.child & (y - desk.lives.birth_year >= 21)
    calfresh = born & low & ~grown & (0.8 * house[0] + 0.2 * fresh < 0.40)
    calworks = calfresh & (0.8 * house[1] + 0.2 * fresh < 0.22)
    medi_cal = born & ((low & ~grown & (0.85 * house[2] + 0.15 * fresh < 0.72)) | (grown & low & (desk.steady[6] < 0.25)))
    foster = born & p.child & (desk.steady[4] < 0.011) & (y - desk.lives.birth_year < 19)

    rng = desk.rng(y, "cdss_person")
    who = np.flatnonzero(calfresh | foster)
    names = desk.names("cdss", who, y, rng)
    former = names.pop("former_last_name")
    desk.send("cdss_person", y, who, names | desk.demography(who, rng) | {
        "cdss_person_id": desk.id("cws", who, 11, "S"), "cin": only(calfresh[who], _cin(desk, who)), "cws_client_id": only(foster[who], _cws(desk, who)),
        "ssn": desk.ssn(who, rng, 0.80), "alias_last_name": former, "street_address": desk.street(who, rng), "address_city": desk.city(who),
        "address_zip": desk.zip(who), "home_language": desk.language.gather(who),
    })  # fmt: skip
    _stays(desk, year, "calfresh_participation", np.flatnonzero(calfresh))
    _stays(desk, year, "calworks_participation", np.flatnonzero(calworks))

    rng = desk.rng(y, "foster_placement")
    who = np.flatnonzero(foster)
    n = len(who)
    start = np.maximum(day(y - 1, 2, 1, n), p.birth[who] + 20)
    left = rng.random(n) < 0.3
    desk.send("foster_placement", y, who, {
        "cws_client_id": _cws(desk, who), "episode_start_date": start, "episode_end_date": only(left, day(y, 4, 12, n)), "placement_start_date": start + 5,
        "placement_end_date": only(left, day(y, 4, 12, n)), "foster_placement_type": choose(rng, ("relative", "resource_family", "agency_home", "guardian"), n),
        "foster_exit": only(left, choose(rng, ("reunified", "adopted", "guardianship"), n)), "county": desk.county(who),
    })  # fmt: skip

    rng = desk.rng(y, "child_care_subsidy")
    age = -year.grade
    who = np.flatnonzero(born & p.child & low & (age >= -4) & (age <= 5) & (desk.steady[0] > 0.94))
    n = len(who)
    start = np.maximum(day(y - 1, 7, 1, n) + rng.integers(0, 200, n), p.birth[who] + 60)
    program = choose(rng, ("calworks_stage_1", "calworks_stage_2", "calworks_stage_3", "alternative_payment"), n)
    desk.send("child_care_subsidy", y, who, desk.names("elc", who, y, rng, "middle_name", "name_suffix", "former_last_name") | {
        "elc_child_id": desk.id("elc", who, 9, "E"), "family_case_number": desk.id("family", p.household[who], 8, "F"), "elc_program_type": program,
        "elc_setting": choose(rng, ("center", "family_home", "exempt"), n), "start_date": start, "end_date": only(rng.random(n) < 0.4, np.maximum(start, day(y, 6, 10, n))),
        "months_enrolled": rng.integers(1, 12, n), "county": desk.county(who),
    })  # fmt: skip

    rng = desk.rng(y, "medi_cal_enrollment")
    who = np.flatnonzero(medi_cal)
    n = len(who)
    begin = np.maximum(day(y - 1, 7, 1, n), p.birth[who])
    names = desk.names("dhcs", who, y, rng, "former_last_name")
    desk.send("medi_cal_enrollment", y, who, names | desk.demography(who, rng) | {
        "cin": _cin(desk, who), "ssn": desk.ssn(who, rng, 0.85), "address_city": desk.city(who), "address_zip": desk.zip(who), "county": desk.county(who),
        "start_date": begin, "end_date": only(rng.random(n) < 0.2, np.maximum(begin, day(y, 5, 1, n))), "months_enrolled": rng.integers(6, 13, n),
        "medi_cal_group": pick(("child", "adult"), (y - desk.lives.birth_year[who] >= 19).astype(int)),
    })  # fmt: skip

    rng = desk.rng(y, "regional_center")
    who = np.flatnonzero(born & (desk.steady[3] < 0.012))
    n = len(who)
    opened = np.maximum(p.birth[who] + 700, np.datetime64("1995-01-10"))
    ready = opened < np.datetime64(f"{y}-06-01")
    who, opened, n = who[ready], opened[ready], int(ready.sum())
    desk.send("regional_center", y, who, desk.names("dds", who, y, rng, "name_suffix", "former_last_name") | desk.demography(who, rng) | {
        "uci": desk.id("uci", who, 7), "ssn": desk.ssn(who, rng, 0.7), "address_zip": desk.zip(who), "home_language": desk.language.gather(who),
        "regional_center_code": text(1 + desk.lives.district[who] % 21, 2), "dds_program": pick(("lanterman", "early_start"), (year.grade[who] < -2).astype(int)),
        "start_date": opened,
    })  # fmt: skip


def _stays(desk: Desk, year: Year, file: str, who: np.ndarray) -> None:
    """One stay a year, open at some time in it."""
    y, rng, n = year.year, desk.rng(year.year, file), len(who)
    start = np.maximum(day(y - 1, 7, 1, n), desk.people.birth[who])
    columns = {"cin": _cin(desk, who), "county": desk.county(who), "start_date": start, "end_date": only(rng.random(n) < 0.25, np.maximum(start, day(y, 3, 31, n))),
               "months_received": rng.integers(3, 13, n)}  # fmt: skip
    if file == "calworks_participation":
        columns |= {
            "calworks_case_type": choose(rng, ("one_parent", "two_parent", "zero_parent"), n),
            "welfare_to_work": rng.random(n) < 0.3,
        }
    desk.send(file, y, who, columns)


def _cin(desk: Desk, who: np.ndarray) -> pl.Series:
    letters = pl.Series([chr(65 + i) for i in range(26)]).gather(who % 26)
    return pl.select(pl.concat_str([desk.id("cin", who, 7, "9"), letters])).to_series()


def _cws(desk: Desk, who: np.ndarray) -> pl.Series:
    return desk.id("cws", who, 12, "0000", "100")
