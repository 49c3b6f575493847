"""A measure's specification: what partners sent, as small text tables; a population; what the measure says of each.

    given = \"\"\"
    k12_completion
    pseudonym | school_year | completer_status
    maria     | 2016        | diploma_standard
    \"\"\"

Columns left out are blank. Types are those of the catalog after intake: a school year is its closing year. People are the cast of the project.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from c2c import catalog
from c2c.linkage._facts import work_out
from c2c.linkage._measures.student_pathways import NEEDS

TYPES = {"integer": pl.Int64, "decimal": pl.Float64, "date": pl.Date, "boolean": pl.Boolean}
BESIDE = {"pseudonym": pl.String, "period": pl.Int64, "age_bracket": pl.String, "has_ssn": pl.Boolean}
PLACES = """
institutions
code           | kind            | county | school_district | legislative_district | segment
0160000        | school_district | 06001  | 0160000         |                      |
01600000130000 | school          | 06001  | 0160000         | AD01                 |
ccc-11         | campus          | 06001  |                 |                      | ccc
csu-05         | campus          | 06001  |                 |                      | csu
uc-01          | campus          | 06001  |                 |                      | uc
"""


def facts_of(population: str, given: str, *, year: int = 2026) -> list[dict[str, object]]:
    """The facts of a population, when partners sent what is given and the cycle of a year has closed."""
    sent = dict(tables_of(given))
    sent |= {"institutions": dict(tables_of(PLACES))["institutions"]}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        paths = {name: Path(folder) / f"{name}.parquet" for name in {*NEEDS, *sent}}
        for name, path in paths.items():
            _typed(name, sent.get(name, [])).write_parquet(path)
        institutions = paths.pop("institutions")
        return pl.read_parquet(work_out(engine, paths, institutions, Path(folder), year)[population]).to_dicts()


def answer(population: str, given: str, *columns: str, year: int = 2026) -> str:
    """The facts of a population as a text table of these columns, one line a row, in the order of the lines."""
    found = facts_of(population, given, year=year)
    return table([columns, *sorted(tuple("" if row[c] is None else str(row[c]) for c in columns) for row in found)])


def expected(text: str) -> str:
    """A text table, evenly spaced, its rows in order."""
    header, *rows = [tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines()]
    return table([header, *sorted(rows)])


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows as a text table."""
    return "\n".join(" | ".join(row) for row in rows)


def tables_of(text: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Named text tables: a line without a bar names the next."""
    name, header, rows = "", (), []  # type: ignore[var-annotated]
    for line in filter(str.strip, text.splitlines()):
        cells = tuple(cell.strip() for cell in line.split("|"))
        if len(cells) == 1:
            if name:
                yield name, rows
            name, header, rows = cells[0], (), []
        elif not header:
            header = cells
        else:
            rows.append(dict(zip(header, cells, strict=True)))
    yield name, rows


def _typed(name: str, rows: list[dict[str, str]]) -> pl.DataFrame:
    if name == "institutions":
        return pl.DataFrame(rows)
    types = BESIDE | {e.element: _type(e) for e in catalog.load().files[name].elements if e.role != "identity"}
    unknown = {c for row in rows for c in row} - set(types)
    assert not unknown, f"{name} has no {unknown}"
    blank = {c: pl.Series(c, [row.get(c) or None for row in rows], dtype=pl.String) for c in types}
    return pl.DataFrame(blank).select(_cast(pl.col(c), t).alias(c) for c, t in types.items())


def _type(element: catalog.Element) -> type[pl.DataType]:
    return pl.Int64 if element.rule.startswith("regex ^20") else TYPES.get(element.type, pl.String)


def _cast(column: pl.Expr, kind: type[pl.DataType]) -> pl.Expr:
    if kind == pl.Boolean:
        return column == "true"
    return column.str.to_date() if kind == pl.Date else column.cast(kind)
