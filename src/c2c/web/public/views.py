"""Pages: parse, slice a release, render. Each decides nothing about people; what it shows was cleared before it was written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from c2c import catalog
from c2c.publication import Query, answer, releases, shelf
from c2c.web.public import _figures, _requests
from c2c.web.public._words import code_name, dimension_name, measure_name, say

MOST_CELLS = 25_000
GROUPS = ("race_ethnicity", "gender", "foster", "homeless", "ses_disadvantaged")
FEATURED = (
    "measure=public_college_enrolled_1yr&year=2025&by=race_ethnicity&show=1", "measure=highest_award_8yr&year=2014..2018&show=1",
    "measure=earnings_1yr_after_award&year=2025&by=award_category&show=1",
)  # fmt: skip
View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """A page of a release: finds it, or shows that there is none yet."""

    @require_safe
    def shown(request: HttpRequest, language: str) -> HttpResponse:
        seen = _requests.seen_release(request)
        if seen is None:
            return _render(request, language, None, "empty.html", {"title": say(language, "empty_title")})
        return view(request, language, seen)

    return shown


@page
def home(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """The questions, three entrances, and three figures to start with."""
    asked = [
        m
        for m in ("public_college_enrolled_1yr", "highest_award_8yr", "employed_while_enrolled")
        if m in _requests.published(seen.release)
    ]
    figures = [_figures.figure(seen.release, language, Query(m, years=(_requests.years_of(seen.release, m)[-1],))) for m in asked]
    return _render(
        request,
        language,
        seen,
        "home.html",
        {"title": say(language, "home_question"), "figures": figures, "stories": _stories(language)},
    )


@page
def pathways(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """Student Pathways: six stories, each with its pictures, tables, sentences and who is missing."""
    story, base = _story(request, seen)
    figures = [_figures.figure(seen.release, language, q) for q in _queries(seen, story, base)]
    for f in figures:
        f["svg"] = mark_safe(f["svg"])  # noqa: S308 - our own drawing; every text in it was escaped
        f["nearest_text"] = _figures.permalink(seen.release, f["nearest"]) if f["nearest"] else ""
    flows = (
        _figures.flows(seen.release, language, Query("", "", (), base.years or (_flow_year(seen),), base.groups))
        if story == "through"
        else None
    )
    if story == "through" and flows is None:
        flows = _figures.flows(seen.release, language, Query("", "", (), (_flow_year(seen),), ()))
    for group in flows["groups"] if flows else ():
        group["svg"] = mark_safe(group["svg"])  # noqa: S308 - our own drawing; every text in it was escaped
    held = shelf(seen.release.folder)
    geographies = [{"code": g, "name": dimension_name(language, g), "chosen": g == base.geography} for g in _requests.GEOGRAPHIES]
    options = (
        [
            {"code": p, "name": code_name(language, base.geography, p, held.places), "chosen": p in base.places}
            for p in _requests.places_of(seen.release, base.geography)
        ]
        if base.geography
        else []
    )
    years = [{"code": y, "chosen": base.years == (y,)} for y in _requests.years_of(seen.release, "hs_graduates")]
    groups = [{"code": g, "name": dimension_name(language, g), "chosen": g in base.groups} for g in GROUPS]
    state = urlencode([("story", story), *_figures.canonical(base)[1:], ("release", seen.release.release_id)], safe=":,.")
    said = {"title": say(language, "pathways"), "story": story, "question": say(language, f"ask_{story}"), "stories": _stories(language), "figures": figures, "flows": flows, "geographies": geographies,
            "places": options, "years": years, "groups": groups, "state": state, "base": base, "flow_year": base.years[0] if base.years else _flow_year(seen)}  # fmt: skip
    return _render(request, language, seen, "pathways.html", said)


@page
def pathways_csv(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """Every figure of a story as CSV: codes, labels, status."""
    story, base = _story(request, seen)
    rows = [
        r["raw"] | {"label": r["label"]}
        for q in _queries(seen, story, base)
        for r in _figures.figure(seen.release, language, q)["rows"]
    ]
    if story == "through":
        asked = Query("hs_graduates", "", (), base.years or (_flow_year(seen),), (*base.groups, "first_node", "last_node"))
        rows += [
            dict(r) | {"label": f"{r['first_node']} > {r['last_node']}"}
            for r in answer(seen.release, asked).rows
            if r.get("first_node")
        ]
    return _csv(language, rows, f"{story}-{seen.release.release_id}.csv", seen)


@page
def pathways_svg(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """One picture of a story as an SVG file."""
    story, base = _story(request, seen)
    measure = request.GET.get("picture", "")
    if measure == "flows" and story == "through":
        flows = _figures.flows(seen.release, language, Query("", "", (), base.years or (_flow_year(seen),), ()))
        svg = flows["groups"][0]["svg"] if flows else ""
    elif measure in _figures.STORIES[story]:
        svg = _figures.figure(seen.release, language, next(q for q in _queries(seen, story, base) if q.measure == measure))["svg"]
    else:
        raise BadRequest("picture")
    if not svg:
        raise Http404
    return HttpResponse(
        svg,
        content_type="image/svg+xml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{story}-{measure}.svg"'},
    )


@page
def tables(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """The query builder: five steps by plain forms. The whole state stands in the address."""
    query = _requests.read_query(request, seen.release)
    dropped: list[str] = []
    if query.measure:
        fitting = _requests.groups_of(seen.release, query.measure)
        dropped = [dimension_name(language, g) for g in query.groups if g not in fitting]
        years = _requests.years_of(seen.release, query.measure)
        dropped += [str(y) for y in query.years if y not in years]
        query = Query(
            query.measure,
            query.geography,
            query.places,
            tuple(y for y in query.years if y in years),
            tuple(g for g in query.groups if g in fitting),
        )
    order = [d for d in request.GET.get("order", "").split(",") if d]
    held = shelf(seen.release.folder)
    found = answer(seen.release, query) if query.measure else None
    rows = _figures.labelled(seen.release, language, query, found.rows) if found else []
    dims = [
        *(("academic_year",)),
        *((query.geography,) if query.geography else ()),
        *query.groups,
        *(d for d in _figures.INNER if rows and d in rows[0]["coordinates"]),
    ]
    dims = [*(d for d in order if d in dims), *(d for d in dims if d not in order)]
    n, cut = len(rows), len(rows) > MOST_CELLS
    rows = rows[-MOST_CELLS:] if cut else rows
    rows.sort(
        key=lambda r: tuple(
            (str(r["year"]),) if d == "academic_year" else _figures._order(d, str(r["coordinates"].get(d, ""))) for d in dims
        )
    )
    table = [
        {
            "cells": [
                r["year"] if d == "academic_year" else code_name(language, d, str(r["coordinates"].get(d, "")), held.places)
                for d in dims
            ],
            "text": r["text"],
            "size": r["size"],
            "status": r["status"],
        }
        for r in rows
    ]
    state = _figures.canonical(query) if query.measure else []
    moves = [
        {
            "name": dimension_name(language, d) if d != "academic_year" else say(language, "cohort"),
            "code": d,
            "up": _moved(dims, i, -1),
            "down": _moved(dims, i, 1),
        }
        for i, d in enumerate(dims)
    ]
    said = {
        "title": say(language, "tables"), "query": query, "state": state, "hidden": state, "dropped": dropped, "step": _step(request, query), "rows": table, "moves": moves, "n": f"{n:,}", "cut": cut,
        "columns": [m["name"] for m in moves], "nearest": _figures.permalink(seen.release, found.nearest) if found and found.nearest else "", "permalink": _figures.permalink(seen.release, query) if query.measure else "",
        "measures": [{"code": m, "name": measure_name(language, m), "population": catalog.load().measures[m]["population"], "chosen": m == query.measure} for m in _requests.published(seen.release)],
        "geographies": [{"code": g, "name": dimension_name(language, g), "chosen": g == query.geography} for g in _requests.GEOGRAPHIES],
        "places": [{"code": p, "name": code_name(language, query.geography, p, held.places), "chosen": p in query.places} for p in _requests.places_of(seen.release, query.geography)] if query.geography else [],
        "years": [{"code": y, "chosen": y in query.years} for y in (_requests.years_of(seen.release, query.measure) if query.measure else [])],
        "groups": [{"code": g, "name": dimension_name(language, g), "chosen": g in query.groups} for g in (_requests.groups_of(seen.release, query.measure) if query.measure else [])],
        "measure_name": measure_name(language, query.measure) if query.measure else "", "place_names": ", ".join(code_name(language, query.geography, p, held.places) for p in query.places) or (dimension_name(language, query.geography) if query.geography else say(language, "whole_state")),
        "year_names": ", ".join(map(str, query.years)) or say(language, "all_years"), "group_names": ", ".join(dimension_name(language, g) for g in query.groups) or say(language, "no_group"),
        "featured": [(f, say(language, f"featured_{i + 1}")) for i, f in enumerate(FEATURED)], "missing": say(language, _figures._missing(query.measure)) if query.measure else "",
    }  # fmt: skip
    return _render(request, language, seen, "tables.html", said)


@page
def tables_csv(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """The builder's table as CSV: codes, labels, status."""
    query = _requests.read_query(request, seen.release)
    if not query.measure:
        raise BadRequest("measure")
    rows = [
        r["raw"] | {"label": r["label"]} for r in _figures.labelled(seen.release, language, query, answer(seen.release, query).rows)
    ]
    return _csv(language, rows, f"{query.measure}-{seen.release.release_id}.csv", seen)


