"""What offices do to a name, a number and a date: typing errors, nicknames, initials, swapped order, default dates, borrowed numbers."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import polars as pl

from c2c.synthetic._people import People


@dataclass(frozen=True)
class Office:
    """How one source writes people down: shares of rows with each habit. `upper`: all in capitals."""

    number: int
    typo: float
    nickname: float
    middle: str
    two_surnames: str
    swap: float
    default_date: float
    date_typo: float
    former: float
    upper: bool = False


OFFICES = {
    "cde": Office(1, 0.012, 0.015, "full", "both", 0.002, 0.002, 0.004, 0.0),
    "elc": Office(2, 0.025, 0.030, "none", "first", 0.004, 0.010, 0.010, 0.0),
    "ccc": Office(3, 0.015, 0.030, "initial", "first", 0.003, 0.003, 0.006, 0.5),
    "csu": Office(4, 0.008, 0.010, "initial", "hyphen", 0.002, 0.001, 0.003, 0.6),
    "uc": Office(5, 0.006, 0.008, "full", "both", 0.001, 0.001, 0.002, 0.6),
    "csac": Office(6, 0.015, 0.030, "initial", "first", 0.003, 0.001, 0.006, 0.0),
    "ctc": Office(7, 0.006, 0.005, "full", "hyphen", 0.001, 0.001, 0.002, 0.7),
    "edd": Office(8, 0.020, 0.010, "initial", "first", 0.010, 0.0, 0.0, 0.0, upper=True),
    "cdss": Office(9, 0.025, 0.020, "initial", "both", 0.006, 0.012, 0.010, 0.0, upper=True),
    "dhcs": Office(10, 0.020, 0.015, "initial", "first", 0.004, 0.010, 0.008, 0.0, upper=True),
    "dds": Office(11, 0.015, 0.015, "full", "both", 0.003, 0.004, 0.006, 0.0),
    "lwda": Office(12, 0.020, 0.020, "initial", "first", 0.004, 0.004, 0.006, 0.0),
    "bppe": Office(13, 0.020, 0.020, "initial", "first", 0.004, 0.004, 0.006, 0.0),
    "nsc": Office(14, 0.010, 0.015, "none", "first", 0.003, 0.0, 0.0, 0.0),
}
UNKNOWN_DATES = 0.15
"""Of default dates, how many are the first day of the office's calendar, because not even the year was known."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Pens:
    """How each office has had everyone on paper since the first time: habits hang on person and office, slips on the row."""

    def __init__(self, people: People, seed: int) -> None:
        self._people = people
        self._seed = seed

    def write(self, office: str, who: np.ndarray, year: int, rng: np.random.Generator) -> dict[str, pl.Series]:
        """Names and birth dates of these people as the office writes them in a year. One entry per person of `who`."""
        said, people, n = OFFICES[office], self._people, len(who)
        paper = self._on_paper(office)[who]
        married = pl.Series(people.married_year[who] <= year)
        last = pl.select(pl.when(married).then(paper["married_last"]).otherwise(paper["last"])).to_series()
        told = pl.select(married & paper["tells_former"]).to_series()
        former = pl.select(pl.when(told).then(paper["last"])).to_series()
        first = paper["first"]
        swapped = pl.Series(rng.random(n) < said.swap)
        first, last = (
            pl.select(pl.when(swapped).then(last).otherwise(first)).to_series(),
            pl.select(pl.when(swapped).then(first).otherwise(last)).to_series(),
        )
        suffix = pl.select(pl.when(pl.Series(rng.random(n) < 0.7)).then(paper["suffix"])).to_series()
        return {
            "first_name": _slip(rng, first, said.typo),
            "middle_name": paper["middle"],
            "last_name": _slip(rng, last, said.typo),
            "name_suffix": suffix,
            "former_last_name": former,
            "birth_date": _dates(rng, people.birth[who], said),
        }

    @functools.cache  # noqa: B019 - one state is made per process, and the papers are as long-lived as it
    def _on_paper(self, office: str) -> pl.DataFrame:
        """The office's steady version of everyone. One row per person."""
        said, people = OFFICES[office], self._people
        steady = np.random.default_rng([self._seed, 77, said.number]).random((4, people.n))
        first = people.first.copy()
        nick = nicknames()
        for i in np.flatnonzero(steady[0] < said.nickname):
            first[i] = nick.get(first[i], first[i])
        middle = people.middle if said.middle == "full" else np.array([m[:1] for m in people.middle], dtype=object)
        last = people.last
        if said.two_surnames != "first":
            sign = " " if said.two_surnames == "both" else "-"
            both = np.array([f"{a}{sign}{b}" if b else a for a, b in zip(people.last, people.last2, strict=True)], dtype=object)
            # A family's habit: brothers and sisters give the same surnames.
            last = np.where(steady[1][people.household] > 0.25, both, last)
        table = pl.DataFrame(
            {
                "first": pl.Series(first, dtype=pl.String),
                "middle": pl.Series(middle, dtype=pl.String),
                "last": pl.Series(last, dtype=pl.String),
                "married_last": pl.Series(people.married_last, dtype=pl.String),
                "suffix": pl.Series(people.suffix, dtype=pl.String),
                "tells_former": steady[3] < said.former,
                "has_middle": (steady[2] < 0.8) & (said.middle != "none"),
            }
        )
        table = table.with_columns(pl.when("has_middle").then("middle").alias("middle"))
        texts = ("first", "middle", "last", "married_last", "suffix")
        return table.with_columns(pl.col(*texts).str.to_uppercase() if said.upper else pl.col(*texts))


