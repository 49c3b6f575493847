"""Tables of counts and of magnitudes in the long form: each figure with its row in the file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from c2c.disclosure._system import Key, key_of
from c2c.disclosure.outputs._contents import Fault, Grid
from c2c.disclosure.outputs._manifest import Output

NOT_DIMENSIONS = frozenset({"table", "statistic", "value", "n", "status", "of"})
TAKEN = frozenset({"release", "product", "measure", "unit", "low", "high", "verdict", "table"})
"""Columns of the release ledger that a researcher's table may not bring along."""

PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")
MEANS = frozenset({"mean", "sum", "sd", "variance", "median"})
SINGLE = frozenset({"min", "max", "minimum", "maximum", "range", "rank", "mode", "first", "last", "nth", "top", "bottom", "p0", "p100"})  # fmt: skip
"""Statistics that are some person's own value, or nearly."""


@dataclass(frozen=True)
class Figure:
    """One row: what it is about, the statistic, its value unless it is withheld, and the people behind it where the row says so."""

    row: int
    coordinates: Mapping[str, str]
    statistic: str
    value: float | None
    n: float | None = None
    of: str = ""

    @property
    def key(self) -> Key:
        """Its coordinates without margins."""
        return key_of(self.coordinates)


@dataclass(frozen=True)
class Table:
    """A table as its file has it. `measure`: whose people its counts are, in the ledger's words."""

    file: str
    kind: str
    measure: str
    dims: tuple[str, ...]
    figures: tuple[Figure, ...]
    faults: tuple[Fault, ...] = field(default=())

    def counts(self) -> dict[Key, Figure]:
        """People by cell: its counts, or the people behind its means."""
        if self.kind == "counts":
            return {f.key: f for f in self.figures if f.statistic == "count"}
        return {f.key: Figure(f.row, f.coordinates, "count", f.n) for f in self.figures if f.n is not None}


def read_table(output: Output, grid: Grid, *, measure: str) -> Table:
    """A declared table of counts or magnitudes: one column per dimension, `value`, and `statistic`, `n`, `status`, `of` where they are needed."""
    headings = [h.strip() for h in grid[0][1]] if grid else []
    dims = tuple(h for h in headings if h not in NOT_DIMENSIONS)
    fits = (
        headings == output.said.get("columns", headings)
        and len(set(headings)) == len(headings)
        and "value" in headings
        and "" not in headings
        and dims
        and not set(map(str.lower, dims)) & (TAKEN | SINGLE)
        and (output.kind == "counts" or {"statistic", "n"} <= set(headings))
    )
    if not fits:
        return Table(output.file, output.kind, measure, (), (), (Fault("OUT-104", "its headings"),))
    figures: list[Figure] = []
    faults: list[Fault] = []
    for number, row in grid[1:]:
        said = dict(zip(headings, (v.strip() for v in row), strict=False))
        read = _figure(number, said, dims, output.kind) if len(row) == len(headings) else None
        if read is None:
            faults.append(Fault("OUT-104", f"row {number}"))
        else:
            figures.append(read)
    stands = [(f.key, f.statistic) for f in figures]
    if len(set(stands)) < len(stands):
        faults.append(Fault("OUT-104", "one cell stands twice"))
    return Table(output.file, output.kind, measure, dims, tuple(figures), tuple(faults))


def _figure(number: int, said: Mapping[str, str], dims: tuple[str, ...], kind: str) -> Figure | None:
    statistic = said.get("statistic") or ("count" if kind == "counts" else "")
    withheld = said.get("status", "") == "c" or (not said["value"] and not said.get("status"))
    value = None if withheld else _number(said["value"])
    n = _number(said["n"]) if said.get("n") else None
    known = {"count", "percent"} if kind == "counts" else MEANS | SINGLE
    fits = (
        (statistic in known or (kind == "magnitudes" and PERCENTILE.fullmatch(statistic) is not None))
        and said.get("status", "") in ("", "shown", "c")
        and (withheld or value is not None)
        and not (withheld and said["value"])
        and (kind != "counts" or value is None or value >= 0)
        and (statistic != "count" or value is None or value == round(value))
        and (not said.get("n") or (n is not None and n >= 0))
        and (not said.get("of") or said["of"] in dims)
        and (statistic != "percent" or bool(said.get("of")))
    )
    coordinates = {d: said[d] for d in dims if said[d]}
    return Figure(number, coordinates, statistic, value, n, said.get("of", "")) if fits else None


def _number(text: str) -> float | None:
    """A plain number; nothing where it is none."""
    try:
        found = float(text) if re.fullmatch(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", text) else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None
