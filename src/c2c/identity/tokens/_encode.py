"""A people file in which nobody can be read: tokens for what must be equal, filters for what may be alike."""

from __future__ import annotations

import functools
import hmac
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from c2c.identity._encoded import GIVEN, NAMED, PARTS_OF_BIRTH, PIECE, SCHEME, filter_of, is_encoded, near_of, token_of
from c2c.identity._errors import IdentityError
from c2c.identity._file import check_people, key_columns, read_table, write_people
from c2c.identity._normalise import normalise, of_each
from c2c.identity._rules import rule
from c2c.identity.tokens._keys import Keys
from c2c.plumbing.keys import pseudonym

EDITION = "1"
"""Changes whenever a value would be encoded otherwise: files of two editions cannot be compared."""

PLAIN = ("suffix", "sex", "zip", "city", "street", "mail", "telephone", "sorted_name", "birth", "number", "tax_number")
SLICES = {"year": (0, 4), "month": (4, 2), "day": (6, 2)}


def tokenise_file(
    source: Path, target: Path, *, secret: bytes, purpose: str, column_map: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Encode the rows of one people file, CSV or Parquet; write record_id, source, tokens and filters, one row per row, in the file's order.

    Reads what `match_file` reads. Equal values have equal tokens under one secret and one purpose, so how often a value occurs stays visible.
    `record_id` and `source` are written as they are.

    Raises:
        IdentityError: IDN-004, IDN-005, IDN-006 as in `match_file`; IDN-024 the file is encoded already.
    """
    with tempfile.TemporaryDirectory() as private:
        sent = read_table(source, column_map or {}, Path(private))
        encoded = is_encoded(sent.collect_schema().names())
        own = [] if encoded else check_people(sent, source)
        table = sent.collect()
    if encoded:
        raise IdentityError(
            "IDN-024",
            where=source.name,
            what="this file is encoded already",
            remedy="Encode the file with names; tokens of tokens would match nothing.",
        )
    copied = normalise(table)
    keys = Keys(secret, purpose)
    columns = {c: table[c] for c in own}
    columns[SCHEME] = pl.Series([_scheme(keys)] * len(table), dtype=pl.String)
    columns |= _names(copied, keys) | _plain(copied, keys) | _ids(table, keys)
    out = pl.DataFrame({c: v for c, v in columns.items() if c in own or v.null_count() < len(v) or not len(v)})
    write_people(out, target)
    return {"rows": len(out), "columns": len(out.columns)}


def _scheme(keys: Keys) -> str:
    said = "/".join([EDITION, *(str(int(rule(name))) for name in ("filter_bits", "filter_hashes"))])
    return pseudonym(keys.of("scheme"), said)


def _names(copied: pl.DataFrame, keys: Keys) -> dict[str, pl.Series]:
    """All names under one key: a married name may be a former one elsewhere, and some offices swap first and last."""
    token, bloom = _token(keys, "name"), _filter(keys, "name")
    found = {}
    for column in NAMED:
        found[token_of(column)] = of_each(copied[column], token)
        found[filter_of(column)] = of_each(copied[column], bloom)
        if column in GIVEN:
            found[token_of(column, "initial")] = of_each(copied[column].str.slice(0, 1), token)
    return found


def _plain(copied: pl.DataFrame, keys: Keys) -> dict[str, pl.Series]:
    found = {token_of(column): of_each(copied[column], _token(keys, column)) for column in PLAIN}
    found[filter_of("street")] = of_each(copied["street"], _filter(keys, "street"))
    for part in PARTS_OF_BIRTH:
        # Months and days under one key, so that the two exchanged can be told.
        kind = "birth year" if part == "year" else "birth month or day"
        found[token_of("birth", part)] = of_each(copied["birth"].str.slice(*SLICES[part]), _token(keys, kind))
    found[token_of("number", "end")] = of_each(copied["number"].str.slice(5, 4), _token(keys, "number end"))
    for column in ("number", "tax_number"):
        found[near_of(column)] = of_each(copied[column], _near(keys, column))
    return found


def _ids(table: pl.DataFrame, keys: Keys) -> dict[str, pl.Series]:
    found = {}
    for kind, column in key_columns(table.columns).items():
        # One sign repeated stands for no number.
        values = table[column]
        said = pl.DataFrame({"v": values}).select(
            pl.when(pl.col("v").str.strip_chars_start(pl.col("v").str.slice(0, 1)) != "").then("v")
        )["v"]
        found[token_of(f"id_{kind}")] = of_each(said, _token(keys, f"id {kind}"))
        found[near_of(f"id_{kind}")] = of_each(said, _near(keys, f"id {kind}"))
    return found


def _token(keys: Keys, kind: str) -> Callable[[str], str]:
    return functools.partial(pseudonym, keys.of(kind))


def _near(keys: Keys, kind: str) -> Callable[[str], str]:
    """Tokens of a number with each sign left out, and with each two neighbours in order: one is equal where two numbers are a slip apart."""
    key = keys.of(f"{kind} near")

    def near(value: str) -> str:
        pieces = []
        for i in range(len(value)):
            pieces.append(f"{i}|{value[:i]}|{value[i + 1 :]}")
            pieces.append(f"{i}&{value[:i]}&{''.join(sorted(value[i : i + 2]))}&{value[i + 2 :]}")
        return "".join(hmac.digest(key, piece.encode(), "sha256").hex()[:PIECE] for piece in pieces)

    return near


def _filter(keys: Keys, kind: str) -> Callable[[str], str]:
    """A Bloom filter of a text's pairs of letters, its halves laid over each other by exclusive or (Schnell and Borgs 2016).

    Each pair of letters sets bits chosen by the key, independently of each other: bits chosen by two hashes and their sums are what
    attacks on such filters began with (Niedermeyer et al. 2014).
    """
    key, n_bits, n_hashes = keys.of(f"{kind} filter"), int(rule("filter_bits")), int(rule("filter_hashes"))

    @functools.cache
    def bits(gram: str) -> int:
        drawn = b"".join(hmac.digest(key, f"{i}{gram}".encode(), "sha256") for i in range(-(-n_hashes // 8)))
        places = (int.from_bytes(drawn[4 * i : 4 * i + 4], "big") % n_bits for i in range(n_hashes))
        return functools.reduce(lambda whole, place: whole | 1 << place, places, 0)

    def folded(value: str) -> str:
        padded = f"_{value}_"
        seen: Counter[str] = Counter()
        whole = 0
        for i in range(len(padded) - 1):
            gram = padded[i : i + 2]
            seen[gram] += 1
            whole |= bits(f"{seen[gram]}{gram}")
        half = n_bits // 2
        return f"{(whole >> half) ^ (whole & ((1 << half) - 1)):0{half // 4}x}"

    return folded
