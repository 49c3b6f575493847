"""What stewards do with a case: find it, look, answer, see why, take back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from c2c import audit
from c2c.identity._decisions import VERDICTS, Act, Standing, acts, adding, by_case, contradicts, in_force, standing
from c2c.identity._errors import IdentityError
from c2c.identity._sealed import NAMES, current_run, unseal
from c2c.plumbing import clock
from c2c.plumbing.site import Site, scratch

OPEN_TO = {"steward": ("open", "answered", "reopened"), "adjudicator": ("to_adjudicate",)}
"""Duty to the states in which it has something to say."""


@dataclass(frozen=True)
class Case:
    """Two records that may be one person. `state`: open, answered, to_adjudicate, decided or reopened; `verdict` is "" until it is decided.

    `reason`, why the match asks, is "" for one who has still to answer: it tells what the match thinks.
    """

    case_id: str
    reason: str
    n_records: int
    state: str
    run: str
    verdict: str


@dataclass(frozen=True)
class Field:
    """One line of the two records side by side. `sign`: same, near, different or missing."""

    name: str
    left: str
    right: str
    sign: str


@dataclass(frozen=True)
class Pair:
    """The two records of a case. `seen_by`: partner and file of each."""

    case: Case
    fields: tuple[Field, ...]
    seen_by: tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One part of the evidence, in bits."""

    name: str
    level: str
    bits: float


@dataclass(frozen=True)
class Node:
    """One row of the picture: who sent it, how many records it stands for, and to which of the two people the run gave it (0 or 1)."""

    seen_in: str
    n_records: int
    person: int


@dataclass(frozen=True)
class Edge:
    """A line between two nodes, by their places. `kind`: spanning (holds a person together) or veto (cannot be one person)."""

    left: int
    right: int
    bits: float
    kind: str


@dataclass(frozen=True)
class Explanation:
    """Why the match thinks what it thinks of a case: steps that add up to `total_bits`, and the two people as rows and lines."""

    steps: tuple[Step, ...]
    total_bits: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def open_queue(site: Site, *, actor: str, duty: str, decided: bool = False) -> tuple[Case, ...]:
    """The cases this actor may work on now, most valuable first; with `decided`, the settled ones instead. Holds no name.

    Raises:
        IdentityError: IDN-001 no match has been made yet.
    """
    run_id, known = current_run(site), by_case(acts(site))
    found = []
    for row in _cases(site, run_id).iter_rows(named=True):
        stands = standing(known.get(row["case_id"], ()), row["evidence"])
        mine = stands.state == "decided" if decided else _may_answer(stands, actor, duty)
        # A decided pair with nothing doubtful about it is on the list for its decision alone.
        if mine and (decided or row["reason"] != "decided" or stands.state == "reopened"):
            found.append(_case(row, stands, run_id, actor))
    return tuple(found)


def open_case(site: Site, case_id: str, *, actor: str, duty: str) -> Pair:
    """The two records of a case side by side; the look is in the ledger first.

    Raises:
        IdentityError: IDN-010 the actor has no such case.
    """
    run_id = current_run(site)
    row, stands = _find(site, run_id, case_id)
    if stands.state != "decided" and not _may_answer(stands, actor, duty) and not _has_answered(stands, actor):
        raise _no_case(case_id)
    audit.append(site, "identity:case:opened", actor=actor, run=run_id, case=case_id, duty=duty)
    view = json.loads(row["view"])
    return Pair(_case(row, stands, run_id, actor), tuple(Field(**f) for f in view["fields"]), tuple(view["seen_by"]))


def answer(site: Site, case_id: str, verdict: str, *, reason: str, actor: str, duty: str) -> Case:
    """Say that a case is one person (`same`), two (`different`), or cannot be told; what it comes to is the case that is returned.

    The second steward's answer decides where it agrees with the first; else the case goes to an adjudicator.

    Raises:
        IdentityError: IDN-010 the actor has no such case; IDN-012 the answer contradicts decisions in force; IDN-013 the actor has answered
            already; IDN-014 the actor reviewed it and cannot adjudicate.
    """
    if verdict not in VERDICTS:
        raise IdentityError(
            "IDN-015", where=f"case {case_id}", what="this is no answer", remedy=f"Answer one of: {', '.join(VERDICTS)}."
        )
    run_id = current_run(site)
    row, _ = _find(site, run_id, case_id)
    with adding(site) as everything:
        stands = standing(by_case(everything).get(case_id, ()), row["evidence"])
        if _has_answered(stands, actor) and duty == "adjudicator":
            raise IdentityError(
                "IDN-014",
                where=f"case {case_id}",
                what="one person may not both review and adjudicate a case",
                remedy="Leave it to another adjudicator.",
            )
        if _has_answered(stands, actor):
            raise IdentityError(
                "IDN-013",
                where=f"case {case_id}",
                what="you have answered this case",
                remedy="Take your answer back first, if it was wrong.",
            )
        if not _may_answer(stands, actor, duty):
            raise _no_case(case_id)
        if verdict != "cannot_tell" and contradicts(in_force(everything), row["a"], row["b"], same=verdict == "same"):
            raise IdentityError(
                "IDN-012",
                where=f"case {case_id}",
                what="the answer says the contrary of what earlier decisions say together",
                remedy="Look at the decided cases of these records, and undo the one that is wrong first.",
            )
        audit.append(site, "identity:case:answered", actor=actor, run=run_id, case=case_id, duty=duty, verdict=verdict)
        everything.append(_act(row, "answered", actor, duty, verdict, reason, run_id))
        stands = standing(by_case(everything)[case_id], row["evidence"])
    return _case(row, stands, run_id, actor)


