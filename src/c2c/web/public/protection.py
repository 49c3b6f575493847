"""The privacy officer's report: what a release keeps from view and for whom, what was tried on it, and what that found. In words, pictures and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.safestring import SafeString

from c2c.publication import shelf
from c2c.web.public import _charts
from c2c.web.public._pages import page, show
from c2c.web.public._requests import Seen
from c2c.web.public._words import code_name, code_order, dimension_name, say

STATE = "state"
FIRST = "race_ethnicity"
"""The groups that are drawn; the others stand in tables."""

BESIDE = ("new", "same", "moved", "gone_from_view", "still_withheld", "new_withheld", "no_longer_asked")


@page
def protection(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """One page for who signs a release: what is in view, who loses detail, each attack and what it found, and the rules it was made under."""
    said = _said(seen)
    gate = said["protection"]
    places = shelf(seen.release.folder).places
    by_place = _by_place(language, gate.get("by_place", {}))
    groups: list[dict[str, Any]] = [
        {"name": dimension_name(language, dim), "rows": _values(language, dim, found, places)}
        for dim, found in sorted(gate.get("by_group", {}).items(), key=lambda item: (item[0] != FIRST, item[0]))
    ]
    attacks = [
        {"name": say(language, f"attack_{a['attack']}"), "text": say(language, f"attack_{a['attack']}_text"), **a}
        for a in gate.get("attacks", ())
    ]
    alone = next((a for a in attacks if a["attack"] == "small_cells_alone"), None)
    scores = gate.get("scores", {})
    score_of = _by_place(language, scores.get("by_place", {}))
    scored = [(row["name"], 100 * row["pass"] / row["tables"]) for row in score_of]
    return show(request, language, seen, "protection.html", {
        "scores": scores, "score_of": score_of, "passing": _drawn(language, "protection_scores", scored) if scored else "",
        "score_lead": _score_lead(language, scores),
        "title": say(language, "protection"), "gate": gate, "by_place": by_place, "groups": groups, "attacks": attacks,
        "view": _drawn(language, "protection_view", [(row["name"], row["pct_shown"]) for row in by_place]),
        "lost": _drawn(language, "protection_groups", [(row["name"], row["pct_shown"]) for row in groups[0]["rows"]]) if groups else "",
        "without": _drawn(language, "protection_without", _with_and_without(language, alone)) if alone and alone["asked"] else "",
        "beside": _beside(language, gate.get("beside", {})), "instead": _beside(language, gate.get("instead", {})),
        "added": gate.get("instead", {}).get("tables_added", []), "lost_tables": gate.get("instead", {}).get("tables_lost", []),
        "lead": _lead(language, gate, len(attacks)), "ledger": str(seen.release.manifest.get("ledger_head", ""))[:16],
        "necessary": gate.get("necessary", {}),
    })  # fmt: skip


@page
def protection_json(request: HttpRequest, language: str, seen: Seen) -> HttpResponse:
    """The same report for machines."""
    return JsonResponse(_said(seen))


def _lead(language: str, gate: Mapping[str, Any], n_attacks: int) -> str:
    """What all comes to, in a sentence."""
    cells, withheld = gate.get("cells", 0), gate.get("withheld", 0)
    figures = {"shown": f"{cells - withheld:,}", "cells": f"{cells:,}", "withheld": f"{withheld:,}"}
    return say(language, "protection_lead", n=n_attacks, found=gate.get("pinned_or_narrow", 0), **figures)


def _by_place(language: str, found: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per kind of place, the whole state first."""
    return [
        {"name": say(language, "whole_state") if kind == STATE else dimension_name(language, kind), **row}
        for kind, row in sorted(found.items(), key=lambda item: (item[0] != STATE, item[0]))
    ]


def _score_lead(language: str, scores: Mapping[str, Any]) -> str:
    """How many tables the guidelines would let pass as they are."""
    tables = scores.get("tables", ())
    n, limit = sum(row["passes"] for row in tables), f"{scores.get('most_to_pass', 0):g}"
    return say(language, "protection_scores_text", n=n, tables=len(tables), limit=limit)


def _said(seen: Seen) -> dict[str, Any]:
    manifest = seen.release.manifest
    about = {key: manifest.get(key) for key in ("id", "kind", "year", "created", "rule_editions", "sha256", "ledger_head", "code")}
    return {"release": about, "protection": shelf(seen.release.folder).method.get("disclosure", {})}


def _values(language: str, dim: str, found: Mapping[str, Any], places: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for code, row in sorted(found.items(), key=lambda item: code_order(dim, item[0])):
        kept = [(dimension_name(language, place), f"{pct:.0f}%") for place, pct in row["pct_found_in"].items() if pct is not None]
        rows.append({"name": code_name(language, dim, code, places), **row, "found_in": kept})
    return rows


def _with_and_without(language: str, alone: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    return [
        (say(language, "without_cover"), 100 * alone["found"] / alone["asked"]),
        (say(language, "with_cover"), 0.0),
    ]


def _beside(language: str, counted: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(say(language, f"beside_{kind}"), f"{counted[kind]:,}") for kind in BESIDE if kind in counted]


def _drawn(language: str, title: str, rows: list[tuple[str, float | None]]) -> SafeString:
    """Shares of a hundred as bars. They are of figures, not of people, and each stands in the table beside it."""
    values = [
        (label, _charts.Value("", f"{pct:.0f}%", {"status": "shown", "value": pct}))
        for label, pct in rows
        if pct is not None
    ]  # fmt: skip
    return SafeString(_charts.bars(values, _charts.Frame(say(language, title), "", "percent", {})))
