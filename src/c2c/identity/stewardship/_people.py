"""The people of a case as they are held: the value of each field that survives, why, and every value that was sent, with who sent it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from c2c import audit
from c2c.identity._errors import IdentityError
from c2c.identity._golden import open_person
from c2c.identity._sealed import current_run
from c2c.identity.stewardship._cases import find_told
from c2c.plumbing.site import Site


@dataclass(frozen=True)
class Sent:
    """One value as it was sent: by whom (partner and file), under which record key, in which school years (the first and the last)."""

    value: str
    seen_in: str
    record_key: str
    years: tuple[int, int]


@dataclass(frozen=True)
class Survivor:
    """One field of a golden record. `why`: only, rank, recent, frequent or order; "" with a value of "" where nothing sent says anything."""

    field: str
    value: str
    why: str
    sent: tuple[Sent, ...]


@dataclass(frozen=True)
class Person:
    """One person as held in a run. `of`: which records of the case they have (a, b, or both)."""

    of: tuple[str, ...]
    n_records: int
    fields: tuple[Survivor, ...]


def open_people(site: Site, case_id: str, *, actor: str, duty: str) -> tuple[Person, ...]:
    """The one or two people that the match made of a case's records, each with their golden record; the look is in the ledger first.

    Open to one who has answered the case, or once it is decided: whether it is one person or two is what the match thinks.

    Raises:
        IdentityError: IDN-010 the actor has no such case; IDN-011 the actor has still to answer; IDN-032 the run has no golden records.
    """
    run_id = current_run(site)
    row = find_told(site, run_id, case_id, actor=actor, duty=duty)
    audit.append(site, "identity:people:opened", actor=actor, run=run_id, case=case_id, duty=duty)
    of: dict[str, tuple[str, ...]] = {}
    for side in ("a", "b"):
        person_id = str(row.get(f"person_{side}") or "")
        of[person_id] = (*of.get(person_id, ()), side)
    found = {person_id: open_person(site, run_id, person_id) for person_id in of}
    people = [_person(of[person_id], *tables) for person_id, tables in found.items() if tables]
    if len(people) < len(of):
        raise IdentityError(
            "IDN-032",
            where=f"run {run_id}",
            what="this run was made before golden records were kept",
            remedy="Run the year again.",
        )
    return tuple(people)


def _person(of: tuple[str, ...], golden: pl.DataFrame, held: pl.DataFrame) -> Person:
    row = golden.row(0, named=True)
    fields = [name.removesuffix("_why") for name in golden.columns if name.endswith("_why")]
    shown = [Survivor(f, row[f] or "", row[f"{f}_why"] or "", _sent(held, f)) for f in fields if f in held.columns]
    return Person(of, int(held["n_records"].sum()), tuple(one for one in shown if one.sent))


def _sent(held: pl.DataFrame, field: str) -> tuple[Sent, ...]:
    """Every value of a field, the most recent first. An address may have changed under one record key, and a name has not."""
    by = [field, "seen_in", "record_key"]
    told = held.drop_nulls(field).group_by(by).agg(pl.col("first_year").min(), pl.col("last_year").max())
    ordered = told.sort("last_year", "first_year", *by, descending=[True, True, False, False, False])
    rows: list[dict[str, Any]] = ordered.to_dicts()
    return tuple(Sent(r[field], r["seen_in"], r["record_key"], (r["first_year"], r["last_year"])) for r in rows)
