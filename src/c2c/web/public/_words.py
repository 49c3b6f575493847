"""Words: the site's own, the catalog's labels, and figures as people write them, in English and Spanish."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from c2c import catalog

LANGUAGES = ("en", "es")
CODE_SET = {"first_node": "pathway_node", "last_node": "pathway_node", "segment": "segment"}
YES_NO = ("foster", "homeless", "ses_disadvantaged", "first_generation", "pell", "veteran", "disability", "outcome")


@functools.cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """Every sentence of the site by key, in each language. A language left out is a failed test."""
    rows = csv.DictReader((files("c2c.web.public") / "messages.csv").read_text("utf-8").splitlines())
    return {row["key"]: row for row in rows}


def say(language: str, key: str, **values: object) -> str:
    """The words for a key, with values put in."""
    return messages()[key][language].format(**values)


def measure_name(language: str, measure: str) -> str:
    """A measure's name."""
    return str(catalog.load().measures[measure]["label_es" if language == "es" else "label"])


def dimension_name(language: str, dimension: str) -> str:
    """A dimension's name: the catalog's where it has one, else the site's."""
    known = catalog.load().code_sets["disaggregation"]
    return catalog.load().label("disaggregation", dimension, language) if dimension in known else say(language, f"dim_{dimension}")


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
    return catalog.load().label(CODE_SET.get(dimension, dimension), code, language)


def figure_text(language: str, row: Mapping[str, Any]) -> str:
    """A figure as it is read: 1,234; 45%; $38,500; a band; or the mark that stands for it."""
    if row["status"] == "banded":
        return f"{row['low']:.0f}–{row['high']:.0f}%"
    if row["status"] != "shown" or row["value"] is None:
        return str(row["status"])
    value = float(row["value"])
    if row["statistic"] == "percent":
        return f"{value:.0f}%"
    if str(row["unit"]).startswith("dollars"):
        return f"${value:,.0f}"
    if row["unit"] == "years":
        return f"{value:.1f}"
    return f"{value:,.0f}"
