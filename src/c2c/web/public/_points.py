"""Published cells in words: each with its year, place, group and answer, in order, and the size of its group where that was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from c2c import catalog
from c2c.publication import Query, answer, shelf
from c2c.vocabulary import Release
from c2c.web.public._words import YES_NO, code_name, code_order, dimension_name, figure_text, say

ANSWERS = ("first_node", "last_node", "award_category")
MOST_NAMED = 3


@dataclass(frozen=True)
class Point:
    """One published cell in words. `coordinates`: its year, place, groups and answer as codes; `names`: the same in words, under
    a heading; `phrases`: the same where they stand alone."""

    coordinates: Mapping[str, str]
    names: Mapping[str, str]
    phrases: Mapping[str, str]
    text: str
    size: str
    row: Mapping[str, Any]

    @property
    def year(self) -> int:
        """The cohort or school year."""
        return int(self.coordinates["academic_year"])

    @property
    def label(self) -> str:
        """Its place, group and answer in words, without the year."""
        return self.label_without("academic_year")

    def label_without(self, *dimensions: str) -> str:
        """Its coordinates in words, but for these."""
        return " · ".join(v for d, v in self.phrases.items() if d not in dimensions)


def points(release: Release, language: str, query: Query) -> tuple[Point, ...]:
    """The cells that answer a query, in words and in order; the size of its group beside each where that was published."""
    places = shelf(release.folder).places
    rows = [r for r in answer(release, query).rows if is_figure(query.measure, r)]
    sizes = {_who(r): r for r in _size_rows(release, query)}
    answered = [d for d in ANSWERS if d not in query.groups and any(r.get(d) is not None for r in rows)]
    dims = ["academic_year", *([query.geography] if query.geography else []), *query.groups, *answered]
    together = {d: _together(language, d, {str(r[d]) for r in rows}) for d in dims}
    made = []
    for row in rows:
        codes = {d: str(row[d]) for d in dims}
        size = sizes.get(_who(row))
        names = {
            d: together[d] if code == "other" and together[d] else code_name(language, d, code, places) for d, code in codes.items()
        }
        phrases = {d: f"{dimension_name(language, d)}: {name.lower()}" if d in YES_NO else name for d, name in names.items()}
        made.append(
            Point(
                codes,
                names,
                phrases,
                figure_text(language, row),
                figure_text(language, size) if size and row["status"] != "x" else "",
                row,
            )
        )
    return tuple(sorted(made, key=lambda p: [code_order(d, code) for d, code in p.coordinates.items()]))


def _together(language: str, dimension: str, shown: set[str]) -> str:
    """The groups that a table counts together, by name where they are few: all of the code set that it does not show alone."""
    known = catalog.load().code_sets.get(dimension, {})
    apart = [code for code in known if code not in shown and code != "unknown"]
    if "other" not in shown or not 0 < len(apart) <= MOST_NAMED:
        return ""
    return say(language, "counted_together", groups=", ".join(code_name(language, dimension, code, {}) for code in apart))


def is_figure(measure: str, row: Mapping[str, Any]) -> bool:
    """Is this row what the measure tells, and not the size of its group or a flow?"""
    if measure == "hs_graduates":
        return row.get("first_node") is None
    return bool(row["statistic"] != "count")


def of_graduates(measure: str) -> bool:
    """Is a measure counted over high school graduates?"""
    return "cde.k12_completion" in catalog.load().measures[measure]["needs"]


def _size_rows(release: Release, query: Query) -> list[Mapping[str, Any]]:
    """Published sizes of the groups a percent is of: its own, or all graduates where it is of all of them."""
    own = [r for r in answer(release, query).rows if r["statistic"] == "count" and query.measure != "hs_graduates"]
    if own or query.measure == "hs_graduates" or not of_graduates(query.measure):
        return own
    measure = catalog.load().measures[query.measure]
    if (
        measure["denominator"] != "all people in the population"
        or measure["population"] != catalog.load().measures["hs_graduates"]["population"]
    ):
        return []
    return [r for r in answer(release, replace(query, measure="hs_graduates")).rows if r.get("first_node") is None]


def _who(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The group that a row speaks of: its year, place and groups, without what is answered about it."""
    apart = {
        "release",
        "product",
        "table",
        "measure",
        "statistic",
        "unit",
        "outcome",
        "value",
        "low",
        "high",
        "status",
        "of",
        *ANSWERS,
    }
    return tuple(sorted((k, str(v)) for k, v in row.items() if k not in apart and v is not None))
