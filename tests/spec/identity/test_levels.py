"""Two values of a field, and the level at which they agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from c2c.identity._coded import FIELDS, LEARNT_SCHEMA, Coded
from c2c.identity._collapse import fold
from c2c.identity._compare import LEVEL_NAMES, NULL, compare

LEVELS = """
field   | column         | a               | b               | level
first   | first_name     | Maria           | María           | exact
first   | first_name     | William         | Bill            | nickname
first   | first_name     | Katherine       | Katharine       | very close
first   | first_name     | J               | Julia           | initial
first   | first_name     | Ana             | Bruno           | other
first   | first_name     | Ana             | -               | silent
surname | last_name      | Weber Zapata    | Weber           | one of its parts
surname | last_name      | Gonzalez        | Gonzales        | very close
surname | last_name      | Rivera          | Whitfield       | other
birth   | birth_date     | 2001-05-04      | 2001-05-04      | exact
birth   | birth_date     | 2001-05-04      | 2001-04-05      | one edit or swapped
birth   | birth_date     | 2001-05-04      | 2001-05-29      | two parts
birth   | birth_date     | 2001-05-29      | 2001-06-13      | within a month
birth   | birth_date     | 2001-05-29      | 1969-11-13      | other
birth   | birth_date     | 1994-01-01      | 1994-06-17      | silent
birth   | birth_date     | 1994-01-01      | 1994-01-01      | both a default
number  | ssn            | 520341111       | 520341111       | exact
number  | ssn            | 520341111       | 520341121       | one edit
number  | ssn            | 520341111       | 520343111       | one edit
number  | ssn            | 520341111       | 637219845       | other
middle  | middle_name    | Lee             | L               | compatible
middle  | middle_name    | Lee             | Ann             | other
street  | street_address | 12 Fig Street   | 12 FIG ST       | exact
street  | street_address | 12 Fig Street   | 12 Figg St      | near
suffix  | name_suffix    | Jr              | Sr              | other
zip     | address_zip    | 90001           | 90001-1234      | exact
"""


def rows_of(table: str) -> list[list[str]]:
    """The rows of a text table."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()[1:]]


@pytest.mark.parametrize(("field", "column", "a", "b", "level"), rows_of(LEVELS))
def test_two_values_agree_at_the_level_a_reader_expects(
    field: str, column: str, a: str, b: str, level: str, tmp_path: Path
) -> None:
    """The explanation of a match names these levels to a steward."""
    sent = pl.DataFrame({"record_key": ["1", "2"], "n_records": [1, 1], column: [None if v == "-" else v for v in (a, b)]})
    sent = sent.with_columns(pl.Series("id:made:00", ["x", "y"]))
    tuples = fold(sent, ["id:made:00"], tmp_path)
    of = [int(r) for r in tuples.records["row"]]
    learnt = pl.DataFrame({"field": ["default"], "value": ["19940101"], "share": [None]}, schema=LEARNT_SCHEMA)
    coded = Coded(tuples.people, tuples.keys, learnt)
    left, right = (np.array([min(of)]), np.array([max(of)])) if of[0] != of[1] else (np.array([0]), np.array([0]))
    none = np.zeros(1, dtype=bool)
    found = compare(coded, left, right, agreeing=none)[0, FIELDS.index(field)]
    assert ("silent" if found == NULL else LEVEL_NAMES[field][found]) == level
