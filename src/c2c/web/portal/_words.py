"""The portal's own words, in English and Spanish."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from importlib.resources import files

LANGUAGES = ("en", "es")


@functools.cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """Every sentence of the portal by key, in each language. A language left out is a failed test."""
    rows = csv.DictReader((files("c2c.web.portal") / "messages.csv").read_text("utf-8").splitlines())
    return {row["key"]: row for row in rows}


def say(language: str, key: str, **values: object) -> str:
    """The words for a key, with values put in."""
    return messages()[key][language].format(**values)


def named(language: str, kind: str, code: str) -> str:
    """A room's short name for something (a field, a level of evidence) in words; as it is where the portal has none of its own."""
    key = f"{kind}_{code.replace(' ', '_').replace('-', '_').lower()}"
    return say(language, key) if key in messages() else code.replace("_", " ")