@page
def method(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """Where the figures come from: the match and the protection of this release, in figures."""
    said = shelf(seen.release.folder).method
    match, gate = said.get("match", {}), said.get("disclosure", {})
    manifest = seen.release.manifest
    figures = [("m_people", match.get("people")), ("m_records", match.get("records")), ("m_keys", match.get("record_keys")), ("m_pairs", match.get("pairs_compared")),
               ("m_provisional", match.get("links_by_status", {}).get("provisional", 0))]  # fmt: skip
    protection = [("m_cells", gate.get("cells")), ("m_withheld", gate.get("withheld")), ("m_state", _share(gate.get("share_of_state_cells_shown"))), ("m_primary", gate.get("primary")),
                  ("m_cover", gate.get("complementary")), ("m_pinned", gate.get("pinned_or_narrow")), ("m_necessary", _share(gate.get("necessary", {}).get("share"))), ("m_rules", gate.get("rule_edition")),
                  ("m_hash", str(manifest.get("sha256", ""))[:16]), ("m_code", manifest.get("code")), ("m_ledger", str(manifest.get("ledger_head", ""))[:16])]  # fmt: skip

    def words(rows: list[tuple[str, Any]]) -> list[tuple[str, str]]:
        return [(say(language, k), f"{v:,}" if isinstance(v, int) else str(v)) for k, v in rows if v is not None]

    return _render(
        request,
        language,
        seen,
        "method.html",
        {
            "title": say(language, "method"),
            "match": words(figures),
            "gate": words(protection),
            "rules": [say(language, f"rule_{i}") for i in range(1, 5)],
        },
    )


@page
def glossary(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """The words of the site, explained."""
    words = ("cohort", "median", "percent", "withheld", "transfer", "legislative", "release", "permalink")
    terms = sorted((say(language, f"g_{w}"), say(language, f"g_{w}_text")) for w in words)
    return _render(request, language, seen, "glossary.html", {"title": say(language, "glossary"), "terms": terms})


@page
def data_catalog(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """Partners, files, elements and measures, with a search."""
    cat, es = catalog.load(), language == "es"
    asked = request.GET.get("q", "").strip()[:80]
    found = [e for e in cat.elements if asked and asked.lower() in f"{e.element} {e.label} {e.label_es} {e.file}".lower()]
    elements = [
        {
            "element": e.element,
            "label": e.label_es if es else e.label,
            "file": e.file,
            "partner": e.partner_code,
            "class": e.classification.replace("_", " "),
            "status": say(language, f"status_{e.status}"),
        }
        for e in found[:200]
    ]
    files = [{"partner": f.partner_code, "file": f.file, "title": f.title_es if es else f.title, "rows": f"{f.approx_rows_per_year:,}",
              "status": say(language, "status_active" if any(e.status == "active" for e in f.elements) else "status_proposed")} for f in cat.files.values()]  # fmt: skip
    measures = [
        {
            "name": measure_name(language, m),
            "population": row["population"],
            "here": m in _requests.published(seen.release),
            "code": m,
        }
        for m, row in cat.measures.items()
    ]
    return _render(
        request,
        language,
        seen,
        "catalog.html",
        {
            "title": say(language, "catalog"),
            "asked": asked,
            "elements": elements,
            "n_found": len(found),
            "files": files,
            "measures": measures,
        },
    )


@page
def release_list(request: HttpRequest, language: str, seen: _requests.Seen) -> HttpResponse:
    """Every release, newest first, each under its banner."""
    rows = [{"id": r.release_id, "created": str(r.manifest["created"])[:10], "year": r.manifest["year"], "cells": f"{int(str(r.manifest['rows'])):,}", "hash": str(r.manifest["sha256"])[:16],
             "status": say(language, f"status_{'retired' if r.manifest['status'] == 'retired' else 'current' if r.release_id == seen.newest else 'older'}")} for r in reversed(releases(settings.RELEASES))]  # fmt: skip
    return _render(request, language, seen, "releases.html", {"title": say(language, "releases"), "releases": rows})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page that is not there."""
    return _fault(request, "not_found", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The address that cannot be read."""
    return _fault(request, "bad_request", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours."""
    return _fault(request, "server_error", 500)


def _fault(request: HttpRequest, key: str, code: int) -> HttpResponse:
    language = "es" if request.path.startswith("/es/") else "en"
    return _render(request, language, None, "fault.html", {"title": say(language, key), "text": say(language, f"{key}_text")}, code)


def _render(
    request: HttpRequest, language: str, seen: _requests.Seen | None, template: str, said: dict[str, Any], code: int = 200
) -> HttpResponse:
    path = request.path.removeprefix("/es").lstrip("/")
    other = ("/" if language == "es" else "/es/") + path
    asked = request.META.get("QUERY_STRING", "")
    banner = {
        "seen": seen,
        "synthetic": seen is None or seen.release.manifest.get("synthetic", False),
        "release_id": seen.release.release_id if seen else "",
    }
    if seen and seen.banner == "retired":
        reason = say(language, "source_withdrawn") if seen.reason == "source withdrawn" else seen.reason
        banner["retired_text"] = say(language, "banner_retired", reason=reason)
    response = render(
        request,
        template,
        said | banner | {"language": language, "other": f"{other}?{asked}" if asked else other, "here": path},
        status=code,
    )
    response["Content-Language"] = language
    return response


def _stories(language: str) -> list[dict[str, str]]:
    return [{"code": s, "name": say(language, f"story_{s}"), "ask": say(language, f"ask_{s}")} for s in _figures.STORIES]


def _story(request: HttpRequest, seen: _requests.Seen) -> tuple[str, Query]:
    story = request.GET.get("story", "through")
    if story not in _figures.STORIES:
        raise BadRequest("story")
    return story, _requests.read_query(request, seen.release)


def _queries(seen: _requests.Seen, story: str, base: Query) -> list[Query]:
    out = []
    for measure in _figures.STORIES[story]:
        if measure not in _requests.published(seen.release):
            continue
        fitting = _requests.groups_of(seen.release, measure)
        years = base.years or (() if not base.groups and story == "enrolls" else (_requests.years_of(seen.release, measure)[-1],))
        out.append(
            Query(measure, base.geography if base.places else "", base.places, years, tuple(g for g in base.groups if g in fitting))
        )
    return out


def _flow_year(seen: _requests.Seen) -> int:
    rows = [r for r in answer(seen.release, Query("hs_graduates", groups=("first_node", "last_node"))).rows if r.get("first_node")]
    return max((int(r["academic_year"]) for r in rows), default=0)


def _moved(dims: list[str], at: int, by: int) -> str:
    to = at + by
    if not 0 <= to < len(dims):
        return ""
    changed = list(dims)
    changed[at], changed[to] = changed[to], changed[at]
    return ",".join(changed)


def _step(request: HttpRequest, query: Query) -> str:
    asked = request.GET.get("change", "")
    if asked in ("measure", "places", "years", "groups", "layout"):
        return asked
    if not query.measure:
        return "measure"
    return (
        "done"
        if request.GET.get("show") or request.GET.get("release")
        else request.GET.get("next", "places")
        if request.GET.get("next", "places") in ("places", "years", "groups", "layout")
        else "places"
    )


def _share(value: Any) -> str | None:
    return None if value is None else f"{100 * float(value):.0f}%"


def _csv(language: str, rows: list[dict[str, Any]], name: str, seen: _requests.Seen) -> HttpResponse:
    columns = (
        [c for c in rows[0] if any(r.get(c) is not None for r in rows) or c in ("value", "low", "high", "status")]
        if rows
        else ["status"]
    )
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    out.write(f'"# {say(language, "source_line", release=seen.release.release_id)}"\n')
    return HttpResponse(
        out.getvalue(), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
