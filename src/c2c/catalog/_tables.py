"""The catalog's tables, read once: one dataclass per kind of row, lists split, everything else as text."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files
from pathlib import Path

BASELINE = date(2023, 7, 1)
"""Elements of the first baseline are in force from here; the governing process dates every later one."""


@dataclass(frozen=True)
class Element:
    """One column of one file, as the partner is asked to send it. `rule` is in the rule language, see `parse_rule`."""

    partner_code: str
    file: str
    element: str
    label: str
    label_es: str
    type: str
    code_set: str
    required: bool
    role: str
    matching: bool
    id_scope: str
    classification: str
    rule: str
    ceds_id: str
    status: str
    basis: str
    used_in: tuple[str, ...]
    effective_from: date
    effective_to: date | None

    @property
    def path(self) -> str:
        """`partner.file.element`: how permits and pulls name it."""
        return f"{self.partner_code}.{self.file}.{self.element}"

    def in_force(self, day: date) -> bool:
        """May it be asked for on this day? Dates are of the asking, not of the years told: history is sent under today's list."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True, eq=False)
class FileLayout:
    """One file a partner sends: its grain, key, columns in order. Proposed while every element of it is."""

    partner_code: str
    file: str
    title: str
    title_es: str
    grain: str
    primary_key: tuple[str, ...]
    period: str
    approx_rows_per_year: int
    person_id_columns: tuple[str, ...]
    elements: tuple[Element, ...]

    @property
    def status(self) -> str:
        """`active`, or `proposed` while it waits for a vote of the board."""
        return "proposed" if all(e.status == "proposed" for e in self.elements) else "active"

    @property
    def carries_names(self) -> bool:
        """Does the file name people, or only carry keys?"""
        return any(e.element == "last_name" for e in self.elements)

    def on(self, day: date) -> FileLayout:
        """The file as it is asked for on a day: its elements in force then."""
        if all(e.in_force(day) for e in self.elements):
            return self
        return replace(self, elements=tuple(e for e in self.elements if e.in_force(day)))

    def element(self, name: str) -> Element:
        """The element of that name. Raises KeyError."""
        return next(e for e in self.elements if e.element == name)


@dataclass(frozen=True, eq=False)
class Catalog:
    """All tables of the catalog. `files` by file name (unique alone); `code_sets` in their order; the rest as rows of text.

    `anchors` are public figures that a pretend state must come near: value, tolerance and source of each.
    """

    partners: tuple[Mapping[str, str], ...]
    files: Mapping[str, FileLayout]
    code_sets: Mapping[str, Mapping[str, Mapping[str, str]]] = field(repr=False)
    measures: Mapping[str, Mapping[str, str]] = field(repr=False)
    research_agenda: tuple[Mapping[str, str], ...] = field(repr=False)
    anchors: Mapping[str, Mapping[str, str]] = field(repr=False)

    @property
    def elements(self) -> tuple[Element, ...]:
        """All elements, in the order of their files."""
        return tuple(e for layout in self.files.values() for e in layout.elements)

    def label(self, code_set: str, code: str, language: str = "en") -> str:
        """A code in words, or the code itself where the set has none."""
        row = self.code_sets.get(code_set, {}).get(code)
        return row["label_es" if language == "es" else "label"] if row else code


@functools.cache
def load(folder: Path | None = None) -> Catalog:
    """The catalog shipped with the product, or the one in `folder` (the same file names)."""
    rows = {name: tuple(_rows(folder, name)) for name in _TABLES}
    by_file: dict[str, list[Element]] = {}
    for row in rows["elements"]:
        by_file.setdefault(row["file"], []).append(_element(row))
    files_ = {
        row["file"]: FileLayout(
            partner_code=row["partner_code"],
            file=row["file"],
            title=row["title"],
            title_es=row["title_es"],
            grain=row["grain"],
            primary_key=_split(row["primary_key"]),
            period=row["period"],
            approx_rows_per_year=int(row["approx_rows_per_year"]),
            person_id_columns=_split(row["person_id_columns"]),
            elements=tuple(by_file.get(row["file"], ())),
        )
        for row in rows["submissions"]
    }
    code_sets: dict[str, dict[str, Mapping[str, str]]] = {}
    for row in rows["code_sets"]:
        code_sets.setdefault(row["code_set"], {})[row["code"]] = row
    return Catalog(
        partners=rows["partners"],
        files=files_,
        code_sets=code_sets,
        measures={row["measure"]: row for row in rows["measures"]},
        research_agenda=rows["research_agenda"],
        anchors={row["anchor"]: row for row in rows["anchors"]},
    )


_TABLES = ("partners", "submissions", "elements", "code_sets", "measures", "research_agenda", "anchors")


def _rows(folder: Path | None, name: str) -> Iterator[Mapping[str, str]]:
    source = (folder / f"{name}.csv") if folder else files("c2c.catalog") / "data" / f"{name}.csv"
    yield from csv.DictReader(source.read_text("utf-8").splitlines())


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def _element(row: Mapping[str, str]) -> Element:
    start, end = row.get("effective_from") or "", row.get("effective_to") or ""
    return Element(
        partner_code=row["partner_code"],
        file=row["file"],
        element=row["element"],
        label=row["label"],
        label_es=row["label_es"],
        type=row["type"],
        code_set=row["code_set"],
        required=row["required"] == "yes",
        role=row["role"],
        matching=row["matching"] == "yes",
        id_scope=row["id_scope"],
        classification=row["classification"],
        rule=row["valid_rule"],
        ceds_id=row["ceds_id"],
        status=row["status"],
        basis=row["basis"],
        used_in=_split(row["used_in"]),
        effective_from=date.fromisoformat(start) if start else BASELINE,
        effective_to=date.fromisoformat(end) if end else None,
    )
