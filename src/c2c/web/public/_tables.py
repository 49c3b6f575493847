"""A table of figures laid out in rows and columns, as the reader ordered them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from c2c.publication import Query
from c2c.vocabulary import Release
from c2c.web.public import _marks
from c2c.web.public._points import Point
from c2c.web.public._requests import permalink
from c2c.web.public._words import code_order, dimension_name, say

YEAR = "academic_year"


@dataclass(frozen=True)
class Layout:
    """Which dimensions stand in rows and which in columns, each from the outside in."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One cell as it is read: the figure or its mark, the size of its group, and for a withheld one where to go instead."""

    text: str
    status: str
    size: str = ""
    instead: str = ""

    @property
    def is_mark(self) -> bool:
        """Does a mark stand in place of a figure?"""
        return self.status not in (_marks.SHOWN, _marks.BANDED)


@dataclass(frozen=True)
class Line:
    """One row: its headings from the outside in, its cells."""

    heads: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Table:
    """Heads of the row columns, heads of the figure columns, the rows, and what the marks in them mean."""

    row_heads: tuple[str, ...]
    column_heads: tuple[str, ...]
    lines: tuple[Line, ...]
    layout: Layout
    marks: tuple[str, ...]

    @property
    def narrow(self) -> bool:
        """Is it narrow enough to stand beside its picture?"""
        return len(self.row_heads) == 1 and len(self.column_heads) <= 2


def usual_layout(points: Sequence[Point]) -> Layout:
    """Groups in rows and years in columns; one figure a year is a column of years."""
    dims = [d for d in (points[0].coordinates if points else ()) if d != YEAR]
    return Layout(tuple(dims), (YEAR,)) if dims else Layout((YEAR,), ())


def lay_out(release: Release, language: str, query: Query, points: Sequence[Point], layout: Layout | None = None) -> Table:
    """Put figures into rows and columns, in the order they came; a combination that has no figure is said to be impossible."""
    layout = layout or usual_layout(points)
    rows: dict[tuple[str, ...], dict[tuple[str, ...], Entry]] = {}
    columns: dict[tuple[str, ...], tuple[str, ...]] = {}
    row_names: dict[tuple[str, ...], tuple[str, ...]] = {}
    for p in points:
        at = tuple(p.coordinates[d] for d in layout.rows)
        over = tuple(p.coordinates[d] for d in layout.columns)
        row_names[at] = tuple(p.names[d] for d in layout.rows)
        columns[over] = tuple(p.names[d] for d in layout.columns)
        rows.setdefault(at, {})[over] = _entry(release, language, query, p)
    ats = sorted(rows, key=lambda codes: [code_order(d, c) for d, c in zip(layout.rows, codes, strict=True)])
    overs = sorted(columns, key=lambda codes: [code_order(d, c) for d, c in zip(layout.columns, codes, strict=True)])
    impossible = Entry("–", "–")
    lines = tuple(
        Line(row_names[at] or (say(language, "everyone"),), tuple(rows[at].get(over, impossible) for over in overs)) for at in ats
    )
    heads = tuple(dimension_name(language, d) for d in layout.rows) or (say(language, "dim_group"),)
    used = {e.status for line in lines for e in line.entries}
    marks = tuple(say(language, key) for mark, key in _marks.LEGEND.items() if mark in used)
    return Table(heads, tuple(" · ".join(columns[over]) or say(language, "figure") for over in overs), lines, layout, marks)


def _entry(release: Release, language: str, query: Query, point: Point) -> Entry:
    status = str(point.row["status"])
    nearest = _marks.nearest_shown(release, query, point.row) if status == _marks.WITHHELD else None
    return Entry(point.text, status, point.size if point.size != point.text else "", permalink(release, nearest) if nearest else "")