def _dates(rng: np.random.Generator, birth: np.ndarray, office: Office) -> pl.Series:
    """Birth dates as written: some default to 1 January, of the year or of 1900; some have a day, a month or a year wrong or swapped."""
    dates = birth.copy()
    draw = rng.random(len(dates))
    default = draw < office.default_date
    dates[default] = dates[default].astype("datetime64[Y]").astype("datetime64[D]")
    unknown = draw < office.default_date * UNKNOWN_DATES
    dates[unknown] = np.datetime64("1900-01-01")
    # Nobody mistypes a date that is filled in by the office's own program.
    wrong = (rng.random(len(dates)) < office.date_typo) & ~unknown
    shift = rng.choice([-10, -1, 1, 10, 30, -365], len(dates)).astype("timedelta64[D]")
    dates[wrong] = dates[wrong] + shift[wrong]
    month = dates.astype("datetime64[M]")
    day = (dates - month.astype("datetime64[D]")).astype(int)
    swapped = (rng.random(len(dates)) < office.date_typo / 4) & (day < 12)
    of_year = dates.astype("datetime64[Y]")
    other = (of_year.astype("datetime64[M]") + day).astype("datetime64[D]") + (month - of_year.astype("datetime64[M]")).astype(int)
    dates[swapped] = other[swapped]
    return pl.Series(dates)


def _slip(rng: np.random.Generator, texts: pl.Series, share: float) -> pl.Series:
    """One letter dropped, doubled, changed or swapped in a share of the texts."""
    rows = np.flatnonzero(rng.random(len(texts)) < share)
    at, kind, letter = rng.random(len(rows)), rng.integers(0, 4, len(rows)), rng.integers(0, 26, len(rows))
    wrong = [
        _mistyped(t, int(1 + a * (len(t) - 2)), int(k), LETTERS[x]) if t and len(t) > 2 else t
        for t, a, k, x in zip(texts.gather(rows).to_list(), at, kind, letter, strict=True)
    ]
    return texts.scatter(rows.tolist(), wrong) if len(rows) else texts


def _mistyped(text: str, at: int, kind: int, letter: str) -> str:
    letter = letter.upper() if text.isupper() else letter
    return (
        text[:at] + text[at + 1 :],
        text[:at] + text[at] + text[at:],
        text[:at] + letter + text[at + 1 :],
        text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :],
    )[kind]


@functools.cache
def nicknames() -> dict[str, str]:
    """The nickname oftenest used for each given name of the pretend state that has one."""
    rows = csv.DictReader((files("c2c.synthetic") / "nicknames.csv").read_text("utf-8").splitlines())
    return {row["name"]: row["nickname"] for row in rows}
