"""How alike two rows are, field by field: levels from best to worst, or nothing where one side is silent."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping

import numpy as np

from c2c.identity._coded import FIELDS, Coded
from c2c.identity._rules import rows_of, rule
from c2c.identity._written import exchanged, n_unlike

NULL = 255
LEVEL_NAMES = {f: tuple(row["name"] for row in rows_of("levels.csv") if row["field"] == f) for f in FIELDS}
N_LEVELS = {f: len(names) for f, names in LEVEL_NAMES.items()}
AT = {(f, name): i for f, names in LEVEL_NAMES.items() for i, name in enumerate(names)}
"""Field and level name to the level's number: 0 is best."""

PARTS_OF_SURNAME = ("surname", "token_1", "token_2", "other_surname")


def compare(
    coded: Coded, left: np.ndarray, right: np.ndarray, *, agreeing: np.ndarray, fields: Collection[str] = FIELDS
) -> np.ndarray:
    """Levels of each pair, one column per field of `FIELDS`.

    `agreeing`: the pair has a person key in common. `fields`: those asked about; others may be left silent, which saves their likenesses.
    """
    out = np.full((len(FIELDS), len(left)), NULL, dtype=np.uint8)
    level = dict(zip(FIELDS, out, strict=True))
    level["first"][:], swapped = _first_names(coded, left, right)
    level["surname"][:] = _surnames(coded, left, right)
    level["surname"][swapped] = NULL
    level["birth"][:] = _births(coded, left, right)
    for field in {"suffix", "sex", "mail", "telephone"} & set(fields):
        a, b = coded.code[field][left], coded.code[field][right]
        level[field][:] = np.where((a < 0) | (b < 0), NULL, (a != b).astype(np.uint8))
    level["middle"][:] = _middles(coded, left, right)
    for field, levels in (("zip", _places), ("street", _streets)):
        if field in fields:
            level[field][:] = levels(coded, left, right)
    like_twins = (level["first"] >= AT["first", "alike"]) & (level["surname"] <= 1) & (level["birth"] == 0)
    like_twins &= (level["first"] != NULL) & (level["first"] != AT["first", "swapped"])
    # One number under two given names, and under two surnames or middle names, with no birth date to say otherwise: lent, or a relative's.
    lent = unlike_names(level) & (level["birth"] != 0)
    level["number"][:] = _numbers(coded, left, right, twins=like_twins, lent=lent)
    level["key"][:] = _keys(coded, left, right, agreeing)
    if coded.source is not None:
        level["source"][:] = (coded.source[left] != coded.source[right]).astype(np.uint8)
    return out.T


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


def least(coded: Coded, how: str) -> float:
    """The least likeness that is `close`, `near` or `far` between two names, or close between two `street`s, by the measure of these rows."""
    return rule(f"{coded.measure}_{how}")


