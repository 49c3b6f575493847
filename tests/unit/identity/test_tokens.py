"""What a token and a filter tell, and to whom."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c2c.identity import tokens
from c2c.identity._encoded import Encoded
from c2c.identity._errors import IdentityError
from c2c.identity._rules import rule
from c2c.identity._screen import default_dates
from c2c.identity.tokens._encode import _filter
from c2c.identity.tokens._keys import Keys

ONE, OTHER = bytes(range(32)), bytes(range(1, 33))
PERSON = {"record_id": "1", "first_name": "Rosa", "middle_name": "L", "last_name": "Ibarra Montoya", "former_last_name": "Huerta",
          "name_suffix": "Jr", "gender": "F", "birth_date": "2001-05-04", "ssn": "520341111", "itin": "912501234", "ssid": "1000007919",
          "street_address": "12 Fig St", "address_city": "Fresno", "address_zip": "93650", "email": "rosa@example.org", "phone": "5595550123",
          "key_badge": "A77120"}  # fmt: skip


def encoded(folder: Path, *people: dict[str, str], secret: bytes = ONE, purpose: str = "identity_match") -> pl.DataFrame:
    """These people with tokens instead of names; blanks where one says nothing."""
    rows = [{"record_id": str(n), **person} for n, person in enumerate(people)]
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "names.parquet")
    tokens.tokenise_file(folder / "names.parquet", folder / "tokens.parquet", secret=secret, purpose=purpose)
    return pl.read_parquet(folder / "tokens.parquet")


def test_the_same_key_writes_the_same_file(tmp_path: Path) -> None:
    """Two partners who hold one key can be compared at all, this year and next."""
    assert encoded(tmp_path, PERSON).equals(encoded(tmp_path, PERSON))


@pytest.mark.parametrize(("secret", "purpose"), [(OTHER, "identity_match"), (ONE, "another_study")])
def test_another_key_or_purpose_has_no_sign_in_common(secret: bytes, purpose: str, tmp_path: Path) -> None:
    """Whoever holds the files of two purposes cannot join them."""
    mine, theirs = encoded(tmp_path, PERSON), encoded(tmp_path, PERSON, secret=secret, purpose=purpose)
    signs = [c for c in mine.columns if c != "record_id"]
    assert mine.columns == theirs.columns
    assert len(signs) > 25
    assert not [c for c in signs if mine[c][0] == theirs[c][0]]


def test_equal_values_of_two_kinds_have_two_tokens(tmp_path: Path) -> None:
    """A ZIP code that looks like a badge number does not give the badge away."""
    row = encoded(tmp_path, {"address_zip": "93650", "key_badge": "93650", "address_city": "Rosa", "first_name": "Rosa"})
    assert row["token_zip"][0] != row["token_id_key_badge"][0]
    assert row["token_city"][0] != row["token_first"][0]


NAME = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=14)


@settings(deadline=None)
@given(NAME, NAME, st.data())
def test_dice_grows_with_likeness(name: str, stranger: str, data: st.DataObject) -> None:
    """A slip of the pen costs a name less than two slips, and a strange name is the least alike."""
    at = data.draw(st.integers(1, len(name) - 2))
    slip = name[:at] + "0" + name[at + 1 :]
    slips = name[: at - 1] + "000" + name[at + 2 :]
    apart = "".join(chr(ord(c) - 32) for c in stranger)
    values = pl.Series([name, slip, slips, apart])
    bloom = _filter(Keys(ONE, "test"), "name")
    table = pl.DataFrame({"token_first": values, "clk_first": [bloom(v) for v in values]})
    zero, places = np.zeros(3, dtype=np.int64), np.array([1, 2, 3])
    one, two, none = Encoded(table).alike("name", values)(zero, places).tolist()
    assert 1 > one > none
    assert one >= two - 0.05
    assert Encoded(table).alike("name", values)(zero[:1], zero[:1])[0] == 1


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [
        ("520341111", "520341121", True),
        ("520341111", "523041111", True),
        ("520341111", "523441111", False),
        ("520341111", "520341199", False),
        ("520341111", "637219845", False),
    ],
)
def test_one_wrong_digit_still_tells(a: str, b: str, near: bool, tmp_path: Path) -> None:
    """A clerk's slip in a number is told from another person's number, with no digit of it in the file."""
    table = encoded(tmp_path, {"ssn": a}, {"ssn": b})
    codes, _, judge = Encoded(table).numbers(table["token_number"])
    assert judge(codes[:1], codes[1:]).tolist() == [near]


@pytest.mark.parametrize(
    ("a", "b", "parts"), [("2001-05-04", "2001-04-05", 1), ("2001-05-04", "2001-05-29", 2), ("2001-05-04", "1969-11-13", 0)]
)
def test_parts_of_a_birth_date_still_tell(a: str, b: str, parts: int, tmp_path: Path) -> None:
    """A misread day leaves month and year as evidence."""
    table = encoded(tmp_path, {"birth_date": a}, {"birth_date": b})
    said = Encoded(table).births(table["token_birth"]).part
    assert int((said[:, 0] == said[:, 1]).sum()) == parts
    assert (said[1, 0] == said[2, 1]) == (b == "2001-04-05")


def test_a_stand_in_for_an_unknown_day_is_told_without_reading_it(tmp_path: Path) -> None:
    """Offices write 1 January for a day they do not know; taken for a birthday it would join strangers."""
    born = [f"{1950 + n % 60}-{1 + n % 12:02d}-{2 + n * 7 % 27:02d}" if n % 15 else f"{1950 + n % 60}-01-01" for n in range(900)]
    table = encoded(tmp_path, *({"birth_date": b} for b in born))
    values = table["token_birth"].unique().sort()
    said = Encoded(table).births(values)
    places = values.search_sorted(table["token_birth"])
    people = pl.DataFrame({"birth": places, "first": range(900), "surname": range(900)})
    days = {"birth": values, "year": said.year[:-1], "day": said.month_day[:-1]}
    found = default_dates(people, pl.DataFrame(days | {"usual_day": said.usual_day, "usual_date": said.usual_date}))
    assert found == {token for token, b in zip(table["token_birth"], born, strict=True) if b.endswith("-01-01")}


def test_a_key_file_is_its_owners_alone_and_never_written_over(tmp_path: Path) -> None:
    """A key made twice would strand everything that was encoded under the first."""
    path = tmp_path / "partners.key"
    tokens.new_key(path)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(IdentityError, match="IDN-022"):
        tokens.new_key(path)
    assert path.read_bytes() == before
    assert len(tokens.read_key(path)) == 32
    tokens.new_key(tmp_path / "another.key")
    assert (tmp_path / "another.key").read_bytes() != before


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    """A secret that everybody on a machine can read is none."""
    path = tmp_path / "partners.key"
    tokens.new_key(path)
    path.chmod(0o644)
    with pytest.raises(IdentityError, match="IDN-025"):
        tokens.read_key(path)


@pytest.mark.parametrize("content", ["", "secret", "c2c-token-key-1:abc", "c2c-token-key-2:" + "0" * 64])
def test_no_other_file_is_taken_for_a_key(content: str, tmp_path: Path) -> None:
    """A password typed into a file would be guessed."""
    path = tmp_path / "partners.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(IdentityError, match="IDN-023"):
        tokens.read_key(path)


def test_a_filter_of_a_usual_name_sets_between_a_tenth_and_a_half_of_its_bits(tmp_path: Path) -> None:
    """Too few bits would tell letters apart; too many would make everybody alike."""
    filters = encoded(tmp_path, {"first_name": "Rosa"}, {"first_name": "Valentina"})["clk_first"]
    share = [int(f, 16).bit_count() / (rule("filter_bits") / 2) for f in filters]
    assert all(0.1 < s < 0.5 for s in share)
