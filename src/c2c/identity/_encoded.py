"""Files that name nobody: which columns hold tokens and filters, and what a match can tell of them without ever holding the key.

A file is written by `identity.tokens` where the names are. Here equal values are known by equal tokens, likeness by the bits two filters have in
common, one wrong digit by a token of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from c2c.identity._errors import IdentityError
from c2c.identity._normalise import COMPARED
from c2c.identity._written import Births, Judge, Names, each_once, parts_of_births

SCHEME = "token_scheme"
"""Says under which key, purpose and edition a row was encoded, without telling the key: only rows of one scheme can be compared."""

NAMED = ("first", "other_first", "middle", "surname", "token_1", "token_2", "other_surname")
GIVEN = ("first", "other_first", "middle")
"""Names that some offices shorten to a letter: their first letter has a token of its own."""

PARTS_OF_BIRTH = ("year", "month", "day")
TOKEN, PIECE = 32, 16
"""Hex digits of a token, and of each of the tokens that a number shares with those near it."""


def token_of(column: str, part: str = "") -> str:
    """Where the token of a compared column stands, or of a `part` of its value: `year` of `birth`, `initial` of `first`, `end` of `number`."""
    return "_".join(filter(None, ("token", column.replace("token_", "surname_part_"), part)))


def filter_of(column: str) -> str:
    """Where the Bloom filter of a compared column stands."""
    return token_of(column).replace("token_", "clk_", 1)


def near_of(column: str) -> str:
    """Where the tokens stand that a number has in common with those one digit, or two neighbours exchanged, from it."""
    return token_of(column).replace("token_", "near_", 1)


def is_encoded(columns: Iterable[str]) -> bool:
    """Does a file with these columns hold tokens, in all rows or some?"""
    return any(c.startswith(("token_", "clk_")) for c in columns)


def check_encoded(table: pl.DataFrame, source: Path, in_clear: Sequence[str]) -> None:
    """Refuse a file whose rows cannot be compared with each other. `in_clear`: its columns that name people openly.

    Raises:
        IdentityError: IDN-019 something is in clear beside tokens; IDN-020 more than one key, purpose or edition; IDN-021 damaged.
    """
    scheme = table[SCHEME] if SCHEME in table.columns else pl.Series([None], dtype=pl.String)
    if scheme.null_count() or any(table[c].null_count() < len(table) for c in in_clear):
        raise IdentityError(
            "IDN-019",
            where=source.name,
            what="this file holds tokens in some rows or columns and names, numbers or dates in clear in others",
            remedy="Encode all rows under one key with `c2c tokenise`, and leave nothing in clear beside the tokens.",
        )
    if scheme.n_unique() > 1:
        raise IdentityError(
            "IDN-020",
            where=source.name,
            what="its rows were encoded under different keys, purposes or editions, so that they cannot be compared",
            remedy="Encode all rows again with one key file, one purpose and one version of `c2c tokenise`.",
        )
    for column in (c for c in table.columns if c.startswith(("token_", "clk_", "near_"))):
        text = table[column].drop_nulls()
        length = text.str.len_chars()
        whole = length == TOKEN if column.startswith("token_") else (length % PIECE == 0) & (length > 0)
        same = not column.startswith("clk_") or length.n_unique() <= 1
        if not (whole & text.str.contains("^[0-9a-f]*$")).all() or not same:
            raise IdentityError(
                "IDN-021",
                where=f"{source.name}, column {column}",
                what="a token or filter is not as `c2c tokenise` writes it",
                remedy="Send the file as it was written; a spreadsheet may have changed it.",
            )


def comparison_copy(sent: pl.DataFrame) -> pl.DataFrame:
    """Tokens in the place of what `normalise` makes of names: `COMPARED` added, one row per row."""
    blank = pl.lit(None, dtype=pl.String)
    return sent.with_columns((pl.col(token_of(c)) if token_of(c) in sent.columns else blank).alias(c) for c in COMPARED)


def kinds_of_keys(table: pl.DataFrame) -> list[str]:
    """The kinds of person keys that a file has tokens of."""
    return [c.removeprefix("token_id_") for c in table.columns if c.startswith("token_id_")]


class Encoded:
    """What the tokens of one file say. Likeness is the Dice coefficient of two filters: twice the bits in common over the bits of both."""

    measure = "dice"

    def __init__(self, table: pl.DataFrame) -> None:
        self._table = table

    def names(self, values: pl.Series) -> Names:
        """A name of one letter has the token of its own first letter. Nicknames are unknown: a list of them would tell tokens' names."""
        initial = self._said(values, [(token_of(c), token_of(c, "initial")) for c in GIVEN])
        letter = np.append(initial.rank("dense").cast(pl.Int32).fill_null(-1).to_numpy(), -1).astype(np.int32)
        short = np.append((initial == values).fill_null(False).to_numpy(), False)
        return Names(letter, short, letter, np.zeros(0, dtype=np.int64))

    def births(self, values: pl.Series) -> Births:
        """Year, month and day have tokens of their own: which are equal is known; how far apart two dates lie is not."""
        year, month, day = (self._said(values, [(token_of("birth"), token_of("birth", part))]) for part in PARTS_OF_BIRTH)
        part = parts_of_births(year, month, day)
        month_day = (month + day).rank("dense").cast(pl.Int32)
        n = len(values)
        return Births(
            np.zeros((n + 1, 0), dtype=np.uint8),
            part,
            np.full(n + 1, np.nan, dtype=np.float32),
            part[0],
            np.append(month_day.to_numpy(), -1).astype(np.int32),
            pl.Series([None] * n, dtype=pl.Boolean),
            pl.Series([False] * n, dtype=pl.Boolean),
        )

    def numbers(self, values: pl.Series) -> tuple[np.ndarray, np.ndarray, Judge]:
        """The last four digits have a token of their own."""
        known = values.drop_nulls().unique().sort()
        end = self._said(known, [(token_of("number"), token_of("number", "end"))]).rank("dense").cast(pl.Int32).fill_null(-1)
        number = values.replace_strict(known, np.arange(len(known)), default=-1, return_dtype=pl.Int32).to_numpy()
        return number, np.append(end.to_numpy(), -1)[number], self._near(known, token_of("number"), near_of("number"))

    def alike(self, column: str, values: pl.Series) -> Judge:
        """Dice coefficients, from 0 to 1."""
        columns = NAMED if column == "name" else (column,)
        filters = _words(self._said(values, [(token_of(c), filter_of(c)) for c in columns]))
        return _Dice(filters, np.bitwise_count(filters).sum(axis=1, dtype=np.int32))

    def near(self, column: str, values: pl.Series) -> Judge:
        """A place says nothing of another one near it: so few are there that a list of neighbours would be a map."""
        if column == "zip":
            return _no_two
        column = "tax_number" if column == "itin" else f"id_{column}"
        return self._near(values, token_of(column), near_of(column))

    def _near(self, values: pl.Series, token: str, near: str) -> Judge:
        return _InCommon(_words(self._said(values, [(token, near)])))

    def _said(self, values: pl.Series, columns: Sequence[tuple[str, str]]) -> pl.Series:
        """What stands beside each of these tokens, in one or another pair of columns (token, what it says); null where nothing does."""
        pairs = [
            self._table.select(pl.col(token).alias("v"), pl.col(said).alias("s")).drop_nulls().unique("v")
            for token, said in columns
            if token in self._table.columns and said in self._table.columns
        ]
        told = pl.concat([pl.DataFrame(schema={"v": pl.String, "s": pl.String}), *pairs]).unique("v", keep="first")
        return pl.DataFrame({"v": values.cast(pl.String)}).join(told, on="v", how="left", maintain_order="left")["s"]