def undo(site: Site, case_id: str, *, reason: str, actor: str, duty: str) -> Case:
    """Take back one's own answer before a decision, or a whole decision after it: the case is open again.

    Raises:
        IdentityError: IDN-010 the actor has no such case, or nothing in it to take back.
    """
    run_id = current_run(site)
    row, _ = _find(site, run_id, case_id)
    with adding(site) as everything:
        stands = standing(by_case(everything).get(case_id, ()))
        if not stands.verdict and not _has_answered(stands, actor):
            raise _no_case(case_id)
        audit.append(site, "identity:case:undone", actor=actor, run=run_id, case=case_id, duty=duty)
        everything.append(_act(row, "undone", actor, duty, "", reason, run_id))
        stands = standing(by_case(everything)[case_id], row["evidence"])
    return _case(row, stands, run_id, actor)


def explain_case(site: Site, case_id: str, *, actor: str, duty: str) -> Explanation:
    """Why the match thinks what it thinks of a case, for one who has answered it or once it is decided; the look is in the ledger first.

    Raises:
        IdentityError: IDN-010 the actor has no such case; IDN-011 the actor has still to answer: reviewers are blind to the score.
    """
    run_id = current_run(site)
    row = find_told(site, run_id, case_id, actor=actor, duty=duty)
    audit.append(site, "identity:case:explained", actor=actor, run=run_id, case=case_id, duty=duty)
    view = json.loads(row["view"])
    return Explanation(
        tuple(Step(**s) for s in view["steps"]),
        view["total_bits"],
        tuple(Node(**n) for n in view["nodes"]),
        tuple(Edge(**e) for e in view["edges"]),
    )


def find_told(site: Site, run_id: str, case_id: str, *, actor: str, duty: str) -> dict[str, Any]:
    """A case of whose two records this actor may learn what the match made: they have answered, or it is decided.

    Raises:
        IdentityError: IDN-010 the actor has no such case; IDN-011 the actor has still to answer.
    """
    row, stands = _find(site, run_id, case_id)
    if stands.state != "decided" and not _has_answered(stands, actor):
        if not _may_answer(stands, actor, duty):
            raise _no_case(case_id)
        raise IdentityError(
            "IDN-011",
            where=f"case {case_id}",
            what="what the match makes of it is hidden until you have answered",
            remedy="Answer the case first.",
        )
    return row


def _cases(site: Site, run_id: str) -> pl.DataFrame:
    """The run's cases without what holds names."""
    with scratch(site) as private:
        return pl.read_parquet(
            unseal(site, run_id, "cases", private, key=NAMES), columns=["case_id", "reason", "n_records", "evidence"]
        )


def _find(site: Site, run_id: str, case_id: str) -> tuple[dict[str, Any], Standing]:
    with scratch(site) as private:
        path = unseal(site, run_id, "cases", private, key=NAMES)
        found = pl.scan_parquet(path).filter(pl.col("case_id") == case_id).collect()
    if found.is_empty():
        raise _no_case(case_id)
    row = found.row(0, named=True)
    return row, standing(by_case(acts(site)).get(case_id, ()), row["evidence"])


def _may_answer(stands: Standing, actor: str, duty: str) -> bool:
    return stands.state in OPEN_TO.get(duty, ()) and not _has_answered(stands, actor)


def _has_answered(stands: Standing, actor: str) -> bool:
    return any(one.actor == actor for one in stands.answers)


def _case(row: Mapping[str, Any], stands: Standing, run_id: str, actor: str) -> Case:
    told = stands.state == "decided" or _has_answered(stands, actor)
    reason, verdict = row["reason"] if told else "", stands.verdict if stands.state == "decided" else ""
    return Case(row["case_id"], reason, row["n_records"], stands.state, run_id, verdict)


def _act(row: Mapping[str, Any], act: str, actor: str, duty: str, verdict: str, reason: str, run_id: str) -> Act:
    return Act(row["case_id"], row["a"], row["b"], act, actor, duty, verdict, reason, row["evidence"], run_id, clock.stamp())


def _no_case(case_id: str) -> IdentityError:
    return IdentityError("IDN-010", where=f"case {case_id}", what="you have no such case", remedy="Open one from your queue.")
