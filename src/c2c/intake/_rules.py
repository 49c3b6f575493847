"""A contract's rules, compiled once to statements that judge every row in one pass. Pure: columns in, faults out.

Rules of one row make a mask, a bit each. Rules of the whole file (a key that repeats) are judged over the few rows whose key's hash
repeats, so that nobody's whole file is sorted to find that nothing is wrong with it.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import ibis

from c2c.catalog import Catalog, Element, FileLayout, broken, parse_rule
from c2c.intake._split import MOMENT, SEPARATOR, columns_of

BITS = 62
"""Rules to a mask: as many as a 64-bit integer holds without its sign."""

OF_THE_FILE = ("unique", "primary_key")
"""Kinds of rule that one row alone cannot break."""

CODE_OF_KIND = {
    "required": "FND-101",
    "type": "FND-102",
    "boolean": "FND-102",
    "regex": "FND-103",
    "in": "FND-104",
    "each_in": "FND-104",
    "prefix_in": "FND-104",
    "max_length": "FND-105",
    "between": "FND-106",
    "not_after_submission": "FND-107",
    "not_before": "FND-107",
    "at_least": "FND-108",
    "at_most": "FND-108",
    "only_if": "FND-109",
    "only_if_filled": "FND-109",
    "required_if": "FND-101",
    "unique": "FND-110",
    "primary_key": "FND-110",
    "broken_row": "FND-111",
    "cross_file": "FND-112",
}


@dataclass(frozen=True)
class Check:
    """One rule of one column: how grave a fault of it is, and what becomes of the row (`set_aside`) or value (`blank`, `keep`)."""

    column: str
    kind: str
    text: str
    severity: str
    action: str

    @property
    def code(self) -> str:
        """The finding that a fault of this rule makes."""
        return CODE_OF_KIND[self.kind]


@dataclass(frozen=True)
class KeyRule:
    """A rule that one row alone cannot break, as two statements: `repeated` makes the hashes that more than one row has, `faults` the
    numbers of the faulty rows among those. They read `delivery`; the second also `repeated`.
    """

    check: int
    repeated: str
    faults: str


@dataclass(frozen=True)
class Rules:
    """A file's checks in order, and the statements that judge it, over `delivery` and `moment`.

    `masks`: one row per faulty row, `row_` and `m0`, `m1` …; bit b of word w is check 62 w + b. `accepted` leaves out what may not
    stay, by `marks` (`row_`, `aside_`, `blank_`: the columns to blank).
    """

    checks: tuple[Check, ...]
    masks: str
    keys: tuple[KeyRule, ...]
    accepted: str

    @property
    def words(self) -> int:
        """How many masks a row has."""
        return -(-len(self.checks) // BITS)


@functools.lru_cache(maxsize=256)
def compiled(catalog: Catalog, layout: FileLayout, today: date) -> Rules:
    """The rules of a file as they stand on a day."""
    delivery = ibis.table(columns_of(layout), name="delivery")
    table = delivery.cross_join(MOMENT)
    checks: list[Check] = []
    faults: list[Callable[[ibis.Table], Any]] = []
    keys: list[tuple[str, ...]] = []
    for element in layout.elements:
        for kind, text, fault in _faults_of(element, catalog):
            if kind == "unique" and layout.primary_key == (element.element,):
                continue  # told once, by the key
            checks.append(Check(element.element, kind, text, *severity_of(kind, element, today)))
            faults.append(fault)
            keys.append((element.element,))
    checks.append(Check(layout.primary_key[0], "primary_key", " + ".join(layout.primary_key), *policy(today)["primary_key", "any"]))
    faults.append(lambda t: _is_later(t, layout.primary_key))
    keys.append(layout.primary_key)

    masks = _masks(table, {n: faults[n] for n, c in enumerate(checks) if c.kind not in OF_THE_FILE}, len(checks))
    repeating = tuple(_key_rule(table, n, keys[n], faults[n]) for n, c in enumerate(checks) if c.kind in OF_THE_FILE)

    marks = ibis.table({"row_": "int64", "aside_": "boolean", "blank_": "array<string>"}, name="marks")
    marked = delivery.left_join(marks, "row_")
    may_be_blanked = {c.column for c in checks if c.action == "blank"}
    kept = {
        name: marked["blank_"].contains(name).fill_null(False).ifelse(ibis.null().cast("string"), marked[name])
        if name in may_be_blanked
        else marked[name]
        for name in columns_of(layout)
    }
    accepted = marked.filter(~marked["aside_"].fill_null(False)).select(**kept)
    return Rules(tuple(checks), ibis.to_sql(masks, dialect="duckdb"), repeating, ibis.to_sql(accepted, dialect="duckdb"))


def severity_of(kind: str, element: Element, today: date) -> tuple[str, str]:
    """How grave a fault is and what becomes of the row or value; the contract's `required` decides where the kind alone does not."""
    rows = policy(today)
    return rows.get((kind, "any")) or rows[kind, "required" if element.required else "optional"]


