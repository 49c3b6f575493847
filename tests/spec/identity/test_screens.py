"""Values that say less than they seem: what is kept of each as sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from c2c import catalog
from c2c.identity._collapse import _as_sent, fold
from c2c.identity._normalise import normalise
from spec.identity.tables import coded, rows_of

NUMBERS = """
sent        | number    | tax number
520341111   | 520341111 | -
520-34-1111 | 520341111 | -
001341111   | 001341111 | -
899341111   | 899341111 | -
000341111   | -         | -
665341111   | 665341111 | -
666341111   | -         | -
900341111   | -         | -
999341111   | -         | -
520001111   | -         | -
520340000   | -         | -
111111111   | -         | -
999999999   | -         | -
123456789   | -         | -
078051120   | -         | -
219099999   | -         | -
987654321   | -         | -
52034111    | -         | -
5203411110  | -         | -
52O341111   | -         | -
unknown     | -         | -
"""

TAXPAYERS = """
sent        | tax number
912491234   | -
912501234   | 912501234
912651234   | 912651234
912661234   | -
912691234   | -
912701234   | 912701234
912881234   | 912881234
912891234   | -
912901234   | 912901234
912921234   | 912921234
912931234   | -
912941234   | 912941234
912991234   | 912991234
812701234   | -
"""

STATE_NUMBERS = """
sent       | held
1000000001 | 1000000001
0000000000 | -
1111111111 | -
9999999999 | -
"""

HOLDERS = """
case                                  | holders                                                    | shared
one person under two names            | Ana 1990, Ana 1990, Anna 1990, Ana 1991                    | no
a family of four                      | Ana 1990, Bruno 1962, Carla 1964, Ana 1990                 | no
three strangers                       | Ana 1990, Bruno 1962, Carla 1981                           | no
four strangers                        | Ana 1990, Bruno 1962, Carla 1981, Dario 1975               | yes
four given names of one year          | Ana 1990, Bruno 1990, Carla 1990, Dario 1990               | no
four years under one given name       | Ana 1990, Ana 1962, Ana 1981, Ana 1975                     | no
"""

DEFAULTS = """
date       | more | default
2001-01-01 | 10   | yes
2001-01-01 | 1    | no
1970-01-01 | 7    | yes
2001-08-15 | 10   | no
2001-08-15 | 30   | yes
"""

BIRTHS = """
sent       | birth
2001-05-04 | 20010504
05/04/2001 | 20010504
20010504   | 20010504
05042001   | 20010504
1850-05-04 | -
1900-01-01 | -
2190-05-04 | -
l998-o3-11 | 19980311
2001-5--04 | -
yesterday  | -
"""

NAMES = """
first      | last            | given | surname     | suffix
José María | de la Cruz      | josemaria | delacruz | -
Omar       | bin Said        | omar  | binsaid     | -
Anna       | van der Berg    | anna  | vanderberg  | -
Ana        | de los Santos   | ana   | delossantos | -
ANNE-MARIE | O'Neil Jr.      | annemarie | oneil   | jr
Luis       | Vega Junior     | luis  | vega        | jr
Luis IV    | Vega            | luis  | vega        | iv
Unknown    | Rivera          | -     | rivera      | -
Baby Boy   | Rivera          | -     | rivera      | -
Desconocido | Refused        | -     | -           | -
Mr         | Rivera          | -     | rivera      | -
Nina       | Guest           | nina  | guest       | -
Luis       | X               | luis  | -           | -
Luis III   | Vega-Soto       | luis  | vegasoto    | iii
"""

PARTS = """
last            | whole        | first part | last part
Weber Zapata    | weberzapata  | weber      | zapata
Weber-Zapata    | weberzapata  | weber      | zapata
de la Cruz Vega | delacruzvega | delacruz   | vega
van der Berg    | vanderberg   | -          | -
bin Said        | binsaid      | -          | -
Vega            | vega         | -          | -
Vega Unknown    | vegaunknown  | vega       | -
"""


@pytest.mark.parametrize(("sent", "number", "tax"), rows_of(NUMBERS))
def test_a_number_nobody_was_given_is_no_evidence(sent: str, number: str | None, tax: str | None) -> None:
    """Placeholders join strangers when they are taken for numbers; a taxpayer's number in the wrong column still speaks."""
    row = normalise(pl.DataFrame({"ssn": [sent]})).row(0, named=True)
    assert (row["number"], row["tax_number"]) == (number, tax)


