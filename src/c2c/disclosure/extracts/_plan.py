"""Plans of extracts: which elements a project may have, what an outsider could know of them, and how far each may be recoded. Said before data are read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from c2c import catalog
from c2c.disclosure._rules import TooRevealing, rule_of

KINDS = ("date", "place", "industry", "money", "number", "code", "trajectory")
OUTSIDE = ("date", "place", "industry", "trajectory")
"""Kinds that somebody outside may always know of a person: they are never declared as outcomes alone."""

TAKES = ("first", "last", "largest", "smallest", "total")
BESIDE = ("period", "link_weight", "sure_link_weight", "age_bracket", "has_ssn")
"""Columns that a pull makes itself; they come with any permitted element of their file."""

PURPOSE = "research"
"""The one purpose that extracts are made for: a permit for any other opens none."""

KEYS = {
    "plan": {"plan", "title", "years", "people", "person", "least_people", "elements"},
    "elements": {"name", "from", "kind", "role", "take", "by", "finest", "coarsest", "weight", "width", "levels"},
    "from": {"place", "by", "sort"},
}


@dataclass(frozen=True)
class Source:
    """Where an element is read: a column of a table (the only one where `table` is blank), in the order of another; `sort` names a kind of place."""

    table: str
    column: str
    by: str = ""
    sort: str = ""


@dataclass(frozen=True)
class Element:
    """One column of the extract. `role`: `quasi`, which an outsider may know, or `sensitive`, an outcome nobody may learn. `weight`: how dear its detail is."""

    name: str
    sources: tuple[Source, ...]
    kind: str
    role: str
    take: str = ""
    finest: str = ""
    coarsest: str = ""
    weight: float = 1.0
    width: float = 0.0
    levels: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What one extract may hold. `people`: the table whose people it is about; `person`: the column that tells them apart."""

    plan: str
    title: str
    years: tuple[int, int]
    people: str
    person: str
    least_people: int
    elements: tuple[Element, ...]

    @property
    def paths(self) -> frozenset[str]:
        """Every element of the catalog that the plan reads, as permits name them."""
        read = {(s.table, c) for e in self.elements for s in e.sources for c in (s.column, s.by) if c and c not in BESIDE}
        return frozenset(f"{table}.{column}" for table, column in read)

    def of(self, role: str) -> tuple[Element, ...]:
        """The elements of a role, in the order of the plan."""
        return tuple(e for e in self.elements if e.role == role)


def read_plan(path: Path) -> Plan:
    """The plan that a TOML file declares.

    Raises:
        TooRevealing: DSC-020 the plan cannot be read, or does not say what it must.
    """
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as reason:
        raise wrong(path.name, f"it cannot be read: {type(reason).__name__}") from None
    _check_keys(path.name, said, "plan")
    elements = tuple(_elements(path, said))
    names = [e.name for e in elements]
    if not elements or len(set(names)) < len(names):
        raise wrong(path.name, "it declares no element, or one name twice")
    least = said.get("least_people", rule_of("extracts", "least_people"))
    if not isinstance(least, int | float) or least < rule_of("extracts", "least_people"):
        raise wrong(path.name, "`least_people` may be raised, and never be less than the rule asks")
    years = said.get("years", [0, 0])
    if not (isinstance(years, list) and len(years) == 2 and all(isinstance(y, int) for y in years)):
        raise wrong(path.name, "`years` is not the first and last closing school year")
    texts = {key: said.get(key, default) for key, default in (("plan", path.stem), ("title", ""), ("people", ""), ("person", "pseudonym"))}  # fmt: skip
    if not all(isinstance(v, str) for v in texts.values()):
        raise wrong(path.name, "plan, title, people and person are texts")
    return Plan(**texts, years=(years[0], years[1]), least_people=int(least), elements=elements)


