"""Column maps: how one partner's names, dates and codes become ours, said in a small TOML file beside its deliveries."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis

from c2c.plumbing import errors

SECTIONS = {"file", "rename", "constants", "concatenate", "split", "replace", "dates", "recode"}


@dataclass(frozen=True)
class ColumnMap:
    """A partner's way of writing a file. Steps run in this order: rename, constants, concatenate, split, replace, dates, recode.

    `file`: `delimiter`, `encoding`, `header` (false when there is none), `columns` (names when there is no header), `widths` (fixed width).
    """

    file: Mapping[str, Any] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    concatenate: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    split: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    replace: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    recode: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_map(path: Path) -> ColumnMap:
    """The column map in a file.

    Raises:
        WrongUse: INT-001 the file is not TOML, or has a section that maps do not have.
    """
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise errors.WrongUse(
            "INT-001",
            where=path.name,
            what=f"this column map cannot be read: {type(reason).__name__}",
            remedy="See docs/guides/partner_steward.md for how a map is written.",
        ) from None
    unknown = sorted(set(said) - SECTIONS)
    if unknown:
        raise errors.WrongUse(
            "INT-001",
            where=f"{path.name}, section [{unknown[0]}]",
            what="column maps have no such section",
            remedy=f"Sections are: {', '.join(sorted(SECTIONS))}.",
        )
    return ColumnMap(**said)


def apply_map(table: ibis.Table, column_map: ColumnMap) -> ibis.Table:
    """A table as sent, as the contract names and writes it. All columns are text before and after.

    Raises:
        WrongUse: INT-002 the map speaks of a column that the file does not have.
    """
    spoken = [
        *column_map.rename,
        *(c for row in column_map.concatenate.values() for c in row["from"]),
        *(r["from"] for r in column_map.split.values()),
    ]
    missing = [
        c for c in spoken if c not in table.columns and c not in column_map.rename.values() and c not in column_map.constants
    ]
    if missing:
        raise errors.WrongUse(
            "INT-002",
            where=f"column map, column {missing[0]}",
            what="the file has no such column",
            remedy="Name the column as the file's header writes it, letter by letter.",
        )
    table = table.rename({ours: theirs for theirs, ours in column_map.rename.items()})
    table = table.mutate(**{name: ibis.literal(value) for name, value in column_map.constants.items()})
    for name, row in column_map.concatenate.items():
        parts = [table[c].fill_null("") for c in row["from"]]
        joined = ibis.literal(str(row.get("separator", " "))).join(parts)
        table = table.mutate(**{name: joined.strip().nullif("")})
    for name, row in column_map.split.items():
        piece = table[row["from"]].split(row.get("separator", " "))[int(row["part"]) - 1]
        table = table.mutate(**{name: piece.strip().nullif("")})
    for name, pairs in column_map.replace.items():
        for pattern, instead in pairs.items():
            table = table.mutate(**{name: table[name].re_replace(pattern, instead).nullif("")})
    for name, form in column_map.dates.items():
        read = _as_day(table[name], form)
        # What is not a date in that form stays as it was sent, so that the finding shows it.
        table = table.mutate(**{name: ibis.coalesce(read, table[name])})
    for name, pairs in column_map.recode.items():
        table = table.mutate(**{name: table[name].cases(*pairs.items(), else_=table[name]).nullif("")})
    return table


@ibis.udf.scalar.builtin
def try_strptime(text: str, form: str) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """The moment a text writes in a form, or null."""


def _as_day(column: Any, form: str) -> Any:
    return try_strptime(column, form).date().cast("string")
