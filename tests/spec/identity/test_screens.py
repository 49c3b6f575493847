"""Values that say less than they seem: what is kept of each as sent."""

from __future__ import annotations

import polars as pl
import pytest

from c2c.identity._normalise import normalise

NUMBERS = """
sent        | number    | tax number
520341111   | 520341111 | -
520-34-1111 | 520341111 | -
000341111   | -         | -
666341111   | -         | -
520001111   | -         | -
520340000   | -         | -
111111111   | -         | -
123456789   | -         | -
078051120   | -         | -
912701234   | -         | 912701234
912931234   | -         | -
52034111    | -         | -
"""

BIRTHS = """
sent       | birth
2001-05-04 | 20010504
05/04/2001 | 20010504
20010504   | 20010504
05042001   | 20010504
1850-05-04 | -
2190-05-04 | -
l998-o3-11 | 19980311
yesterday  | -
"""

NAMES = """
first      | last            | given | surname     | suffix
José María | de la Cruz      | josemaria | delacruz | -
ANNE-MARIE | O'Neil Jr.      | annemarie | oneil    | jr
Unknown    | Rivera          | -     | rivera      | -
Mr         | Rivera          | -     | rivera      | -
Nina       | Guest           | nina  | guest       | -
Luis       | X               | luis  | -           | -
Luis III   | Vega-Soto       | luis  | vegasoto    | iii
"""


def rows_of(table: str) -> list[list[str | None]]:
    """The rows of a text table, `-` for none."""
    lines = [line.split("|") for line in table.strip().splitlines()[1:]]
    return [[None if cell.strip() == "-" else cell.strip() for cell in line] for line in lines]


@pytest.mark.parametrize(("sent", "number", "tax"), rows_of(NUMBERS))
def test_a_number_nobody_was_given_is_no_evidence(sent: str, number: str | None, tax: str | None) -> None:
    """Placeholders join strangers when they are taken for numbers; a taxpayer's number in the wrong column still speaks."""
    row = normalise(pl.DataFrame({"ssn": [sent]})).row(0, named=True)
    assert (row["number"], row["tax_number"]) == (number, tax)


@pytest.mark.parametrize(("sent", "birth"), rows_of(BIRTHS))
def test_a_birth_date_is_read_as_it_was_meant(sent: str, birth: str | None) -> None:
    """Offices write dates in many ways; one that nobody can have is none."""
    assert normalise(pl.DataFrame({"birth_date": [sent]}))["birth"][0] == birth


@pytest.mark.parametrize(("first", "last", "given", "surname", "suffix"), rows_of(NAMES))
def test_a_name_is_folded_and_a_filler_is_none(
    first: str, last: str, given: str | None, surname: str | None, suffix: str | None
) -> None:
    """Marks and small words part one person's records; a filler joins strangers; a real surname that is also a word stays a name."""
    row = normalise(pl.DataFrame({"first_name": [first], "last_name": [last]})).row(0, named=True)
    assert (row["first"], row["surname"], row["suffix"]) == (given, surname, suffix)
