"""The answer in a sentence or two, made from the cells on the page: it names measure, group, place and year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from c2c.publication import Query, answer, shelf
from c2c.vocabulary import Release
from c2c.web.public._points import Point
from c2c.web.public._words import code_name, figure_text, measure_name, messages, say


def has_own(measure: str) -> bool:
    """Does the site have sentences of its own for a measure?"""
    return f"says_{measure}" in messages()


def where(release: Release, language: str, query: Query) -> str:
    """The place of a query, as a sentence opens with it."""
    if not query.geography:
        return say(language, "where_state")
    if len(query.places) != 1:
        return say(language, f"where_every_{query.geography}")
    return say(language, "where_place", place=code_name(language, query.geography, query.places[0], shelf(release.folder).places))


def sentence(release: Release, language: str, query: Query, shown: Sequence[Point]) -> str:
    """What the newest year says; how far its groups lie apart; and how it was before. Only cells that are shown speak."""
    place, name = where(release, language, query), measure_name(language, query.measure)
    if shown and all(p.row["status"] == "x" for p in shown):
        return say(language, "says_not_available", measure=name)
    told = [p for p in shown if p.row["status"] == "shown"]
    known = ("academic_year", query.geography if _one_place(query) else "")
    if not told:
        return say(language, "says_none", measure=name, where=place)
    year = max(p.year for p in told)
    newest = [p for p in told if p.year == year]
    parts = []
    if len({p.label for p in shown}) == 1 or (newest[0].row["statistic"] == "percent" and not query.groups and _one_place(query)):
        most = max(newest, key=_value)
        parts.append(_main(language, query.measure, place, most, most.label_without(*known)))
        first = min((p for p in told if p.label == most.label), key=lambda p: p.year)
        if first.year < year:
            parts.append(say(language, "says_before", year=first.year, value=first.text))
        return " ".join(parts)
    if query.groups:
        everyone = answer(release, replace(query, groups=(), years=(year,))).rows if _one_place(query) else ()
        whole = [
            r
            for r in everyone
            if r["status"] == "shown" and (r["statistic"] != "count" or query.measure == "hs_graduates") and not r.get("first_node")
        ]
        if len(whole) == 1:
            parts.append(
                say(
                    language,
                    _key(query.measure, newest[0].row["statistic"]),
                    where=place,
                    year=year,
                    value=figure_text(language, whole[0]),
                    measure=name,
                    category="",
                )
            )
    least, most = min(newest, key=_value), max(newest, key=_value)
    if len(newest) == 1:
        parts.append(say(language, "says_one_group", year=year, value=most.text, group=most.label_without(*known)))
    elif _value(least) == _value(most):
        parts.append(say(language, "says_same", measure=name, year=year, value=most.text, where=place))
    else:
        key = "says_range" if parts else "says_range_alone"
        parts.append(
            say(
                language,
                key,
                measure=name,
                year=year,
                where=place,
                low=least.text,
                low_group=least.label_without(*known),
                high=most.text,
                high_group=most.label_without(*known),
            )
        )
    return " ".join(parts)


def _main(language: str, measure: str, place: str, point: Point, category: str) -> str:
    return say(
        language,
        _key(measure, str(point.row["statistic"])),
        where=place,
        year=point.year,
        value=point.text,
        measure=measure_name(language, measure),
        category=category,
    )


def _key(measure: str, statistic: str) -> str:
    return f"says_{measure}" if has_own(measure) else f"says_any_{statistic}"


def _value(point: Point) -> float:
    return float(point.row["value"])


def _one_place(query: Query) -> bool:
    return not query.geography or len(query.places) == 1
