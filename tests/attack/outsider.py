"""An attacker written apart from the product: reads published cells and nothing else, and bounds each withheld count by linear programs.

It takes every figure at its word (a percent within its rounding), every table's parts to add up to its totals, and tries measure by measure.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

NOT_DIMENSIONS = {"release", "product", "table", "measure", "statistic", "unit", "value", "low", "high", "status", "of"}


def withheld_counts(path: Path) -> list[tuple[dict[str, str], float, float]]:
    """Each withheld count or share in a file of published cells, with the least and greatest count that fits everything published."""
    with path.open(encoding="utf-8") as handle:
        rows = [r for r in csv.DictReader(handle) if r["statistic"] != "median" and r["status"] != "x"]
    groups = defaultdict(list)
    for row in rows:
        groups[row["measure"], row.get("academic_year", "")].append(row)
    return [found for mine in groups.values() for found in _bound(mine)]


def _bound(rows: list[dict[str, str]]) -> list[tuple[dict[str, str], float, float]]:
    dimensions = [d for d in rows[0] if d not in NOT_DIMENSIONS]
    at: dict[frozenset[tuple[str, str]], int] = {}

    def cell(where: dict[str, str]) -> int:
        return at.setdefault(frozenset((d, v) for d, v in where.items() if v != "Total"), len(at))

    equal: list[tuple[int, list[int]]] = []
    share: list[tuple[int, int, float, float]] = []
    exact: dict[int, float] = {}
    parts: dict[tuple[str, str, int], set[int]] = defaultdict(set)
    asked: list[tuple[dict[str, str], int]] = []
    listed: set[int] = set()
    for row in rows:
        where = {d: row[d] for d in dimensions if row[d]}
        if row["statistic"] == "percent":
            part, base = cell(where), cell({d: v for d, v in where.items() if d != row["of"]})
            if row["status"] == "shown":
                share.append((part, base, (float(row["value"]) - 0.5) / 100, (float(row["value"]) + 0.5) / 100))
            elif row["status"] == "banded":
                share.append((part, base, float(row["low"]) / 100, float(row["high"]) / 100))
            else:
                share.append((part, base, 0.0, 1.0))
            parts[row["table"], row["of"], base].add(part)
            inner = row["of"]
        else:
            part, inner = cell(where), ""
            if row["status"] in ("shown", "z"):
                exact[part] = float(row["value"] or 0)
        listed.add(part)
        if row["status"] == "c":
            asked.append((row, part))
        for d, v in where.items():
            if d != inner and v != "Total":
                parts[row["table"], d, cell({x: y for x, y in where.items() if x != d})].add(part)
    for (_, d, whole), members in parts.items():
        if whole in listed and (len(members) > 1 or d != "outcome"):
            equal.append((whole, sorted(members)))
    if not asked:
        return []
    n = len(at)
    sums, least = lil_matrix((len(equal), n)), lil_matrix((2 * len(share), n))
    for i, (whole, members) in enumerate(equal):
        sums[i, whole] = 1.0
        for member in members:
            sums[i, member] = -1.0
    for i, (part, base, low, high) in enumerate(share):
        least[2 * i, part], least[2 * i, base] = -1.0, low
        least[2 * i + 1, part], least[2 * i + 1, base] = 1.0, -high
    bounds = [(exact[c], exact[c]) if c in exact else (0.0, None) for c in range(n)]
    found = []
    for row, c in asked:
        ends = []
        for sign in (1.0, -1.0):
            objective = np.zeros(n)
            objective[c] = sign
            answer = linprog(
                objective,
                A_ub=least.tocsr() if share else None,
                b_ub=np.full(2 * len(share), 1e-7) if share else None,
                A_eq=sums.tocsr() if equal else None,
                b_eq=np.zeros(len(equal)) if equal else None,
                bounds=bounds,
            )
            if answer.status == 3:
                ends.append(np.inf * -sign)
            elif answer.status == 0:
                ends.append(float(answer.x[c]))
            else:
                raise AssertionError(f"the published figures contradict one another in {row['measure']}: {answer.message}")
        found.append((row, ends[0], ends[1]))
    return found
