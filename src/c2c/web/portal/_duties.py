"""Who may do what: one matrix, one function that reads it."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

ANYONE = "anyone"
ANY = "any"
IDENTITY = {"identity_steward": "steward", "identity_adjudicator": "adjudicator"}
"""Duties of the portal, and what the identity room calls them."""


@dataclass(frozen=True)
class Permission:
    """One line of the matrix: on this page, this act is open to whoever has this duty, while the case is in one of these states."""

    page: str
    act: str
    duty: str
    states: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """A signed-in person as the pages know them: name, organisation, the duties in force today."""

    name: str
    organisation: str
    duties: tuple[str, ...]


@functools.cache
def permissions() -> tuple[Permission, ...]:
    """The matrix, as `permissions.csv` has it."""
    rows = csv.DictReader((files("c2c.web.portal") / "permissions.csv").read_text("utf-8").splitlines())
    return tuple(Permission(r["page"], r["act"], r["duty"], tuple(r["state"].split("|"))) for r in rows)


def may(duties: Iterable[str], page: str, act: str, state: str = ANY) -> bool:
    """May someone with these duties do this here? `state`: where the case stands, or `any` when no case is spoken of yet.

    What the matrix does not name, nobody may.

    >>> may(["identity_steward"], "review", "answer", "open"), may(["identity_adjudicator"], "review", "answer", "open")
    (True, False)
    """
    held = {ANYONE, *duties}
    return any(
        (p.page, p.act) == (page, act) and p.duty in held and (state == ANY or ANY in p.states or state in p.states)
        for p in permissions()
    )


def duties_that_open(page: str, act: str) -> tuple[str, ...]:
    """The duties that open a page, for whoever has none of them."""
    return tuple(p.duty for p in permissions() if (p.page, p.act) == (page, act))


def room_duty(duties: Iterable[str], page: str, act: str) -> str:
    """As what this person asks the identity room on this page: steward or adjudicator."""
    opening = [d for d in duties if d in duties_that_open(page, act)]
    return IDENTITY[opening[0]]
