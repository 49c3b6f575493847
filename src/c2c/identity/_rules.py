"""The room's numbers and lists, read from data: thresholds with their dates and sources, words, nicknames, placeholders."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files


@functools.cache
def rows_of(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the room's tables."""
    return tuple(csv.DictReader((files("c2c.identity") / name).read_text("utf-8").splitlines()))


@functools.cache
def rule(rule_id: str) -> float:
    """A threshold or limit of `rules.csv`, where its date and source stand."""
    return next(float(row["value"]) for row in rows_of("rules.csv") if row["rule_id"] == rule_id)


@functools.cache
def words(kind: str) -> dict[str, str]:
    """The words of one kind in `words.csv` (filler, particle, suffix, road, digit), each with what it means."""
    return {row["word"]: row["means"] for row in rows_of("words.csv") if row["kind"] == kind}


@functools.cache
def placeholders(kind: str) -> frozenset[str]:
    """Values of one kind (`ssn`, `birth`) that stand for nobody."""
    return frozenset(row["value"] for row in rows_of("placeholders.csv") if row["kind"] == kind)


@functools.cache
def nickname_pairs() -> frozenset[tuple[str, str]]:
    """Every two given names that may be one person's, in both orders: a name and its nickname, or two nicknames of one name."""
    by_name: dict[str, set[str]] = {}
    for row in rows_of("nicknames.csv"):
        by_name.setdefault(row["name"], {row["name"]}).add(row["nickname"])
    return frozenset((a, b) for group in by_name.values() for a in group for b in group if a != b)
