"""The rule language of the catalog: parsed into clauses, compiled to Ibis expressions that say where a clause is broken.

Clauses are split by `; ` and all must hold; a blank value passes unless the element is required. Values are judged as sent, as text, so
that a rule can be broken by what is not even a number or a date.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis

    from c2c.catalog._tables import Catalog, Element


@dataclass(frozen=True)
class Clause:
    """One clause of a rule. `kind` is its word in the language; `arguments` are its operands as written."""

    kind: str
    arguments: tuple[str, ...]
    text: str


_NUMBER = r"-?\d+(?:\.\d+)?"
_KINDS: tuple[tuple[str, str], ...] = (
    ("regex", r"regex (.+)"),
    ("max_length", r"max_length (\d+)"),
    ("boolean", r"in \((true,false)\)"),
    ("each_in", r"each in (\w+)"),
    ("prefix_in", r"prefix in (\w+)"),
    ("in", r"in (\w+)"),
    ("unique", r"(unique)"),
    ("between", rf"({_NUMBER})<=x<=({_NUMBER})"),
    ("not_after_submission", r"x(<=)submission_date"),
    ("not_before", r"x>=(\d{4}-\d{2}-\d{2})"),
    ("only_if_filled", r"only_if (\w+) is filled"),
    ("only_if", r"only_if (\w+) in \(([^)]+)\)"),
    ("only_if", r"only_if (\w+)=(\S+)"),
    ("required_if", r"required_if (\w+)=(\S+)"),
    ("at_least", r"(\w+)>=(\w+)"),
    ("at_most", r"(\w+)<=(\w+)"),
)


def parse_rule(text: str) -> tuple[Clause, ...]:
    """The clauses of a rule. Raises ValueError naming the clause that is not in the language."""
    return tuple(_parse(part.strip()) for part in text.split("; ") if part.strip())


def _parse(text: str) -> Clause:
    for kind, pattern in _KINDS:
        found = re.fullmatch(pattern, text)
        if found:
            return Clause(kind, found.groups(), text)
    raise ValueError(f"not a clause of the rule language: {text}")


def broken(
    clause: Clause, element: Element, table: ibis.Table, *, submission_date: date | ibis.expr.types.DateValue, catalog: Catalog
) -> ibis.expr.types.BooleanValue:
    """True in each row where a clause does not hold. `table` has the file's columns as text, blank as null.

    `unique` is judged over the whole table. A column that the clause leans on and the table lacks counts as blank.
    """
    x = _column(table, element.element)
    return (
        x.notnull() & ~_holds(clause, element, table, submission_date, catalog)
        if clause.kind != "required_if"
        else _missing(clause, x, table)
    )


def _missing(clause: Clause, x: Any, table: ibis.Table) -> Any:
    other, value = clause.arguments
    return x.isnull() & (_column(table, other) == value).fill_null(False)


def _holds(
    clause: Clause, element: Element, table: ibis.Table, submission_date: date | ibis.expr.types.DateValue, catalog: Catalog
) -> Any:
    x = _column(table, element.element)
    words = clause.arguments
    answers: dict[str, Callable[[], Any]] = {
        "regex": lambda: _matches(x, words[0]),
        "max_length": lambda: x.length() <= int(words[0]),
        "boolean": lambda: x.isin(words[0].split(",")),
        "in": lambda: x.isin(list(catalog.code_sets[words[0]])),
        "each_in": lambda: _matches(
            x,
            f"^({'|'.join(map(re.escape, catalog.code_sets[words[0]]))})( ({'|'.join(map(re.escape, catalog.code_sets[words[0]]))}))*$",
        ),
        "prefix_in": lambda: x.substr(0, 2).isin(_prefixes(catalog, words[0])),
        "unique": lambda: x.count().over(group_by=x) == 1,
        "between": lambda: _known(_number(x).between(float(words[0]), float(words[1]))),
        "not_after_submission": lambda: _known(_day(x) <= submission_date),
        "not_before": lambda: _known(_day(x) >= date.fromisoformat(words[0])),
        "only_if_filled": lambda: _column(table, words[0]).notnull(),
        "only_if": lambda: _column(table, words[0]).isin(words[1].split(",")).fill_null(False),
        "at_least": lambda: _compare(table, element, words, lambda a, b: a >= b),
        "at_most": lambda: _compare(table, element, words, lambda a, b: a <= b),
    }
    return answers[clause.kind]()


def _compare(table: ibis.Table, element: Element, words: tuple[str, ...], relation: Callable[[Any, Any], Any]) -> Any:
    """Two columns of a row; passes when either is blank or cannot be read, which other rules find."""
    read = _day if element.type == "date" else _number
    left, right = (read(_column(table, name)) for name in words)
    return left.isnull() | right.isnull() | relation(left, right).fill_null(True)


def _matches(x: Any, pattern: str) -> Any:
    """A regular expression, its negative look-aheads taken apart: the engine's expressions have none."""
    plain, refused = "", []
    rest = pattern
    while (found := re.search(r"\(\?!((?:[^()\\]|\\.)*)\)", rest)) is not None:
        plain += rest[: found.start()]
        refused.append(f"{plain}(?:{found.group(1)})")
        rest = rest[found.end() :]
    holds = x.re_search(plain + rest)
    for before in refused:
        holds &= ~x.re_search(before)
    return holds


def _prefixes(catalog: Catalog, code_set: str) -> list[str]:
    """Two-digit prefixes that fall in a code of the set; `31-33` is a range."""
    found: list[str] = []
    for code in catalog.code_sets[code_set]:
        first, _, last = code.partition("-")
        found += [f"{n:02d}" for n in range(int(first), int(last or first) + 1)]
    return found


def _column(table: ibis.Table, name: str) -> Any:
    if name in table.columns:
        return table[name]
    # The catalog is read by commands that never look at a table.
    import ibis  # noqa: PLC0415

    return ibis.null().cast("string")


def _number(x: Any) -> Any:
    return x.try_cast("float64")


def _day(x: Any) -> Any:
    return x.try_cast("date")


def _known(answer: Any) -> Any:
    return answer.fill_null(False)
