"""The gate's thresholds: dated rows with their sources. A row whose day has not come is a proposal; on its day it is in force by itself.

The shipped set is `rules/public.csv`. A site may be stricter, never laxer, by files of its own in the site's `rules` folder; of two rows in
force for one rule the stricter holds. Each release names the editions it was made under. Extracts and output checks have sets of their own.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from c2c.plumbing import clock, errors
from c2c.plumbing.site import Site

SHIPPED = "public"
COLUMNS = ("rule_id", "group_from", "edition", "effective_from", "effective_to", "value", "source", "checked_on")


class TooRevealing(errors.CodedError):
    """The tables or the extract cannot leave: protection or its audit would leave someone to be worked out, or the rules for it are in disorder.

    What stood before stands.
    """


@dataclass(frozen=True)
class Row:
    """One threshold from its first day to its last (both in force), for groups of so many people on; `where` is its file and line."""

    rule_set: str
    rule_id: str
    group_from: int
    edition: str
    first: date
    last: date
    value: float
    source: str
    where: str

    def is_in_force(self, day: date) -> bool:
        """Does it hold on that day?"""
        return self.first <= day <= self.last

    def meets(self, other: Row) -> bool:
        """Is there a day on which both hold?"""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Rules:
    """The thresholds in force on one day, and the editions they are of."""

    day: date
    edition: str
    rows: tuple[Row, ...]
    more_is_stricter: Mapping[str, bool]

    def __getitem__(self, rule_id: str) -> float:
        """The threshold of a rule that is the same for all groups."""
        return self.for_group(rule_id, 0)

    def for_group(self, rule_id: str, n: int) -> float:
        """The threshold for a group of so many people: the last step its size reaches, the stricter of the shipped one and the site's.

        Raises:
            TooRevealing: DSC-044 no row of it is in force.
        """
        steps: dict[str, Row] = {}
        for row in self.rows:
            if row.rule_id == rule_id and row.group_from <= n:
                steps[row.rule_set] = max(row, steps.get(row.rule_set, row), key=lambda r: r.group_from)
        if SHIPPED not in steps:
            raise TooRevealing(
                "DSC-044",
                where=f"rule {rule_id}, {self.day}",
                what="no row of this rule is in force on that day",
                remedy="See `c2c rules list`; check the machine's clock, and that no row ends before the next begins.",
            )
        return (max if self.more_is_stricter[rule_id] else min)(row.value for row in steps.values())


def rules_in_force(day: date, site: Site | None = None) -> Rules:
    """The rules of a day, a site's own among them.

    Raises:
        TooRevealing: DSC-041 a row cannot be read, DSC-042 two rows of one rule hold on one day, DSC-043 a site's row is laxer than the shipped one.
    """
    rows = tuple(row for row in _all_rows(site) if row.is_in_force(day))
    newest: dict[str, Row] = {}
    for row in rows:
        newest[row.rule_set] = max(row, newest.get(row.rule_set, row), key=lambda r: (r.first, r.edition))
    editions = [newest[s].edition for s in sorted(newest, key=lambda s: (s != SHIPPED, s))]
    return Rules(day, " + ".join(editions), rows, _shipped()[1])


def rule(rule_id: str) -> float:
    """The shipped threshold in force today, for files that are of no site and no release."""
    return rules_in_force(clock.today())[rule_id]


def rule_of(rule_set: str, rule_id: str, n: int = 0) -> float:
    """The value in force today of another shipped set: research `extracts`, `outputs`, or `scoring`; where it has steps, of the last that `n` reaches.

    Before a set's first day its first row holds: a replayed day knows no other.
    """
    return _of_set(rule_set, rule_id, n, clock.today())


@functools.cache
def rule_ids(rule_set: str) -> frozenset[str]:
    """The names of another set's rules."""
    return frozenset(row["rule_id"] for row in _set(rule_set))


def edition_of(rule_set: str) -> str:
    """The edition of another shipped set in force today."""
    held = [r for r in _set(rule_set) if r["effective_from"] <= clock.today().isoformat()]
    return max(r["edition"] for r in held or _set(rule_set))


@functools.cache
def _of_set(rule_set: str, rule_id: str, n: int, day: date) -> float:
    said = [r for r in _set(rule_set) if r["rule_id"] == rule_id and int(r.get("group_from") or 0) <= n]
    held = [r for r in said if r["effective_from"] <= day.isoformat() and day.isoformat() <= (r["effective_to"] or "9999")]
    first = min(r["effective_from"] for r in said)
    reached = held or [r for r in said if r["effective_from"] == first]
    return float(max(reached, key=lambda r: (int(r.get("group_from") or 0), r["effective_from"]))["value"])


@functools.cache
def _set(rule_set: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files("c2c.disclosure") / "rules" / f"{rule_set}.csv").read_text("utf-8").splitlines()))


