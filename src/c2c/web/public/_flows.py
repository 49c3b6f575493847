"""The flows of one cohort: the same cells as a picture, a table whose parts add up, and a sentence for each node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString

from c2c.publication import Query, answer
from c2c.vocabulary import Release
from c2c.web.public import _sankey
from c2c.web.public._requests import permalink, source_line
from c2c.web.public._words import code_name, figure_text, say

FIRSTS = ("ccc", "csu", "uc", "private_or_out_of_state", "no_public_college")
LASTS = ("award", "transferred", "still_enrolled", "left_no_award", _sankey.REST, "no_public_college")


@dataclass(frozen=True)
class Told:
    """A node in words: what came in or went out, one sentence each."""

    code: str
    label: str
    sentence: str
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One row of the table twin. `whole` marks all who started there; `start` is where that row stands on the page."""

    first: str
    last: str
    text: str
    status: str
    start: str
    whole: bool = False


@dataclass(frozen=True)
class Flows:
    """The flows of one group of graduates: pictures for a screen and a phone, sentences, table, nodes."""

    title: str
    group: str
    year: int
    sentence: str
    wide: SafeString
    narrow: SafeString
    lines: tuple[Line, ...]
    nodes: tuple[Told, ...]
    withheld: bool
    permalink: str


def years(release: Release) -> list[int]:
    """The cohorts whose flows were published: they have eight years behind them."""
    return sorted({int(r["academic_year"]) for r in _rows(release, Query("hs_graduates"))})


def flows(release: Release, language: str, query: Query, *, as_file: bool = False) -> list[Flows]:
    """The flows of one cohort, one picture for each group asked for; none where they were not published so."""
    rows = _rows(release, query)
    group = query.groups[0] if query.groups else ""
    codes = list(dict.fromkeys(str(r[group]) for r in rows)) if group else [""]
    return [
        _one(
            release,
            language,
            replace(query, measure="hs_graduates"),
            [r for r in rows if not group or str(r[group]) == code],
            group,
            code,
            as_file,
        )
        for code in codes
        if rows
    ]


def _rows(release: Release, query: Query) -> list[Mapping[str, Any]]:
    asked = Query("hs_graduates", query.geography, query.places, query.years, (*query.groups, "first_node", "last_node"))
    return [r for r in answer(release, asked).rows if r.get("first_node")]


def _one(
    release: Release, language: str, query: Query, rows: Sequence[Mapping[str, Any]], group: str, code: str, as_file: bool
) -> Flows:
    names = {str(r[d]): code_name(language, d, str(r[d]), {}) for r in rows for d in ("first_node", "last_node")}
    cells = {(str(r["first_node"]), str(r["last_node"])): r for r in rows}
    codes = [c for c in FIRSTS if (c, "Total") in cells]
    firsts = [_sankey.Node(c, names[c], figure_text(language, cells[c, "Total"]), _count(cells[c, "Total"])) for c in codes]
    ways = [_sankey.Flow(a, b, _count(r)) for (a, b), r in cells.items() if b != "Total"]
    # Nobody seen in a college moves on from there: the same people stand at both ends.
    ways += [_sankey.Flow(n.code, n.code, n.people) for n in firsts if n.code == "no_public_college"]
    rests = {n.code: _rest(n, ways) for n in firsts}
    known = {r for r in rests.values() if r is not None}
    reached = {f.last for f in ways} | ({_sankey.REST} if any(known) else set())
    names[_sankey.REST] = say(language, "flows_rest")
    lasts = [_last(language, c, names[c], ways, sum(known)) for c in LASTS if c in reached]
    group_name = code_name(language, group, code, {}) if group else ""
    title = say(language, "flows_title") + (f": {group_name}" if group else "")
    source = source_line(language, release)
    name = f"rest-{code or 'all'}"
    draw = {
        shape: SafeString(
            _sankey.sankey(firsts, ways, lasts, shape, title=title, source=source, name=f"{name}-{shape.width}", as_file=as_file)
        )
        for shape in (_sankey.WIDE, _sankey.NARROW)
    }
    return Flows(
        title=title,
        group=group_name,
        year=query.years[0],
        sentence=_sentence(language, query.years[0], firsts),
        wide=draw[_sankey.WIDE],
        narrow=draw[_sankey.NARROW],
        lines=tuple(_lines(language, firsts, cells, names, rests, code)),
        nodes=tuple(_told(language, firsts, lasts, cells, names)),
        withheld=any(f.people is None for f in ways),
        permalink=permalink(release, replace(query, groups=query.groups)),
    )


