"""The query builder: five steps by plain forms. All that a reader chose stands in the address, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

from c2c import catalog
from c2c.publication import Query, answer, shelf
from c2c.vocabulary import Release
from c2c.web.public import _figures, _files, _tables
from c2c.web.public._pages import page, show
from c2c.web.public._points import Point, points
from c2c.web.public._requests import MOST_GROUPS, Seen, address, canonical, pinned, published, read_query
from c2c.web.public._words import code_name, definition, dimension_name, measure_name, say
from c2c.web.public.pathways import STORIES

STEPS = ("measure", "places", "years", "groups", "layout", "table")
MOST_CELLS = 25_000
FEATURED = (
    ("public_college_enrolled_1yr", "", ("race_ethnicity",)), ("public_college_enrolled_1yr", "county", ()), ("highest_award_8yr", "", ()), ("years_to_award", "", ()),
    ("employed_while_enrolled", "", ("attendance_load",)), ("earnings_1yr_after_award", "", ("segment",)), ("earnings_3yr_after_award", "", ("award_category",)),
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What the address says: the query as asked, what of it fits the measure, the layout, the step in hand and the furthest one reached."""

    asked: Query
    query: Query
    layout: _tables.Layout | None
    step: str
    reached: str
    pinned: tuple[tuple[str, str], ...] = ()

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The choice as an address, with what does not fit at present: it comes back when it fits again."""
        laid = [("rows", ",".join(self.layout.rows)), ("cols", ",".join(self.layout.columns))] if self.layout else []
        return [*canonical(self.asked), *laid, *self.pinned]

    @property
    def following(self) -> str:
        """Where the step in hand leads: on, or back to the furthest step reached."""
        at = STEPS.index(self.step) + 1
        return STEPS[max(min(at, len(STEPS) - 1), STEPS.index(self.reached))]


@page
def tables(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """The builder: done steps in a line each, the step in hand as a form, and the table when all are done."""
    choice = _read(request, seen.release)
    said: dict[str, Any] = {
        "title": say(language, "tables"),
        "choice": choice,
        "steps": _steps(language, seen.release, choice),
        "featured": _featured(language, seen.release, choice),
    }
    said |= {
        "hidden": choice.parts,
        "following": choice.following,
        "reached": choice.reached,
        "state": address(choice.parts),
        "most_groups": MOST_GROUPS,
    }
    if choice.step == "measure":
        said["topics"] = _topics(language, seen.release, choice)
    elif choice.step in ("places", "years", "groups"):
        said |= _options(language, seen.release, choice)
    else:
        said |= _result(language, seen.release, choice)
    return show(request, language, seen, "tables.html", said)


@page
def tables_csv(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """The whole table as CSV, however many figures it has: codes, labels, status."""
    query = _read(request, seen.release).query
    if not query.measure:
        raise BadRequest("measure")
    rows = _files.rows_of(language, points(seen.release, language, query))
    return _files.csv_file(
        language, seen.release, rows, name=query.measure, notes=[say(language, _figures.missing_from(query.measure))]
    )


@page
def tables_svg(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """The picture of the table as an SVG file."""
    query = _read(request, seen.release).query
    drawing = _figures.drawn_file(seen.release, language, query) if query.measure else ""
    if not drawing:
        raise Http404
    return _files.svg_file(seen.release, drawing, name=query.measure)


def cut(shown: Sequence[Point], most: int) -> tuple[list[Point], list[int]]:
    """The newest whole years that fit into `most` figures, and the years that were cut."""
    kept = list(shown)
    gone: list[int] = []
    while len(kept) > most and len(years := sorted({p.year for p in kept})) > 1:
        gone.append(years[0])
        kept = [p for p in kept if p.year != years[0]]
    return kept[:most], gone


def fit(release: Release, query: Query) -> Query:
    """What of a query the measure was published by at all."""
    held = shelf(release.folder)
    if not query.measure:
        return query
    years, groups, kinds = held.years(query.measure), held.groups(query.measure), held.geographies(query.measure)
    fits = not query.geography or query.geography in kinds
    return Query(
        query.measure,
        query.geography if fits else "",
        query.places if fits else (),
        tuple(y for y in query.years if y in years),
        tuple(g for g in query.groups if g in groups),
    )


def _read(request: HttpRequest, release: Release) -> Choice:
    get = request.GET
    asked = read_query(request, release)
    step = get.get("step", "table") if asked.measure else "measure"
    reached = get.get("back", "measure")
    if step not in STEPS or reached not in STEPS:
        raise BadRequest("step")
    layout = (
        _tables.Layout(*(tuple(dict.fromkeys(d for d in get.get(k, "").split(",") if d)) for k in ("rows", "cols")))
        if "rows" in get or "cols" in get
        else None
    )
    choice = Choice(asked, fit(release, asked), layout, step, reached, tuple(pinned(request)))
    if step == "places" and "picked" in get and not asked.geography:
        return replace(choice, step=choice.following)
    return replace(choice, reached=STEPS[max(STEPS.index(step), STEPS.index(reached))])


def _steps(language: str, release: Release, choice: Choice) -> list[dict[str, Any]]:
    """Each step: its summary and where to change it, once it is done; what was chosen and does not fit the measure is marked."""
    places = shelf(release.folder).places
    asked, query = choice.asked, choice.query
    chosen = {
        "measure": measure_name(language, query.measure) if query.measure else "",
        "places": ", ".join(code_name(language, query.geography, p, places) for p in query.places) or (say(language, f"every_{query.geography}") if query.geography else say(language, "whole_state")),
        "years": _years_said(language, query.years),
        "groups": ", ".join(dimension_name(language, g) for g in query.groups) or say(language, "no_group"),
        "layout": "",
    }  # fmt: skip
    misfits: dict[str, list[str]] = {
        "places": [dimension_name(language, asked.geography)] if asked.geography != query.geography else [],
        "years": [str(y) for y in asked.years if y not in query.years],
        "groups": [dimension_name(language, g) for g in asked.groups if g not in query.groups],
    }
    reached = STEPS.index(choice.reached)
    return [
        {
            "code": s, "name": say(language, f"step_{s}"), "number": i + 1, "current": s == choice.step or (s == "layout" and choice.step == "table"), "done": i <= reached and s != choice.step and bool(query.measure),
            "chosen": chosen[s], "misfits": misfits.get(s, []), "change": address([*choice.parts, ("step", s), ("back", choice.reached)]),
        }
        for i, s in enumerate(STEPS[:-1])
    ]  # fmt: skip


def _years_said(language: str, years: tuple[int, ...]) -> str:
    if not years:
        return say(language, "all_years")
    return f"{years[0]}–{years[-1]}" if len(years) > 1 and years[-1] - years[0] == len(years) - 1 else ", ".join(map(str, years))


def _topics(language: str, release: Release, choice: Choice) -> list[dict[str, Any]]:
    """Measures by topic, each with whom it counts."""
    told = {m for measures in STORIES.values() for m in measures}
    topics = {story: list(measures) for story, measures in STORIES.items()}
    topics["enrolls"] = [*(m for m in published(release) if m not in told), *topics["enrolls"]]
    return [
        {
            "name": say(language, f"story_{story}"),
            "measures": [{"code": m, "name": measure_name(language, m), "population": definition(language, m)[0][1], "chosen": m == choice.asked.measure} for m in measures if m in published(release)],
        }
        for story, measures in topics.items()
    ]  # fmt: skip


def _options(language: str, release: Release, choice: Choice) -> dict[str, Any]:
    """What may be chosen in the step in hand: only what the measure was published by."""
    held, query = shelf(release.folder), choice.query
    listed = held.places_of(query.geography) if query.geography else []
    order = list(catalog.load().code_sets["disaggregation"])
    return {
        "kinds": [
            {"code": g, "name": say(language, f"every_{g}"), "chosen": g == query.geography}
            for g in held.geographies(query.measure)
        ],
        "places": [
            {"code": p, "name": code_name(language, query.geography, p, held.places), "chosen": p in query.places} for p in listed
        ],
        "years": [{"code": y, "chosen": y in query.years} for y in reversed(held.years(query.measure))],
        "groups": [
            {"code": g, "name": dimension_name(language, g), "chosen": g in query.groups}
            for g in sorted(held.groups(query.measure), key=order.index)
        ],
    }


def _result(language: str, release: Release, choice: Choice) -> dict[str, Any]:
    """How many figures, how they are laid out, and the table itself once it is asked for."""
    query = choice.query
    shown = points(release, language, query)
    kept, gone = cut(shown, MOST_CELLS)
    layout = _fitting_layout(choice.layout, kept)
    figure = _figures.figure(
        release, language, replace(query, years=tuple(sorted({p.year for p in kept}))) if gone else query, layout=layout
    )
    nearest = answer(release, query).nearest
    return {
        "n": f"{len(shown):,}", "cut": ", ".join(map(str, gone)), "figure": figure, "moves": _moves(language, choice, layout), "permalink": figure.permalink,
        "nearest": summary(language, release, nearest) if nearest else "", "full": address([*canonical(query), ("release", release.release_id)]),
    }  # fmt: skip


def _fitting_layout(layout: _tables.Layout | None, shown: Sequence[Point]) -> _tables.Layout:
    """The layout asked for, as far as the table has those dimensions; those it does not name stand last in the rows."""
    usual = _tables.usual_layout(shown)
    if layout is None or not shown:
        return usual
    dims = (*usual.rows, *usual.columns)
    columns = tuple(d for d in layout.columns if d in dims)
    rows = tuple(d for d in layout.rows if d in dims and d not in columns)
    return _tables.Layout((*rows, *(d for d in dims if d not in (*rows, *columns))), columns)


def _moves(language: str, choice: Choice, layout: _tables.Layout) -> dict[str, list[dict[str, str]]]:
    """Where each dimension stands, and the addresses that move it up or down one place, over the line between rows and columns too.

    The address ends in the link that moves it on, so that a keyboard stays where it was.
    """
    line: list[str | None] = [*layout.rows, None, *layout.columns]
    made: dict[str, list[dict[str, str]]] = {"rows": [], "columns": []}
    for dim in (*layout.rows, *layout.columns):
        at = line.index(dim)
        move = {"code": dim, "name": dimension_name(language, dim)}
        for way, to in (("up", at - 1), ("down", at + 1)):
            if 0 <= to < len(line):
                moved = [d for d in line if d != dim]
                moved.insert(to, dim)
                split = moved.index(None)
                rows, columns = (",".join(d for d in part if d) for part in (moved[:split], moved[split:]))
                on = way if 0 < to < len(line) - 1 else {"up": "down", "down": "up"}[way]
                parts = [
                    *canonical(choice.asked),
                    ("rows", rows),
                    ("cols", columns),
                    ("step", choice.step),
                    ("back", choice.reached),
                    *choice.pinned,
                ]
                move[way] = f"{address(parts)}#{on}-{dim}"
        made["rows" if dim in layout.rows else "columns"].append(move)
    return made


def _featured(language: str, release: Release, choice: Choice) -> list[tuple[str, str]]:
    """Tables to start from, of those that this release has: the newest year of each."""
    made = []
    for measure, geography, groups in FEATURED:
        years = shelf(release.folder).years(measure)
        query = Query(measure, geography, (), tuple(years[-1:]), groups)
        if answer(release, query).rows:
            made.append((address([*canonical(query), *choice.pinned]), summary(language, release, query)))
    return made


def summary(language: str, release: Release, query: Query) -> str:
    """A query in words: measure, groups, place, years."""
    places = shelf(release.folder).places
    by = [dimension_name(language, g) for g in query.groups]
    place = ", ".join(code_name(language, query.geography, p, places) for p in query.places) or (
        say(language, f"every_{query.geography}") if query.geography else ""
    )
    parts = [measure_name(language, query.measure), *by, *([place] if place else []), _years_said(language, query.years)]
    return " · ".join(parts)