@pytest.mark.parametrize(("sent", "tax"), rows_of(TAXPAYERS))
def test_a_taxpayers_number_found_in_the_wrong_place_moves_over(sent: str, tax: str | None) -> None:
    """Only the digits that were given out: any other number that begins with a nine is a placeholder. It is no Social Security number."""
    row = normalise(pl.DataFrame({"ssn": [sent]})).row(0, named=True)
    assert row["tax_number"] == tax and (row["number"] is None or tax is None)


@pytest.mark.parametrize(("sent", "held"), rows_of(STATE_NUMBERS))
def test_a_state_number_of_one_digit_repeated_is_nobodys(sent: str, held: str | None, tmp_path: Path) -> None:
    """Schools fill the field when a pupil has no number yet."""
    rows = pl.DataFrame({"record_key": ["1"], "n_records": [1], "id:ssid:11": [sent]})
    assert fold(rows, ["id:ssid:11"], tmp_path).keys["value"].to_list() == ([held] if held else [])


def test_an_earlier_state_number_asserts_and_never_contradicts() -> None:
    """A pupil who was given a second number bears both: the school says so, and the two are no sign of two pupils."""
    sent = pl.DataFrame({"record_key": ["1"], "n_records": [1], "ssid": ["1000000001"], "retired_ssid": ["1000000002"]})
    assert sorted(_as_sent(sent, catalog.load().files["k12_person"])[1]) == ["id:ssid:10", "id:ssid:11"]


@pytest.mark.parametrize(("case", "holders", "shared"), rows_of(HOLDERS))
def test_a_number_that_many_unlike_people_hold_is_weak(case: str, holders: str, shared: str, tmp_path: Path) -> None:
    """A placeholder nobody listed joins strangers; a family's or a widow's number does not become one by being used twice."""
    people = [holder.split() for holder in holders.split(", ")]
    rows = [
        {"first_name": first, "last_name": f"Vega {n}", "birth_date": f"{year}-03-0{n + 2}", "ssn": "520341111", "key": f"{n}"}
        for n, (first, year) in enumerate(people)
    ]
    known, _ = coded(rows, tmp_path, learnt=False)
    assert set(known.shared.tolist()) == {shared == "yes"}


@pytest.mark.parametrize(("date", "more", "default"), rows_of(DEFAULTS))
def test_a_date_far_too_frequent_stands_for_none(date: str, more: str, default: str, tmp_path: Path) -> None:
    """Well-known stand-ins count from twice their share, any day from five times; a busy day in a maternity ward is no stand-in."""
    days = np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]").astype(str).tolist()
    births = [*days, *days, *[date] * int(more)]
    known, at = coded([{"first_name": f"Name{n}", "birth_date": birth} for n, birth in enumerate(births)], tmp_path, learnt=False)
    assert known.is_default[at[-1]] == (default == "yes")
    assert not known.is_default[at[40]]


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


@pytest.mark.parametrize(("last", "whole", "first_part", "last_part"), rows_of(PARTS))
def test_a_surname_is_kept_whole_and_in_parts(last: str, whole: str, first_part: str | None, last_part: str | None) -> None:
    """One office keeps both surnames, another the first; a small word belongs to what follows and is no part of its own."""
    row = normalise(pl.DataFrame({"first_name": ["Lucia"], "last_name": [last]})).row(0, named=True)
    assert (row["surname"], row["token_1"], row["token_2"]) == (whole, first_part, last_part)
