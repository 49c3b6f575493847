"""For anything that was sent of a few people, in any order: they are shown the same."""

from __future__ import annotations

import random
from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from c2c.identity._golden import ranks_on, survive

SENT = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.sampled_from(["p", "q"]),
            "seen_in": st.sampled_from(
                ["cde.k12_person", "ccc.ccc_person", "uc.uc_person", "edd.ui_wage", "dhcs.medi_cal_enrollment"]
            ),
            "last_year": st.sampled_from([2020, 2021]),
            "n_records": st.sampled_from([1, 2]),
            "first_name": st.sampled_from(["Ana", "ANA", "Anna", "Unknown", None]),
            "birth_date": st.sampled_from(["2001-05-04", "05/04/2001", "2001-01-01", None]),
            "ssn": st.sampled_from(["520341111", "520-34-1111", "123456789", None]),
            "ssid": st.sampled_from(["1000000007", "1000000070", "1111111111", None]),
        }
    ),
    min_size=1,
    max_size=12,
)
FIELDS = ("first_name", "birth_date", "ssn", "ssid")


@settings(max_examples=20, deadline=None)
@given(SENT, st.randoms(use_true_random=False))
def test_no_order_of_rows_changes_what_survives(sent: list[dict[str, object]], dice: random.Random) -> None:
    """A partner who sorts a file differently changes nobody's record; and what is shown is always something that was sent."""
    rows = [{"record_key": f"r{n:02d}", "first_year": 2019, **row} for n, row in enumerate(sent)]
    ranks = ranks_on(date(2026, 11, 28))
    types = dict.fromkeys(FIELDS, pl.String)
    one, other = (survive(pl.DataFrame(r, schema_overrides=types), ranks) for r in (rows, dice.sample(rows, len(rows))))
    assert one.equals(other)
    for shown in one.iter_rows(named=True):
        of_person = [row for row in rows if row["person_id"] == shown["person_id"]]
        assert all(shown[f] is None or shown[f] in {row[f] for row in of_person} for f in FIELDS)
    # What came in one row of two or in two rows of one counts the same.
    parted = [
        {**row, "n_records": 1, "record_key": f"{row['record_key']}-{n}"} for row in rows for n in range(int(str(row["n_records"])))
    ]
    assert survive(pl.DataFrame(parted, schema_overrides=types), ranks).equals(one)
