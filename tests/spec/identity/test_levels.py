"""Two values of a field, and the level at which they agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from spec.identity.tables import coded, level_of, person_of, rows_of

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
birth   | birth_date     | 2001-05-04      | 2001-05-14      | one edit or swapped
birth   | birth_date     | 2001-05-14      | 2001-05-41      | one edit or swapped
birth   | birth_date     | 2001-05-29      | 2002-03-13      | within a year
birth   | birth_date     | 2001-05-29      | 2008-11-13      | within ten years
birth   | birth_date     | 1994-01-01      | 1961-06-17      | silent
number  | ssn            | 520341111       | 523041111       | one edit
number  | ssn            | 520341111       | 520431121       | other
suffix  | name_suffix    | Jr              | III             | other
suffix  | name_suffix    | Jr.             | junior          | exact
"""

NAMES = """
case                        | a                  | b                       | first       | surname
names in the other order    | Lucia,Xicara,      | Xicara,Lucia,           | swapped     | silent
order, and one of two names | Lucia,Weber Zapata,| Zapata,Lucia,           | swapped     | silent
two surnames, the first     | Lucia,Weber Zapata,| Lucia,Weber,            | exact       | one of its parts
two surnames, the second    | Lucia,Weber-Zapata,| Lucia,Zapata,           | exact       | one of its parts
a hyphen for a space        | Lucia,Weber-Zapata,| Lucia,Weber Zapata,     | exact       | exact
a former surname            | Lucia,Solano,      | Lucia,Whitfield,Solano  | exact       | one of its parts
a particle apart            | Lucia,De La Cruz,  | Lucia,Delacruz,         | exact       | exact
a nickname in Spanish       | Guadalupe,Vega,    | Lupe,Vega,              | nickname    | exact
two nicknames of one name   | Pepe,Vega,         | Joe,Vega,               | nickname    | exact
a filler on one side        | Baby Boy,Vega,     | Hugo,Vega,              | silent      | exact
fillers on both sides       | Baby Boy,Unknown,  | Baby Boy,Unknown,       | silent      | silent
"""

SILENT = """
field     | column         | value
first     | first_name     | Lucia
surname   | last_name      | Xicara
birth     | birth_date     | 2001-05-04
number    | ssn            | 520341111
middle    | middle_name    | Lee
suffix    | name_suffix    | Jr
sex       | gender         | F
zip       | address_zip    | 90001
street    | street_address | 12 Fig St
mail      | email          | lucia@example.org
telephone | phone          | 5551234567
key       | key            | A1234567
"""

NEIGHBOURS = """
case                           | a                         | b                         | level
twins                          | Ana,Zamora,2001-05-04     | Ava,Zamora,2001-05-04     | silent
twins with names alike         | Daniel,Zamora,2001-05-04  | Daniela,Zamora,2001-05-04 | one edit
twins with unlike names        | Ana,Zamora,2001-05-04     | Bruno,Zamora,2001-05-04   | silent
one person, a digit misread    | Ana,Zamora,2001-05-04     | Ana,Zamora,2001-05-04     | one edit
sisters born years apart       | Ana,Zamora,2001-05-04     | Bruna,Zamora,2004-09-11   | one edit
strangers born on one day      | Ana,Zamora,2001-05-04     | Bruno,Ortega,2001-05-04   | one edit
"""


@pytest.mark.parametrize(("field", "column", "a", "b", "level"), rows_of(LEVELS))
def test_two_values_agree_at_the_level_a_reader_expects(
    field: str, column: str, a: str | None, b: str | None, level: str, tmp_path: Path
) -> None:
    """The explanation of a match names these levels to a steward."""
    rows = [{column: value, "key": key} for value, key in ((a, "x"), (b, "y"))]
    assert level_of(field, coded(rows, tmp_path, defaults=["19940101"])) == level


@pytest.mark.parametrize(("case", "a", "b", "first", "surname"), rows_of(NAMES))
def test_names_are_read_as_offices_write_them(case: str, a: str, b: str, first: str, surname: str, tmp_path: Path) -> None:
    """Order, two surnames, particles and nicknames part one person's records where they are taken by the letter; a filler joins strangers."""
    columns = ("first_name", "last_name", "former_last_name")
    pair = coded([person_of(columns, a) | {"key": "x"}, person_of(columns, b) | {"key": "y"}], tmp_path)
    assert (level_of("first", pair), level_of("surname", pair)) == (first, surname)


@pytest.mark.parametrize(("field", "column", "value"), rows_of(SILENT))
def test_a_blank_speaks_neither_for_nor_against(field: str, column: str, value: str, tmp_path: Path) -> None:
    """Offices that ask for less would otherwise lose their people."""
    rows = [{"ssid": "1000000001", column: value}, {"ssid": "1000000002", column: None}]
    if column == "key":
        rows = [{"key": value, "first_name": "Ana"}, {"key": None, "first_name": "Ava"}]
    assert level_of(field, coded(rows, tmp_path)) == "silent"


@pytest.mark.parametrize(("case", "a", "b", "level"), rows_of(NEIGHBOURS))
def test_neighbouring_numbers_of_twins_say_nothing(case: str, a: str, b: str, level: str, tmp_path: Path) -> None:
    """Twins are registered together, and their numbers differ by a digit; between others a digit's difference is a slip."""
    columns = ("first_name", "last_name", "birth_date")
    rows = [person_of(columns, a) | {"ssn": "520341111"}, person_of(columns, b) | {"ssn": "520341112"}]
    assert level_of("number", coded(rows, tmp_path)) == level
