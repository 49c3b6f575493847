"""How alike two rows are, field by field: levels from best to worst, or nothing where one side is silent."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from c2c.identity._arrays import among
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
        level[field][:] = _where_known(a, b, a != b)
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


def _where_known(x: np.ndarray, y: np.ndarray, levels: np.ndarray | int) -> np.ndarray:
    """The levels of pairs of codes that are known on both sides, or nothing. A blank is minus one, and so is what it is or'ed with."""
    said = levels.astype(np.uint8) if isinstance(levels, np.ndarray) else np.uint8(levels)
    return np.where((x | y) >= 0, said, np.uint8(NULL))


def _selected(cases: Sequence[np.ndarray], levels: Sequence[int], other: int) -> np.ndarray:
    """The level of the first case that holds."""
    return np.select(cases, [np.uint8(level) for level in levels], np.uint8(other))


def least(coded: Coded, how: str) -> float:
    """The least likeness that is `close`, `near` or `far` between two names, or close between two `street`s, by the measure of these rows."""
    return rule(f"{coded.measure}_{how}")


def _first_names(coded: Coded, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels of given names, and which pairs have first and last names swapped: those speak once, here."""
    x, y = coded.code["first"][left], coded.code["first"][right]
    level = _where_known(x, y, AT["first", "exact"])
    swapped = np.zeros(len(left), dtype=bool)
    differ = np.flatnonzero(((x | y) >= 0) & (x != y))
    at, to, x, y = left[differ], right[differ], x[differ], y[differ]
    similar = coded.alike["name"](x, y)
    other_name = np.zeros(len(x), dtype=bool)
    may = np.flatnonzero(coded.nicknamed[x] & coded.nicknamed[y])
    other_name[may] = among(x[may].astype(np.int64) * len(coded.values["first"]) + y[may], coded.nicknames)
    for column in ("other_first", "middle"):
        for name, other in ((coded.code[column][at], y), (coded.code[column][to], x)):
            same = np.flatnonzero(name == other)
            other_name[same] |= ~coded.short[name[same]]
    initial = coded.short[x] | coded.short[y]
    initial[initial] = coded.letter[x[initial]] == coded.letter[y[initial]]
    crossed, half = _crossed(coded, at, to, x, y)
    similar[half] = np.maximum(similar[half], least(coded, "far"))
    close, near, far = (least(coded, how) for how in ("close", "near", "far"))
    cases = [crossed, other_name, similar >= close, similar >= near, initial, similar >= far]
    names = ("swapped", "nickname", "very close", "close", "initial", "alike", "other")
    codes = [AT["first", name] for name in names]
    level[differ] = _selected(cases, codes[:-1], codes[-1])
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
    level = _where_known(x, y, AT["surname", "exact"])
    differ = np.flatnonzero(((x | y) >= 0) & (x != y))
    member = np.zeros(len(differ), dtype=bool)
    similar = coded.alike["name"](x[differ], y[differ])
    # Most surnames are one word, with no other beside them.
    several = np.flatnonzero(coded.several[left[differ]] | coded.several[right[differ]])
    ours, theirs = ([coded.code[part][rows[differ[several]]] for part in PARTS_OF_SURNAME] for rows in (left, right))
    common = np.zeros(len(several), dtype=bool)
    for p in ours:
        known = np.where(p < 0, -2, p)
        for q in theirs:
            common |= known == q
    member[several] = common
    rest = np.flatnonzero(~common)
    for p, q in list(itertools.product(ours, theirs))[1:]:
        some = rest[(p[rest] | q[rest]) >= 0]
        at = several[some]
        similar[at] = np.maximum(similar[at], coded.alike["name"](p[some], q[some]))
    close, near, far = (least(coded, how) for how in ("close", "near", "far"))
    level[differ] = _selected([member, similar >= close, similar >= near, similar >= far], [1, 2, 3, 4], 5)
    return level


def _births(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of birth dates. Agreement on a default is its own level; disagreement that involves one says nothing."""
    x, y = coded.code["birth"][left], coded.code["birth"][right]
    level = _where_known(x, y, coded.default[x])
    differ = np.flatnonzero(((x | y) >= 0) & (x != y))
    x, y = x[differ], y[differ]
    n_wrong, n_same = n_unlike(coded.signs, x, y), coded.same_parts(x, y)
    edit = n_wrong == 1
    two = np.flatnonzero(n_wrong == 2)
    edit[two] = exchanged(coded.signs[x[two]], coded.signs[y[two]])
    _, month, day = coded.part_of
    one = np.flatnonzero(n_same == 1)
    a, b = x[one], y[one]
    # Where a month is a day and a day a month, the one part that is the same is the year.
    edit[one] |= (month[a] == day[b]) & (day[a] == month[b])
    apart = np.abs(coded.day_of[x] - coded.day_of[y])
    found = _selected([edit, n_same == 2, apart <= 31, apart <= 366, apart <= 3653], [2, 3, 4, 5, 6], 7)
    level[differ] = np.where(coded.default[x] | coded.default[y], np.uint8(NULL), found)
    return level


def _middles(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    a, b = coded.code["middle"][left], coded.code["middle"][right]
    level = _where_known(a, b, 2)
    known = np.flatnonzero(level == 2)
    a, b = a[known], b[known]
    short = coded.short[a] | coded.short[b]
    full = ~short
    full[full] = coded.alike["name"](a[full], b[full]) >= least(coded, "close")
    level[known] = _selected([full, short & (coded.letter[a] == coded.letter[b])], [0, 1], 2)
    return level


def _places(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Levels of the place: one ZIP code; a digit of it, or the town, in common; neither."""
    a, b = coded.code["zip"][left], coded.code["zip"][right]
    known, same = (a | b) >= 0, a == b
    p, q = coded.code["city"][left], coded.code["city"][right]
    town = (p == q) & (p >= 0)
    near = known & ~same
    near[near] = coded.near["zip"](a[near], b[near])
    return _selected([known & same, near | town, known], [0, 1, 2], NULL)


def _streets(coded: Coded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    a, b = coded.code["street"][left], coded.code["street"][right]
    known, same = (a | b) >= 0, a == b
    near = known & ~same
    near[near] = coded.alike["street"](a[near], b[near]) >= least(coded, "street")
    return _selected([known & same, near, known], [0, 1, 2], NULL)


def _numbers(coded: Coded, left: np.ndarray, right: np.ndarray, *, twins: np.ndarray, lent: np.ndarray) -> np.ndarray:
    """Levels of Social Security numbers. Twins' numbers are often neighbours: under their pattern one digit's difference says nothing."""
    x, y = coded.number[left], coded.number[right]
    level = _where_known(x, y, AT["number", "other"])
    known = np.flatnonzero(level != NULL)
    same = x[known] == y[known]
    differ, same = known[~same], known[same]
    cases = [coded.shared[left[same]], lent[same]]
    level[same] = _selected(cases, [AT["number", "shared"], AT["number", "under two names"]], AT["number", "exact"])
    near = differ[coded.near["number"](x[differ], y[differ])]
    level[near] = np.where(twins[near], np.uint8(NULL), np.uint8(AT["number", "one edit"]))
    return level


def _keys(coded: Coded, left: np.ndarray, right: np.ndarray, agreeing: np.ndarray) -> np.ndarray:
    """Levels of person keys, all kinds together: one agrees; one is a sign off; one differs."""
    level = np.full(len(left), NULL, dtype=np.uint8)
    common = np.where(agreeing, 0, coded.kinds[left] & coded.kinds[right])
    both = np.flatnonzero(common)
    common = common[both]
    for bit, (kind, (codes, _)) in enumerate(coded.key.items()):
        at = both[common & np.uint64(1 << bit % 64) != 0]
        a, b = codes[left[at]], codes[right[at]]
        differ = ((a | b) >= 0) & (a != b)
        at, a, b = at[differ], a[differ], b[differ]
        if len(at):
            found = np.where(coded.near[f"key {kind}"](a, b), 1, 2).astype(np.uint8)
            level[at] = np.where(level[at] == NULL, found, np.maximum(level[at], found))
    return np.where(agreeing, 0, level).astype(np.uint8)
