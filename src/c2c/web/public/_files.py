"""Files that a reader takes away: CSV with codes, labels and status, and pictures with their source."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpResponse

from c2c.vocabulary import Release
from c2c.web.public._points import Point
from c2c.web.public._requests import source_line
from c2c.web.public._words import measure_name, say

FIGURES = ("value", "low", "high", "status")


def rows_of(language: str, points: Sequence[Point]) -> list[dict[str, Any]]:
    """Cells as rows of a file: their codes, their words, the figure or the mark, the size of the group."""
    return [
        {
            **_codes(p.row),
            "measure_label": measure_name(language, str(p.row["measure"])),
            "label": p.label or say(language, "everyone"),
            **{k: p.row[k] for k in FIGURES},
            "group_size": p.size.replace(",", ""),
        }
        for p in points
    ]


def csv_file(
    language: str, release: Release, rows: Iterable[Mapping[str, Any]], *, name: str, notes: Iterable[str] = ()
) -> HttpResponse:
    """Rows as CSV under the columns that any of them has; last, the source, who is missing and what the marks say."""
    held = list(rows)
    columns = [
        c for c in dict.fromkeys(k for r in held for k in r) if c in FIGURES or any(r.get(c) not in (None, "") for r in held)
    ] or ["status"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([r.get(c, "") for c in columns] for r in held)
    for note in (
        source_line(language, release),
        *notes,
        say(language, "mark_c"),
        say(language, "mark_x"),
    ):
        writer.writerow([f"# {note}"])
    return _taken(out.getvalue(), "text/csv", f"{name}-{release.release_id}.csv")


def svg_file(release: Release, drawing: str, *, name: str) -> HttpResponse:
    """A picture as a file of its own."""
    return _taken(drawing, "image/svg+xml", f"{name}-{release.release_id}.svg")


def _codes(row: Mapping[str, Any]) -> dict[str, Any]:
    apart = {*FIGURES, "of", "table", "product"}
    return {k: v for k, v in row.items() if k not in apart}


def _taken(text: str, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        text, content_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
