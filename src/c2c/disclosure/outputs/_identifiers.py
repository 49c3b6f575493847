"""Numbers, addresses, days and keys that name somebody, wherever they stand in a file."""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from importlib.resources import files

from c2c import catalog
from c2c.disclosure.outputs._contents import Fault, Piece

MORE_HEADINGS = frozenset(
    {"name", "full_name", "student_name", "surname", "given_name", "address", "date_of_birth", "dob", "birthdate", "birthday", "person_id",
     "pseudonym", "record_key", "student_id", "telephone", "zip4"}
)  # fmt: skip
"""Headings beside the catalog's own that say that a column is about one person."""


def find_identifiers(pieces: Iterable[Piece]) -> Iterator[Fault]:
    """Where something in a text looks as if it named somebody. Says which kind and where, never what.

    Letters of full width and the like are folded first, so that a number in other digits is a number.
    """
    for piece in pieces:
        text = unicodedata.normalize("NFKC", piece.text)
        for code, pattern, not_in in _patterns():
            if piece.form not in not_in and pattern.search(text):
                yield Fault(code, piece.where)
        if piece.form == "heading" and re.sub(r"[\W_]+", "_", text.strip().lower()).strip("_") in _headings():
            yield Fault("OUT-138", piece.where)


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], frozenset[str]], ...]:
    rows = csv.DictReader((files("c2c.disclosure.outputs") / "identifiers.csv").read_text("utf-8").splitlines())
    return tuple((row["code"], re.compile(row["pattern"]), frozenset(row["not_in"].split(";"))) for row in rows)


@functools.cache
def _headings() -> frozenset[str]:
    """What the catalog marks as identifying someone directly, and common names of the same."""
    return MORE_HEADINGS | {e.element for e in catalog.load().elements if e.classification == "direct_identifier"}
