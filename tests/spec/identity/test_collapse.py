"""Records that agree on all that the match reads are one tuple; what a name alone says is one record's alone."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from c2c.identity import _collapse
from c2c.identity._collapse import DIGEST, fold
from spec.identity.tables import coded, person_of, rows_of

COLUMNS = ("first_name", "last_name", "birth_date", "ssn", "street_address", "key")

TUPLES = """
case                                  | a                                   | b                                   | tuples
the same with a birth date            | Ana,Vega,2001-05-04,,,              | Ana,Vega,2001-05-04,,,              | 1
the same but for signs and case       | María,O'Neil,2001-05-04,,,          | MARIA,ONEIL,05/04/2001,,,           | 1
the same with a number                | Ana,Vega,,520341111,,               | Ana,Vega,,520-34-1111,,             | 1
the same with a key                   | Ana,Vega,,,,A123                    | Ana,Vega,,,,A123                    | 1
one with a birth date                 | Ana,Vega,2001-05-04,,,              | Ana,Vega,,,,                        | 2
another address                       | Ana,Vega,2001-05-04,,12 Fig St,     | Ana,Vega,2001-05-04,,13 Fig St,     | 2
a name and no more                    | Ana,Vega,,,,                        | Ana,Vega,,,,                        | 2
a name and an address                 | Ana,Vega,,,12 Fig St,               | Ana,Vega,,,12 Fig St,               | 2
a name and a number nobody has        | Ana,Vega,,111111111,,               | Ana,Vega,,111111111,,               | 2
a name and a date nobody has          | Ana,Vega,1850-05-04,,,              | Ana,Vega,1850-05-04,,,              | 2
"""


@pytest.mark.parametrize(("case", "a", "b", "tuples"), rows_of(TUPLES))
def test_records_become_one_tuple_only_with_something_of_one_person(case: str, a: str, b: str, tuples: str, tmp_path: Path) -> None:
    """What is folded is never looked at again: two people of a common name, folded, could not be told apart."""
    known, _ = coded([person_of(COLUMNS, a), person_of(COLUMNS, b)], tmp_path)
    assert (known.n, known.weight.sum()) == (int(tuples), 2)


def test_a_column_that_is_blank_for_a_record_leaves_it_the_tuple_it_was(tmp_path: Path) -> None:
    """Each file has columns of its own: told by them, one person's records alike in two files would be two tuples."""
    row = {
        "record_key": ["1"],
        "n_records": [1],
        "first_name": ["Ana"],
        "last_name": ["Vega"],
        "birth_date": ["2001-05-04"],
        "id:ssid:11": ["7000000001"],
    }
    digests = []
    for name, more in (("narrow", {}), ("wide", {"id:seid:11": [None], "email": [None]})):
        (tmp_path / name).mkdir()
        sent = pl.DataFrame(row | more, schema_overrides={column: pl.String for column in more})
        tuples = fold(sent, [c for c in sent.columns if c.startswith("id:")], tmp_path / name)
        digests.append(pl.read_parquet(tuples.people).select(DIGEST).rows())
    assert digests[0] == digests[1]


def test_records_stay_in_the_order_of_the_file_however_many_pieces_it_is_read_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A match says which person each row is by the row's place: a piece out of turn would give everybody another's person."""
    monkeypatch.setattr(_collapse, "PIECE", 3)
    keys = [f"{(7 * n) % 40:02}" for n in range(40)]
    births = [f"2001-05-{1 + n % 9:02}" for n in range(40)]
    sent = pl.DataFrame({"record_key": keys, "n_records": 1, "first_name": "Ana", "last_name": "Vega", "birth_date": births})
    tuples = fold(sent, [], tmp_path)
    assert tuples.records["record_key"].to_list() == keys and tuples.n == 9
    born = pl.read_parquet(tuples.people)["birth"].gather(tuples.records["row"])
    assert born.to_list() == [day.replace("-", "") for day in births]
