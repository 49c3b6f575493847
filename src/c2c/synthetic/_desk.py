"""What every office's clerk has at hand: the people, their numbers, names and homes as that office writes them down."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from c2c.synthetic._lives import Lives
from c2c.synthetic._map import FIRST, SECOND
from c2c.synthetic._noise import Pens
from c2c.synthetic._outbox import Outbox, number, only, text
from c2c.synthetic._people import People

N_AREAS, N_GROUPS, N_SERIALS = 898, 99, 9999
"""Social Security numbers as they are given out: areas 001 to 899 without 666, groups and serials without zero."""

STREETS = (
    "Acacia",
    "Birch",
    "Cedar",
    "Cypress",
    "Elm",
    "Fig",
    "Jacaranda",
    "Lemon",
    "Magnolia",
    "Olive",
    "Palm",
    "Pepper",
    "Sycamore",
    "Walnut",
)
KINDS_OF_NUMBER = ("ssid", "local", "ccc", "cccid", "csu", "uc", "csac", "dream", "seid", "elc", "family", "cin", "cws", "uci", "itin",
                   "candidate", "document", "participant", "apprentice", "bppe", "request", "phone", "section", "incident", "mail")  # fmt: skip


class Desk:
    """Lives on one side, the outbox on the other; every column of a file is made here or in the office's own module."""

    def __init__(self, people: People, lives: Lives, outbox: Outbox, seed: int) -> None:
        self.people, self.lives, self.outbox, self.seed = people, lives, outbox, seed
        self.pens = Pens(people, seed)
        self.gender = pl.Series(np.where(people.female, "F", "M"))
        self.race_codes = pl.Series(people.race_codes, dtype=pl.String)
        self.hispanic = pl.Series(people.group == "hispanic")
        self.language = pl.Series(people.home_language, dtype=pl.String)
        self._ssn = self._social_security()
        lenders = np.flatnonzero(people.lent_ssn & people.has_ssn)
        self._lender = lenders[np.arange(people.n) % len(lenders)] if len(lenders) else np.full(people.n, -1)
        rng = np.random.default_rng([seed, 4])
        self.borrows = ~people.has_ssn & (rng.random(people.n) < 0.35) & (self._lender >= 0)
        self.parent_education = rng.choice(5, people.n, p=[0.17, 0.23, 0.25, 0.22, 0.13])
        self.major = rng.integers(0, 10_000, people.n)
        self.steady = rng.random((8, people.n))

    def rng(self, year: int, file: str) -> np.random.Generator:
        """The dice of one file of one year: the same whatever else is made."""
        return np.random.default_rng([self.seed, year, *file.encode()])

    def send(self, file: str, year: int, who: np.ndarray, columns: dict[str, Any]) -> None:
        """Put one file of one year into the outbox."""
        self.outbox.send(file, year, who, columns)

    def number(self, kind: str, index: np.ndarray, digits: int) -> np.ndarray:
        """The number of a kind that each index was given."""
        return number(self.seed, KINDS_OF_NUMBER.index(kind), index, digits)

    def id(self, kind: str, index: np.ndarray, digits: int, prefix: str = "", suffix: str = "") -> pl.Series:
        """The same, as text of so many digits."""
        return text(self.number(kind, index, digits), digits, prefix, suffix)

    def ssid(self, who: np.ndarray) -> pl.Series:
        """The statewide student number a pupil has now. The first digit is never zero."""
        return text(1_000_000_000 + self.number("ssid", self.lives.ssid_index[who], 9), 10)

    def retired_ssid(self, who: np.ndarray) -> pl.Series:
        """The number a pupil had before, where the school said so."""
        old = self.lives.retired_index[who]
        return only(old >= 0, text(1_000_000_000 + self.number("ssid", np.maximum(old, 0), 9), 10))

    def ssn(
        self, who: np.ndarray, rng: np.random.Generator, share: float, *, borrowed: bool = False, wrong: float = 0.004
    ) -> pl.Series:
        """Social Security numbers as given to an office: some leave it out, some have a digit wrong, a few use another's."""
        holder = np.where(self.borrows[who] & borrowed, self._lender[who], who)
        has = (self.people.has_ssn[who] | (self.borrows[who] & borrowed)) & (rng.random(len(who)) < share)
        numbers = self._ssn[holder].copy()
        slips = rng.random(len(who)) < wrong
        numbers[slips] = numbers[slips] // 10 * 10 + (numbers[slips] % 10 % 9) + 1
        return only(has, text(numbers, 9))

    def itin(self, who: np.ndarray, rng: np.random.Generator) -> pl.Series:
        """Taxpayer numbers of some who have no Social Security number."""
        has = ~self.people.has_ssn[who] & (rng.random(len(who)) < 0.3)
        n = self.number("itin", who, 7)
        return only(has, text(900_000_000 + n // 100_000 * 1_000_000 + 700_000 + n % 100_000, 9))

    def names(self, office: str, who: np.ndarray, year: int, rng: np.random.Generator, *leave_out: str) -> dict[str, pl.Series]:
        """Names and birth date as the office has them, without the columns its file does not carry."""
        said = self.pens.write(office, who, year, rng)
        return {k: v for k, v in said.items() if k not in leave_out}

    def demography(self, who: np.ndarray, rng: np.random.Generator) -> dict[str, pl.Series]:
        """Gender, Hispanic origin and race codes; one in fifty rows leaves gender out."""
        return {
            "gender": only(rng.random(len(who)) > 0.02, self.gender.gather(who)),
            "hispanic_latino": self.hispanic.gather(who),
            "race_codes": self.race_codes.gather(who),
        }

    def city(self, who: np.ndarray) -> pl.Series:
        """The home town: one to a district, as invented as its district."""
        d = self.lives.district[who]
        places = [f"{a} {b}" for b in SECOND for a in FIRST]
        return pl.Series(places).gather(d % len(places))

    def zip(self, who: np.ndarray) -> pl.Series:
        """A ZIP code of the home: three to a district."""
        return text(90_000 + (self.lives.district[who] * 3 + self.lives.home[who] % 3) % 6_000, 5)

    def street(self, who: np.ndarray, rng: np.random.Generator) -> pl.Series:
        """The street of the home, the same for all who live there; some offices abbreviate."""
        home = self.lives.home[who]
        number_ = text(100 + (home * 37) % 9_800, 1)
        kind = pl.Series(("Street", "St", "ST")).gather(rng.choice(3, len(who), p=[0.8, 0.15, 0.05]))
        road = pl.Series(STREETS).gather(home % len(STREETS))
        return pl.select(pl.concat_str([number_, pl.lit(" "), road, pl.lit(" "), kind])).to_series()

    def email(self, who: np.ndarray, rng: np.random.Generator, share: float) -> pl.Series:
        """A mail address kept for years, at a domain that belongs to nobody."""
        names = pl.Series(self.people.first[who], dtype=pl.String).str.to_lowercase().str.replace_all("[^a-z]", "")
        return only(
            rng.random(len(who)) < share,
            pl.select(pl.concat_str([names, self.id("mail", who, 6), pl.lit("@example.org")])).to_series(),
        )

    def phone(self, who: np.ndarray, rng: np.random.Generator, share: float) -> pl.Series:
        """A telephone number, one to a household."""
        return only(rng.random(len(who)) < share, self.id("phone", self.people.household[who], 7, "555"))

    def county(self, who: np.ndarray) -> pl.Series:
        """County of the home district."""
        return pl.Series([str(c) for c in self.lives.map.district_county]).gather(self.lives.district[who])

    def _social_security(self) -> np.ndarray:
        """Everyone's number, had they one. Twins were registered on one day: their numbers are neighbours."""
        size = N_AREAS * N_GROUPS * N_SERIALS
        index = np.where(self.people.twin_of >= 0, self.people.twin_of, np.arange(self.people.n))
        slot = (index.astype(np.uint64) * np.uint64(104_729 * 3_571) + np.uint64(self.seed * 7_919)) % np.uint64(size)
        slot = ((slot + (self.people.twin_of >= 0)) % np.uint64(size)).astype(np.int64)
        area = slot // (N_GROUPS * N_SERIALS) + 1
        area = np.where(area >= 666, area + 1, area)
        group, serial = slot // N_SERIALS % N_GROUPS + 1, slot % N_SERIALS + 1
        return area * 1_000_000 + group * 10_000 + serial
