"""Tables of counts beside each other and beside everything in the release ledger: what may stand alone may not stand there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from c2c.disclosure._files import attack_file
from c2c.disclosure._rules import TooRevealing
from c2c.disclosure._rules import rule as public_rule
from c2c.disclosure._system import Key, key_of
from c2c.disclosure.outputs._contents import Fault
from c2c.disclosure.outputs._figures import left_over, lines, small
from c2c.disclosure.outputs._tables import Table

LABELS = ("release", "product", "table", "measure", "statistic", "unit")
ENDING = ("value", "low", "high", "status", "of")
NOT_LISTED = "(not listed)"
Found = tuple[str, Fault]
"""A file and what was found in it."""


@dataclass(frozen=True)
class Ledger:
    """Every published count and percent that could be compared with some tables, and which releases show which measures."""

    cells: pl.DataFrame = field(default_factory=pl.DataFrame)
    shown: Mapping[tuple[str, str], Mapping[Key, float | None]] = field(default_factory=dict)

    def releases_of(self, measure: str) -> list[str]:
        """The releases that say something of a measure."""
        return sorted(release for release, of in self.shown if of == measure)


def read_ledger(folder: Path, tables: Sequence[Table], *, without: str) -> Ledger:
    """What the release ledger holds of these tables' measures and years, with all that stood beside it in the same releases."""
    measures = {t.measure for t in tables}
    years = {str(f.coordinates.get("academic_year", "")) for t in tables for f in t.figures} - {"", "Total"}
    found = []
    for path in sorted(p for p in folder.glob("*.parquet") if p.stem != without):
        cells = pl.read_parquet(path).filter(pl.col("statistic").is_in(["count", "percent"]) & (pl.col("status") != "x"))
        if "academic_year" in cells.columns and years:
            cells = cells.filter(pl.col("academic_year").is_in(sorted(years)) | pl.col("academic_year").is_null())
        if cells["measure"].is_in(sorted(measures)).any():
            found.append(cells.with_columns(pl.lit(path.stem).alias("release")))
    if not found:
        return Ledger()
    whole = pl.concat(found, how="diagonal_relaxed")
    shown: dict[tuple[str, str], dict[Key, float | None]] = defaultdict(dict)
    dims = _dims(whole)
    counts = whole.filter((pl.col("statistic") == "count") & pl.col("measure").is_in(sorted(measures)))
    for row in counts.iter_rows(named=True):
        known = row["value"] if row["status"] == "shown" else 0.0 if row["status"] == "z" else None
        shown[row["release"], row["measure"]][key_of({d: row[d] for d in dims})] = known
    return Ledger(whole, dict(shown))


def compare(tables: Sequence[Table], published: Ledger | None, private: Path, levels: Path | None) -> Iterator[Found]:
    """What these tables, all at once, give away with what is published: cell by cell, line by line, and by the auditor's arithmetic.

    Without a ledger only with each other. A table is taken to be of the edition of each release that speaks of its measure: the narrower reading. `private` holds the figures
    while they are attacked.
    """
    rest: dict[str, list[tuple[str, Key]]] = defaultdict(list)
    ledger = published or Ledger()
    for table in tables:
        yield from ((table.file, f) for f in (_compare_cells(table, published) if published else ()))
        yield from ((table.file, f) for f in _compare_lines(table, ledger, rest[table.file]))
    yield from _compare_all(tables, ledger, rest, private, levels)


def _compare_cells(table: Table, ledger: Ledger) -> Iterator[Fault]:
    releases = ledger.releases_of(table.measure)
    if not releases:
        yield Fault("OUT-177", "its measure")
        return
    for key, figure in table.counts().items():
        for release in releases:
            known = ledger.shown[release, table.measure]
            if figure.value is None or key not in known:
                continue
            before = known[key]
            if before is None:
                yield Fault("OUT-171", f"row {figure.row}, beside release {release}")
            elif 0 < abs(figure.value - before) < public_rule("joint_difference"):
                yield Fault("OUT-172", f"row {figure.row}, beside release {release}")
    years = {
        y for known in (ledger.shown[r, table.measure] for r in releases) for key in known for d, y in key if d == "academic_year"
    }
    pooled = [f.row for f in table.figures if years and f.coordinates.get("academic_year") not in years]
    if pooled:
        yield Fault("OUT-177", f"row {pooled[0]}, its academic_year")


def _compare_lines(table: Table, ledger: Ledger, incomplete: list[tuple[str, Key]]) -> Iterator[Fault]:
    """Totals, its own or published ones, minus parts. Lines that leave people over are noted: the auditor must know of them."""
    own = table.counts()
    for dim, rest, parts in lines(table):
        mine = own.get(rest)
        left = left_over(mine.value if mine else None, parts)
        open_ = left is not None and left > 0
        for release in ledger.releases_of(table.measure):
            left = left_over(ledger.shown[release, table.measure].get(rest), parts)
            if left is not None and small(abs(left)):
                yield Fault("OUT-173", f"row {parts[0].row}, beside release {release}, against column {table.dims.index(dim) + 1}")
            open_ |= left is not None and left > 0
        if open_:
            incomplete.append((dim, rest))


