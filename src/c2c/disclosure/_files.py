"""Protection and attack of any tables in the long form, as stand-alone commands: no site, no ledger, nothing kept."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from c2c.disclosure import _audit
from c2c.disclosure._rules import TooRevealing, rule
from c2c.disclosure._system import Key, System, key_of
from c2c.disclosure._tabulate import ENDING, FIXED, check_system, protect_system

SHOWN = ("shown", "")


def protect_file(source: Path, target: Path, *, levels: Path | None = None) -> dict[str, Any]:
    """Protect tables of counts in the long form: `table`, dimensions, `value` (true counts); `Total` marks a margin. Returns what was withheld.

    Raises:
        TooRevealing: DSC-001 the tables cannot be protected, DSC-004 the file is not in the long form.
    """
    table = _read(source)
    dims, systems = _systems(table, levels)
    status = ["shown"] * len(table)
    cover = 0
    for name, (system, cells) in sorted(systems.items()):
        primary = {c for c, v in enumerate(system.values) if system.published[c] and 0 < v < rule("least_count")}
        hidden: set[int] = set()
        protect_system(system, primary, hidden, hashlib.sha256(f"file|{name}".encode()).digest())
        check_system(system, hidden, where=source.name)
        cover += len(hidden - primary)
        for row, cell in cells.items():
            if cell in hidden:
                status[row] = "c"
    out = table.with_columns(
        pl.Series("status", status),
        pl.Series("value", [v if s == "shown" else None for v, s in zip(table["value"], status, strict=True)]),
    )
    part = target.with_name(f".{target.name}.part")
    out.write_csv(part)
    part.replace(target)
    withheld = status.count("c")
    return {"cells": len(out), "withheld": withheld, "complementary": cover, "dimensions": len(dims)}


def attack_file(source: Path, target: Path | None, *, levels: Path | None = None) -> dict[str, Any]:
    """Try to work out every withheld count of published tables: `ok` is False where one is pinned or known more closely than nine.

    A percent shown is read as its count, give or take its rounding; a percent withheld is a withheld count.

    Raises:
        TooRevealing: DSC-002 the tables contradict themselves, DSC-004 the file is not in the long form.
    """
    table = _read(source)
    _, systems = _systems(table, levels)
    verdicts: dict[int, tuple[float, float, str]] = {}
    for system, cells in systems.values():
        known = {c: float(v) for c, v in enumerate(system.values) if v >= 0 and system.published[c]}
        ask = np.array(sorted({c for c in cells.values() if c not in known}), dtype=np.int64)
        if not len(ask):
            continue
        try:
            judged = _audit.judge(len(system.values), system.relations, known, ask, width=rule("least_width"))
        except _audit.CannotTell as why:
            raise TooRevealing(
                "DSC-002",
                where=source.name,
                what=f"the auditor could not tell: {why}",
                remedy="Check that each table's parts add up to its totals.",
            ) from None
        at = {int(c): i for i, c in enumerate(judged.cells)}
        for row, cell in cells.items():
            if cell in at:
                low, high = judged.low[at[cell]], judged.high[at[cell]]
                verdict = "pinned" if high - low < 1 else "narrow" if high - low < rule("least_width") - 1e-6 else "safe"
                verdicts[row] = (float(low), float(high), verdict)
    rows = sorted(verdicts)
    if target:
        found = table[rows].with_columns(
            pl.Series("low", [verdicts[r][0] for r in rows], dtype=pl.Float64), pl.Series("high", [verdicts[r][1] for r in rows], dtype=pl.Float64),
            pl.Series("verdict", [verdicts[r][2] for r in rows], dtype=pl.String),
        )  # fmt: skip
        part = target.with_name(f".{target.name}.part")
        found.write_csv(part)
        part.replace(target)
    pinned, narrow = (sum(v[2] == kind for v in verdicts.values()) for kind in ("pinned", "narrow"))
    return {"ok": not pinned and not narrow, "cells": len(table), "withheld": len(rows), "pinned": pinned, "narrow": narrow}


def _read(source: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(source, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise TooRevealing(
            "DSC-004", where=source.name, what=f"this file cannot be read: {type(reason).__name__}", remedy="Send CSV in UTF-8."
        ) from None
    if "value" not in table.columns:
        raise TooRevealing(
            "DSC-004",
            where=source.name,
            what="there is no column `value`",
            remedy="Send the long form: table, one column per dimension, value, status.",
        )
    defaults = {"table": "table", "measure": "", "statistic": "count", "status": "shown", "of": ""}
    table = table.with_columns(pl.lit(v).alias(c) for c, v in defaults.items() if c not in table.columns)
    return table.with_columns(
        pl.col("value").cast(pl.Float64, strict=False),
        pl.col("status").fill_null("shown"),
        pl.col("of").fill_null(""),
        pl.col("statistic").fill_null("count"),
    )


def _systems(table: pl.DataFrame, levels: Path | None) -> tuple[list[str], dict[str, tuple[System, dict[int, int]]]]:
    """The tables as systems of counts, one for each measure and its base: and which cell each row is. Unknown counts are minus one."""
    dims = [c for c in table.columns if c not in (*FIXED, *ENDING, "verdict")]
    bases = _bases(table, dims)
    systems: dict[str, tuple[System, dict[int, int]]] = defaultdict(lambda: (System(), {}))
    categories: dict[tuple[str, Key, str], set[Key]] = defaultdict(set)
    for i, row in enumerate(table.iter_rows(named=True)):
        if row["statistic"] == "median" or row["status"] in ("x", "z"):
            continue
        coordinates = {d: row[d] for d in dims if row[d] is not None and row[d] != ""}
        system, cells = systems["all"]
        shown = row["status"] in SHOWN and row["value"] is not None
        if row["statistic"] == "percent":
            coordinates = _outcome_named(coordinates, row["measure"])
            base = bases.get(key_of({d: v for d, v in coordinates.items() if d not in (row["of"], row["measure"])}))
            value = round(row["value"] * base / 100) if shown and base is not None else -1
            shown = (shown and base is not None) or row["status"] == "banded"
            value = value if value >= 0 else -1
            if row["status"] == "banded" and base is not None and row.get("low") not in (None, ""):
                value = round((float(row["low"]) + float(row["high"])) / 200 * base)
        else:
            coordinates = {d: v for d, v in coordinates.items() if d != "outcome"}
            value = int(row["value"]) if shown else -1
        key = key_of(coordinates)
        cell = system.add(key, value, published=True)
        if system.values[cell] < 0 <= value:
            system.values[cell] = value
        cells[i] = cell
        for d, v in coordinates.items():
            if v != "Total":
                categories[str(row["table"]), key_of({x: y for x, y in coordinates.items() if x != d}), d].add(key)
    for system, _ in systems.values():
        _bind(system, categories)
        if levels:
            _bind_levels(system, levels)
    return dims, dict(systems)


def _bases(table: pl.DataFrame, dims: list[str]) -> dict[Key, float]:
    """Group sizes by coordinates: the count rows, whatever measure they stand under."""
    found: dict[Key, float] = {}
    for row in table.filter((pl.col("statistic") == "count") & pl.col("status").is_in(SHOWN)).iter_rows(named=True):
        if row["value"] is not None:
            found[key_of({d: row[d] for d in dims if row[d] not in (None, "") and d != "outcome"})] = float(row["value"])
    return found


def _outcome_named(coordinates: dict[str, str], measure: str) -> dict[str, str]:
    """`outcome=yes` of one measure is not that of another: the measure's name takes its place."""
    return {(measure if d == "outcome" else d): v for d, v in coordinates.items()}


