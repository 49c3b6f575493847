"""How alike two rows are, field by field: levels from best to worst, or nothing where one side is silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from c2c.identity._rules import nickname_pairs, rows_of, rule

NULL = 255
FIELDS = tuple(dict.fromkeys(row["field"] for row in rows_of("levels.csv")))
LEVEL_NAMES = {f: tuple(row["name"] for row in rows_of("levels.csv") if row["field"] == f) for f in FIELDS}
N_LEVELS = {f: len(names) for f, names in LEVEL_NAMES.items()}
AT = {(f, name): i for f, names in LEVEL_NAMES.items() for i, name in enumerate(names)}
"""Field and level name to the level's number: 0 is best."""

NAME_COLUMNS = ("first", "other_first", "middle", "surname", "token_1", "token_2", "other_surname")
PARTS_OF_SURNAME = ("surname", "token_1", "token_2", "other_surname")
PLAIN_COLUMNS = ("suffix", "sex", "zip", "city", "street", "mail", "telephone")


class Coded:
    """Rows as numbers: each name, number and place is a code, so that a pair is compared by a few array operations."""

    def __init__(
        self, people: pl.DataFrame, keys: pl.DataFrame, defaults: frozenset[str], source: np.ndarray | None = None
    ) -> None:
        names = pl.concat([people[c].cast(pl.String) for c in NAME_COLUMNS]).drop_nulls().unique().sort()
        self.names = np.array(names.to_list(), dtype=object)
        self.code = {c: _codes(people[c], names) for c in NAME_COLUMNS}
        self.values: dict[str, np.ndarray] = {}
        for column in PLAIN_COLUMNS:
            values = people[column].cast(pl.String)
            known = values.drop_nulls().unique().sort()
            self.values[column], self.code[column] = np.array(known.to_list(), dtype=object), _codes(values, known)
        self.letter = np.array([ord(n[0]) for n in self.names] + [-1], dtype=np.int32)
        self.short = np.array([len(n) == 1 for n in self.names] + [False])
        self.birth = _signs(people["birth"], 8)
        self.known_birth = people["birth"].is_not_null().to_numpy()
        self.is_default = people["birth"].is_in(list(defaults)).fill_null(False).to_numpy()
        day = people["birth"].str.to_date("%Y%m%d", strict=False).cast(pl.Int32)
        year = people["birth"].str.slice(0, 4).cast(pl.Int32, strict=False)
        # A date that is on no calendar is placed in the middle of its year, so that years apart can still be told.
        self.day = day.fill_null((year - 1970) * 365 + 182).fill_null(-1_000_000).to_numpy()
        self.number = _signs(people["number"], 9)
        self.known_number = people["number"].is_not_null().to_numpy()
        # A number that many hold is weak evidence wherever two rows are compared.
        self.shared = people["number_shared"].to_numpy() if "number_shared" in people.columns else np.zeros(len(people), dtype=bool)
        self.source = source
        self.shares: dict[str, np.ndarray] = {}
        at = {n: i for i, n in enumerate(self.names)}
        pairs = [at[a] * len(self.names) + at[b] for a, b in nickname_pairs() if a in at and b in at]
        self.nicknames = np.sort(np.array(pairs, dtype=np.int64))
        self.key: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        primary = keys.filter(pl.col("current")).sort("row", "kind", "value").unique(["row", "kind"], keep="first")
        for (kind,), mine in sorted(primary.group_by("kind"), key=lambda pair: str(pair[0])):
            held = mine["value"].unique().sort()
            codes = np.full(len(people), -1, dtype=np.int64)
            codes[mine["row"].to_numpy()] = _codes(mine["value"], held)
            self.key[str(kind)] = codes, np.array(held.to_list(), dtype=object)