def check_catalog(plan: Plan) -> None:
    """Refuse a plan that takes the catalog's word lighter than it is meant.

    Raises:
        TooRevealing: DSC-021 an element names people, or what the catalog holds for known or sensitive is declared as less.
    """
    every = {e.path: e for e in catalog.load().elements}
    for element in plan.elements:
        for source in element.sources:
            found = every.get(f"{source.table}.{source.column}")
            role = found.role if found else ""
            if role == "identity" or (role == "quasi_identifier" and element.role != "quasi"):
                raise TooRevealing(
                    "DSC-021",
                    where=f"plan {plan.plan}, element {element.name}",
                    what=f"the catalog has this element as {role}: it may not be taken as {element.role}",
                    remedy="Leave out what names people; declare as `quasi` what somebody outside may know.",
                )


def wrong(where: str, what: str) -> TooRevealing:
    """The refusal of a plan that does not say what it must."""
    return TooRevealing("DSC-020", where=where, what=what, remedy="See the guide on research extracts for what a plan says.")


def _check_keys(where: str, said: Mapping[str, Any], kind: str) -> None:
    unknown = sorted(set(said) - KEYS[kind])
    if unknown:
        raise wrong(where, f"the key {unknown[0]} is not known; known are {', '.join(sorted(KEYS[kind]))}")


def _elements(path: Path, said: Mapping[str, Any]) -> Iterator[Element]:
    listed = said.get("elements", [])
    for number, row in enumerate(listed if isinstance(listed, list) else [], 1):
        where = f"{path.name}, element {number}"
        if not isinstance(row, dict):
            raise wrong(where, "an element is a table of keys")
        _check_keys(where, row, "elements")
        yield _element(path, row, where)


def _element(path: Path, row: Mapping[str, Any], where: str) -> Element:
    name, kind, role, take = (row.get(k, "") for k in ("name", "kind", "role", "take"))
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", name) or name == "pseudonym":
        raise wrong(where, "`name` is small letters, digits and underscores, and not `pseudonym`")
    if kind not in KINDS:
        raise wrong(where, f"`kind` is one of {', '.join(KINDS)}")
    if role not in ("quasi", "sensitive") or (role == "sensitive" and kind in OUTSIDE):
        raise wrong(where, f"`role` is quasi or sensitive; {', '.join(OUTSIDE)} are always quasi")
    if take not in ("", *TAKES) or (take in ("first", "last")) != bool(row.get("by")):
        raise wrong(where, f"`take` is one of {', '.join(TAKES)}; first and last go with `by`, the column that orders the rows")
    if take in ("largest", "smallest", "total") and kind not in ("money", "number"):
        raise wrong(where, "largest, smallest and total are of numbers")
    if kind == "number" and not _is_above_zero(row.get("width")):
        raise wrong(where, "a number says the `width` of its narrowest band")
    if not _is_above_zero(row.get("weight", 1)):
        raise wrong(where, "`weight` is a number above zero")
    levels = row.get("levels")
    return Element(
        name=name,
        sources=tuple(_sources(row, kind, where)),
        kind=kind,
        role=role,
        take=take,
        finest=row.get("finest", ""),
        coarsest=row.get("coarsest", ""),
        weight=float(row.get("weight", 1)),
        width=float(row.get("width", 0)) or rule_of("extracts", "money_width"),
        levels=path.parent / levels if isinstance(levels, str) else None,
    )


def _sources(row: Mapping[str, Any], kind: str, where: str) -> Iterator[Source]:
    """A column; or, of a trajectory, one or more of `{place, by, sort}`."""
    said = row.get("from")
    if kind != "trajectory":
        if not isinstance(said, str) or not said:
            raise wrong(where, "`from` names a column, or partner.file.element")
        yield Source(*_split(said), by=row.get("by", ""))
        return
    for one in said if isinstance(said, list) and said else [None]:
        if not isinstance(one, dict) or not one.get("place") or not one.get("by"):
            raise wrong(where, "`from` of a trajectory lists tables of place, by and, where wanted, sort")
        _check_keys(where, one, "from")
        yield Source(*_split(one["place"]), by=one["by"], sort=one.get("sort", ""))


def _split(path: str) -> tuple[str, str]:
    table, _, column = path.rpartition(".")
    return table, column


def _is_above_zero(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