@functools.cache
def policy(today: date) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Severity and action of each kind of rule: the row in force on a day."""
    return {(r["rule_kind"], r["applies_to"]): (r["severity"], r["action"]) for r in _in_force("severity.csv", today)}


@functools.cache
def limits(today: date) -> Mapping[str, float]:
    """The limits of a whole file in force on a day, each a share."""
    return {r["limit"]: float(r["value"]) for r in _in_force("limits.csv", today)}


def _in_force(name: str, today: date) -> Iterator[Mapping[str, str]]:
    """The rows of a dated table that are in force on a day, the latest of each kind last."""
    rows = csv.DictReader((files("c2c.intake") / name).read_text("utf-8").splitlines())
    return iter(sorted((r for r in rows if r["effective_from"] <= today.isoformat()), key=lambda r: r["effective_from"]))


def _masks(table: ibis.Table, faults: Mapping[int, Callable[[ibis.Table], Any]], n_checks: int) -> ibis.Table:
    """The rows of a table that break one of these rules, with a bit set for each they break."""
    zero = ibis.literal(0, "int64")
    masks: dict[str, Any] = {}
    for w in range(-(-n_checks // BITS)):
        bits = [fault(table).ifelse(ibis.literal(1 << n % BITS, "int64"), zero) for n, fault in faults.items() if n // BITS == w]
        masks[f"m{w}"] = functools.reduce(lambda a, b: a + b, bits) if bits else zero
    masked = table.select("row_", **masks)
    return masked.filter(functools.reduce(lambda a, b: a | b, [masked[name] != 0 for name in masks]))


def _key_rule(table: ibis.Table, check: int, key: Sequence[str], fault: Callable[[ibis.Table], Any]) -> KeyRule:
    """Judge a repeated key over the rows whose key has the hash of another row's: every repeated key is among them."""
    signed = table.mutate(sign_=ibis.literal(SEPARATOR).join([table[c].fill_null("") for c in key]).hash())
    repeated = signed.group_by("sign_").having(lambda t: t.count() > 1).agg()
    suspects = signed.semi_join(ibis.table({"sign_": "int64"}, name="repeated"), "sign_")
    judged = suspects.select("row_", fault_=fault(suspects))
    return KeyRule(
        check,
        ibis.to_sql(repeated, dialect="duckdb"),
        ibis.to_sql(judged.filter(judged["fault_"]).select("row_"), dialect="duckdb"),
    )


def _is_later(table: ibis.Table, key: Sequence[str]) -> Any:
    """Does a row above have the same key? The first row of a key stands."""
    return ibis.row_number().over(ibis.window(group_by=[table[c] for c in key], order_by=table["row_"])) > 0


def _faults_of(element: Element, catalog: Catalog) -> Iterator[tuple[str, str, Callable[[ibis.Table], Any]]]:
    """Kind, text and fault of every rule of an element: presence, type, then the clauses of the catalog."""
    name = element.element
    if element.required:
        yield "required", "required", lambda t: t[name].isnull()
    if element.type == "integer":
        yield "type", "a whole number", lambda t: t[name].notnull() & t[name].try_cast("int64").isnull()
    if element.type == "decimal":
        yield "type", "a number", lambda t: t[name].notnull() & t[name].try_cast("float64").isnull()
    if element.type == "date":
        yield (
            "type",
            "a date such as 2026-06-30",
            lambda t: t[name].notnull() & (~t[name].re_search(r"^\d{4}-\d{2}-\d{2}$") | t[name].try_cast("date").isnull()),
        )
    for clause in parse_rule(element.rule):

        def fault(t: ibis.Table, clause: Any = clause) -> Any:
            found = broken(clause, element, t, submission_date=t["day_"], catalog=catalog)
            if element.type in ("date", "integer", "decimal") and clause.kind in ("between", "not_before", "not_after_submission"):
                # What cannot be read is told once, by its type.
                found = found & t[name].try_cast("date" if element.type == "date" else "float64").notnull()
            return found & _is_later(t, (name,)) if clause.kind == "unique" else found

        yield clause.kind, clause.text, fault
