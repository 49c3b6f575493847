"""What happens to everyone, year after year: school, moves, college, transfer, awards, work. One array entry per person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from c2c.synthetic._map import StateMap
from c2c.synthetic._people import People

NONE, CCC, CSU, UC, PRIVATE = range(5)
SYSTEMS = {CCC: "ccc", CSU: "csu", UC: "uc", PRIVATE: "private"}
QUARTERS = 4


@dataclass
class Awards:
    """Awards of one year: who, from which system and campus, what, when. One entry per award."""

    who: np.ndarray
    system: np.ndarray
    campus: np.ndarray
    kind: np.ndarray
    date: np.ndarray


@dataclass
class Year:
    """What one closing school year holds. Arrays of numbers of people, or one entry per person."""

    year: int
    pupils: np.ndarray
    grade: np.ndarray
    moved_from: np.ndarray
    seniors: np.ndarray
    graduated: np.ndarray
    enrolled: np.ndarray
    campus: np.ndarray
    first_time: np.ndarray
    came_from: np.ndarray
    load: np.ndarray
    left_midyear: np.ndarray
    masters: np.ndarray
    awards: Awards
    annual_pay: np.ndarray
    quarters: np.ndarray
    employer: np.ndarray
    extra: dict[str, np.ndarray] = field(default_factory=dict)


class Lives:
    """Everyone's state as the years go by; `live` moves it on by one closing school year."""

    def __init__(self, people: People, drawn: StateMap, seed: int) -> None:
        self.people, self.map, self._seed, n = people, drawn, seed, people.n
        rng = np.random.default_rng([seed, 2])
        self._house_district = people.district.copy()
        self.district = people.district[people.household]
        youngest = np.full(len(people.district), np.datetime64("1900-01-01"))
        np.maximum.at(youngest, people.household[people.child], people.birth[people.child])
        self._by_age = np.argsort(youngest, kind="stable")
        self.school = people.school.copy()
        self.home = people.household.astype(np.int64)
        self.ssid_index = np.arange(n)
        self.retired_index = np.full(n, -1)
        self.public = people.child & (rng.random(n) < 0.93)[people.household]
        self.left_school = np.zeros(n, dtype=bool)
        self.grad_year = np.zeros(n, dtype=int)
        self.system = np.zeros(n, dtype=np.int64)
        self.campus = np.zeros(n, dtype=np.int32)
        self.years_here = np.zeros(n, dtype=np.int8)
        self.transferred = np.zeros(n, dtype=bool)
        self.ever = np.zeros(n, dtype=np.int8)
        self.bachelor_year = np.zeros(n, dtype=int)
        self.award_level = np.zeros(n, dtype=np.int8)
        self.in_masters = np.zeros(n, dtype=bool)
        self.attachment = rng.random(n)
        self.pay_effect = rng.normal(0, 0.38, n)
        n_employers = max(60, n // 15)
        self.n_employers = n_employers
        self.employer = (n_employers * rng.random(n) ** 2.2).astype(np.int64)
        self.teaches = ~people.child & (rng.random(n) < 0.22)
        self.birth_year = people.birth.astype("datetime64[Y]").astype(int) + 1970

    def live(self, year: int) -> Year:
        """One closing school year of everyone's life."""
        rng, p = np.random.default_rng([self._seed, 3, year]), self.people
        n, z = p.n, p.ability
        grade = year - p.kinder
        # Home: one household in twenty-five moves, children and parents together. Families with children of an age change places, so that each
        # district's classes stay as large as they are.
        house_moves = rng.random(len(self._house_district)) < 0.04
        movers = self._by_age[house_moves[self._by_age]]
        self._house_district[movers] = np.roll(self._house_district[movers], 1)
        target = self._house_district[p.household]
        moved_from = np.where(target != self.district, self.district, -1)
        self.district = target
        self.home = np.where(house_moves[p.household], self.home + 1_000_003, self.home)
        # Now and then the new district does not find the pupil's number and has another made.
        again = (moved_from >= 0) & (rng.random(n) < 0.08) & self.public & (grade > 0) & (grade <= 12) & ~self.left_school
        self.retired_index = np.where(again & (rng.random(n) < 0.7), self.ssid_index, -1)
        self.ssid_index = np.where(again, self.ssid_index + n, self.ssid_index)

        # School: kindergarten to grade 12; some leave from grade 10 on; most seniors graduate.
        in_k12 = self.public & (grade >= 0) & (grade <= 12) & ~self.left_school
        tk = self.public & (grade == -1) & (self.attachment < 0.40)
        drop = in_k12 & (grade >= 10) & (rng.random(n) < 0.018 * np.exp(-0.7 * z))
        senior = in_k12 & (grade == 12)
        graduated = senior & ~drop & (rng.random(n) < np.clip(0.94 + 0.04 * z, 0.6, 0.99))
        self.left_school |= drop
        pupils = np.flatnonzero(in_k12 | tk)

        first_time, came_from, left_midyear, awards = self._study(year, rng)
        pay, quarters = self._work(year, rng)
        self.grad_year[graduated] = year
        return Year(
            year, pupils, grade, moved_from, np.flatnonzero(senior), graduated, self._enrolled, self._campus_now, first_time, came_from,
            self._load, left_midyear, self._masters_now, awards, pay, quarters, self.employer.copy(), {"dropped": drop},
        )  # fmt: skip

    def _study(self, year: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, Awards]:
        """Enter, stay, transfer, finish or leave. Rates are set so that the anchors of the state hold (`anchors.csv`)."""
        p, n, z = self.people, self.people.n, self.people.ability
        since = np.where(self.grad_year > 0, year - self.grad_year, 0)
        came_from = self.system.copy()
        before_ever = self.ever.copy()
        # Entering in the fall after high school, or later at a community college.
        draw = rng.random(n)
        p_uc = 0.074 * np.exp(0.85 * z - 0.25 * p.ses)
        p_csu = 0.15 * np.exp(0.35 * z - 0.20 * p.ses)
        p_private = 0.07 * np.exp(0.3 * z - 0.4 * p.ses)
        p_ccc = 0.34 * np.exp(-0.10 * z + 0.05 * p.ses)
        scale = np.minimum(1, 0.95 / (p_uc + p_csu + p_private + p_ccc))
        edges = np.cumsum(np.stack([p_uc, p_csu, p_private, p_ccc]) * scale, axis=0)
        entrant = (since == 1) & (self.system == NONE)
        for system, low, high in (
            (UC, 0 * draw, edges[0]),
            (CSU, edges[0], edges[1]),
            (PRIVATE, edges[1], edges[2]),
            (CCC, edges[2], edges[3]),
        ):
            self._enter(entrant & (draw >= low) & (draw < high), system, rng)
        late = (since >= 2) & (since <= 6) & (self.system == NONE) & (self.award_level == 0) & (rng.random(n) < 0.055)
        grown = ~p.child & (self.system == NONE) & (rng.random(n) < 0.012)
        self._enter(late | grown, CCC, rng)
        masters = (self.bachelor_year > 0) & (year - self.bachelor_year == 1) & (rng.random(n) < 0.09)
        self._enter(masters, CSU, rng)
        self.in_masters |= masters
        self._enrolled = self.system.copy()
        self._campus_now = self.campus.copy()
        self._masters_now = self.in_masters.copy()
        self.years_here[self.system != NONE] += 1
        first_time = (before_ever == 0) & (self.system != NONE)
        at_ccc = self.system == CCC
        full = rng.random(n) < np.where(at_ccc, 0.42, 0.88)
        self._load = np.where(full, 0, np.where(at_ccc, rng.choice([1, 2, 3], n, p=[0.2, 0.4, 0.4]), rng.choice([1, 2], n)))

        # The end of the year: awards, transfers, leaving.
        y, four = self.years_here, np.isin(self.system, [CSU, UC, PRIVATE]) & ~self.in_masters
        kinds: list[tuple[np.ndarray, str]] = []
        finish = np.select(
            [four & self.transferred & (y == 2), four & self.transferred & (y == 3), four & self.transferred & (y >= 4),
             four & ~self.transferred & (y == 4), four & ~self.transferred & (y == 5), four & ~self.transferred & (y >= 6)],
            [0.40, 0.52, 0.40, np.where(self.system == UC, 0.68, 0.33), np.where(self.system == UC, 0.62, 0.50), 0.36], 0.0,
        )  # fmt: skip
        bachelor = four & (rng.random(n) < np.clip(finish * np.exp(0.25 * z), 0, 0.95))
        kinds.append((bachelor, "bachelor"))
        done_masters = self.in_masters & (y >= 2) & (rng.random(n) < 0.75)
        kinds.append((done_masters, "masters"))
        ccc_rate = np.select([at_ccc & (y == 2), at_ccc & (y == 3), at_ccc & (y >= 4)], [0.14, 0.15, 0.10], 0.0)
        transfer = at_ccc & p.child & (rng.random(n) < np.clip(ccc_rate * np.exp(0.45 * z), 0, 0.8))
        adt = transfer & (rng.random(n) < 0.50)
        associate = at_ccc & ~adt & (y >= 2) & (rng.random(n) < 0.10)
        kinds += [(adt, "associate_transfer"), (associate, "associate")]
        kinds.append((at_ccc & (rng.random(n) < 0.022), "certificate_medium"))
        kinds.append((at_ccc & (rng.random(n) < 0.014), "certificate_short"))
        leave_rate = np.where(
            at_ccc, np.select([y == 1, y == 2], [0.27, 0.24], 0.36), np.select([y == 1, y == 2], [0.12, 0.07], 0.06)
        ) * np.where(self.system == UC, 0.5, 1.0)
        leave = (
            (self.system != NONE) & ~transfer & ~self.in_masters & (rng.random(n) < np.clip(leave_rate * np.exp(-0.3 * z), 0, 0.9))
        )
        who = np.concatenate([np.flatnonzero(mask) for mask, _ in kinds])
        kind = np.concatenate([np.full(mask.sum(), name, dtype=object) for mask, name in kinds])
        winter = rng.random(len(who)) < 0.12
        may = (np.datetime64(f"{year}-05-18") + rng.integers(0, 12, len(who))).astype("datetime64[D]")
        awards = Awards(who, self.system[who], self.campus[who], kind, np.where(winter, np.datetime64(f"{year - 1}-12-18"), may))
        level = {
            "certificate_short": 1,
            "certificate_medium": 1,
            "associate": 2,
            "associate_transfer": 2,
            "bachelor": 3,
            "masters": 4,
        }
        np.maximum.at(self.award_level, who, np.array([level[k] for k in kind], dtype=np.int8))
        self.bachelor_year[bachelor & (self.bachelor_year == 0)] = year
        left_midyear = leave & (rng.random(n) < 0.4)
        self.system[bachelor | done_masters | leave | (associate & ~transfer & (rng.random(n) < 0.8))] = NONE
        self.in_masters[done_masters] = False
        to_uc = transfer & (rng.random(n) < 0.27)
        self.transferred |= transfer
        self._enter(transfer & ~to_uc, CSU, rng)
        self._enter(to_uc, UC, rng)
        return first_time, came_from, left_midyear, awards

    def _enter(self, who: np.ndarray, system: int, rng: np.random.Generator) -> None:
        """Start at a campus of a system: the community college is the one of the home district, others are anywhere."""
        campuses = {CCC: self.map.ccc, CSU: self.map.csu, UC: self.map.uc, PRIVATE: np.arange(40)}[system]
        anywhere = rng.integers(0, len(campuses), len(who))
        near = np.where(rng.random(len(who)) < 0.8, self.district % len(campuses), anywhere)
        self.system[who], self.years_here[who] = system, 0
        self.campus[who] = (near if system == CCC else anywhere)[who]
        self.ever[who] = np.where(self.ever[who] == 0, system, self.ever[who])

    def _work(self, year: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Yearly pay and quarters worked (bits 0 to 3: July to June). Pay grows with age and award; students earn less."""
        p, n = self.people, self.people.n
        age = year - self.birth_year
        studying = self._enrolled != NONE
        chance = np.select(
            [age < 17, age < 19, studying & (self._enrolled != CCC), studying, age < 62], [0, 0.35, 0.40, 0.50, 0.74], 0.3
        )
        steady = 0.75 * self.attachment + 0.25 * rng.random(n)
        works = steady < chance
        missed = rng.random((QUARTERS, n)) < np.where(studying, 0.16, 0.09)
        quarters = ((~missed) * (1 << np.arange(QUARTERS))[:, None]).sum(axis=0) * works
        changes = rng.random(n) < 0.25
        self.employer = np.where(changes, (self.n_employers * rng.random(n) ** 2.2).astype(np.int64), self.employer)
        school = np.array([0.0, 0.07, 0.14, 0.40, 0.58])[self.award_level]
        growth = np.log1p(np.clip(age - 18, 0, 30) * 0.045) + 0.03 * (year - 2020)
        log_pay = 10.08 + school + growth + self.pay_effect + 0.08 * p.ability - 0.10 * p.female + rng.normal(0, 0.12, n)
        return np.exp(log_pay) * np.where(studying, 0.45, 1.0) * np.where(age < 19, 0.5, 1.0), quarters
