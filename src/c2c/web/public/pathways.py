"""Student Pathways: what happens to people after high school, in six stories."""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from c2c.publication import Query, shelf
from c2c.web.public import _charts, _figures, _files, _flows, _tables
from c2c.web.public._pages import page, show
from c2c.web.public._points import Point, points
from c2c.web.public._requests import Seen, address, canonical, pinned, read_query, source_line
from c2c.web.public._words import code_name, dimension_name, measure_name, say

STORIES: dict[str, tuple[str, ...]] = {
    "through": ("not_seen_public_college_8yr",),
    "enrolls": ("public_college_enrolled_1yr", "any_college_enrolled_1yr", "first_college_system"),
    "awards": ("highest_award_8yr", "left_without_award", "transfer_rate_6yr", "transfer_bachelors_3yr"),
    "time": ("years_to_award",),
    "working": ("employed_while_enrolled", "earnings_while_enrolled"),
    "pay": (
        "earnings_1yr_after_award",
        "earnings_3yr_after_award",
        "employed_in_california_1yr",
        "earnings_left_without_award",
        "earnings_no_college",
    ),
}
"""The measures of each story, in the order they are told. Pay is told for every way out, not for degrees alone."""
ROADS = (
    Query("earnings_3yr_after_award", groups=("award_category",)),
    Query("earnings_left_without_award"),
    Query("earnings_no_college"),
)


