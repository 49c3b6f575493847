"""Who and what, parted: each accepted row's key is a keyed hash of its ids and names as sent; neither tray holds the other's columns.

A RecordKey is an HMAC-SHA-256 under the partner's own key (RFC 2104, first 128 bits), worked out by the engine for all rows at once, so two
partners' keys of one person say nothing to each other.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from c2c.catalog import Catalog, FileLayout, load
from c2c.intake._maps import ColumnMap, apply_map
from c2c.intake._reading import read_delivery
from c2c.plumbing import keys
from c2c.plumbing.site import Site, scratch

SEPARATOR = "\x1f"
SCHOOL_YEAR = r"regex ^20\d{2}-\d{2}$"


@ibis.udf.scalar.builtin
def sha256(data: bytes) -> str:  # type: ignore[empty-body]
    """SHA-256 as hex."""


@ibis.udf.scalar.builtin
def unhex(text: str) -> bytes:  # type: ignore[empty-body]
    """Bytes from hex."""


@ibis.udf.scalar.builtin
def encode(text: str) -> bytes:  # type: ignore[empty-body]
    """Text as UTF-8 bytes."""


@ibis.udf.scalar.builtin(name="concat")
def join_bytes(first: bytes, second: bytes) -> bytes:  # type: ignore[empty-body]
    """Two byte strings, one after the other."""


@ibis.udf.scalar.builtin(name="left")
def first_signs(text: str, n: int) -> str:  # type: ignore[empty-body]
    """The first n signs of a text."""


def identifiers_of(table: ibis.Table, layout: FileLayout, key: bytes) -> ibis.Table:
    """The *who*: one row per RecordKey, `n_records` rows collapsed; matching columns as sent, `lookup_…` for each person id."""
    matching = [e.element for e in layout.elements if e.matching]
    lookups = {f"lookup_{c}": lookup_of(table, layout, c, key) for c in layout.person_id_columns}
    keyed = table.select(*matching, record_key=record_key_of(table, layout, key), **lookups)
    kept = {name: keyed[name].arbitrary() for name in (*matching, *lookups)}
    return keyed.group_by("record_key").agg(n_records=keyed.count(), **kept).order_by("record_key")


def records_of(table: ibis.Table, layout: FileLayout, key: bytes, period: int) -> ibis.Table:
    """The *what*: one row per accepted row under its RecordKey; no identity column; values typed, school years as closing years.

    Two columns are derived here because identity values go no further: `age_bracket` on the last day of the closing school year, and
    `has_ssn`, whether a Social Security number was sent. Neither is in a file whose rows hold no birth date or number.
    """
    names = [e.element for e in layout.elements]
    columns = {e.element: typed(table[e.element], e) for e in layout.elements if e.role != "identity"}
    if "birth_date" in names:
        columns["age_bracket"] = age_bracket(table["birth_date"].try_cast("date"), period)
    if "ssn" in names:
        columns["has_ssn"] = table["ssn"].notnull()
    return table.select(record_key=record_key_of(table, layout, key), **columns)


def age_bracket(birth: Any, period: int) -> Any:
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


def record_key_of(table: ibis.Table, layout: FileLayout, key: bytes) -> Any:
    """The RecordKey of each row: of kind, scope and id, and in files that carry names of every identity value as sent."""
    kind = layout.person_id_columns[0]
    parts = [ibis.literal(kind), _scope(table, layout, kind), table[kind]]
    if layout.carries_names:
        parts += [table[e.element] for e in layout.elements if e.role == "identity"]
    return _hmac(key, parts)


def lookup_of(table: ibis.Table, layout: FileLayout, column: str, key: bytes) -> Any:
    """The key that a file without names would give this person id; null where it is blank."""
    found = _hmac(key, [ibis.literal(column), _scope(table, layout, column), table[column]])
    return table[column].isnull().ifelse(ibis.null().cast("string"), found)


def record_keys(
    site: Site, catalog: Catalog, *, partner: str, file: str, path: Path, column_map: ColumnMap | None = None
) -> pa.Table:
    """The RecordKey of each row of a file beside its primary key (values joined by `|`), to compare a match with the truth."""
    layout = catalog.files[file]
    with scratch(site) as private, duckdb.connect(config={"threads": 2}) as engine:
        names, _ = read_delivery(engine, path, column_map or ColumnMap(), private)
        table = as_contracted(ibis.table(dict.fromkeys(["row_", *names], "string"), name="sent"), layout, column_map)
        primary = ibis.literal("|").join([table[c].fill_null("") for c in layout.primary_key])
        wanted = table.select(
            primary_key=primary, record_key=record_key_of(table, layout, keys.naming_key(site, f"partner/{partner}"))
        )
        return engine.sql(ibis.to_sql(wanted, dialect="duckdb")).to_arrow_table()


def map_file(source: Path, column_map: ColumnMap, target: Path) -> Path:
    """Any file as a column map says, all columns text, as Parquet: for matching files that no contract speaks of."""
    with tempfile.TemporaryDirectory() as private, duckdb.connect(config={"threads": 2}) as engine:
        names, _ = read_delivery(engine, source, column_map, Path(private))
        table = apply_map(ibis.table(dict.fromkeys(["row_", *names], "string"), name="sent"), column_map)
        engine.sql(ibis.to_sql(table.order_by("row_").drop("row_"), dialect="duckdb")).write_parquet(
            str(target), compression="zstd"
        )
    return target


def as_contracted(sent: ibis.Table, layout: FileLayout, column_map: ColumnMap | None) -> ibis.Table:
    """A table as sent under the contract's columns: mapped, trimmed, blanks as null, optional columns that were left out as null."""
    table = apply_map(sent, column_map) if column_map else sent
    columns = {
        e.element: table[e.element].strip().nullif("") if e.element in table.columns else ibis.null().cast("string")
        for e in layout.elements
    }
    return table.select("row_", **columns)


def _scope(table: ibis.Table, layout: FileLayout, column: str) -> Any:
    scope = layout.element(column).id_scope
    return table[scope] if scope and scope != "unknown" else ibis.literal("")


def _hmac(key: bytes, parts: list[Any]) -> Any:
    inner, outer = (unhex(ibis.literal(pad.hex())) for pad in keys.hmac_pads(key))
    message = ibis.literal(SEPARATOR).join([part.fill_null("") for part in parts])
    return first_signs(sha256(join_bytes(outer, unhex(sha256(join_bytes(inner, encode(message)))))), 32)
