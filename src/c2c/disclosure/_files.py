"""Protection and attack of any tables in the long form, as stand-alone commands: no site, no ledger, nothing kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from c2c.disclosure import _audit
from c2c.disclosure._long_form import read_tables
from c2c.disclosure._protect import check_system, protect_system
from c2c.disclosure._published import Published
from c2c.disclosure._rules import TooRevealing, rule
from c2c.disclosure._system import System


def protect_file(source: Path, target: Path, *, levels: Path | None = None) -> dict[str, Any]:
    """Protect tables of counts in the long form: `table`, dimensions, `value` (true counts); `Total` marks a margin. Returns what was withheld.

    Raises:
        TooRevealing: DSC-001 the tables cannot be protected, DSC-002 a total is not the sum of its parts, DSC-004 to DSC-006 the file is not
            in the long form, DSC-007 a figure is missing or is no count.
    """
    system, cell_of_row = read_counts(source, levels)
    few = rule("least_count")
    primary = {c for c, v in enumerate(system.values) if 0 < v < few}
    # The dice are thrown by the counts themselves: nobody outside knows them, and the same tables give the same bytes.
    content = "\n".join(f"{key}|{value}" for key, value in zip(system.keys, system.values, strict=True))
    hidden = protect_system(system, primary, hashlib.sha256(content.encode()).digest(), where=source.name)
    check_system(system, hidden, where=source.name)
    status = ["c" if c in hidden else "shown" for c in cell_of_row]
    counts = [None if c in hidden else system.values[c] for c in cell_of_row]
    out = pl.read_csv(source, infer_schema=False)
    out = out.with_columns(pl.Series("value", counts, dtype=pl.Int64), pl.Series("status", status, dtype=pl.String))
    part = target.with_name(f".{target.name}.part")
    out.write_csv(part)
    part.replace(target)
    return {"cells": len(out), "withheld": status.count("c"), "primary": len(primary), "complementary": len(hidden - primary)}


def attack_file(source: Path, target: Path | None, *, levels: Path | None = None, seconds: float | None = None) -> dict[str, Any]:
    """Try to work out every withheld count of published tables: `ok` is False where one is pinned or known more closely than nine.

    A percent shown says of its count what its rounding leaves open; a percent withheld is a withheld count. Several releases in one file are
    attacked together. `seconds`: how long it may take, by rule where it is not said.

    Raises:
        TooRevealing: DSC-002 the tables contradict themselves or the time is over, DSC-004 to DSC-006 the file is not in the long form.
    """
    said = read_tables(source, levels)
    withheld = said.table["status"].to_list()
    rows = [r for r, c in enumerate(said.cell_of_row) if c >= 0 and withheld[r] == "c"]
    ask = np.array(sorted({said.cell_of_row[r] for r in rows}), dtype=np.int64)
    try:
        judged = _audit.judge(
            np.array(said.low),
            np.array(said.high),
            said.relations,
            ask,
            width=rule("least_width"),
            seconds=rule("seconds_to_audit") if seconds is None else seconds,
            shares=said.shares,
        )
    except _audit.CannotTell as why:
        raise TooRevealing(
            "DSC-002",
            where=source.name,
            what=f"the auditor could not tell: {why}",
            remedy="Check that each table's parts add up to its totals; give it more time if it was over.",
        ) from None
    at = {int(c): i for i, c in enumerate(judged.cells)}
    found = [at[said.cell_of_row[r]] for r in rows]
    low, high = judged.low[found], judged.high[found]
    width = high - low
    verdict = np.select([width < 1, width < rule("least_width") - 1e-6], ["pinned", "narrow"], "safe")
    if target:
        out = pl.read_csv(source, infer_schema=False)[rows].with_columns(
            pl.Series("low", low.round(2)), pl.Series("high", high.round(2)), pl.Series("verdict", verdict, dtype=pl.String)
        )
        part = target.with_name(f".{target.name}.part")
        out.write_csv(part)
        part.replace(target)
    pinned, narrow = int((verdict == "pinned").sum()), int((verdict == "narrow").sum())
    return {"ok": not pinned and not narrow, "cells": len(said.table), "withheld": len(rows), "pinned": pinned, "narrow": narrow}


def read_counts(source: Path, levels: Path | None) -> tuple[System, list[int]]:
    """Tables of true counts as one system, and the cell of each row of the file.

    Raises:
        TooRevealing: DSC-002, DSC-004 to DSC-007, as `protect_file`.
    """
    said = read_tables(source, levels)
    _refuse_what_is_no_count(said, source.name)
    return _system_of(said, source.name)


def _refuse_what_is_no_count(said: Published, name: str) -> None:
    for number, row in enumerate(said.table.select("statistic", "status", "value").iter_rows()):
        if row[0] != "count" or row[1] != "shown" or row[2] is None or row[2] != round(row[2]):
            raise TooRevealing(
                "DSC-007",
                where=f"{name}, row {number + 2}",
                what="protection needs the true count of every cell, and this row has none",
                remedy="Send whole counts with their totals; percents are worked out from protected counts.",
            )


def _system_of(said: Published, name: str) -> tuple[System, list[int]]:
    """The counts as a system, in the order of their names whatever the order of the rows, and the cell of each row.

    Cells that only sums speak of are worked out.
    """
    listed = set(said.cell_of_row)
    values = [int(v) if c in listed else -1 for c, v in enumerate(said.low)]
    for total, parts in said.relations:
        if values[total] < 0 and all(values[p] >= 0 for p in parts):
            values[total] = sum(values[p] for p in parts)
    for total, parts in said.relations:
        left = [p for p in parts if values[p] < 0]
        if values[total] >= 0 and len(left) == 1:
            values[left[0]] = values[total] - sum(values[p] for p in parts if p != left[0])
    system = System()
    names = {c: (*key, ("", people)) for (people, key), c in said.at.items()}
    bound = {c for total, parts in said.relations for c in (total, *parts)}
    number = {
        c: system.add(names[c], max(values[c], 0), published=c in listed) for c in sorted(listed | bound, key=names.__getitem__)
    }
    for total, parts in sorted(said.relations, key=lambda relation: number[relation[0]]):
        if values[total] < 0:
            continue
        # What no row tells is known all the same, as what the others leave of the total.
        left = [p for p in parts if values[p] < 0]
        rest = values[total] - sum(values[p] for p in parts if p not in left)
        if rest < 0 or (rest and not left):
            raise TooRevealing(
                "DSC-002",
                where=f"{name}, row {said.cell_of_row.index(total) + 2}" if total in listed else name,
                what="this total is not the sum of its parts",
                remedy="Send every part of each total, and totals that add up.",
            )
        unlisted = [system.add(tuple(k for p in left for k in names[p]), rest, published=False)] if left else []
        system.bind(number[total], [*(number[p] for p in parts if p not in left), *unlisted])
    return system, [number[c] for c in said.cell_of_row]
