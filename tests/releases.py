"""Releases of a few cells, written by hand: what a test of publication or of the public site needs and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from c2c.publication import releases
from c2c.vocabulary import Release

COLUMNS = ("county", "gender", "ses_disadvantaged", "first_node", "last_node", "award_category", "outcome")
PLACES = [{"code": "06037", "kind": "county", "name": "Los Angeles County", "name_es": "Condado de Los Angeles"}]


def a_cell(
    measure: str,
    value: float | None,
    *,
    year: int = 2025,
    table: str = "",
    statistic: str = "count",
    status: str = "shown",
    **where: Any,
) -> dict[str, Any]:
    """One published cell; `where` are its dimensions, or `low` and `high` of a band."""
    units = {"count": "people", "percent": "percent", "median": "dollars per year"}
    named = table or "-".join((measure, *sorted(d for d in where if d in COLUMNS and d != "outcome")))
    return {
        "release": "r", "product": "student_pathways", "table": named, "measure": measure, "statistic": statistic, "unit": units[statistic], "academic_year": str(year),
        **dict.fromkeys(COLUMNS), "value": value, "low": None, "high": None, "status": status, "of": None, **where,
    }  # fmt: skip


def a_release(root: Path, cells: Sequence[Mapping[str, Any]], *, release_id: str = "2025-one", **manifest: Any) -> Release:
    """A frozen release of these cells in a folder of releases."""
    folder = root / release_id
    folder.mkdir(parents=True)
    text = [c for c in cells[0] if c not in ("value", "low", "high")]
    pl.DataFrame(list(cells), schema={c: pl.String if c in text else pl.Float64 for c in cells[0]}).write_parquet(
        folder / "cells.parquet"
    )
    pl.DataFrame(PLACES).write_parquet(folder / "institutions.parquet")
    said = {
        "id": release_id,
        "year": 2025,
        "created": "2026-07-01T00:00:00Z",
        "sha256": "0" * 64,
        "code": "0.1.0",
        "rule_editions": {"public": "2026.1"},
        "rows": len(cells),
        "ledger_head": "",
        "synthetic": True,
    }
    for name, content in (("method", {}), ("manifest", said | manifest), ("status", {"status": "current", "reason": ""})):
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return next(r for r in releases(root) if r.release_id == release_id)
