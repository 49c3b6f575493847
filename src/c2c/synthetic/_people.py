"""Who lives in the pretend state: families, twins, names of many origins, numbers, homes. One array entry per person."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl

from c2c.synthetic._map import StateMap

GROUPS = ("hispanic", "white", "asian", "black", "filipino", "two_or_more", "american_indian", "pacific_islander", "not_reported")
GROUP_SHARES = (0.545, 0.215, 0.095, 0.053, 0.024, 0.045, 0.005, 0.004, 0.014)
ORIGIN_OF_GROUP = {"two_or_more": "white", "american_indian": "white", "pacific_islander": "filipino", "not_reported": "hispanic"}
RACE_CODES = {
    "hispanic": ("700", "999", "100"), "white": ("700",), "asian": ("201", "204", "205", "203", "202", "206", "208"), "black": ("600",),
    "filipino": ("400",), "two_or_more": ("600 700", "201 700", "400 700"), "american_indian": ("100",), "pacific_islander": ("301", "303"),
    "not_reported": ("999",),
}  # fmt: skip
CHILDREN_SHARE = 0.88
"""Of the people of a state who appear in any record, how many are of the ages whose schooling falls into the years made."""


FIRST_DAY, LAST_DAY = np.datetime64("1995-09-01"), np.datetime64("2021-08-31")
"""Children are born in these 26 years, so that every class from 2014 to 2026 is whole."""

TWINS = 0.037
"""Of children who have an elder sister or brother, how many are the twin of the one before: about three children in a hundred are twins."""

JUNIORS = 0.05
"""Of sons whose father is in the files, how many are given his name and called junior."""


@dataclass
class People:
    """Everyone, by number. What never changes; what does (district, surname, college) is kept by the lives."""

    n: int
    child: np.ndarray
    birth: np.ndarray
    kinder: np.ndarray
    female: np.ndarray
    group: np.ndarray
    race_codes: np.ndarray
    first: np.ndarray
    middle: np.ndarray
    last: np.ndarray
    last2: np.ndarray
    suffix: np.ndarray
    household: np.ndarray
    guardian: np.ndarray
    twin_of: np.ndarray
    ses: np.ndarray
    ability: np.ndarray
    home_language: np.ndarray
    has_ssn: np.ndarray
    lent_ssn: np.ndarray
    district: np.ndarray
    school: np.ndarray
    married_year: np.ndarray
    married_last: np.ndarray


def draw_people(people: int, seed: int, drawn: StateMap, *, twins: float = TWINS, juniors: float = JUNIORS) -> People:
    """Draw everyone. Children come in households of one to three, some with a guardian in the files; twins are two children of one birth."""
    rng = np.random.default_rng([seed, 1])
    n_child = int(people * CHILDREN_SHARE)
    n = people
    child = np.arange(n) < n_child
    # Children fill households in order; households are then joined to guardians among the adults.
    sizes = rng.choice([1, 2, 3], size=n_child, p=[0.40, 0.42, 0.18])
    household = np.repeat(np.arange(n_child), sizes)[:n_child]
    n_house = int(household[-1]) + 1 if n_child else 0
    household = np.concatenate([household, rng.integers(0, max(n_house, 1), n - n_child)])
    house_group = rng.choice(len(GROUPS), size=max(n_house, 1), p=np.array(GROUP_SHARES) / sum(GROUP_SHARES))
    group = np.array(GROUPS, dtype=object)[house_group[household]]
    house_ses = rng.random(len(house_group)) < np.where(
        np.isin(house_group, [0, 3, 6, 7]), 0.75, np.where(np.isin(house_group, [1, 2]), 0.38, 0.50)
    )

    # Brothers and sisters lie next to one another; a pair of neighbours in a household may be twins.
    same_house = np.concatenate([[False], household[1:] == household[:-1]]) & child
    twin = same_house & (rng.random(n) < twins)
    twin &= ~np.concatenate([[False], twin[:-1]])
    twin_of = np.where(twin, np.arange(n) - 1, -1)
    birth = _births(rng, household, child, same_house, twin)
    kinder = birth.astype("datetime64[Y]").astype(int) + 1970 + 6 + ((birth.astype("datetime64[M]").astype(int) % 12) >= 8)

    female = rng.random(n) < 0.49
    origin = np.array([ORIGIN_OF_GROUP.get(g, g) for g in GROUPS], dtype=object)[house_group[household]]
    armenian = (origin == "white") & (rng.random(len(house_group)) < 0.05)[household]
    origin = np.where(armenian, "armenian", origin)
    first, middle = _given(rng, origin, female), _given(rng, origin, female)
    same_first = twin & (first == np.roll(first, 1))
    first[same_first] = middle[same_first]
    house_last = _pick(rng, "last", origin[np.unique(household, return_index=True)[1]])
    house_last2 = _pick(rng, "last", origin[np.unique(household, return_index=True)[1]])
    position = np.unique(household, return_inverse=True)[1]
    last, last2 = house_last[position], np.where(origin == "hispanic", house_last2[position], "")
    guardian = np.full(len(house_group), -1)
    adults = np.flatnonzero(~child)
    guardian[household[adults]] = adults
    # A son may bear his father's first name and be called junior: one of a family's, and none where a child has that name already.
    father = guardian[household]
    junior = child & ~female & (father >= 0) & (rng.random(n) < juniors)
    junior &= np.where(father >= 0, ~female[father], False)
    junior &= ~np.isin(household, household[child & (father >= 0) & (first == first[father])])
    junior[np.setdiff1d(np.flatnonzero(junior), np.unique(np.where(junior, household, -1), return_index=True)[1])] = False
    first = np.where(junior, first[np.maximum(father, 0)], first)
    suffix = np.where(junior, "Jr", "")
    race_codes = np.empty(n, dtype=object)
    for g in GROUPS:
        mine = group == g
        race_codes[mine] = np.array(RACE_CODES[g], dtype=object)[rng.integers(0, len(RACE_CODES[g]), mine.sum())]
    language = np.where(group == "hispanic", np.where(rng.random(len(house_group)) < 0.55, "spa", "eng")[household], "eng")
    language = np.where(
        np.isin(group, ["asian", "filipino"]) & (rng.random(len(house_group)) < 0.5)[household],
        np.where(group == "filipino", "tgl", "vie"),
        language,
    )
    ability = (
        rng.normal(0, 1, n)
        - 0.35 * house_ses[household]
        + 0.35 * np.isin(group, ["asian", "filipino"])
        - 0.12 * np.isin(group, ["hispanic", "black"])
    )
    house_district = _settle(birth, household, child, drawn.weights, rng)
    married = female & (rng.random(n) < 0.22)
    married_year = np.where(married, birth.astype("datetime64[Y]").astype(int) + 1970 + rng.integers(20, 30, n), 9999)
    has_ssn = rng.random(n) < 0.95
    return People(
        n=n, child=child, birth=birth, kinder=kinder, female=female, group=group, race_codes=race_codes, first=first, middle=middle, last=last,
        last2=last2, suffix=suffix, household=household, guardian=guardian, twin_of=twin_of, ses=house_ses[household], ability=ability,
        home_language=language.astype(object), has_ssn=has_ssn, lent_ssn=(rng.random(n) < 0.004), district=house_district[household],
        school=rng.integers(0, 2, n), married_year=married_year, married_last=_pick(rng, "last", origin),
    )  # fmt: skip


def write_people(people: People, path: Path) -> None:
    """Write what the truth says of people, for whoever judges a match: who is whose twin, who bears his father's name, which group each is of.

    One row per person. `twin_of` and `junior_of` are persons, null where there is none; `race_ethnicity` and `gender` as the catalog codes them.
    """
    father = np.where(people.child & ~people.female, people.guardian[people.household], -1)
    one_name = (
        (father >= 0) & ~people.female[father] & (people.first == people.first[father]) & (people.last == people.last[father])
    )
    table = pl.DataFrame(
        {
            "person": np.arange(people.n),
            "twin_of": people.twin_of,
            "junior_of": np.where(one_name, father, -1),
            "race_ethnicity": pl.Series(people.group, dtype=pl.String),
            "gender": np.where(people.female, "F", "M"),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    table.with_columns(pl.col("twin_of", "junior_of").replace(-1, None)).write_parquet(path)


def _births(
    rng: np.random.Generator, household: np.ndarray, child: np.ndarray, same_house: np.ndarray, twin: np.ndarray
) -> np.ndarray:
    """Birth dates: brothers and sisters one to five years apart, twins on one day, a guardian 19 to 42 years before the eldest."""
    n, n_child, days = len(household), int(child.sum()), int((LAST_DAY - FIRST_DAY).astype(int)) + 1
    gap = np.where(twin, 0, rng.integers(380, 1_700, n))[:n_child] * same_house[:n_child]
    # Days after the first of its household. Who would be born past the last day is born in the first years instead, so that every class is as
    # large as the next.
    running = np.cumsum(gap)
    starts = np.flatnonzero(~same_house[:n_child])
    which = np.cumsum(~same_house[:n_child]) - 1
    born = (rng.integers(0, days, len(starts))[which] + running - running[starts][which]) % days
    birth = np.full(n, FIRST_DAY)
    birth[:n_child] = FIRST_DAY + born.astype("timedelta64[D]")
    eldest = np.full(int(household.max()) + 1, days)
    np.minimum.at(eldest, household[:n_child], born)
    birth[n_child:] = FIRST_DAY + (eldest[household[n_child:]] - rng.integers(19 * 365, 42 * 365, n - n_child)).astype(
        "timedelta64[D]"
    )
    return birth


def _settle(
    birth: np.ndarray, household: np.ndarray, child: np.ndarray, weights: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A district for each household, by the districts' shares within each age, so that no class of a district is empty by chance."""
    n_child = int(child.sum())
    n_house = int(household.max()) + 1
    firsts = np.unique(household[:n_child], return_index=True)[1]
    order = np.argsort(birth[firsts], kind="stable")
    # Walked by age, households are dealt out by a low-discrepancy sequence: each run of neighbours holds every district's share.
    place = (np.arange(len(order)) * 0.6180339887498949 + rng.random()) % 1.0
    found = np.empty(n_house, dtype=np.int64)
    found[order] = np.minimum(np.searchsorted(np.cumsum(weights), place, side="right"), len(weights) - 1)
    return found


def _given(rng: np.random.Generator, origin: np.ndarray, female: np.ndarray) -> np.ndarray:
    return np.where(female, _pick(rng, "F", origin), _pick(rng, "M", origin))


def _pick(rng: np.random.Generator, kind: str, origin: np.ndarray) -> np.ndarray:
    """A name for each origin, frequent ones oftener; one in twelve has a name of another origin."""
    mixed = np.where(rng.random(len(origin)) < 0.08, rng.permutation(origin) if len(origin) else origin, origin)
    chosen = np.empty(len(origin), dtype=object)
    for (of, what), (names, shares) in _names().items():
        if what == kind:
            mine = mixed == of
            chosen[mine] = names[rng.choice(len(names), size=int(mine.sum()), p=shares)]
    return chosen


@functools.cache
def _names() -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    rows = list(csv.DictReader((files("c2c.synthetic") / "names.csv").read_text("utf-8").splitlines()))
    found: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
    for key in sorted({(r["origin"], r["kind"]) for r in rows}):
        mine = [r for r in rows if (r["origin"], r["kind"]) == key]
        weights = np.array([float(r["weight"]) for r in mine])
        found[key] = (np.array([r["name"] for r in mine], dtype=object), weights / weights.sum())
    return found