def _compare_all(
    tables: Sequence[Table], ledger: Ledger, rest: Mapping[str, list[tuple[str, Key]]], private: Path, levels: Path | None
) -> Iterator[Found]:
    """The auditor over all tables at once beside each release, and over each alone where something was found: whose is it?"""
    found = list(_attack_each(tables, ledger, rest, private, levels))
    if found and len(tables) > 1:
        alone = [f for table in tables for f in _attack_each([table], ledger, rest, private, levels)]
        seen = {(file, fault.code) for file, fault in alone}
        together = [
            (file, Fault(f.code, f"{f.where}, with the other tables here")) for file, f in found if (file, f.code) not in seen
        ]
        yield from alone
        yield from together
    else:
        yield from found


def _attack_each(
    tables: Sequence[Table], ledger: Ledger, rest: Mapping[str, list[tuple[str, Key]]], private: Path, levels: Path | None
) -> Iterator[Found]:
    releases = sorted({r for t in tables for r in ledger.releases_of(t.measure)}) or [""]
    for release in releases:
        mine = long_form(tables, ledger, release=release, rest=rest)
        whole = pl.concat([ledger.cells, mine], how="diagonal_relaxed") if len(ledger.cells) else mine
        if not (whole["status"] == "c").any():
            continue
        try:
            verdicts = _attacked(whole, private, levels)
            told = verdicts["verdict"] != "safe"
            published = pl.Series([i < len(ledger.cells) for i in range(len(whole))]).filter(whole["status"] == "c")
            if (told & published).any():
                # What releases give away without these tables is not theirs to answer for.
                before = _attacked(ledger.cells, private, levels)["verdict"] != "safe"
                already = pl.concat([before, pl.Series([False] * (len(told) - len(before)), dtype=pl.Boolean)])
                n = int((told & published & ~already).sum())
                if n:
                    beside = f"beside release {release}: {n} withheld cells"
                    yield from ((t.file, Fault("OUT-174", beside)) for t in tables if not release or ledger.releases_of(t.measure))
        except TooRevealing:
            yield from ((t.file, Fault("OUT-176", f"beside release {release}" if release else "the whole table")) for t in tables)
            continue
        yield from _own(tables, verdicts.filter(told & ~published))


def _own(tables: Sequence[Table], narrow: pl.DataFrame) -> Iterator[Found]:
    """Cells that these tables withhold or do not list, and that can be worked out."""
    by_name = {_name(t): t for t in tables}
    for name, low, high, *values in narrow.select("table", "low", "high", *_dims(narrow)).iter_rows():
        table = by_name[name]
        if NOT_LISTED in values:
            # People not listed who are many, or none, are told of nobody.
            if high > 0.5 and low < public_rule("least_count") - 0.5:
                yield table.file, Fault("OUT-173", "people it does not list")
        else:
            key = key_of(dict(zip(_dims(narrow), values, strict=True)))
            yield table.file, Fault("OUT-175", f"row {table.counts()[key].row}")


def _attacked(cells: pl.DataFrame, private: Path, levels: Path | None) -> pl.DataFrame:
    """Low, high and verdict of every withheld cell, in the order of the rows."""
    source, target = private / "cells.csv", private / "verdicts.csv"
    cells.write_csv(source)
    try:
        attack_file(source, target, levels=levels)
        return pl.read_csv(target, infer_schema=False).with_columns(pl.col("low", "high").cast(pl.Float64))
    finally:
        source.unlink()
        target.unlink(missing_ok=True)


def long_form(
    tables: Iterable[Table],
    ledger: Ledger,
    *,
    release: str,
    rest: Mapping[str, list[tuple[str, Key]]] | None = None,
) -> pl.DataFrame:
    """Tables as rows of the ledger. With `rest`, a withheld cell for the people that a line leaves out."""
    rows: list[dict[str, str | float | None]] = []
    for table in tables:
        own = release if not ledger.shown or release in ledger.releases_of(table.measure) else "outputs"
        labels = {"release": own, "product": "research", "table": _name(table), "measure": table.measure, "unit": "people"}
        counts = [*table.counts().values(), *(f for f in table.figures if f.statistic == "percent")]
        for f in counts:
            status = "c" if f.value is None else "shown"
            rows.append(
                {**labels, "statistic": f.statistic, **f.coordinates, "value": f.value, "status": status, "of": f.of or None}
            )
        known = set(table.counts())
        for dim, margin in (rest or {}).get(table.file, ()):
            for missing in _beside(dim, margin, table):
                if key_of(missing) not in known:
                    rows.append({**labels, "statistic": "count", **missing, "value": None, "status": "c", "of": None})
    dims = sorted({d for t in tables for d in t.dims})
    columns = [*LABELS, *dims, *ENDING]
    return pl.DataFrame(rows, schema={c: pl.Float64 if c in ("value", "low", "high") else pl.String for c in columns}).unique(
        maintain_order=True
    )


def _beside(dim: str, margin: Key, table: Table) -> Iterator[dict[str, str]]:
    """The cell of those not listed, in the line that leaves them out and in every line beside it: they may be anywhere."""
    yield dict(margin) | {dim: NOT_LISTED}
    for other, rest, _ in lines(table):
        if other == dim and len(rest) == len(margin):
            yield dict(rest) | {dim: NOT_LISTED}


def _name(table: Table) -> str:
    return f"research {table.file}"


def _dims(cells: pl.DataFrame) -> list[str]:
    return sorted(c for c in cells.columns if c not in (*LABELS, *ENDING, "verdict"))
