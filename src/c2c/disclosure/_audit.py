"""The auditor: given what is published and nothing else, how closely can each withheld count be worked out? Shares no code with the suppressor.

It fails closed: a contradiction, an unknown status of the solver or a timeout is a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from c2c.plumbing import engines

CERTIFYING_ROUNDS = 12
SECONDS_A_PROGRAM = 60.0
SLACK = 1e-6


class CannotTell(Exception):
    """The auditor could not come to an answer; whoever asked must refuse."""


@dataclass(frozen=True)
class Judged:
    """What the public can work out of each withheld cell: least and greatest possible count."""

    cells: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def narrow(self, width: float) -> np.ndarray:
        """The cells known more closely than `width`."""
        return np.asarray(self.cells[self.high - self.low < width - SLACK])


def judge(
    n: int, relations: list[tuple[int, tuple[int, ...]]], known: dict[int, float], ask: np.ndarray, *, width: float
) -> Judged:
    """The range of each asked cell over all worlds of non-negative counts that fit what is known.

    Ranges that reach `width` in worlds met on the way are certified and not driven to their ends.

    Raises:
        CannotTell: what is published contradicts itself, or the solver gives no certain answer.
    """
    fixed = _subtract(n, relations, dict(known))
    low = np.array([fixed.get(int(c), 0.0) for c in ask])
    high = np.array([fixed.get(int(c), np.inf) for c in ask])
    open_cells = [int(c) for c in ask if int(c) not in fixed]
    if open_cells:
        where = {int(c): i for i, c in enumerate(ask)}
        for members, sums in _components(n, relations, fixed):
            wanted = [c for c in open_cells if c in members]
            if wanted:
                for cell, (a, b) in _ranges(members, sums, fixed, wanted, width).items():
                    low[where[cell]], high[where[cell]] = a, b
    return Judged(ask, low, high)


def _subtract(n: int, relations: list[tuple[int, tuple[int, ...]]], known: dict[int, float]) -> dict[int, float]:
    """Plain subtraction, again and again: a sum with one unknown gives it away; a sum of zero gives all its parts away."""
    moved = True
    while moved:
        moved = False
        for total, parts in relations:
            unknown = [c for c in parts if c not in known]
            seen = sum(known[c] for c in parts if c in known)
            if total in known and len(unknown) == 1:
                known[unknown[0]] = known[total] - seen
                moved = True
            elif total in known and unknown and abs(known[total] - seen) < SLACK:
                known.update(dict.fromkeys(unknown, 0.0))
                moved = True
            elif total not in known and not unknown:
                known[total] = seen
                moved = True
            elif total in known and not unknown and abs(known[total] - seen) > 0.5:
                raise CannotTell("sums that should be equal are not")
    if any(v < -SLACK for v in known.values()):
        raise CannotTell("a count below zero")
    return known


def _components(
    n: int, relations: list[tuple[int, tuple[int, ...]]], fixed: dict[int, float]
) -> list[tuple[set[int], list[tuple[int, tuple[int, ...]]]]]:
    """Sets of unknown cells that sums tie together, each with its sums."""
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    loose = []
    for total, parts in relations:
        unknown = [c for c in (total, *parts) if c not in fixed]
        if unknown:
            loose.append((total, parts, unknown[0]))
            for c in unknown[1:]:
                parent[root(c)] = root(unknown[0])
    members: dict[int, set[int]] = {}
    sums: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for c in range(n):
        if c not in fixed:
            members.setdefault(root(c), set()).add(c)
    for total, parts, first in loose:
        sums.setdefault(root(first), []).append((total, parts))
    return [(members[r], sums.get(r, [])) for r in sorted(members)]


def _ranges(
    members: set[int], sums: list[tuple[int, tuple[int, ...]]], fixed: dict[int, float], wanted: list[int], width: float
) -> dict[int, tuple[float, float]]:
    columns = sorted(members)
    at = {c: i for i, c in enumerate(columns)}
    model = engines.linear_program()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("presolve", "off"),
        ("simplex_strategy", 4),
        ("time_limit", SECONDS_A_PROGRAM),
    ):
        model.setOptionValue(option, value)
    for _ in columns:
        model.addVar(0.0, highspy.kHighsInf)
    for total, parts in sums:
        entries: dict[int, float] = {}
        side = 0.0
        for cell, sign in ((total, 1.0), *((p, -1.0) for p in parts)):
            if cell in fixed:
                side -= sign * fixed[cell]
            else:
                entries[at[cell]] = entries.get(at[cell], 0.0) + sign
        index, value_ = np.array(list(entries), dtype=np.int32), np.array(list(entries.values()))
        model.addRow(side, side, len(index), index, value_)
    free = {c for c in columns if not any(c == t or c in p for t, p in sums)}
    low = {c: np.inf for c in wanted}
    high = {c: -np.inf for c in wanted}
    n = len(columns)
    every = np.arange(n, dtype=np.int32)
    rng = np.random.default_rng(20_261_124)
    for turn in range(CERTIFYING_ROUNDS):
        undecided = [c for c in wanted if c not in free and high[c] - low[c] < width]
        if not undecided:
            break
        objective = np.zeros(n)
        objective[[at[c] for c in undecided]] = rng.choice([-1.0, 1.0], len(undecided)) if turn else 1.0
        world = _solve(model, every, objective)
        if world is None:
            continue
        for c in undecided:
            x = world[at[c]]
            low[c], high[c] = min(low[c], x), max(high[c], x)
    found = {}
    for c in wanted:
        if c in free:
            found[c] = (0.0, np.inf)
            continue
        ends = [low[c], high[c]]
        if high[c] - low[c] < width:
            for end, sign in ((0, 1.0), (1, -1.0)):
                objective = np.zeros(n)
                objective[at[c]] = sign
                world = _solve(model, every, objective)
                ends[end] = (np.inf if end else -np.inf) if world is None else float(world[at[c]])
        found[c] = (ends[0], ends[1])
    return found


def _solve(model: highspy.Highs, every: np.ndarray, objective: np.ndarray) -> np.ndarray | None:
    """The world that is best for an objective; None where it has no end."""
    model.changeColsCost(len(every), every, objective)
    model.run()
    status = model.getModelStatus()
    if status == highspy.HighsModelStatus.kUnbounded:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise CannotTell(f"the solver answered {model.modelStatusToString(status)}")
    return np.array(model.getSolution().col_value)
