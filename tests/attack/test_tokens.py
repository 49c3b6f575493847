"""Somebody who holds an encoded file, a list of all names and all days, and no key, looks for people."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from pathlib import Path

import polars as pl
import pytest

from c2c.identity import tokens
from c2c.identity._file import read_table
from c2c.identity._normalise import normalise
from c2c.identity.tokens._encode import _near
from c2c.identity.tokens._keys import Keys
from spec.identity.town import FAMILY, GIVEN, STREETS, townspeople

OWN = ("record_id", "source")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town in clear and encoded, in both forms of file."""
    folder = tmp_path_factory.mktemp("encoded")
    town = pl.DataFrame(townspeople(), infer_schema_length=None).drop("person")
    town.with_columns(pl.lit("a@example.org").alias("email")).write_parquet(folder / "names.parquet")
    for name in ("tokens.csv", "tokens.parquet"):
        tokens.tokenise_file(folder / "names.parquet", folder / name, secret=bytes(range(32)), purpose="identity_match")
    return folder


def test_nothing_that_was_planted_can_be_read(folder: Path) -> None:
    """No name, number, date, street or key lies in the file, in any spelling a reader would try."""
    said = pl.read_csv(folder / "tokens.csv", infer_schema=False).drop("record_id").write_csv().lower()
    sent = pl.read_parquet(folder / "names.parquet").drop("record_id")
    planted = {v.lower() for column in sent.columns for v in sent[column].drop_nulls().to_list()}
    planted |= {v.lower() for v in (*GIVEN, *FAMILY, *STREETS)} | {v.replace("-", "") for v in planted}
    assert len(planted) > 1000
    assert [v for v in planted if len(v) > 3 and v in said] == []


def test_no_list_of_names_opens_a_token_without_the_key(folder: Path) -> None:
    """Hashing every name and day there is, plainly or under a guessed key, finds none of the tokens."""
    file = pl.read_csv(folder / "tokens.csv", infer_schema=False).drop("record_id")
    held = {v for column in file.columns for v in file[column].drop_nulls().to_list()}
    pieces = {v[i : i + 16] for v in held for i in range(0, len(v), 16)}
    days = (f"{y}{m:02d}{d:02d}" for y, m, d in itertools.product(range(1970, 2009), range(1, 13), range(1, 29)))
    guesses = [
        *(n.lower() for n in (*GIVEN, *FAMILY)),
        *days,
        *(f"{n:02d}" for n in range(1, 32)),
        *(str(y) for y in range(1970, 2009)),
        "f",
        "m",
    ]
    keys = (b"", b"secret", b"c2c", b"identity_match", b"c2c tokens instead of names", bytes(32))
    for guess in (g.encode() for g in guesses):
        tried = [hashlib.sha256(guess), hashlib.md5(guess, usedforsecurity=False), hashlib.sha1(guess, usedforsecurity=False)]
        found = [h.hexdigest() for h in tried] + [hmac.digest(key, guess, "sha256").hex() for key in keys]
        assert not any(f[:16] in pieces or f[:32] in held for f in found)


def test_what_one_may_count_is_what_the_guide_says(folder: Path) -> None:
    """How often a value occurs stays visible, as the guide warns: the attacker's best means, and no more is claimed."""
    file = pl.read_parquet(folder / "tokens.parquet")
    copy = normalise(read_table(folder / "names.parquet", {}, folder).collect())
    for column in ("first", "surname", "birth"):
        mine, theirs = (
            copy[column].drop_nulls().value_counts()["count"],
            file[f"token_{column}"].drop_nulls().value_counts()["count"],
        )
        assert mine.sort().to_list() == theirs.sort().to_list()


def test_a_rare_number_shares_no_sign_with_a_strangers(folder: Path) -> None:
    """The tokens that tell one wrong digit do not draw a map of all numbers: two strangers' have none in common."""
    file = pl.read_parquet(folder / "tokens.parquet").drop_nulls("near_number").unique("token_number")
    shared = pl.concat([file["near_number"].str.slice(16 * i, 16) for i in range(17)])
    assert not shared.is_duplicated().any()
    near = _near(Keys(bytes(range(32)), "x"), "number")
    assert len({near("520341111")[i : i + 16] for i in range(0, 18 * 16, 16)}) == 18


def test_the_encoder_leaves_no_readable_copy_behind(folder: Path) -> None:
    """Only the file in clear that was there before, and the files asked for, lie in the folder."""
    assert sorted(p.name for p in folder.iterdir()) == ["names.parquet", "tokens.csv", "tokens.parquet"]
