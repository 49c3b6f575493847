"""What one table or model shows by itself: small counts, dominance, extremes, saturated models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from c2c.disclosure._system import Key, key_of
from c2c.disclosure.outputs._contents import Fault, Grid
from c2c.disclosure.outputs._errors import OutputRefused
from c2c.disclosure.outputs._manifest import Output
from c2c.disclosure.outputs._rules import rule
from c2c.disclosure.outputs._tables import PERCENTILE, SINGLE, Figure, Table


def small(count: float) -> bool:
    """Too few people to stand alone; nobody at all may stand."""
    return 0.5 < count < rule("least_count") - 0.5


def check_counts(table: Table, n: int | None) -> Iterator[Fault]:
    """Counts and percents of a table, and what its own totals leave over."""
    counts = table.counts()
    for key, figure in counts.items():
        if figure.value is not None and table.kind == "counts" and small(figure.value):
            yield Fault("OUT-141", f"row {figure.row}")
        if figure.value is not None and n is not None and (figure.value > n or (not key and figure.value != n)):
            yield Fault("OUT-146", f"row {figure.row}")
    for dim, rest, parts in lines(table):
        total = counts.get(rest)
        left = left_over(total.value if total else None, parts)
        if total is not None and left is not None:
            if small(abs(left)):
                yield Fault("OUT-142", f"row {total.row}, against column {table.dims.index(dim) + 1}")
            elif left < 0:
                yield Fault("OUT-176", f"row {total.row}")
    for figure in table.figures:
        if figure.statistic == "percent" and figure.value is not None:
            yield from _check_percent(figure, counts)


def lines(table: Table) -> Iterator[tuple[str, Key, list[Figure]]]:
    """Cells that differ in one dimension alone, with what they have in common: the parts of a total, wherever the total stands."""
    found: dict[tuple[str, Key], list[Figure]] = defaultdict(list)
    for key, figure in table.counts().items():
        for dim, _ in key:
            found[dim, tuple(x for x in key if x[0] != dim)].append(figure)
    for (dim, rest), parts in found.items():
        yield dim, rest, parts


def left_over(total: float | None, parts: list[Figure]) -> float | None:
    """A total minus its parts, where all of them are shown."""
    shown = [p.value for p in parts if p.value is not None]
    return None if total is None or len(shown) < len(parts) else total - sum(shown)


def _check_percent(figure: Figure, counts: Mapping[Key, Figure]) -> Iterator[Fault]:
    base = counts.get(key_of({d: v for d, v in figure.coordinates.items() if d != figure.of}))
    n = figure.n if figure.n is not None else base.value if base else None
    where = f"row {figure.row}"
    if n is None or figure.value is None:
        yield Fault("OUT-145", where)
        return
    part = round(figure.value * n / 100)
    if figure.value > 100:
        yield Fault("OUT-104", where)
    elif n < rule("least_group_for_percent") or small(part) or small(n - part):
        yield Fault("OUT-143", where)
    elif part in (0, n):
        yield Fault("OUT-144", where)


def check_magnitudes(table: Table, held: Mapping[Key, Mapping[str, float]] | None) -> Iterator[Fault]:
    """Means, sums, percentiles: enough people behind each, and no contributor that holds nearly all of it.

    `held`: of each cell, how many contributors, their total and its two largest, see `contributions`.
    """
    for figure in table.figures:
        where = f"row {figure.row}"
        if figure.n is None:
            yield Fault("OUT-152", where)
        elif figure.n < rule("least_count"):
            yield Fault("OUT-151", where)
        if figure.statistic in SINGLE:
            yield Fault("OUT-157", where)
        percentile = PERCENTILE.fullmatch(figure.statistic)
        if percentile and figure.n is not None:
            share = float(percentile.group(1)) / 100
            if figure.n * min(share, 1 - share) < rule("least_count"):
                yield Fault("OUT-158", where)
        elif figure.statistic != "median" and figure.statistic not in SINGLE and figure.value is not None:
            yield from _check_dominance(figure, (held or {}).get(figure.key))
        mine = (held or {}).get(figure.key)
        if mine and figure.n is not None and mine["n"] != figure.n:
            yield Fault("OUT-159", where)


def _check_dominance(figure: Figure, mine: Mapping[str, float] | None) -> Iterator[Fault]:
    where = f"row {figure.row}"
    if mine is None:
        yield Fault("OUT-155", where)
    elif mine["negative"]:
        yield Fault("OUT-156", where)
    else:
        if is_dominated(mine):
            yield Fault("OUT-153", where)
        if is_near(mine):
            yield Fault("OUT-154", where)


def is_dominated(held: Mapping[str, float]) -> bool:
    """Do the largest contributors hold nearly all of the total, by the (n, k) rule?"""
    return held["total"] > 0 and held["top"] > rule("largest_share") * held["total"]


def is_near(held: Mapping[str, float]) -> bool:
    """Could the second largest contributor work the largest out within the p per cent?"""
    rest = held["total"] - held["largest"] - held["second"]
    return held["largest"] > 0 and rest < rule("least_p_ratio") * held["largest"]


def contributions(path: Path, table: Table) -> dict[Key, Mapping[str, float]]:
    """What stands behind each cell of a table: contributors, their total and the largest of them. See `read_contributors`."""
    said = read_contributors(path, table)
    if "amount" in said.columns:
        return _summed(said, table)
    found: dict[Key, Mapping[str, float]] = {}
    for row in said.iter_rows(named=True):
        coordinates = {d: str(row[d]) for d in table.dims if row[d]}
        found[key_of(coordinates)] = {
            **{k: float(row[k]) for k in ("n", "total", "largest", "second")},
            "top": float(row["largest"] + row["second"]),
            "negative": 0.0,
        }
    return found


def read_contributors(path: Path, table: Table) -> pl.DataFrame:
    """The contributors' file of a table, CSV or Parquet. It never leaves and is not one of the outputs.

    Each dimension of the table is a column. Beside them: `amount`, one row per contributor; for counts nothing, one row per person; or `n`, `total`,
    `largest` and `second`, one row per cell, as the data's keeper declares them.

    Raises:
        OutputRefused: OUT-003 it cannot be read or lacks a column.
    """
    try:
        said = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
        declared = ["n", "total", "largest", "second"]
        figures = ["amount"] if "amount" in said.columns else [] if table.kind == "counts" else declared
        said = said.select(pl.col(table.dims).cast(pl.String), *(pl.col(f).cast(pl.Float64) for f in figures))
        return said.drop_nulls(figures) if figures else said
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise OutputRefused(
            "OUT-003",
            where=f"contributions of {table.file}",
            what=f"the contributors' file cannot be read, or lacks a column: {type(reason).__name__}",
            remedy="Give the table's own columns, and `amount` for each contributor; or n, total, largest and second for each cell.",
        ) from None


def _summed(said: pl.DataFrame, table: Table) -> dict[Key, Mapping[str, float]]:
    found: dict[Key, Mapping[str, float]] = {}
    amount, most = pl.col("amount"), int(rule("largest_contributors"))
    for dims in sorted({tuple(d for d, _ in f.key) for f in table.figures}):
        cells = said.with_columns(pl.lit("").alias("all_")).group_by("all_", *dims).agg(
            n=pl.len(),
            total=amount.sum(),
            largest=amount.max(),
            second=amount.top_k(2).sum() - amount.max(),
            top=amount.top_k(most).sum(),
            negative=(amount < 0).any(),
        )  # fmt: skip
        for row in cells.iter_rows(named=True):
            key = key_of({d: row[d] for d in dims})
            found[key] = {k: float(row[k]) for k in ("n", "total", "largest", "second", "top", "negative")}
    return found


def check_regression(output: Output, grid: Grid) -> Iterator[Fault]:
    """A model: enough degrees of freedom, and coefficients that are not the means of groups in other words."""
    headings = [h.strip() for h in grid[0][1]] if grid else []
    rows = [(number, dict(zip(headings, row, strict=False))) for number, row in grid[1:]]
    terms = [row.get("term", "") for _, row in rows]
    wrong = headings != output.said.get("columns", headings) or not {"term", "estimate"} <= set(headings)
    if wrong or not rows or len(set(terms)) < len(terms) or any(len(row) != len(headings) for _, row in grid[1:]):
        yield Fault("OUT-104", "its headings or rows")
        return
    n, freedom, predictors = (output.said.get(k) for k in ("n", "degrees_of_freedom", "predictors"))
    if n is not None and freedom is not None:
        if freedom < rule("least_degrees_of_freedom"):
            yield Fault("OUT-161", "degrees_of_freedom")
        if freedom > n - len(terms):
            yield Fault("OUT-163", "n, degrees_of_freedom and its rows")
        if len(terms) >= n:
            yield Fault("OUT-162", "as many parameters as observations")
    if predictors is None:
        yield Fault("OUT-164", "predictors")
    elif predictors and all(p.get("kind") == "categorical" for p in predictors):
        cells = 1
        for predictor in predictors:
            cells *= int(predictor.get("levels", 1))
        # An intercept and one coefficient for each further cell say each cell's mean.
        if len(terms) >= cells:
            yield Fault("OUT-162", "its coefficients are the means of its groups")
    for number, row in rows:
        if "n" in row and (not row["n"].strip().isdigit() or int(row["n"]) < rule("least_count")):
            yield Fault("OUT-165", f"row {number}")