def compare(coded: Coded, left: np.ndarray, right: np.ndarray, *, agreeing: np.ndarray) -> np.ndarray:
    """Levels of each pair, one column per field of `FIELDS`.

    `agreeing`: the pair has a person key in common.
    """
    out = np.full((len(left), len(FIELDS)), NULL, dtype=np.uint8)
    level = dict(zip(FIELDS, out.T, strict=True))
    level["first"][:], swapped = _first_names(coded, left, right)
    level["surname"][:] = _surnames(coded, left, right)
    level["surname"][swapped] = NULL
    level["birth"][:] = _births(coded, left, right)
    for field in ("suffix", "sex", "mail", "telephone"):
        a, b = coded.code[field][left], coded.code[field][right]
        level[field][:] = np.where((a < 0) | (b < 0), NULL, (a != b).astype(np.uint8))
    level["middle"][:] = _middles(coded, left, right)
    level["zip"][:] = _places(coded, left, right)
    level["street"][:] = _streets(coded, left, right)
    like_twins = (level["first"] >= AT["first", "alike"]) & (level["surname"] <= 1) & (level["birth"] == 0)
    like_twins &= (level["first"] != NULL) & (level["first"] != AT["first", "swapped"])
    # One number under two given names, and under two surnames or middle names, with no birth date to say otherwise: lent, or a relative's.
    lent = unlike_names(level) & (level["birth"] != 0)
    level["number"][:] = _numbers(coded, left, right, twins=like_twins, lent=lent)
    level["key"][:] = _keys(coded, left, right, agreeing)
    if coded.source is not None:
        level["source"][:] = (coded.source[left] != coded.source[right]).astype(np.uint8)
    return out


def unlike_names(level: Mapping[str, np.ndarray]) -> np.ndarray:
    """Two given names with two surnames or two middle names beside them: two people's, as far as names go."""
    first, other_middle = level["first"], level["middle"] == AT["middle", "other"]
    other = (first == AT["first", "other"]) & ((level["surname"] == AT["surname", "other"]) | other_middle)
    return np.asarray(other | ((first == AT["first", "alike"]) & other_middle))