@page
def pathways(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """One story with its figures, each with its question, sentence, picture, table and who is missing."""
    story, base = _story(request, seen)
    told = []
    for query, note in _queries(seen, story, base, every=_every_year(request)):
        figure = _figures.figure(seen.release, language, query)
        told.append(
            {"figure": figure, "note": say(language, note, year=", ".join(map(str, query.years)), name=figure.name) if note else ""}
        )
    flows, flows_note = _story_flows(seen, language, base) if story == "through" else ([], "")
    roads = _roads(seen, language) if story == "pay" and not (base.geography or base.groups or base.years) else None
    chosen = [*canonical(base), *([("year", "all")] if _every_year(request) else [])]
    parts = [("story", story), *chosen, ("release", seen.release.release_id)]
    return show(request, language, seen, "pathways.html", {
        "title": f"{say(language, f'story_{story}')} · {say(language, 'pathways')}", "story": story, "question": say(language, f"ask_{story}"),
        "stories": [{"code": s, "name": say(language, f"story_{s}"), "keep": address([*chosen, *pinned(request)])} for s in STORIES],
        "told": told, "roads": roads, "flows": flows, "flows_note": flows_note, "filters": _filters(request, language, seen, story, base), "state": address(parts), "pinned": pinned(request),
    })  # fmt: skip


@page
def pathways_csv(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """Every figure of a story as CSV: codes, labels, status."""
    story, base = _story(request, seen)
    queries = [q for q, _ in _queries(seen, story, base, every=_every_year(request))]
    rows = [row for q in queries for row in _files.rows_of(language, points(seen.release, language, q))]
    if story == "through":
        rows += [
            {"measure": "hs_graduates", "measure_label": flow.title, "academic_year": flow.year, "label": f"{line.first} → {line.last}", "value": line.text.replace(",", "") if line.status == "shown" else "", "status": line.status}
            for flow in _story_flows(seen, language, base)[0] for line in flow.lines
        ]  # fmt: skip
    missing = dict.fromkeys(say(language, _figures.missing_from(q.measure)) for q in queries)
    return _files.csv_file(language, seen.release, rows, name=story, notes=missing)


@page
def pathways_svg(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """One picture of a story as an SVG file."""
    story, base = _story(request, seen)
    wanted = request.GET.get("picture", "")
    if wanted == "flows" and story == "through":
        asked, _ = _flow_query(seen, base)
        found = _flows.flows(seen.release, language, asked, as_file=True) if asked else []
        at = request.GET.get("at", "0")
        if not at.isdigit() or int(at) >= len(found):
            raise Http404
        return _files.svg_file(seen.release, found[int(at)].wide, name="flows")
    query = next((q for q, _ in _queries(seen, story, base, every=_every_year(request)) if q.measure == wanted), None)
    if query is None:
        raise BadRequest("picture")
    drawing = _figures.drawn_file(seen.release, language, query)
    if not drawing:
        raise Http404
    return _files.svg_file(seen.release, drawing, name=wanted)


def _story(request: HttpRequest, seen: Seen) -> tuple[str, Query]:
    story = request.GET.get("story", "through")
    if story not in STORIES:
        raise BadRequest("story")
    return story, read_query(request, seen.release)


def _every_year(request: HttpRequest) -> bool:
    return "all" in request.GET.getlist("year")


def _queries(seen: Seen, story: str, base: Query, *, every: bool) -> list[tuple[Query, str]]:
    """A query for each measure of a story, and the message where something asked was left out.

    With no year chosen, a measure told for several groups or awards shows its newest year, and one told as a single figure its whole course.
    """
    out = []
    for measure in STORIES[story]:
        query, note = _figures.fitting(seen.release, replace(base, measure=measure))
        if not query.years and not every and _figures.has_parts(seen.release, query):
            newest = shelf(seen.release.folder).years(measure)[-1:]
            query, _ = _figures.fitting(seen.release, replace(query, years=tuple(newest)))
        out.append((query, note))
    return out


def _roads(seen: Seen, language: str) -> dict[str, object] | None:
    """Pay after every way out side by side, the newest year of each: by award, without one, without college."""
    shown: list[Point] = []
    for query in ROADS:
        years = shelf(seen.release.folder).years(query.measure)
        for p in points(seen.release, language, replace(query, years=tuple(years[-1:]))):
            if p.row["status"] == "shown":
                name = say(language, f"road_{query.measure}", group=p.label, year=p.year)
                shown.append(replace(p, coordinates={"road": f"{len(shown):02}"}, names={"road": name}, phrases={"road": name}))
    if len(shown) < 2:
        return None
    table = _tables.lay_out(seen.release, language, ROADS[0], shown, _tables.Layout(("road",), ()))
    frame = _charts.Frame(say(language, "roads_title"), source_line(language, seen.release), "dollars per year", {})
    rows = [(p.label, _charts.Value("", p.text, p.row)) for p in shown]
    least, most = (pick(shown, key=lambda p: float(p.row["value"])) for pick in (min, max))
    sentence = say(language, "roads_sentence", low=least.text, low_group=least.label, high=most.text, high_group=most.label)
    return {"picture": SafeString(_charts.dots(rows, frame)), "table": table, "sentence": sentence}


def _story_flows(seen: Seen, language: str, base: Query) -> tuple[list[_flows.Flows], str]:
    """The flows that fit what is chosen, and what to say where they were published for the whole state or everyone together only."""
    query, note = _flow_query(seen, base)
    if query is None:
        return [], ""
    return _flows.flows(seen.release, language, query), say(language, note, year=query.years[0]) if note else ""


def _flow_query(seen: Seen, base: Query) -> tuple[Query | None, str]:
    years = _flows.years(seen.release)
    if not years:
        return None, ""
    asked = next((y for y in base.years if y in years), 0)
    query = Query("hs_graduates", years=(asked or years[-1],), groups=base.groups[:1])
    note = "flows_other_year" if base.years and not asked else "flows_state_only" if base.geography else ""
    if base.groups and not _flows.flows(seen.release, "en", query):
        return replace(query, groups=()), "flows_no_group"
    return query, note


def _filters(request: HttpRequest, language: str, seen: Seen, story: str, base: Query) -> dict[str, object]:
    """What a reader may choose: years, places by kind, and groups of the story's measures."""
    held = shelf(seen.release.folder)
    measures = [m for m in STORIES[story] if m in held.tables]
    years = sorted({y for m in measures for y in held.years(m)}, reverse=True)
    kinds = [g for g in dict.fromkeys(g for m in measures for g in held.geographies(m))]
    groups = list(dict.fromkeys(g for m in measures for g in held.groups(m)))
    chosen = f"{base.geography}:{','.join(base.places)}" if base.geography else ""
    return {
        "years": [{"code": "all", "name": say(language, "all_years"), "chosen": _every_year(request)}, *({"code": y, "name": y, "chosen": base.years == (y,)} for y in years)],
        "kinds": [{"name": dimension_name(language, g), "places": [{"code": f"{g}:{p}", "name": code_name(language, g, p, held.places), "chosen": chosen == f"{g}:{p}"} for p in held.places_of(g)]} for g in kinds],
        "groups": [{"code": g, "name": dimension_name(language, g), "chosen": g in base.groups} for g in groups],
        "measures": [measure_name(language, m) for m in measures],
    }  # fmt: skip