def _bind(system: System, categories: dict[tuple[str, Key, str], set[Key]]) -> None:
    """A margin is the sum of its categories, wherever a table holds both."""
    for (_, rest, dim), parts in sorted(categories.items(), key=str):
        if rest in system.at and len(parts) > 1:
            total, members = system.at[rest], [system.at[p] for p in sorted(parts)]
            values = [system.values[m] for m in members]
            exact = system.values[total] < 0 or min(values) < 0 or sum(values) == system.values[total]
            if exact and not _is_share(dim, system, total):
                system.bind(total, members)


def _is_share(dim: str, system: System, total: int) -> bool:
    """Shares of part of a base (where students first enrolled, of those who did) do not add up to the group."""
    del system, total
    return dim == "first_node"


def _bind_levels(system: System, levels: Path) -> None:
    """Hierarchies beside the tables: a parent is the sum of its children."""
    for row in (
        pl.read_csv(levels, infer_schema=False).group_by("dim", "parent").agg("child").sort("dim", "parent").iter_rows(named=True)
    ):
        for key in list(system.keys):
            said = dict(key)
            if row["parent"] != "Total" and said.get(row["dim"]) == row["parent"]:
                children = [key_of(said | {row["dim"]: c}) for c in row["child"]]
                if all(c in system.at for c in children):
                    system.bind(system.at[key], [system.at[c] for c in children])