def among(code: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which codes are among the known ones, those sorted."""
    if not len(known):
        return np.zeros(len(code), dtype=bool)
    at = np.minimum(np.searchsorted(known, code), len(known) - 1)
    return np.asarray(known[at] == code)


def _first_names(coded: Coded, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels of given names, and which pairs have first and last names swapped: those speak once, here."""
    level = np.full(len(left), NULL, dtype=np.uint8)
    swapped = np.zeros(len(left), dtype=bool)
    both = np.flatnonzero((coded.code["first"][left] >= 0) & (coded.code["first"][right] >= 0))
    at, to = left[both], right[both]
    x, y = coded.code["first"][at], coded.code["first"][to]
    differ = x != y
    similar = np.ones(len(both), dtype=np.float32)
    similar[differ] = _alike(coded.names, x[differ], y[differ])
    other_name = np.isin(x * len(coded.names) + y, coded.nicknames)
    for column in ("other_first", "middle"):
        p, q = coded.code[column][at], coded.code[column][to]
        other_name |= ((p == y) & ~coded.short[p]) | ((q == x) & ~coded.short[q])
    initial = (coded.short[x] | coded.short[y]) & (coded.letter[x] == coded.letter[y])
    crossed, half = _crossed(coded, at, to, x, y)
    similar[half] = np.maximum(similar[half], rule("jaro_winkler_far"))
    close, near, far = (rule(f"jaro_winkler_{name}") for name in ("close", "near", "far"))
    cases = [~differ, crossed, other_name, similar >= close, similar >= near, initial, similar >= far]
    names = ("exact", "swapped", "nickname", "very close", "close", "initial", "alike", "other")
    codes = [AT["first", name] for name in names]
    level[both] = np.select(cases, codes[:-1], codes[-1])
    swapped[both] = crossed
    return level, swapped


def _crossed(coded: Coded, at: np.ndarray, to: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs with first and last names swapped, and pairs where one given name is the other's surname and the rest is not alike.

    `x`, `y`: codes of their given names. Any part of a surname counts: an office that swaps names keeps one of two surnames.
    """
    ours, theirs = ([coded.code[part][rows] for part in PARTS_OF_SURNAME] for rows in (at, to))
    other = (x != y) & (coded.code["surname"][at] != coded.code["surname"][to])
    one = other & np.logical_or.reduce([x == q for q in theirs])
    two = other & np.logical_or.reduce([y == p for p in ours])
    swapped = one & two
    for some, name, parts in ((one & ~two, y, ours), (two & ~one, x, theirs)):
        for part in parts:
            known = some & ~swapped & (part >= 0)
            swapped[known] = _alike(coded.names, name[known], part[known]) >= rule("jaro_winkler_far")
    return swapped, (one | two) & ~swapped


def _surnames(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of surnames: whole, then any part, former name or alias in common, then likeness of the whole or a part."""
    level = np.full(len(left), NULL, dtype=np.uint8)
    both = np.flatnonzero((coded.code["surname"][left] >= 0) & (coded.code["surname"][right] >= 0))
    at, to = left[both], right[both]
    x, y = coded.code["surname"][at], coded.code["surname"][to]
    member = np.zeros(len(both), dtype=bool)
    for one in PARTS_OF_SURNAME:
        for other in PARTS_OF_SURNAME:
            p, q = coded.code[one][at], coded.code[other][to]
            member |= (p >= 0) & (p == q)
    rest = ~member & (x != y)
    similar = np.ones(len(both), dtype=np.float32)
    similar[rest] = _alike(coded.names, x[rest], y[rest])
    for one in PARTS_OF_SURNAME:
        for other in PARTS_OF_SURNAME:
            p, q = coded.code[one][at], coded.code[other][to]
            some = rest & (p >= 0) & (q >= 0)
            if (one, other) != ("surname", "surname") and some.any():
                similar[some] = np.maximum(similar[some], _alike(coded.names, p[some], q[some]))
    close, near, far = (rule(f"jaro_winkler_{name}") for name in ("close", "near", "far"))
    level[both] = np.select([x == y, member, similar >= close, similar >= near, similar >= far], [0, 1, 2, 3, 4], 5)
    return level


def _births(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of birth dates. Agreement on a default is its own level; disagreement that involves one says nothing."""
    known = coded.known_birth[left] & coded.known_birth[right]
    level = np.full(len(left), NULL, dtype=np.uint8)
    both = np.flatnonzero(known)
    at, to = left[both], right[both]
    p, q = coded.birth[at], coded.birth[to]
    wrong = p != q
    n_wrong = wrong.sum(axis=1)
    default = coded.is_default[at] | coded.is_default[to]
    swap = (p[:, 4:6] == q[:, 6:8]).all(axis=1) & (p[:, 6:8] == q[:, 4:6]).all(axis=1) & ~wrong[:, :4].any(axis=1)
    parts = birth_parts(coded, at, to).sum(axis=1)
    apart = np.abs(coded.day[at] - coded.day[to])
    edit = (n_wrong == 1) | swap | _exchanged(p, q, wrong, n_wrong)
    cases = [(n_wrong == 0) & default, n_wrong == 0, edit, parts == 2, apart <= 31, apart <= 366, apart <= 3653]
    found = np.select(cases, [1, 0, 2, 3, 4, 5, 6], 7)
    level[both] = np.where(default & (n_wrong > 0), NULL, found)
    return level


def birth_parts(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which of year, month and day are equal. One row per pair."""
    same = coded.birth[left] == coded.birth[right]
    return np.stack([same[:, :4].all(axis=1), same[:, 4:6].all(axis=1), same[:, 6:].all(axis=1)], axis=1)


def _middles(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    a, b = coded.code["middle"][left], coded.code["middle"][right]
    known = (a >= 0) & (b >= 0)
    short = coded.short[a] | coded.short[b]
    like = (coded.letter[a] == coded.letter[b]) & known
    full = known & ~short
    full[full] = _alike(coded.names, a[full], b[full]) >= rule("jaro_winkler_close")
    return np.where(~known, NULL, np.select([full, like & short], [0, 1], 2)).astype(np.uint8)


def _places(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of the place: one ZIP code; a digit of it, or the town, in common; neither."""
    a, b = coded.code["zip"][left], coded.code["zip"][right]
    known = (a >= 0) & (b >= 0)
    p, q = coded.code["city"][left], coded.code["city"][right]
    towns = (p >= 0) & (q >= 0)
    near = known & (a != b)
    near[near] = _edits(coded.values["zip"], a[near], b[near]) <= 1
    level = np.select([known & (a == b), near | (towns & (p == q))], [0, 1], 2)
    return np.where(known | (towns & (p == q)), level, NULL).astype(np.uint8)


def _streets(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    a, b = coded.code["street"][left], coded.code["street"][right]
    known = (a >= 0) & (b >= 0)
    near = known & (a != b)
    near[near] = _alike(coded.values["street"], a[near], b[near]) >= rule("street_close")
    return np.where(~known, NULL, np.select([a == b, near], [0, 1], 2)).astype(np.uint8)


def _numbers(coded: Coded, left: np.ndarray, right: np.ndarray, *, twins: np.ndarray, lent: np.ndarray) -> np.ndarray:
    """Levels of Social Security numbers. Twins' numbers are often neighbours: under their pattern one digit's difference says nothing."""
    p, q = coded.number[left], coded.number[right]
    known = coded.known_number[left] & coded.known_number[right]
    wrong = p != q
    n_wrong = wrong.sum(axis=1)
    near = (n_wrong == 1) | _exchanged(p, q, wrong, n_wrong)
    same = n_wrong == 0
    found = np.select([same & coded.shared[left], same & lent, same, near], [2, 3, 0, 1], 4)
    return np.where(~known | (near & twins), NULL, found).astype(np.uint8)


def _keys(coded: Coded, left: np.ndarray, right: np.ndarray, agreeing: np.ndarray) -> np.ndarray:
    """Levels of person keys, all kinds together: one agrees; one is a sign off; one differs."""
    level = np.full(len(left), NULL, dtype=np.uint8)
    for codes, values in coded.key.values():
        a, b = codes[left], codes[right]
        at = np.flatnonzero((a >= 0) & (b >= 0) & (a != b))
        if len(at):
            found = np.where(_edits(values, a[at], b[at]) <= 1, 1, 2).astype(np.uint8)
            level[at] = np.where(level[at] == NULL, found, np.maximum(level[at], found))
    return np.where(agreeing, 0, level).astype(np.uint8)


def _alike(values: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Jaro-Winkler similarity of two lists of codes, each distinct pair compared once."""
    return _each_once(values, a, b, JaroWinkler.normalized_similarity, np.float32)


def _edits(values: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Edits (a sign changed, dropped, added, or two neighbours exchanged) between two lists of codes."""
    return _each_once(values, a, b, OSA.distance, np.uint8)


def _each_once(values: np.ndarray, a: np.ndarray, b: np.ndarray, scorer: Any, kind: type) -> np.ndarray:
    if not len(a):
        return np.zeros(0, dtype=kind)
    width = len(values)
    distinct, where = np.unique(np.minimum(a, b) * width + np.maximum(a, b), return_inverse=True)
    found = process.cpdist(values[distinct // width], values[distinct % width], scorer=scorer, workers=-1, dtype=kind)
    return np.asarray(found)[where]


def _exchanged(p: np.ndarray, q: np.ndarray, wrong: np.ndarray, n_wrong: np.ndarray) -> np.ndarray:
    """Do the signs differ only by two neighbours exchanged?"""
    at = np.flatnonzero(n_wrong == 2)
    crossed = (p[at, :-1] == q[at, 1:]) & (p[at, 1:] == q[at, :-1]) & wrong[at, :-1] & wrong[at, 1:]
    found = np.zeros(len(p), dtype=bool)
    found[at] = crossed.any(axis=1)
    return found


def _signs(values: pl.Series, width: int) -> np.ndarray:
    """Texts of one length as bytes, one row each; zeros where there is none."""
    filled = values.fill_null("\0" * width).to_list()
    return np.frombuffer("".join(filled).encode("ascii"), dtype=np.uint8).reshape(len(filled), width)


def _codes(values: pl.Series, known: pl.Series | Sequence[str]) -> np.ndarray:
    """The place of each value among the known ones, minus one where there is none."""
    table = pl.DataFrame({"v": pl.Series(known, dtype=pl.String), "c": np.arange(len(known), dtype=np.int64)})
    found = pl.DataFrame({"v": values.cast(pl.String)}).join(table, on="v", how="left", maintain_order="left")["c"]
    return found.fill_null(-1).to_numpy()