def _count(row: Mapping[str, Any]) -> float | None:
    return None if row["status"] != "shown" or row["value"] is None else float(row["value"])


def _rest(node: _sankey.Node, ways: Sequence[_sankey.Flow]) -> float | None:
    """What the published total of a start leaves for its withheld flows together; not known where the total is withheld too."""
    if node.people is None:
        return None
    return node.people - sum(f.people or 0.0 for f in ways if f.first == node.code)


def _last(language: str, code: str, name: str, ways: Sequence[_sankey.Flow], rest: float) -> _sankey.Node:
    if code == _sankey.REST:
        return _sankey.Node(code, name, f"{rest:,.0f}", rest)
    into = [f.people for f in ways if f.last == code]
    shown = sum(v for v in into if v is not None)
    if None not in into:
        return _sankey.Node(code, name, f"{shown:,.0f}", shown)
    return _sankey.Node(code, name, say(language, "at_least", n=f"{shown:,.0f}") if shown else say(language, "short_c"), None)


def _sentence(language: str, year: int, firsts: Sequence[_sankey.Node]) -> str:
    known = [n for n in firsts if n.people is not None and n.code != "no_public_college"]
    away = next((n for n in firsts if n.code == "no_public_college" and n.people is not None), None)
    parts = []
    if known:
        most = max(known, key=lambda n: n.people or 0.0)
        parts.append(say(language, f"flows_most_{most.code}", year=year, value=most.text))
    if away:
        parts.append(say(language, "flows_away", value=away.text))
    return " ".join(parts) or say(language, "says_none", measure=say(language, "flows_title"), where=say(language, "where_state"))


def _lines(
    language: str,
    firsts: Sequence[_sankey.Node],
    cells: Mapping[tuple[str, str], Mapping[str, Any]],
    names: Mapping[str, str],
    rests: Mapping[str, float | None],
    group: str,
) -> list[Line]:
    lines = []
    for n in firsts:
        start = f"start-{group or 'all'}-{n.code}"
        lines.append(Line(n.label, say(language, "all_together"), n.text, str(cells[n.code, "Total"]["status"]), start, whole=True))
        for last in LASTS:
            row = cells.get((n.code, last))
            if row:
                lines.append(Line(n.label, names[last], figure_text(language, row), str(row["status"]), start))
            elif last == _sankey.REST and rests[n.code] and n.code != "no_public_college":
                lines.append(Line(n.label, names[last], f"{rests[n.code]:,.0f}", "shown", start))
    return lines


def _told(
    language: str,
    firsts: Sequence[_sankey.Node],
    lasts: Sequence[_sankey.Node],
    cells: Mapping[tuple[str, str], Mapping[str, Any]],
    names: Mapping[str, str],
) -> list[Told]:
    told = []
    for n in firsts:
        out = [
            say(language, "flow_out", last=names[b], value=_read(language, r))
            for (a, b), r in cells.items()
            if a == n.code and b != "Total"
        ]
        told.append(
            Told(f"from-{n.code}", n.label, say(language, "node_start", value=_read(language, cells[n.code, "Total"])), tuple(out))
        )
    for n in lasts:
        into = [say(language, "flow_in", first=names[a], value=_read(language, r)) for (a, b), r in cells.items() if b == n.code]
        if into:
            told.append(Told(f"to-{n.code}", n.label, say(language, "node_end", value=n.text), tuple(into)))
    return told


def _read(language: str, row: Mapping[str, Any]) -> str:
    return say(language, "short_c") if row["status"] == "c" else figure_text(language, row)