def list_rules(on: date, site: Site | None = None) -> list[dict[str, Any]]:
    """Rules in force on a day and proposals, one row each: where a threshold comes from, since when, and whether it is the one that holds.

    `state`: `in force`; `proposal`, from its first day on; `overruled`, where a site's own row is stricter.

    Raises:
        TooRevealing: as `rules_in_force`.
    """
    rules = rules_in_force(on, site)
    listed = []
    for row in _all_rows(site):
        if row.last < on:
            continue
        state = (
            "proposal"
            if row.first > on
            else "in force"
            if rules.for_group(row.rule_id, row.group_from) == row.value
            else "overruled"
        )
        listed.append(
            {"rule": row.rule_id, "group_from": row.group_from, "value": row.value, "state": state, "set": row.rule_set, "edition": row.edition,
             "from": row.first.isoformat(), "to": "" if row.last == date.max else row.last.isoformat(), "source": row.source}
        )  # fmt: skip
    return listed


def _all_rows(site: Site | None) -> tuple[Row, ...]:
    shipped, more_is_stricter = _shipped()
    own: list[Row] = []
    for path in sorted((site.root / "rules").glob("*.csv")) if site else ():
        own += _read_rows(path.read_text("utf-8"), path.stem, more_is_stricter)
    _check_no_two_hold(own)
    for row in own:
        _check_not_laxer(row, shipped, more_is_stricter[row.rule_id])
    return (*shipped, *own)


@functools.cache
def _shipped() -> tuple[tuple[Row, ...], Mapping[str, bool]]:
    """The shipped rows, and of each rule whether more is stricter."""
    text = (files("c2c.disclosure") / "rules" / f"{SHIPPED}.csv").read_text("utf-8")
    more_is_stricter = {said["rule_id"]: said["stricter"] == "more" for said in csv.DictReader(text.splitlines())}
    rows = _read_rows(text, SHIPPED, more_is_stricter)
    _check_no_two_hold(rows)
    return rows, more_is_stricter


def _read_rows(text: str, rule_set: str, known: Iterable[str]) -> tuple[Row, ...]:
    lines = csv.DictReader(text.splitlines())
    missing = [c for c in COLUMNS if c not in (lines.fieldnames or ())]
    if missing:
        raise _unreadable(f"{rule_set}.csv", f"the column `{missing[0]}` is missing")
    rows = []
    for number, said in enumerate(lines, 2):
        where = f"{rule_set}.csv, row {number}"
        blank = next((c for c in ("edition", "source") if not said[c]), "")
        if said["rule_id"] not in known:
            raise _unreadable(where, "there is no rule of this name")
        if blank:
            raise _unreadable(where, f"the row does not say its {blank}")
        try:
            row = Row(
                rule_set, said["rule_id"], int(said["group_from"] or 0), said["edition"], date.fromisoformat(said["effective_from"]),
                date.fromisoformat(said["effective_to"]) if said["effective_to"] else date.max, float(said["value"]), said["source"], where,
            )  # fmt: skip
        except (TypeError, ValueError):
            raise _unreadable(where, "a date, a group size or the value cannot be read") from None
        if row.last < row.first or not 0 <= row.value < float("inf"):
            raise _unreadable(where, "the row ends before it begins, or its value is no threshold")
        rows.append(row)
    return tuple(rows)


def _unreadable(where: str, what: str) -> TooRevealing:
    return TooRevealing(
        "DSC-041", where=where, what=what, remedy=f"Columns are {', '.join(COLUMNS)}; dates are 2026-07-01; see `c2c rules list`."
    )


def _check_no_two_hold(rows: Iterable[Row]) -> None:
    """Two rows of one rule and group size that hold on one day are a contradiction, even where they say the same."""
    seen: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        for other in seen.setdefault((row.rule_id, row.group_from), []):
            if row.meets(other):
                raise TooRevealing(
                    "DSC-042",
                    where=f"{row.where}, beside {other.where}",
                    what=f"two rows of {row.rule_id} hold on the same day",
                    remedy="End the earlier one (effective_to) on the day before the later one begins.",
                )
        seen[row.rule_id, row.group_from].append(row)


def _check_not_laxer(row: Row, shipped: Iterable[Row], more_is_stricter: bool) -> None:
    """A site's row against every shipped one it will ever stand beside, proposals too: better refused now than on the day."""
    beside = [s for s in shipped if s.rule_id == row.rule_id and s.meets(row)]
    reached = [s.group_from for s in beside if s.group_from <= row.group_from]
    for other in beside:
        # Steps below the size from which the row speaks are not its business; the one that its size reaches is.
        laxer = row.value < other.value if more_is_stricter else row.value > other.value
        if other.group_from == max(reached, default=other.group_from) and laxer:
            raise TooRevealing(
                "DSC-043",
                where=row.where,
                what=f"{row.rule_id} would be laxer than the rule it stands beside, {other.value:g} from {other.first}",
                remedy="A site may be stricter, never laxer. Leave the row out, or end it before a stricter shipped rule begins.",
            )
