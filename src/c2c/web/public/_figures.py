"""A figure as a page shows it: a question, one sentence, one picture, one table, and who is missing. All from published cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.safestring import SafeString

from c2c import catalog
from c2c.publication import Query, answer, shelf
from c2c.vocabulary import Release
from c2c.web.public import _charts, _marks, _sentences, _tables
from c2c.web.public._points import Point, is_figure, of_graduates, points
from c2c.web.public._requests import permalink, source_line
from c2c.web.public._words import definition, measure_name, say

MOST_LINES = 6
STATE = "state"
"""The place of a figure of the whole state where it stands beside one place."""


@dataclass(frozen=True)
class Figure:
    """All that a page says of one measure."""

    query: Query
    name: str
    ask: str
    sentence: str
    picture: SafeString
    table: _tables.Table
    points: tuple[Point, ...]
    notes: tuple[str, ...]
    withheld: str
    missing: str
    definition: tuple[tuple[str, str], ...]
    permalink: str
    nearest: str

    @property
    def measure(self) -> str:
        """The measure it shows."""
        return self.query.measure


def figure(release: Release, language: str, query: Query, *, layout: _tables.Layout | None = None) -> Figure:
    """One measure of a release as a page shows it. An empty one says so and names the nearest that was published."""
    found = answer(release, query)
    shown = points(release, language, query)
    beside = _beside(release, language, query) if not layout else ()
    source = source_line(language, release)
    picture = draw(language, (*shown, *beside), name=measure_name(language, query.measure), source=source)
    marked = next((p for p in shown if p.row["status"] == _marks.WITHHELD), None)
    nearest = _marks.nearest_shown(release, query, marked.row) if marked else None
    return Figure(
        query=query,
        name=measure_name(language, query.measure),
        ask=say(language, f"asks_{query.measure}") if _sentences.has_own(query.measure) else measure_name(language, query.measure),
        sentence=_sentences.sentence(release, language, query, shown),
        picture=SafeString(picture),
        table=_tables.lay_out(release, language, query, (*shown, *beside), layout),
        points=shown,
        notes=tuple(say(language, key) for key in _notes(query.measure)),
        withheld=permalink(release, nearest) if nearest else "",
        missing=say(language, missing_from(query.measure)),
        definition=tuple(definition(language, query.measure)),
        permalink=permalink(release, query),
        nearest=permalink(release, found.nearest) if found.nearest else "",
    )


def fitting(release: Release, query: Query) -> tuple[Query, str]:
    """The nearest query that was published, and the message that says what was left out: groups, then the place, then the year."""
    tried = (
        (query, ""),
        (replace(query, groups=()), "group_left_out"),
        (replace(query, geography="", places=()), "state_only"),
        (replace(query, geography="", places=(), groups=()), "state_only"),
        *(
            (replace(query, geography=g, places=(), groups=()), "places_only")
            for g in shelf(release.folder).geographies(query.measure)
        ),
    )
    for candidate, note in tried:
        if answer(release, candidate).rows:
            return candidate, note
    years = shelf(release.folder).years(query.measure)
    newest = replace(query, years=tuple(years[-1:]))
    return (query, "") if query == newest or not years else (fitting(release, newest)[0], "year_left_out")


def has_parts(release: Release, query: Query) -> bool:
    """Is a query answered by several figures a year: groups, places, kinds of award?"""
    years = [r["academic_year"] for r in answer(release, query).rows if is_figure(query.measure, r)]
    return len(years) > len(set(years))


def drawn_file(release: Release, language: str, query: Query) -> str:
    """The picture of a query as a file of its own, with its title and its source."""
    name = measure_name(language, query.measure)
    source = source_line(language, release)
    return draw(
        language, (*points(release, language, query), *_beside(release, language, query)), name=name, source=source, as_file=True
    )


def draw(language: str, shown: Sequence[Point], *, name: str, source: str, as_file: bool = False) -> str:
    """The picture that fits: lines over years, dots for middle figures, bars else. Nothing where there is nothing to draw."""
    if not shown:
        return ""
    years = sorted({p.year for p in shown})
    series: dict[str, list[Point]] = {}
    for p in shown:
        series.setdefault(p.label or say(language, "everyone"), []).append(p)
    if len(years) > 1 and len(series) > MOST_LINES:
        return draw(
            language, [p for p in shown if p.year == years[-1]], name=f"{name}, {years[-1]}", source=source, as_file=as_file
        )
    unit = str(shown[0].row["unit"])
    marks = {m: say(language, f"short_{m}") for m in (_marks.WITHHELD, _marks.NOT_AVAILABLE)}
    frame = _charts.Frame(say(language, "picture_of", name=name), source, unit, marks, as_file)
    lines = [(label, [_charts.Value(str(p.year), p.text, p.row) for p in found]) for label, found in series.items()]
    if len(years) > 1:
        return _charts.lines(lines, [str(y) for y in years], frame)
    rows = [(label, value) for label, values in lines for value in values]
    return _charts.dots(rows, frame) if shown[0].row["statistic"] == "median" else _charts.bars(rows, frame)


def missing_from(measure: str) -> str:
    """The message of who is missing from a measure."""
    if measure.startswith(("employed", "earnings")):
        return "missing_pay"
    return "missing_school" if of_graduates(measure) else "missing_college"


def _beside(release: Release, language: str, query: Query) -> tuple[Point, ...]:
    """The state's figures, to stand beside those of one place."""
    if len(query.places) != 1 or query.groups:
        return ()
    whole = points(release, language, replace(query, geography="", places=()))
    state = say(language, "whole_state")
    return tuple(
        replace(
            p,
            coordinates={"academic_year": p.coordinates["academic_year"], query.geography: STATE, **p.coordinates},
            names={"academic_year": p.names["academic_year"], query.geography: state, **p.names},
            phrases={"academic_year": p.phrases["academic_year"], query.geography: state, **p.phrases},
        )
        for p in whole
    )


def _notes(measure: str) -> list[str]:
    unit = catalog.load().measures[measure]["unit"]
    notes = {"percent": ["note_percent"], "dollars per year": ["note_pay", "note_hours"], "years": ["note_median"]}.get(unit, [])
    return [*notes, *(["note_later_cohorts"] if of_graduates(measure) and unit != "people" else [])]
