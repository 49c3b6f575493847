"""Who and what, parted: each accepted row's key is a keyed hash of its ids and names as sent; neither tray holds the other's columns.

A RecordKey is an HMAC-SHA-256 under the partner's own key (RFC 2104, first 128 bits), worked out by the engine for all rows at once, so two
partners' keys of one person say nothing to each other.
"""

from __future__ import annotations

import functools
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from c2c.catalog import Catalog, FileLayout, load
from c2c.intake._maps import ColumnMap, apply_map
from c2c.intake._reading import Unreadable, read_delivery
from c2c.plumbing import engines, errors, keys
from c2c.plumbing.site import Site, scratch

SEPARATOR = "\x1f"
SCHOOL_YEAR = r"regex ^20\d{2}-\d{2}$"


# The language of expressions cannot join bytes, the engine joins them as it joins text: so bytes pass for text here.
@ibis.udf.scalar.builtin
def sha256(data: str) -> str:  # type: ignore[empty-body]
    """SHA-256 as hex."""


@ibis.udf.scalar.builtin
def unhex(text: str) -> str:  # type: ignore[empty-body]
    """Bytes from hex."""


@ibis.udf.scalar.builtin
def encode(text: str) -> str:  # type: ignore[empty-body]
    """Text as UTF-8 bytes."""


@ibis.udf.scalar.builtin(name="left")
def first_signs(text: str, n: int) -> str:  # type: ignore[empty-body]
    """The first n signs of a text."""


MOMENT = ibis.table({"day_": "date", "period_": "int64", "inner_": "string", "outer_": "string"}, name="moment")
"""One row of what differs between two deliveries of one file (the pads are those of its partner's key), so that one text of a
statement serves them all."""


def columns_of(layout: FileLayout) -> dict[str, str]:
    """The tables `delivery` and `accepted`: the file's row number, its contract's columns as text, and the row's RecordKey."""
    return {"row_": "int64"} | dict.fromkeys((e.element for e in layout.elements), "string") | {"record_key": "string"}


@functools.lru_cache(maxsize=256)
def trays_of(layout: FileLayout) -> tuple[str, str]:
    """The statements that make the *who* and the *what* of a file from `accepted` and `moment`."""
    table = ibis.table(columns_of(layout), name="accepted")
    return ibis.to_sql(identifiers_of(table, layout), dialect="duckdb"), ibis.to_sql(records_of(table, layout), dialect="duckdb")


def identifiers_of(table: ibis.Table, layout: FileLayout) -> ibis.Table:
    """The *who*: one row per RecordKey, `n_records` rows collapsed; matching columns as sent, `lookup_…` for each person id."""
    matching = [e.element for e in layout.elements if e.matching]
    people = table.group_by("record_key").agg(n_records=table.count(), **{name: table[name].arbitrary() for name in matching})
    people = people.cross_join(MOMENT)
    lookups = {f"lookup_{c}": lookup_of(people, layout, c) for c in layout.person_id_columns}
    return people.select("record_key", "n_records", *matching, **lookups).order_by("record_key")


def records_of(table: ibis.Table, layout: FileLayout) -> ibis.Table:
    """The *what*: one row per accepted row under its RecordKey; no identity column; values typed, school years as closing years.

    Two columns are derived here because identity values go no further: `age_bracket` on the last day of the closing school year, and
    `has_ssn`, whether a Social Security number was sent. Neither is in a file whose rows hold no birth date or number.
    """
    table = table.cross_join(MOMENT)
    names = [e.element for e in layout.elements]
    columns = {e.element: typed(table[e.element], e) for e in layout.elements if e.role != "identity"}
    if "birth_date" in names:
        columns["age_bracket"] = age_bracket(table["birth_date"].try_cast("date"), table["period_"])
    if "ssn" in names:
        columns["has_ssn"] = table["ssn"].notnull()
    return table.select("record_key", **columns)


def age_bracket(birth: Any, period: Any) -> Any:
    """The catalog's age bracket of a birth date on 30 June of a closing year: the brackets are codes such as `25_29`."""
    age = period - birth.year() - (birth.month() > 6).cast("int64")
    cases = []
    for code in load().code_sets["age_bracket"]:
        numbers = [int(part) for part in code.split("_") if part.isdigit()]
        low, high = (0, numbers[0] - 1) if code.startswith("under") else (numbers[0], numbers[1] if len(numbers) > 1 else 150)
        cases.append((age.between(low, high), code))
    return ibis.cases(*cases, else_=None)


def typed(x: Any, element: Any) -> Any:
    """A column as its contract types it; `2025-26` becomes 2026 here, once."""
    if element.rule.startswith(SCHOOL_YEAR):
        return x.substr(0, 4).try_cast("int64") + 1
    if element.type == "boolean":
        return x == "true"
    return x.try_cast({"integer": "int64", "decimal": "float64", "date": "date"}.get(element.type, "string"))


