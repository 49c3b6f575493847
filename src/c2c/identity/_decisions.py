"""What stewards said of pairs of record keys: a list that only grows, and what follows from it. Decisions hold in every later run.

One act per line of `identity/decisions.jsonl`: an answer, or the taking back of one. Record keys alone, never a name. Where a case stands is
worked out from its acts each time, so that no second list can disagree with the first.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from c2c.plumbing.site import Site, write_bytes

VERDICTS = ("same", "different", "cannot_tell")
BINDING = ("same", "different")


@dataclass(frozen=True)
class Act:
    """One thing a steward did to a case. `act`: answered or undone. `evidence` is the digest of what the pair looked like then."""

    case_id: str
    a: str
    b: str
    act: str
    actor: str
    duty: str
    verdict: str
    reason: str
    evidence: str
    run: str
    at: str


@dataclass(frozen=True)
class Standing:
    """Where a case stands: open, answered, to_adjudicate, decided or reopened; `answers` still in force.

    `verdict` is what was decided, "" before; it binds also while changed evidence has the case reopened.
    """

    state: str
    verdict: str
    answers: tuple[Act, ...]


def case_id_of(a: str, b: str) -> str:
    """The name of the case of two record keys, the same in every run and in either order."""
    return hashlib.blake2b("|".join(sorted((a, b))).encode(), digest_size=8).hexdigest()


def acts(site: Site) -> tuple[Act, ...]:
    """Every act of every steward, oldest first."""
    path = site.root / "identity" / "decisions.jsonl"
    if not path.exists():
        return ()
    return tuple(Act(**json.loads(line)) for line in path.read_text("utf-8").splitlines())


@contextmanager
def adding(site: Site) -> Iterator[list[Act]]:
    """Every act so far, held alone; what is appended to the list is kept when the block ends, whole or not at all."""
    with (site.folder("locks") / "decisions.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        known = list(acts(site))
        n_before = len(known)
        yield known
        if len(known) > n_before:
            lines = (json.dumps(asdict(act), sort_keys=True, ensure_ascii=False) + "\n" for act in known)
            write_bytes(site.folder("identity") / "decisions.jsonl", "".join(lines).encode())


def by_case(everything: Iterable[Act]) -> dict[str, list[Act]]:
    """The acts of each case, oldest first."""
    found: dict[str, list[Act]] = {}
    for act in everything:
        found.setdefault(act.case_id, []).append(act)
    return found


def standing(of_case: Sequence[Act], evidence: str = "") -> Standing:
    """Where a case stands after its acts; `evidence`: the digest of what the pair looks like now, "" when nobody looks.

    Two stewards who agree decide; where they differ an adjudicator does. An act of undoing takes back the actor's own answer before a
    decision, and the whole decision after it.
    """
    answers, _, reopened = _follow(of_case)
    verdict = _verdict(answers)
    if verdict and evidence and answers[-1].evidence != evidence:
        return Standing("reopened", verdict, ())
    if verdict:
        return Standing("decided", verdict, tuple(answers))
    if len(answers) >= 2:
        return Standing("to_adjudicate", "", tuple(answers))
    return Standing("answered" if answers else "reopened" if reopened else "open", "", tuple(answers))


def in_force(everything: Iterable[Act]) -> list[tuple[str, str, bool]]:
    """Pairs of record keys that are one person (True) or two (False), as decided; the smaller key first, in order."""
    found = []
    for of_case in by_case(everything).values():
        verdict = _follow(of_case)[1]
        if verdict in BINDING:
            found.append((*sorted((of_case[0].a, of_case[0].b)), verdict == "same"))
    return sorted(found)  # type: ignore[arg-type]


def decisions_digest(site: Site) -> str:
    """Changes whenever a decision comes into force or leaves it: the year then matches again."""
    return hashlib.sha256(json.dumps(in_force(acts(site))).encode()).hexdigest()


def contradicts(decided: Iterable[tuple[str, str, bool]], a: str, b: str, *, same: bool) -> bool:
    """Would this decision, with those in force, say of two records that they are one person and two?"""
    others = [one for one in decided if {one[0], one[1]} != {a, b}]
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for x, y, one in others:
        if one:
            parent[root(x)] = root(y)
    if not same:
        return root(a) == root(b)
    mine = {root(a), root(b)}
    return len(mine) == 2 and any({root(x), root(y)} == mine for x, y, one in others if not one)


def _verdict(answers: Sequence[Act]) -> str:
    """What the answers decide: two that agree, or the adjudicator's; "" while neither is there."""
    if answers and answers[-1].duty == "adjudicator":
        return answers[-1].verdict
    return answers[0].verdict if len(answers) == 2 and answers[0].verdict == answers[1].verdict else ""


def _follow(of_case: Sequence[Act]) -> tuple[list[Act], str, bool]:
    """A case's answers in force, the verdict that binds, and whether a decision was ever undone.

    A decision binds until it is undone or another takes its place, also while changed evidence has the case looked at again.
    """
    answers: list[Act] = []
    held, reopened = "", False
    for act in of_case:
        if act.act == "undone" and not _verdict(answers) and any(one.actor == act.actor for one in answers):
            answers = [one for one in answers if one.actor != act.actor]
        elif act.act == "undone":
            answers, held, reopened = [], "", True
        else:
            # An answer to changed evidence opens a new round.
            if _verdict(answers) and act.evidence != answers[-1].evidence:
                answers = []
            answers.append(act)
            held = _verdict(answers) or held
    return answers, held, reopened


def agreement(everything: Iterable[Act]) -> dict[str, float | int]:
    """How far two reviewers agree: cases both answered, the share on which they agree, and Cohen's kappa (1960)."""
    pairs = []
    for of_case in by_case(everything).values():
        said = [act for act in of_case if act.act == "answered" and act.duty == "steward"]
        if len(said) >= 2 and said[0].actor != said[1].actor:
            pairs.append((said[0].verdict, said[1].verdict))
    n = len(pairs)
    if not n:
        return {"cases_answered_twice": 0}
    same = sum(a == b for a, b in pairs) / n
    chance = sum(sum(a == v for a, _ in pairs) * sum(b == v for _, b in pairs) for v in VERDICTS) / n**2
    return {
        "cases_answered_twice": n,
        "share_agreed": round(same, 4),
        "kappa": round((same - chance) / (1 - chance), 4) if chance < 1 else 1.0,
    }
