"""Pages to read: home, how it is made, the words, the data catalog, the releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from c2c import catalog
from c2c.publication import Query, shelf
from c2c.web.public import _charts, _figures, _flows, _marks
from c2c.web.public._pages import page, show
from c2c.web.public._points import points
from c2c.web.public._requests import Seen, banner_of, permalink, published
from c2c.web.public._words import definition, measure_name, say
from c2c.web.public.pathways import STORIES

HEADLINES: dict[str, tuple[str, dict[str, str]]] = {
    "through": ("not_seen_public_college_8yr", {}),
    "enrolls": ("public_college_enrolled_1yr", {}),
    "awards": ("transfer_rate_6yr", {}),
    "time": ("years_to_award", {"award_category": "bachelor_direct"}),
    "working": ("employed_while_enrolled", {}),
    "pay": ("earnings_1yr_after_award", {}),
}
"""The figure each story opens with on the home page: one that says something at first sight."""
MOST_FOUND = 200
WORDS = ("cohort", "median", "percent", "withheld", "transfer", "legislative", "release", "permalink", "linked", "wages")


@page
def home(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """The question, answered at once for the newest class that can be followed; then six stories, each with a figure."""
    years = _flows.years(seen.release)
    flows = _flows.flows(seen.release, language, Query("hs_graduates", years=(years[-1],))) if years else []
    stories = [
        {"code": s, "name": say(language, f"story_{s}"), "ask": say(language, f"ask_{s}"), **_headline(seen, language, s)}
        for s in STORIES
    ]
    return show(
        request,
        language,
        seen,
        "home.html",
        {"title": say(language, "home_question"), "flow": flows[0] if flows else None, "stories": stories},
    )


def _headline(seen: Seen, language: str, story: str) -> dict[str, Any]:
    """The newest figure that is shown of a story's measure, its sentence and its course over the years."""
    measure, part = HEADLINES[story]
    if measure not in published(seen.release):
        return {}
    query = Query(measure)
    every = [p for p in points(seen.release, language, query) if all(p.coordinates.get(k) == v for k, v in part.items())]
    shown = [p for p in every if p.row["status"] == _marks.SHOWN]
    if not shown:
        return {}
    newest = shown[-1]
    figure = _figures.figure(seen.release, language, replace(query, years=(newest.year,)))
    sentence = say(language, f"headline_{story}", year=newest.year, value=newest.text, group=newest.label)
    course = [_charts.Value(str(p.year), p.text, p.row) for p in every]
    return {
        "value": newest.text,
        "sentence": sentence,
        "spark": SafeString(_charts.spark(course)),
        "permalink": figure.permalink,
        "span": f"{every[0].year}–{every[-1].year}" if len(every) > 1 else "",
    }


@page
def method(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """Where the figures come from: how people were matched and figures protected in this release, in figures."""
    said = shelf(seen.release.folder).method
    match, gate, manifest = said.get("match", {}), said.get("disclosure", {}), seen.release.manifest
    matched = {
        "m_people": match.get("people"), "m_records": match.get("records"), "m_keys": match.get("record_keys"), "m_pairs": match.get("pairs_compared"),
        "m_provisional": match.get("links_by_status", {}).get("provisional", 0),
    }  # fmt: skip
    protected = {
        "m_cells": gate.get("cells"), "m_withheld": gate.get("withheld"), "m_state": _share(gate.get("share_of_state_cells_shown")), "m_primary": gate.get("primary"), "m_cover": gate.get("complementary"),
        "m_pinned": gate.get("pinned_or_narrow"), "m_necessary": _share(gate.get("necessary", {}).get("share")), "m_rules": gate.get("rule_edition"), "m_hash": str(manifest.get("sha256", ""))[:16],
        "m_code": manifest.get("code"), "m_ledger": str(manifest.get("ledger_head", ""))[:16],
    }  # fmt: skip
    return show(request, language, seen, "method.html", {
        "title": say(language, "method"), "matched": _said(language, matched), "protected": _said(language, protected), "rules": [say(language, f"rule_{i}") for i in range(1, 5)],
        "made": [(say(language, f"made_{i}"), say(language, f"made_{i}_text")) for i in range(1, 6)], "limits": [say(language, f"limit_{i}") for i in range(1, 5)],
        "left_out": len(gate.get("tables_left_out", [])), "legend": [say(language, key) for key in _marks.LEGEND.values()],
    })  # fmt: skip


@page
def glossary(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """The words of the site, explained."""
    terms = sorted((say(language, f"g_{w}"), say(language, f"g_{w}_text")) for w in WORDS)
    return show(request, language, seen, "glossary.html", {"title": say(language, "glossary"), "terms": terms})


@page
def data_catalog(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """Partners, files, elements and measures, with a search over all of them."""
    cat, label, title = catalog.load(), "label_es" if language == "es" else "label", "title_es" if language == "es" else "title"
    asked = request.GET.get("q", "").strip()[:80]
    here = published(seen.release)
    found = [e for e in cat.elements if asked and asked.lower() in f"{e.element} {e.label} {e.label_es} {e.file}".lower()]
    measures = [
        {"code": m, "name": measure_name(language, m), "population": definition(language, m)[0][1], "here": m in here}
        for m, row in cat.measures.items() if not asked or asked.lower() in f"{m} {row['label']} {row['label_es']}".lower()
    ]  # fmt: skip
    status = {s: say(language, f"status_{s}") for s in ("active", "proposed")}
    return show(request, language, seen, "catalog.html", {
        "title": say(language, "catalog"), "asked": asked, "n_found": f"{len(found) + len(measures):,}", "n_elements": len(found), "most": MOST_FOUND,
        "elements": [{"element": e.element, "label": getattr(e, label), "file": e.file, "partner": e.partner_code, "status": status.get(e.status, status["proposed"])} for e in found[:MOST_FOUND]],
        "files": [{"file": f.file, "title": getattr(f, title), "partner": f.partner_code, "rows": f"{f.approx_rows_per_year:,}", "n": len(f.elements), "status": status[f.status]} for f in cat.files.values()],
        "measures": sorted(measures, key=lambda m: not m["here"]),
    })  # fmt: skip


@page
def release_list(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """Every release, newest first, each with its standing and what the one after it changed."""
    rows = []
    for release, later in zip(reversed(seen.every), [None, *reversed(seen.every)], strict=False):
        changes = shelf(release.folder).changes(shelf(later.folder)) if later else []
        rows.append({
            "id": release.release_id, "created": str(release.manifest["created"])[:10], "year": release.manifest["year"], "cells": f"{int(str(release.manifest['rows'])):,}", "hash": str(release.manifest["sha256"])[:16],
            "status": say(language, f"status_{banner_of(release, seen.newest)}"), "later": later.release_id if later else "",
            "changes": [{"name": measure_name(language, c.measure), "changed": c.changed, "gone": c.gone, "added": c.added, "link": permalink(release, Query(c.measure))} for c in changes],
        })  # fmt: skip
    return show(request, language, seen, "releases.html", {"title": say(language, "releases"), "releases": rows})


def _said(language: str, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(say(language, k), f"{v:,}" if isinstance(v, int) else str(v)) for k, v in figures.items() if v is not None]


def _share(value: Any) -> str | None:
    return None if value is None else f"{100 * float(value):.0f}%"