def _first_names(coded: Coded, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels of given names, and which pairs have first and last names swapped: those speak once, here."""
    x, y = coded.code["first"][left], coded.code["first"][right]
    level = np.where((x < 0) | (y < 0), NULL, AT["first", "exact"]).astype(np.uint8)
    swapped = np.zeros(len(left), dtype=bool)
    differ = np.flatnonzero((x >= 0) & (y >= 0) & (x != y))
    at, to, x, y = left[differ], right[differ], x[differ], y[differ]
    similar = coded.alike["name"](x, y)
    other_name = np.zeros(len(x), dtype=bool)
    may = np.flatnonzero(coded.nicknamed[x] & coded.nicknamed[y])
    other_name[may] = among(x[may].astype(np.int64) * len(coded.values["first"]) + y[may], coded.nicknames)
    for column in ("other_first", "middle"):
        p, q = coded.code[column][at], coded.code[column][to]
        other_name |= ((p == y) & ~coded.short[p]) | ((q == x) & ~coded.short[q])
    initial = (coded.short[x] | coded.short[y]) & (coded.letter[x] == coded.letter[y])
    crossed, half = _crossed(coded, at, to, x, y)
    similar[half] = np.maximum(similar[half], least(coded, "far"))
    close, near, far = (least(coded, how) for how in ("close", "near", "far"))
    cases = [crossed, other_name, similar >= close, similar >= near, initial, similar >= far]
    names = ("swapped", "nickname", "very close", "close", "initial", "alike", "other")
    codes = [AT["first", name] for name in names]
    level[differ] = np.select(cases, codes[:-1], codes[-1])
    swapped[differ] = crossed
    return level, swapped


def _crossed(coded: Coded, at: np.ndarray, to: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs with first and last names swapped, and pairs where one given name is the other's surname and the rest is not alike.

    `x`, `y`: codes of their given names. Any part of a surname counts: an office that swaps names keeps one of two surnames.
    """
    ours, theirs = ([coded.code[part][rows] for part in PARTS_OF_SURNAME] for rows in (at, to))
    other = coded.code["surname"][at] != coded.code["surname"][to]
    one = other & np.logical_or.reduce([x == q for q in theirs])
    two = other & np.logical_or.reduce([y == p for p in ours])
    swapped = one & two
    for some, name, parts in ((one & ~two, y, ours), (two & ~one, x, theirs)):
        for part in parts:
            known = some & ~swapped & (part >= 0)
            swapped[known] = coded.alike["name"](name[known], part[known]) >= least(coded, "far")
    return swapped, (one | two) & ~swapped


def _surnames(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of surnames: whole, then any part, former name or alias in common, then likeness of the whole or a part."""
    x, y = coded.code["surname"][left], coded.code["surname"][right]
    level = np.where((x < 0) | (y < 0), NULL, AT["surname", "exact"]).astype(np.uint8)
    differ = np.flatnonzero((x >= 0) & (y >= 0) & (x != y))
    member = np.zeros(len(differ), dtype=bool)
    similar = coded.alike["name"](x[differ], y[differ])
    # Most surnames are one word, with no other beside them.
    several = np.flatnonzero(coded.several[left[differ]] | coded.several[right[differ]])
    ours, theirs = ([coded.code[part][rows[differ[several]]] for part in PARTS_OF_SURNAME] for rows in (left, right))
    for p, q in itertools.product(ours, theirs):
        member[several] |= (p >= 0) & (p == q)
    rest = np.flatnonzero(~member[several])
    for p, q in list(itertools.product(ours, theirs))[1:]:
        some = rest[(p[rest] >= 0) & (q[rest] >= 0)]
        at = several[some]
        similar[at] = np.maximum(similar[at], coded.alike["name"](p[some], q[some]))
    close, near, far = (least(coded, how) for how in ("close", "near", "far"))
    level[differ] = np.select([member, similar >= close, similar >= near, similar >= far], [1, 2, 3, 4], 5)
    return level


def _births(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of birth dates. Agreement on a default is its own level; disagreement that involves one says nothing."""
    x, y = coded.code["birth"][left], coded.code["birth"][right]
    level = np.where((x < 0) | (y < 0), NULL, np.where(coded.default[x], 1, 0)).astype(np.uint8)
    differ = np.flatnonzero((x >= 0) & (y >= 0) & (x != y))
    x, y = x[differ], y[differ]
    p, q = coded.signs[x], coded.signs[y]
    n_wrong = n_unlike(p, q)
    ours, theirs = coded.part_of[x], coded.part_of[y]
    swap = (ours[:, 0] == theirs[:, 0]) & (ours[:, 1] == theirs[:, 2]) & (ours[:, 2] == theirs[:, 1])
    apart = np.abs(coded.day_of[x] - coded.day_of[y])
    edit = (n_wrong == 1) | swap | exchanged(p, q, n_wrong)
    cases = [edit, same_parts(coded, x, y) == 2, apart <= 31, apart <= 366, apart <= 3653]
    found = np.select(cases, [2, 3, 4, 5, 6], 7)
    level[differ] = np.where(coded.default[x] | coded.default[y], NULL, found)
    return level


def same_parts(coded: Coded, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How many of year, month and day are equal in each pair of birth codes."""
    return np.asarray((coded.part_of[x] == coded.part_of[y]).sum(axis=1, dtype=np.int8))


def _middles(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    a, b = coded.code["middle"][left], coded.code["middle"][right]
    known = (a >= 0) & (b >= 0)
    short = coded.short[a] | coded.short[b]
    like = (coded.letter[a] == coded.letter[b]) & known
    full = known & ~short
    full[full] = coded.alike["name"](a[full], b[full]) >= least(coded, "close")
    return np.where(~known, NULL, np.select([full, like & short], [0, 1], 2)).astype(np.uint8)


def _places(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of the place: one ZIP code; a digit of it, or the town, in common; neither."""
    a, b = coded.code["zip"][left], coded.code["zip"][right]
    known = (a >= 0) & (b >= 0)
    p, q = coded.code["city"][left], coded.code["city"][right]
    towns = (p >= 0) & (q >= 0)
    near = known & (a != b)
    near[near] = coded.near["zip"](a[near], b[near])
    level = np.select([known & (a == b), near | (towns & (p == q))], [0, 1], 2)
    return np.where(known | (towns & (p == q)), level, NULL).astype(np.uint8)


def _streets(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    a, b = coded.code["street"][left], coded.code["street"][right]
    known = (a >= 0) & (b >= 0)
    near = known & (a != b)
    near[near] = coded.alike["street"](a[near], b[near]) >= least(coded, "street")
    return np.where(~known, NULL, np.select([a == b, near], [0, 1], 2)).astype(np.uint8)


def _numbers(coded: Coded, left: np.ndarray, right: np.ndarray, *, twins: np.ndarray, lent: np.ndarray) -> np.ndarray:
    """Levels of Social Security numbers. Twins' numbers are often neighbours: under their pattern one digit's difference says nothing."""
    x, y = coded.number[left], coded.number[right]
    equal = np.where(
        coded.shared[left], AT["number", "shared"], np.where(lent, AT["number", "under two names"], AT["number", "exact"])
    )
    level = np.where((x < 0) | (y < 0), NULL, equal).astype(np.uint8)
    differ = np.flatnonzero((x >= 0) & (y >= 0) & (x != y))
    near = coded.near["number"](x[differ], y[differ])
    level[differ] = np.where(near, np.where(twins[differ], NULL, AT["number", "one edit"]), AT["number", "other"])
    return level


def _keys(coded: Coded, left: np.ndarray, right: np.ndarray, agreeing: np.ndarray) -> np.ndarray:
    """Levels of person keys, all kinds together: one agrees; one is a sign off; one differs."""
    level = np.full(len(left), NULL, dtype=np.uint8)
    common = np.where(agreeing, 0, coded.kinds[left] & coded.kinds[right])
    both = np.flatnonzero(common)
    common = common[both]
    for bit, (kind, (codes, _)) in enumerate(coded.key.items()):
        at = both[(common >> np.uint64(bit % 64)) & np.uint64(1) == 1]
        a, b = codes[left[at]], codes[right[at]]
        differ = (a >= 0) & (b >= 0) & (a != b)
        at, a, b = at[differ], a[differ], b[differ]
        if len(at):
            found = np.where(coded.near[f"key {kind}"](a, b), 1, 2).astype(np.uint8)
            level[at] = np.where(level[at] == NULL, found, np.maximum(level[at], found))
    return np.where(agreeing, 0, level).astype(np.uint8)
