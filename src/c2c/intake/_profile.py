"""What a file looked like, in counts, and how far this year's differs from the last: a file can be right row by row and still be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from c2c.catalog import FileLayout
from c2c.plumbing.site import Site
from c2c.vocabulary import Finding, Submission

MAKE_FINDING = Callable[[str, str, str, str, int], Finding]


def profile_of(engine: duckdb.DuckDBPyConnection, layout: FileLayout) -> dict[str, Any]:
    """Rows, share of blanks of every column, share of every code of coded columns. No value of a column without codes."""
    names, coded = [e.element for e in layout.elements], [e.element for e in layout.elements if e.type == "code"]
    asked = ", ".join([*(f'count("{n}")' for n in names), *(f'histogram("{n}")' for n in coded)])
    n_rows, *counts = engine.sql(f"SELECT count(*), {asked} FROM accepted").fetchall()[0]
    filled, histograms = counts[: len(names)], counts[len(names) :]
    shares = {
        name: {str(code): n / sum(found.values()) for code, n in sorted(found.items())}
        for name, found in zip(coded, (h or {} for h in histograms), strict=True)
    }
    return {
        "rows": n_rows,
        "null_share": {n: 1 - f / n_rows if n_rows else 1.0 for n, f in zip(names, filled, strict=True)},
        "code_share": shares,
    }


def read_earlier(site: Site, sent: Submission, earlier: Sequence[Submission]) -> Mapping[str, Any] | None:
    """The profile of the last delivery of the same file for an earlier year, when there is one."""
    for submission in sorted((s for s in earlier if s.period < sent.period), key=lambda s: s.period, reverse=True):
        path = site.root / "findings" / submission.submission_id / "profile.json"
        if path.exists():
            found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
            return found
    return None


def compare(
    now: Mapping[str, Any], before: Mapping[str, Any] | None, finding: MAKE_FINDING, limits: Mapping[str, float]
) -> list[Finding]:
    """Warnings where rows, blanks or codes moved by more than the limits; none for a file's first year."""
    if before is None:
        return []
    found = []
    if abs(now["rows"] - before["rows"]) > limits["max_change_in_rows"] * max(before["rows"], 1):
        found.append(finding("FND-114", "warning", "", f"{before['rows']} rows last year", now["rows"]))
    for column, share in now["null_share"].items():
        if share - before["null_share"].get(column, share) > limits["max_change_in_null_share"]:
            found.append(
                finding("FND-115", "warning", column, f"{before['null_share'][column]:.0%} last year, {share:.0%} now", now["rows"])
            )
    for column, codes in now["code_share"].items():
        old = before["code_share"].get(column, {})
        moved = [c for c in sorted({*codes, *old}) if abs(codes.get(c, 0.0) - old.get(c, 0.0)) > limits["max_change_in_code_share"]]
        if old and codes and moved:
            found.append(finding("FND-116", "warning", column, ", ".join(moved), now["rows"]))
    return found