def record_key_of(table: ibis.Table, layout: FileLayout) -> Any:
    """The RecordKey of each row of a table joined with `moment`: of kind, scope and id, and in files that carry names of every
    identity value as sent."""
    kind = layout.person_id_columns[0]
    parts = [ibis.literal(kind), _scope(table, layout, kind), table[kind]]
    if layout.carries_names:
        parts += [table[e.element] for e in layout.elements if e.role == "identity"]
    return _hmac(table, parts)


def lookup_of(table: ibis.Table, layout: FileLayout, column: str) -> Any:
    """The key that a file without names would give this person id; null where it is blank."""
    found = _hmac(table, [ibis.literal(column), _scope(table, layout, column), table[column]])
    return table[column].isnull().ifelse(ibis.null().cast("string"), found)


def make_moment(engine: duckdb.DuckDBPyConnection, key: bytes, *, day: date, period: int) -> None:
    """Make the table `moment` of one delivery."""
    inner, outer = keys.hmac_pads(key)
    engine.execute("CREATE TABLE moment (day_ DATE, period_ BIGINT, inner_ BLOB, outer_ BLOB)")
    engine.execute("INSERT INTO moment VALUES (?, ?, ?, ?)", [day, period, inner, outer])


def record_keys(
    site: Site, catalog: Catalog, *, partner: str, file: str, path: Path, column_map: ColumnMap | None = None
) -> pa.Table:
    """The RecordKey of each row of a file beside its primary key (values joined by `|`), to compare a match with the truth."""
    layout = catalog.files[file]
    with scratch(site) as private, engines.bare_duckdb(threads=2) as engine:
        sent = read_delivery(engine, path, column_map or ColumnMap(), private)
        make_moment(engine, keys.naming_key(site, f"partner/{partner}"), day=date.min, period=0)
        engine.sql(contracted(layout, sent.columns, column_map)).create_view("delivery")
        table = ibis.table(columns_of(layout), name="delivery")
        primary = ibis.literal("|").join([table[c].fill_null("") for c in layout.primary_key])
        return engine.sql(ibis.to_sql(table.select("record_key", primary_key=primary), dialect="duckdb")).to_arrow_table()


def map_file(source: Path, column_map: ColumnMap, target: Path) -> Path:
    """Any file as a column map says, all columns text, as Parquet: for matching files that no contract speaks of.

    Raises:
        WrongUse: INT-002 the map speaks of a column the file does not have, INT-004 the file cannot be read.
    """
    with tempfile.TemporaryDirectory() as private, engines.bare_duckdb(threads=2) as engine:
        try:
            sent = read_delivery(engine, source, column_map, Path(private))
        except Unreadable as reason:
            raise errors.WrongUse(
                "INT-004", where=source.name, what=f"the file cannot be read: {reason}", remedy="Send it as CSV or Parquet."
            ) from None
        table = apply_map(ibis.table(dict.fromkeys(sent.columns, "string"), name="sent"), column_map)
        engine.sql(ibis.to_sql(table, dialect="duckdb")).write_parquet(str(target), compression="zstd")
    return target


@functools.lru_cache(maxsize=256)
def contracted(layout: FileLayout, columns: tuple[str, ...], column_map: ColumnMap | None) -> str:
    """The statement that brings `sent` under the contract's columns: mapped, trimmed, blanks as null, optional columns that were left
    out as null, and a RecordKey on every row."""
    table = ibis.table(dict.fromkeys(columns, "string"), name="sent")
    table = apply_map(table, column_map) if column_map else table
    table = table.select(
        **{
            e.element: _trimmed(table[e.element]).nullif("") if e.element in table.columns else ibis.null().cast("string")
            for e in layout.elements
        }
    ).cross_join(MOMENT)
    named = table.select(*(e.element for e in layout.elements), record_key=record_key_of(table, layout))
    return ibis.to_sql(named, dialect="duckdb")


def _trimmed(x: Any) -> Any:
    """Without blanks around it. Few values have any, and to look is a quarter of the work of trimming."""
    return ((x < "!") | (x.right(1) < "!")).ifelse(x.strip(), x)


def _scope(table: ibis.Table, layout: FileLayout, column: str) -> Any:
    scope = layout.element(column).id_scope
    return table[scope] if scope and scope != "unknown" else ibis.literal("")


def _hmac(table: ibis.Table, parts: list[Any]) -> Any:
    message = ibis.literal(SEPARATOR).join([part.fill_null("") for part in parts])
    inner = unhex(sha256(table["inner_"] + encode(message)))
    return first_signs(sha256(table["outer_"] + inner), 32)
