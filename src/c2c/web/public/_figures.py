"""A figure as a page shows it: the question's rows in words, one sentence, one picture, one table, and who is missing. All from published cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from c2c import catalog
from c2c.publication import Query, answer, shelf
from c2c.vocabulary import Release
from c2c.web.public import _charts
from c2c.web.public._words import code_name, dimension_name, figure_text, measure_name, say

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
        "earnings_no_college",
        "earnings_left_without_award",
    ),
}
INNER = ("first_node", "last_node", "award_category")
AFTER_COLLEGE = ("employed", "earnings")


def figure(release: Release, language: str, query: Query) -> dict[str, Any]:
    """Everything a page needs to show one measure: rows, sentence, picture, notes. Falls back to the state where a place was not published."""
    found = answer(release, query)
    state_only = False
    if not found.rows and query.geography:
        query, state_only = Query(query.measure, "", (), query.years, query.groups), True
        found = answer(release, query)
    if not found.rows and query.groups:
        query = Query(query.measure, query.geography, query.places, query.years, ())
        found = answer(release, query)
    years = sorted({int(r["academic_year"]) for r in answer(release, Query(query.measure)).rows})
    if not found.rows and query.years and years:
        # A cohort that this measure does not have yet: the newest one it has.
        query = Query(query.measure, query.geography, query.places, (years[-1],), query.groups)
        found = answer(release, query)
    rows = labelled(release, language, query, found.rows)
    measure = catalog.load().measures[query.measure]
    name = measure_name(language, query.measure)
    column = "_es" if language == "es" else ""
    return {
        "measure": query.measure, "name": name, "query": query, "rows": rows, "state_only": state_only, "nearest": found.nearest, "sentence": sentence(release, language, query, rows),
        "svg": _charts.bars(rows, title=say(language, "picture_of", name=name), source=say(language, "source_line", release=release.release_id), withheld=say(language, "withheld")) if rows else "",
        "missing": say(language, _missing(query.measure)), "population": measure["population"], "numerator": measure["numerator"], "horizon": measure["horizon"], "statistic": measure["statistic"],
        "english_only": language == "es" and not measure.get(f"population{column}"), "permalink": permalink(release, query), "withheld": any(r["status"] == "c" for r in rows),
        "header": _header(language, rows),
    }  # fmt: skip


def labelled(release: Release, language: str, query: Query, rows: tuple[Mapping[str, Any], ...]) -> list[dict[str, Any]]:
    """Rows in words: one per figure, with the size of its group where that was published."""
    places = shelf(release.folder).places
    sizes = {_where(r): r for r in rows if r["statistic"] == "count" and r.get("outcome") in ("Total", None)}
    base = (
        answer(release, Query("hs_graduates", query.geography, query.places, query.years, query.groups)).rows
        if _of_graduates(query.measure)
        else ()
    )
    sizes = {_where(r): r for r in base if not r.get("first_node")} | sizes
    out = []
    for row in rows:
        if row["statistic"] == "count" and query.measure != "hs_graduates":
            continue
        if query.measure == "hs_graduates" and row.get("first_node"):
            continue
        dims = [d for d in (*((query.geography,) if query.geography else ()), *query.groups, *INNER) if row.get(d) is not None]
        names = [code_name(language, d, str(row[d]), places) for d in dims]
        if len(query.years) != 1:
            names = [str(row["academic_year"]), *names]
        size = sizes.get(_where(row))
        out.append({
            "label": " · ".join(names) or say(language, "all_people"), "year": row["academic_year"], "text": figure_text(language, row), "value": _drawn(row), "status": row["status"],
            "unit": row["unit"], "statistic": row["statistic"], "size": figure_text(language, size) if size else "", "coordinates": {d: row[d] for d in dims}, "raw": row,
        })  # fmt: skip
    return sorted(out, key=lambda r: (str(r["year"]), *(_order(d, str(v)) for d, v in r["coordinates"].items())))


def sentence(release: Release, language: str, query: Query, rows: list[dict[str, Any]]) -> str:
    """The answer in one sentence: the newest figure shown of the largest share, with measure, group, place and year."""
    places = shelf(release.folder).places
    name = measure_name(language, query.measure)
    where = (
        code_name(language, query.geography, query.places[0], places)
        if query.geography and len(query.places) == 1
        else say(language, "whole_state").lower()
    )
    shown = [r for r in rows if r["value"] is not None]
    if not shown:
        return say(language, "sentence_none", measure=name, where=where)
    newest = max(str(r["year"]) for r in shown)
    row = max((r for r in shown if str(r["year"]) == newest), key=lambda r: float(r["value"]))
    group = " · ".join(
        code_name(language, d, str(v), places) for d, v in row["coordinates"].items() if d != query.geography
    ) or say(language, "everyone")
    return say(language, f"sentence_{row['statistic']}", measure=name, value=row["text"], people=group, where=where, year=newest)


def flows(release: Release, language: str, query: Query) -> dict[str, Any] | None:
    """The Sankey of one cohort: nodes, flows, picture, table and sentences. None where no flows were published."""
    asked = Query("hs_graduates", "", (), query.years, (*query.groups, "first_node", "last_node"))
    rows = [r for r in answer(release, asked).rows if r.get("first_node")]
    if not rows:
        return None
    group = query.groups[0] if query.groups else ""
    if group:
        codes = sorted({str(r[group]) for r in rows})
        return {
            "groups": [
                _one_flow(release, language, [r for r in rows if r[group] == c], code_name(language, group, c, {})) for c in codes
            ]
        }
    return {"groups": [_one_flow(release, language, rows, "")]}


def _one_flow(release: Release, language: str, rows: list[Mapping[str, Any]], group: str) -> dict[str, Any]:
    def name(code: str) -> str:
        return code_name(language, "first_node", code, {})

    order = ("ccc", "csu", "uc", "no_public_college")
    firsts = [
        {"code": r["first_node"], "label": name(str(r["first_node"])), "value": r["value"], "text": figure_text(language, r)}
        for r in rows
        if r["last_node"] == "Total"
    ]
    firsts.sort(key=lambda n: order.index(str(n["code"])) if n["code"] in order else 9)
    found = [
        {"first": r["first_node"], "last": r["last_node"], "value": r["value"], "text": figure_text(language, r), "first_name": name(str(r["first_node"])), "last_name": name(str(r["last_node"]))}
        for r in rows if r["last_node"] != "Total"
    ]  # fmt: skip
    found.sort(key=lambda f: (order.index(str(f["first"])) if f["first"] in order else 9, -(f["value"] or -1.0), str(f["last"])))
    lasts = [
        {"code": c, "label": name(c)}
        for c in ("award", "transferred", "still_enrolled", "left_no_award")
        if any(f["last"] == c for f in found)
    ]
    title = say(language, "sankey_title") + (f": {group}" if group else "")
    total = sum(float(n["value"] or 0) for n in firsts)
    svg = _charts.sankey(
        firsts,
        found,
        lasts,
        total=total,
        title=title,
        source=say(language, "source_line", release=release.release_id),
        remainder=say(language, "sankey_remainder"),
    )
    nodes = [
        {"label": n["label"], "sentence": say(language, "sankey_node", node=n["label"], value=n["text"]),
         "out": [say(language, "sankey_flow", first=f["first_name"], last=f["last_name"], value=f["text"]) for f in found if f["first"] == n["code"]]} for n in firsts
    ]  # fmt: skip
    nodes += [
        {"label": n["label"], "sentence": "", "out": [say(language, "sankey_flow", first=f["first_name"], last=f["last_name"], value=f["text"]) for f in found if f["last"] == n["code"]]} for n in lasts
    ]  # fmt: skip
    largest = max((f for f in found if f["value"]), key=lambda f: float(f["value"]), default=None)
    told = (
        say(language, "sankey_flow", first=largest["first_name"], last=largest["last_name"], value=largest["text"])
        if largest
        else ""
    )
    return {"group": group, "title": title, "sentence": told, "svg": svg, "flows": found, "nodes": nodes, "firsts": firsts}


def permalink(release: Release, query: Query) -> str:
    """The canonical address of a query on this release: it will always show the same figures."""
    return urlencode([*canonical(query), ("release", release.release_id)], safe=":,.")


def canonical(query: Query) -> list[tuple[str, str]]:
    """A query as the parts of an address, in one order."""
    parts = [("measure", query.measure)]
    if query.geography:
        parts.append(("geo", f"{query.geography}:{','.join(query.places)}" if query.places else query.geography))
    if query.years:
        years = sorted(query.years)
        run = years == list(range(years[0], years[-1] + 1)) and len(years) > 1
        parts.append(("year", f"{years[0]}..{years[-1]}" if run else ",".join(map(str, years))))
    if query.groups:
        parts.append(("by", ",".join(query.groups)))
    return parts


def _header(language: str, rows: list[dict[str, Any]]) -> str:
    dims = list(rows[0]["coordinates"]) if rows else []
    return " · ".join(dimension_name(language, d) for d in dims) or say(language, "group")


def _drawn(row: Mapping[str, Any]) -> float | None:
    if row["status"] == "banded":
        return (float(row["low"]) + float(row["high"])) / 2
    return None if row["value"] is None else float(row["value"])


def _of_graduates(measure: str) -> bool:
    return "k12_completion" in catalog.load().measures[measure]["needs"]


def _where(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    apart = (
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
        *INNER,
    )
    return tuple(sorted((k, str(v)) for k, v in row.items() if k not in apart and v is not None))


def _order(dimension: str, code: str) -> tuple[int, str]:
    known = catalog.load().code_sets.get({"first_node": "pathway_node", "last_node": "pathway_node"}.get(dimension, dimension), {})
    return (int(known[code]["order"]) if code in known else 0, code)


def _missing(measure: str) -> str:
    if measure.startswith(AFTER_COLLEGE):
        return "missing_pay"
    return "missing_school" if _of_graduates(measure) else "missing_college"
