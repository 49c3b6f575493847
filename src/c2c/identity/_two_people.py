"""What shows two rows to be two people, whatever else speaks for one: numbers, births and names that no one person has."""

from __future__ import annotations

import numpy as np

from c2c.identity._coded import FIELDS, Coded
from c2c.identity._compare import AT, NULL, compare, unlike_names
from c2c.identity._estimate import Model
from c2c.identity._rules import rule
from c2c.identity._score import score

TELLING = ("first", "surname", "birth", "number", "middle", "suffix", "key")
"""The fields that may show two rows to be two people."""


def of_two_minds(coded: Coded, order: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Components whose rows know two given names, two birth dates or two numbers: only in those can two rows contradict."""
    if not len(starts):
        return np.zeros(0, dtype=bool)
    found = np.zeros(len(starts), dtype=bool)
    for codes in (coded.code["first"], coded.code["birth"], coded.number):
        mine = codes[order].astype(np.int64)
        found |= np.minimum.reduceat(np.where(mine < 0, np.iinfo(np.int64).max, mine), starts) < np.maximum.reduceat(mine, starts)
    return found


def differ_somewhere(coded: Coded, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pairs that know two given names, two birth dates or two numbers."""
    apart = np.zeros(len(a), dtype=bool)
    for codes in (coded.code["first"], coded.code["birth"], coded.number):
        x, y = codes[a], codes[b]
        apart |= (x != y) & (x >= 0) & (y >= 0)
    return apart


def cannot_be_one(coded: Coded, a: np.ndarray, b: np.ndarray, *, agreeing: np.ndarray, model: Model, twins: bool) -> np.ndarray:
    """Evidence that two rows are two people: numbers far apart, births far apart, a father and his junior, brothers and sisters.

    Births a few years apart are no such evidence where all the rest of a pair says strongly that it is one person: a misread date.
    """
    levels = compare(coded, a, b, agreeing=agreeing, fields=TELLING)
    first, surname, birth, number, suffix, key = (
        levels[:, FIELDS.index(f)] for f in ("first", "surname", "birth", "number", "suffix", "key")
    )
    numbers_far = number == AT["number", "other"]
    x, y = coded.code["birth"][a], coded.code["birth"][b]
    held = (x >= 0) & (y >= 0)
    known = held & ~coded.default[x] & ~coded.default[y]
    unequal = known & (x != y)
    parts = np.full(len(a), 3, dtype=np.int8)
    parts[unequal] = coded.same_parts(x[unequal], y[unequal])
    swapped = (birth == AT["birth", "one edit or swapped"]) & (parts == 1)
    two_parts = unequal & (parts <= 1) & ~swapped
    # A day that stands for an unknown one leaves the year: it still tells a father from his son.
    years = held & ~coded.yearless[x] & ~coded.yearless[y]
    years &= np.abs(coded.day_of[x] - coded.day_of[y]) > rule("years_apart") * 365.25
    same_number = (number == 0) | (key == 0)
    near_number = (number <= 1) | (key <= 1)
    # Only here does the whole of a pair count, places and all.
    misread = np.zeros(len(a), dtype=bool)
    at = np.flatnonzero(two_parts & ~near_number & ~years)
    whole = compare(coded, a[at], b[at], agreeing=agreeing[at])
    misread[at] = score(coded, a[at], b[at], whole, model) >= rule("misread_birth_bits")
    two_names = unlike_names(dict(zip(FIELDS, levels.T, strict=True)))
    unlike_first, unlike_surname = first == AT["first", "other"], surname == AT["surname", "other"]
    # Two numbers, and two names or births that differ: two people. Where no birth is known, one name under two numbers may be one person's, who lent or
    # borrowed one.
    by_number = numbers_far & (unlike_first | unlike_surname | two_names | unequal)
    by_birth = ~near_number & (years | (two_parts & ~misread))
    by_suffix = (suffix == 1) & unequal & ~same_number
    # One surname and birth date under two given names, and a number that differs, if only by a digit: twins, registered on one day.
    together = (surname <= 1) & (birth == 0) & twins
    differ = (coded.number[a] >= 0) & (coded.number[b] >= 0) & (number != 0)
    unlike = (first == AT["first", "alike"]) | unlike_first
    # A twin may bear the other's given name as middle name: that reads as a nickname.
    near = (first >= AT["first", "nickname"]) & (first <= AT["first", "close"])
    by_twins = unlike & (differ | ((key != 0) & (key != NULL))) | (near & ((key == AT["key", "differs"]) | numbers_far))
    by_twins = together & (by_twins | (unlike_first & ~same_number))
    return by_number | by_birth | by_suffix | by_twins | (two_names & (birth != 0) & (key != 0))
