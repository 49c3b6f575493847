"""Words: the site's own, the catalog's labels, and figures as people write them, in English and Spanish."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from c2c import catalog

LANGUAGES = ("en", "es")
CODE_SETS = {"first_node": "pathway_node", "last_node": "pathway_node"}
YES_NO = ("foster", "homeless", "ses_disadvantaged", "first_generation", "pell", "veteran", "disability", "outcome")
LAST = ("other", "state")
DEFINED = ("population", "numerator", "denominator", "statistic", "horizon")


@functools.cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """Every sentence of the site by key, in each language. A language left out is a failed test."""
    rows = csv.DictReader((files("c2c.web.public") / "messages.csv").read_text("utf-8").splitlines())
    return {row["key"]: row for row in rows}


@functools.cache
def definitions() -> Mapping[str, str]:
    """What the catalog says of how measures are counted, which it says in English, in Spanish. One left out is a failed test."""
    rows = csv.DictReader((files("c2c.web.public") / "definitions.csv").read_text("utf-8").splitlines())
    return {row["en"]: row["es"] for row in rows}


def say(language: str, key: str, **values: object) -> str:
    """The words for a key, with values put in."""
    return messages()[key][language].format(**values)


def measure_name(language: str, measure: str) -> str:
    """A measure's name."""
    return str(catalog.load().measures[measure]["label_es" if language == "es" else "label"])


def definition(language: str, measure: str) -> list[tuple[str, str]]:
    """How a measure is counted: of whom, what is counted, over whom, how, and for how long. A part that it does not have is left out."""
    said = catalog.load().measures[measure]
    parts = [(say(language, part), said[part]) for part in DEFINED if said[part]]
    return [(name, definitions()[text]) for name, text in parts] if language == "es" else parts


def dimension_name(language: str, dimension: str) -> str:
    """A dimension's name: the site's where it has a shorter one, else the catalog's."""
    own = f"dim_{dimension}"
    return say(language, own) if own in messages() else catalog.load().label("disaggregation", dimension, language)


def code_name(language: str, dimension: str, code: str, places: Mapping[str, Mapping[str, Any]]) -> str:
    """A code in words: a place's name, a group's label, yes and no."""
    if code == "Total":
        return say(language, "all_people")
    if code in places:
        return str(places[code]["name_es" if language == "es" else "name"])
    if dimension in YES_NO:
        return say(language, {"yes": "yes", "no": "no"}.get(code, "not_known"))
    if code == "other" and dimension != "home_language":
        return say(language, "other_groups")
    if code == "unknown":
        return say(language, "not_known")
    if dimension == "academic_year":
        return code
    return catalog.load().label(CODE_SETS.get(dimension, dimension), code, language)


def code_order(dimension: str, code: str) -> tuple[int, str]:
    """Where a code stands among its own: the code set's order, then what was counted together, then the state beside one place."""
    if code in LAST:
        return 9_000 + LAST.index(code), code
    known = catalog.load().code_sets.get(CODE_SETS.get(dimension, dimension), {})
    return (int(known[code]["order"]) if code in known else 0, code)


def figure_text(language: str, row: Mapping[str, Any]) -> str:
    """A figure as it is read: 1,234; 45%; $38,500; a band; or the mark that stands for it."""
    if row["status"] == "banded":
        low, high = f"{row['low']:.0f}", f"{row['high']:.0f}"
        if row["low"] == 0:
            return say(language, "band_least", end=high)
        return say(language, "band_most", end=low) if row["high"] == 100 else f"{low}–{high}%"
    if row["status"] != "shown" or row["value"] is None:
        return str(row["status"])
    value = float(row["value"])
    if row["statistic"] == "percent":
        return f"{value:.0f}%"
    if str(row["unit"]).startswith("dollars"):
        return f"${value:,.0f}"
    if row["unit"] == "years":
        return f"{value:.1f}" + f" {say(language, 'unit_years')}"
    return f"{value:,.0f}"
