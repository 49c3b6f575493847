"""Column maps: how one partner's names, dates and codes become ours, said in a small TOML file beside its deliveries."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis

from c2c.plumbing import errors

GUIDE = "See docs/guides/partner_steward.md for how a map is written."


@dataclass(frozen=True, eq=False)
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
    dates: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    recode: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def made(self) -> frozenset[str]:
        """The columns of ours that the map makes."""
        return frozenset({*self.rename.values(), *self.constants, *self.concatenate, *self.split})

    @property
    def used(self) -> frozenset[str]:
        """The columns of theirs that the map takes."""
        joined = (c for row in self.concatenate.values() for c in row["from"])
        return frozenset({*self.rename, *joined, *(row["from"] for row in self.split.values())})


def read_map(path: Path) -> ColumnMap:
    """The column map in a file.

    Raises:
        WrongUse: INT-001 the file is not TOML, or says something that maps do not say.
    """
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise errors.WrongUse(
            "INT-001", where=path.name, what=f"this column map cannot be read: {type(reason).__name__}", remedy=GUIDE
        ) from None
    for section, rows in said.items():
        if section not in _FORMS:
            raise errors.WrongUse(
                "INT-001",
                where=f"{path.name}, section [{section}]",
                what="column maps have no such section",
                remedy=f"Sections are: {', '.join(sorted(_FORMS))}.",
            )
        for name, value in rows.items() if isinstance(rows, dict) else ():
            if not _FORMS[section](name, value):
                raise errors.WrongUse(
                    "INT-001", where=f"{path.name}, section [{section}], {name}", what="this is not how it is said", remedy=GUIDE
                )
    file = said.get("file", {})
    if len(file.get("widths", ())) not in (0, len(file.get("columns", ()))) or (
        not file.get("header", True) and not file.get("columns")
    ):
        raise errors.WrongUse(
            "INT-001",
            where=f"{path.name}, section [file]",
            what="columns without names, or another number of widths than of columns",
            remedy="A file without a header, and a fixed-width file, name every column in `columns`.",
        )
    return ColumnMap(**said)


def apply_map(table: ibis.Table, column_map: ColumnMap) -> ibis.Table:
    """A table as sent, as the contract names and writes it. All columns are text before and after.

    Raises:
        WrongUse: INT-002 the map speaks of a column that the file does not have.
    """
    _check_columns(column_map.rename, table)
    table = table.rename({ours: theirs for theirs, ours in column_map.rename.items()})
    table = table.mutate(**{name: ibis.literal(value) for name, value in column_map.constants.items()})
    for name, row in column_map.concatenate.items():
        _check_columns(row["from"], table)
        parts = [table[c].fill_null("") for c in row["from"]]
        joined = ibis.literal(str(row.get("separator", " "))).join(parts)
        table = table.mutate(**{name: joined.strip().nullif("")})
    for name, row in column_map.split.items():
        _check_columns([row["from"]], table)
        piece = table[row["from"]].split(str(row.get("separator", " ")))[int(row["part"]) - 1]
        table = table.mutate(**{name: piece.strip().nullif("")})
    _check_columns([*column_map.replace, *column_map.dates, *column_map.recode], table)
    for name, pairs in column_map.replace.items():
        for pattern, instead in pairs.items():
            table = table.mutate(**{name: table[name].re_replace(pattern, instead).nullif("")})
    for name, said in column_map.dates.items():
        forms = [said] if isinstance(said, str) else said
        written = table[name].strip()
        # What is not a date in any of these forms stays as it was sent, so that the finding shows it.
        table = table.mutate(**{name: ibis.coalesce(*(_as_day(written, form) for form in forms), table[name])})
    for name, pairs in column_map.recode.items():
        code = table[name].strip()
        table = table.mutate(**{name: code.cases(*pairs.items(), else_=code).nullif("")})
    return table


def _check_columns(names: Any, table: ibis.Table) -> None:
    for name in names:
        if name not in table.columns:
            raise errors.WrongUse(
                "INT-002",
                where=f"column map, column {name}",
                what="the file has no such column",
                remedy="Name the column as the file's header writes it, letter by letter; after `rename`, by our name.",
            )


@ibis.udf.scalar.builtin
def try_strptime(text: str, form: str) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """The moment a text writes in a form, or null."""


def _as_day(column: Any, form: str) -> Any:
    return try_strptime(column, form).date().cast("string")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_pairs(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_file_setting(name: str, value: Any) -> bool:
    return {
        "delimiter": lambda: _is_text(value) and len(value) == 1,
        "encoding": lambda: _is_text(value) and _is_encoding(value),
        "header": lambda: isinstance(value, bool),
        "columns": lambda: _is_texts(value),
        "widths": lambda: isinstance(value, list) and all(isinstance(w, int) and w > 0 for w in value),
    }.get(name, lambda: False)()


def _is_encoding(name: str) -> bool:
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except LookupError:
        return False


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


_FORMS: Mapping[str, Callable[[str, Any], bool]] = {
    "file": _is_file_setting,
    "rename": lambda _, value: _is_text(value),
    "constants": lambda _, value: _is_text(value),
    "concatenate": lambda _, row: isinstance(row, dict) and _is_texts(row.get("from")) and set(row) <= {"from", "separator"},
    "split": lambda _, row: (
        isinstance(row, dict)
        and _is_text(row.get("from"))
        and isinstance(row.get("part"), int)
        and row["part"] > 0
        and set(row) <= {"from", "separator", "part"}
    ),
    "replace": lambda _, pairs: _is_pairs(pairs) and all(map(_is_pattern, pairs)),
    "dates": lambda _, form: _is_text(form) or _is_texts(form),
    "recode": lambda _, pairs: _is_pairs(pairs),
}
"""What each section may say, entry by entry."""