@dataclass(frozen=True)
class _Dice:
    """Judges Bloom filters: one row of words, and how many bits they set, for each value."""

    filters: np.ndarray
    n_bits: np.ndarray

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return each_once(len(self.filters), a, b, self._of_distinct, np.float32)

    def _of_distinct(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        both = np.bitwise_count(self.filters[one] & self.filters[other]).sum(axis=1, dtype=np.int32)
        return np.asarray((2 * both / np.maximum(self.n_bits[one] + self.n_bits[other], 1)).astype(np.float32))


@dataclass(frozen=True)
class _InCommon:
    """Judges numbers by the tokens of what is left of each: near are two that have one in common."""

    pieces: np.ndarray

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(((self.pieces[a] == self.pieces[b]) & (self.pieces[a] != 0)).any(axis=1))


def _no_two(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.zeros(len(a), dtype=bool)


def _words(text: pl.Series) -> np.ndarray:
    """Hex digits as words of 64 bits, one row per text; those of a shorter one, or of none, are followed by zeros."""
    width = max(int(text.str.len_chars().max() or 0), PIECE)  # type: ignore[arg-type]
    whole = "".join(text.fill_null("").str.pad_end(width, "0").to_list())
    return np.frombuffer(bytes.fromhex(whole), dtype=">u8").astype(np.uint64).reshape(len(text), width // PIECE)
