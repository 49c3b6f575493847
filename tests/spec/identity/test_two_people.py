"""Evidence that two rows are two people, how much of it refuses a merge, and what may not stand between two people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from c2c.identity._cluster import _loose
from c2c.identity._coded import FIELDS
from c2c.identity._compare import N_LEVELS
from c2c.identity._estimate import Model, start_m
from c2c.identity._merge import merge
from c2c.identity._two_people import cannot_be_one
from spec.identity.tables import coded, person_of, rows_of

COLUMNS = ("first_name", "middle_name", "last_name", "name_suffix", "birth_date", "ssn", "ssid")

VETOES = """
case                                      | a                                           | b                                           | two
numbers far apart, names unlike           | Ana,,Vega,,,520341111,                      | Bruno,,Vega,,,637219845,                    | yes
numbers far apart, surnames unlike        | Ana,,Vega,,,520341111,                      | Ana,,Whitfield,,,637219845,                 | yes
numbers far apart, births differ          | Ana,,Vega,,2001-05-04,520341111,            | Ana,,Vega,,2001-05-14,637219845,            | yes
numbers far apart, all else alike         | Ana,,Vega,,2001-05-04,520341111,            | Ana,,Vega,,2001-05-04,637219845,            | no
numbers far apart, one birth a default    | Ana,,Vega,,2001-05-04,520341111,            | Ana,,Vega,,2001-01-01,637219845,            | no
numbers one edit apart, births differ     | Ana,,Vega,,2001-05-04,520341111,            | Ana,,Vega,,2001-05-14,520341112,            | no
births over fourteen years apart          | Ana,,Vega,,1969-05-04,,                     | Ana,,Vega,,2001-05-04,,                     | yes
the same with one number                  | Ana,,Vega,,1969-05-04,520341111,            | Ana,,Vega,,2001-05-04,520341111,            | no
the same with one state number            | Ana,,Vega,,1969-05-04,,1000000001           | Ana,,Vega,,2001-05-04,,1000000001           | no
births thirteen years apart, one day      | Ana,,Vega,,1988-05-04,,                     | Ana,,Vega,,2001-05-04,,                     | no
1 January far from the other's year       | Ana,,Vega,,1964-01-01,,                     | Ana,,Vega,,2001-05-04,,                     | yes
1 January of the same year                | Ana,,Vega,,2001-01-01,,                     | Ana,,Vega,,2001-05-04,,                     | no
the first day of a computer clock         | Ana,,Vega,,1970-01-01,,                     | Ana,,Vega,,2001-05-04,,                     | no
births that differ in two parts           | Ana,,Vega,,2001-05-04,,                     | Ana,,Vega,,2003-05-17,,                     | yes
births that differ in one part            | Ana,,Vega,,2001-05-04,,                     | Ana,,Vega,,2003-05-04,,                     | no
day and month exchanged                   | Ana,,Vega,,2001-05-04,,                     | Ana,,Vega,,2001-04-05,,                     | no
senior and junior, births differ          | Ramon,,Vega,Sr,1999-02-14,,                 | Ramon,,Vega,Jr,1999-02-13,,                 | yes
senior and junior of one birth date       | Ramon,,Vega,Sr,1999-02-14,,                 | Ramon,,Vega,Jr,1999-02-14,,                 | no
a suffix on one side, births a day apart  | Ramon,,Vega,,1999-02-14,,                   | Ramon,,Vega,Jr,1999-02-13,,                 | no
twins without a number                    | Ana,,Vega,,2001-05-04,,                     | Bruno,,Vega,,2001-05-04,,                   | yes
twins with two state numbers              | Ana,,Vega,,2001-05-04,,1000000001           | Bruno,,Vega,,2001-05-04,,2345678901         | yes
twins whose numbers are neighbours        | Ana,,Vega,,2001-05-04,520341111,            | Bruno,,Vega,,2001-05-04,520341112,          | yes
two given names and one number            | Ana,,Vega,,2001-05-04,520341111,            | Bruno,,Vega,,2001-05-04,520341111,          | no
brothers of two surnames and middle names | Ana,Lee,Vega,,,520341111,                   | Bruno,Sol,Ortega,,,520341111,               | yes
one person, nothing differs               | Ana,Lee,Vega,,2001-05-04,520341111,         | Ana,Lee,Vega,,2001-05-04,,                  | no
"""

SHARES = """
case                                          | one side     | other side | two people's pairs | merged
nothing against                               | 3, 1         | 1          | -                  | yes
a quarter of the weight against               | 3, 1         | 1          | 1-2                | yes
a third against                               | 2, 1         | 1          | 1-2                | no
weights count, not rows                       | 1, 1, 8      | 1          | 0-3                | yes
all against                                   | 1            | 1          | 0-1                | no
rows without a birth date outvote no birth    | 1, 90 silent | 1          | 0-2                | no
"""

LOOSE = """
row                                   | loose
Ana,,Vega,,,,                         | yes
Ana,Lee,Vega,Jr,,,                    | yes
Ana,,Vega,,,111111111,                | yes
Ana,,Vega,,1850-05-04,,               | yes
Ana,,Vega,,2001-05-04,,               | no
Ana,,Vega,,,520341111,                | no
Ana,,Vega,,,,1000000001               | no
"""


def a_model() -> Model:
    """Agreement tells much and difference something, in every field alike."""
    m = {field: start_m(field) for field in FIELDS}
    u = {field: np.array([0.002] + [0.998 / (N_LEVELS[field] - 1)] * (N_LEVELS[field] - 1)) for field in FIELDS}
    return Model(m, u, prior=1e-6, terms={})


@pytest.mark.parametrize(("case", "a", "b", "two"), rows_of(VETOES))
def test_what_says_that_two_rows_are_two_people(case: str, a: str, b: str, two: str, tmp_path: Path) -> None:
    """Each kind of evidence keeps a family apart; what misreading, default dates and blanks do to one person is no such evidence."""
    known, at = coded([person_of(COLUMNS, a), person_of(COLUMNS, b)], tmp_path, defaults=["19700101", "19640101", "20010101"])
    left, right = np.array([at.min()]), np.array([at.max()])
    one_key = np.array([bool(a.split(",")[6]) and a.split(",")[6] == b.split(",")[6]])
    found = cannot_be_one(known, left, right, agreeing=one_key, model=a_model(), twins=True)
    assert bool(found[0]) is (two == "yes")


@pytest.mark.parametrize(("case", "ours", "theirs", "against", "merged"), rows_of(SHARES))
def test_a_quarter_of_the_weight_between_two_sides_refuses_a_merge(
    case: str, ours: str, theirs: str, against: str | None, merged: str
) -> None:
    """Among many records some pair always conflicts by a slip; where more than a quarter do, they are two people's."""
    rows = [row.split() for row in (*ours.split(", "), *theirs.split(", "))]
    n, split = len(rows), len(ours.split(", "))
    pairs = [tuple(map(int, pair.split("-"))) for pair in (against or "").split()]
    chain = [*range(split - 1), *range(split, n - 1)]
    left, right = np.array([*chain, split - 1]), np.array([*(i + 1 for i in chain), split])
    weight, speaks = np.array([float(row[0]) for row in rows]), np.array([len(row) == 1 for row in rows])
    vetoes, none = np.array(pairs, dtype=np.int64).reshape(-1, 2), np.zeros((0, 2), dtype=np.int64)
    root = merge(
        (weight, speaks, np.zeros(n, dtype=bool)), np.zeros(n), left, right, np.zeros(n - 1, dtype=bool), vetoes=vetoes, never=none
    )
    assert bool(root[0] == root[-1]) is (merged == "yes")


@pytest.mark.parametrize(("row", "loose"), rows_of(LOOSE))
def test_a_row_with_neither_number_nor_key_nor_birth_date_is_loose(row: str, loose: str, tmp_path: Path) -> None:
    """A name is many people's; a placeholder and an impossible date make it no less so."""
    known, _ = coded([person_of(COLUMNS, row)], tmp_path)
    assert _loose(known).tolist() == [loose == "yes"]


def test_a_loose_row_joins_one_person_and_bridges_none() -> None:
    """Else a row of a common name would make one person of everyone who bears it."""
    one, none = np.ones(3), np.zeros((0, 2), dtype=np.int64)
    loose = np.array([False, True, False])
    for middle, n_people in ((loose, 2), (np.zeros(3, dtype=bool), 1)):
        root = merge(
            (one, one > 0, middle),
            np.zeros(3),
            np.array([0, 1]),
            np.array([1, 2]),
            np.zeros(2, dtype=bool),
            vetoes=none,
            never=none,
        )
        assert len(set(root.tolist())) == n_people and root[0] == root[1]
