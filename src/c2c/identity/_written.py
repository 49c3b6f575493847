"""What can be told of values as they are written: which two are alike, which are one sign apart, how a name begins, what a date says.

`Clear` reads text. `_encoded.Encoded` answers the same of tokens, so that one match serves both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from c2c.identity._arrays import among, distinct_of, once
from c2c.identity._rules import nickname_pairs, placeholders, rule

Judge = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Two lists of codes of one column to an answer for each pair of them."""

NOBODY = -1_000_000
"""The day of a birth that is not known."""

FRONT_FROM, FRONT = 0.7, 0.4
"""Jaro-Winkler adds up to four tenths of what is missing, for four signs alike in front, where the rest is more alike than this (Winkler 1990)."""

PIECE = 200_000
"""Texts whose letters are looked at together."""

DIGITS = 10 ** np.arange(8, -1, -1)
STEPS = once(np.concatenate([np.outer(np.arange(1, 10), DIGITS).ravel(), np.outer(np.arange(1, 10), 9 * DIGITS[1:]).ravel()]))
"""How far two numbers of nine digits lie apart that differ in one digit, or by two neighbours exchanged. Others may lie as far apart."""


@dataclass(frozen=True)
class Names:
    """What is known of each distinct name; the entry after the last is that of a blank.

    `letter`: its first letter, as a code; `short`: it is one letter alone; `head`: how it begins, to tell unlike people; `nicknames`: pairs
    (a x number of names + b, sorted) that may be one person's.
    """

    letter: np.ndarray
    short: np.ndarray
    head: np.ndarray
    nicknames: np.ndarray


@dataclass(frozen=True)
class Births:
    """What each distinct birth date says; the entry after the last is that of a blank.

    `signs`: its eight signs, or none where they cannot be read; `part`: codes of year, month and day, months and days in one pool; `day`: when it
    was, not a number where that cannot be told; `year`, `month_day`: codes; `usual_day`, `usual_date`: offices are known to put this day of the year,
    or this very date, for one they do not know, null where nobody can say (one entry per date, none for a blank).
    """

    signs: np.ndarray
    part: np.ndarray
    day: np.ndarray
    year: np.ndarray
    month_day: np.ndarray
    usual_day: pl.Series
    usual_date: pl.Series


class Written(Protocol):
    """One way of writing values. `measure` names the likeness of its names, and so the thresholds in `rules.csv` that hold for it."""

    measure: str

    def names(self, values: pl.Series) -> Names:
        """What is known of these distinct names."""

    def births(self, values: pl.Series) -> Births:
        """What these distinct birth dates say."""

    def numbers(self, values: pl.Series) -> tuple[np.ndarray, np.ndarray, Judge]:
        """Each row's number and its last four digits, as codes; and which two numbers are nearly one."""

    def alike(self, column: str, values: pl.Series) -> Judge:
        """Likeness from 0 to 1 of the values of a column: `name` or `street`."""

    def near(self, column: str, values: pl.Series) -> Judge:
        """Which two values of a column are at most one edit apart: `zip`, or a kind of person key."""


class Clear:
    """Text, as people write it."""

    measure = "jaro_winkler"

    def names(self, values: pl.Series) -> Names:
        """By their letters and the list of nicknames."""
        listed = values.to_list()
        at = {n: i for i, n in enumerate(listed)}
        pairs = [at[a] * len(values) + at[b] for a, b in nickname_pairs() if a in at and b in at]
        return Names(
            np.array([ord(n[0]) for n in listed] + [-1], dtype=np.int32),
            np.array([len(n) == 1 for n in listed] + [False]),
            np.append(values.str.slice(0, 2).rank("dense").to_numpy().astype(np.int32), 0),
            np.sort(np.array(pairs, dtype=np.int64)),
        )

    def births(self, values: pl.Series) -> Births:
        """By their eight signs."""
        day = values.str.to_date("%Y%m%d", strict=False).cast(pl.Int32)
        year = values.str.slice(0, 4).cast(pl.Int32, strict=False)
        # A date that is on no calendar is placed in the middle of its year, so that years apart can still be told.
        days = day.fill_null((year - 1970) * 365 + 182).fill_null(NOBODY)
        stand_ins = sorted(placeholders("birth"))
        month_day = values.str.slice(4, 4)
        return Births(
            np.frombuffer("".join([*values.to_list(), "\0" * 8]).encode("ascii"), dtype=np.uint8).reshape(-1, 8),
            parts_of_births(values.str.slice(0, 4), values.str.slice(4, 2), values.str.slice(6, 2)),
            np.append(days.to_numpy(), NOBODY).astype(np.int32),
            np.append(values.str.slice(0, 4).rank("dense").to_numpy().astype(np.int32), -1),
            np.append(month_day.rank("dense").to_numpy().astype(np.int32), -1),
            month_day.is_in(stand_ins),
            values.is_in(stand_ins),
        )

    def numbers(self, values: pl.Series) -> tuple[np.ndarray, np.ndarray, Judge]:
        """By their nine digits."""
        number = values.cast(pl.Int32, strict=False).fill_null(-1).to_numpy().copy()
        return number, np.where(number < 0, -1, number % 10_000), numbers_near

    def alike(self, column: str, values: pl.Series) -> Judge:
        """Jaro-Winkler similarity; nought where it is below all that counts."""
        return _Similar(values, _Letters.of(values), rule("jaro_winkler_street" if column == "street" else "jaro_winkler_far"))

    def near(self, column: str, values: pl.Series) -> Judge:
        """At most one sign changed, dropped, added, or two neighbours exchanged."""
        return _OneEdit(values, _Letters.of(values))


@dataclass(frozen=True)
class _Letters:
    """Which letters each text has, in 64 classes, one bit each; how many it has beyond one of each class; how long it is.

    Most pairs of strangers' names are told apart by these alone, which costs a hundredth of comparing them.
    """

    bits: np.ndarray
    spare: np.ndarray
    length: np.ndarray

    @staticmethod
    def of(values: pl.Series) -> _Letters:
        """Those of some texts, in pieces."""
        bits = [np.zeros(0, dtype=np.uint64)]
        for begin in range(0, len(values), PIECE):
            text = np.array(values.slice(begin, PIECE).to_list(), dtype=np.str_)
            signs = text.view(np.uint32).reshape(len(text), -1)
            each = np.where(signs > 0, np.uint64(1) << (signs % 64).astype(np.uint64), np.uint64(0))
            bits.append(np.bitwise_or.reduce(each, axis=1))
        whole, length = np.concatenate(bits), values.str.len_chars().to_numpy().astype(np.int16)
        return _Letters(whole, length - np.bitwise_count(whole).astype(np.int16), length)

    def most_similar(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """What Jaro-Winkler similarity cannot exceed: letters in common, all in order, and four in front where that counts."""
        both = np.bitwise_count(self.bits[a] & self.bits[b]) + np.minimum(self.spare[a], self.spare[b])
        jaro = (both / np.maximum(self.length[a], 1) + both / np.maximum(self.length[b], 1) + 1) / 3
        return np.where(jaro > FRONT_FROM, jaro + FRONT * np.maximum(1 - jaro, 0), jaro)

    def within_an_edit(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Which pairs may be one edit apart: lengths differ by one at most, and letters by one on each side."""
        near = np.abs(self.length[a] - self.length[b]) <= 1
        return np.asarray(near & (np.bitwise_count(self.bits[a] ^ self.bits[b]) <= 2))


@dataclass(frozen=True)
class _Similar:
    """Judges texts. A value and no closure, like every judge: it may be sent to another machine. `floor`: below it all likeness is nought."""

    values: pl.Series
    letters: _Letters
    floor: float

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        out = np.zeros(len(a), dtype=np.float32)
        may = self.letters.most_similar(a, b) >= self.floor - 1e-6  # rounding
        out[may] = each_once(len(self.values), a[may], b[may], self._of_distinct, np.float32)
        return out

    def _of_distinct(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return _by_text(self.values, one, other, JaroWinkler.normalized_similarity, np.float32)


@dataclass(frozen=True)
class _OneEdit:
    """Judges texts, as `_Similar` does."""

    values: pl.Series
    letters: _Letters

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        out = np.zeros(len(a), dtype=bool)
        may = self.letters.within_an_edit(a, b)
        out[may] = each_once(len(self.values), a[may], b[may], self._of_distinct, np.bool_)
        return out

    def _of_distinct(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.asarray(_by_text(self.values, one, other, OSA.distance, np.uint8) <= 1)


def parts_of_births(year: pl.Series, month: pl.Series, day: pl.Series) -> np.ndarray:
    """Year, month and day as codes, one row each; one entry per date, and one of a blank; a month and a day written alike have one code."""
    n = len(year)
    pool = pl.concat([month, day]).rank("dense").to_numpy().astype(np.int32)
    return np.stack(
        [np.append(part, np.int32(-1)) for part in (year.rank("dense").to_numpy().astype(np.int32), pool[:n], pool[n:])]
    )


def numbers_near(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Are two numbers of nine digits one digit, or two neighbours exchanged, apart?"""
    found = among(np.abs(x - y), STEPS)
    at = np.flatnonzero(found)
    p, q = (numbers[at, None] // DIGITS % 10 for numbers in (x, y))
    n_wrong = (p != q).sum(axis=1)
    near, two = n_wrong == 1, n_wrong == 2
    near[two] = exchanged(p[two], q[two])
    found[at] = near
    return found


def n_unlike(signs: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How many of their eight signs differ, in each pair of codes; none where signs cannot be read. Eight bytes are one number, counted faster than
    each by itself."""
    if not signs.shape[1]:
        return np.zeros(len(x), dtype=np.uint8)
    whole = signs.view(np.uint64)[:, 0]
    unlike = whole[x] ^ whole[y]
    low = np.uint64(0x7F7F7F7F7F7F7F7F)
    return np.bitwise_count((((unlike & low) + low) | unlike) & ~low)


def exchanged(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Are the two signs that differ in each pair neighbours, exchanged?"""
    wrong = p != q
    crossed = (p[:, :-1] == q[:, 1:]) & (p[:, 1:] == q[:, :-1]) & wrong[:, :-1] & wrong[:, 1:]
    return np.asarray(crossed.any(axis=1))


def each_once(width: int, a: np.ndarray, b: np.ndarray, judge: Judge, kind: type) -> np.ndarray:
    """The judge's answer for each pair of codes below `width`, each distinct pair judged once, whichever way round."""
    if not len(a):
        return np.zeros(0, dtype=kind)
    distinct, where = distinct_of(np.minimum(a, b).astype(np.int64) * width + np.maximum(a, b))
    return judge(distinct // width, distinct % width)[where]


def _by_text(values: pl.Series, one: np.ndarray, other: np.ndarray, scorer: Any, kind: type) -> np.ndarray:
    return np.asarray(process.cpdist(values.gather(one).to_numpy(), values.gather(other).to_numpy(), scorer=scorer, dtype=kind))
