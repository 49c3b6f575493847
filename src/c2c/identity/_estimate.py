"""Fellegi-Sunter weights by EM on counts of agreement patterns: how telling each level of each field is.

Trained on all pairs that satisfy a rule, not on what earlier rules left over: the remainder omits the easiest matches and biases m.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from c2c.identity._block import FIELDS_OF_RULE
from c2c.identity._coded import FIELDS, TERMS
from c2c.identity._compare import LEVEL_NAMES, N_LEVELS, NULL
from c2c.identity._cores import each
from c2c.identity._rules import rows_of, rule

FLOOR = 1e-9
ROUNDS = 30


def usual_terms() -> dict[str, float]:
    """The fields whose rare values weigh more, each with the bits that rarity may add."""
    return dict.fromkeys(TERMS, rule("term_bits"))


@dataclass(frozen=True)
class Model:
    """How often each level is seen among pairs of one person (m) and of two (u), and the share of all pairs that are one person's.

    `terms`: the fields whose rare values weigh more, each with the bits that rarity may add.
    """

    m: Mapping[str, np.ndarray]
    u: Mapping[str, np.ndarray]
    prior: float
    terms: Mapping[str, float] = dataclasses.field(default_factory=usual_terms)

    def bits(self, of: str) -> np.ndarray:
        """Weight of each level of a field in bits: log2(m/u)."""
        return np.asarray(np.log2(self.m[of] / self.u[of]))

    def told(self) -> list[dict[str, str | float]]:
        """The model as rows for the report: one per field and level."""
        return [
            {"field": f, "level": name, "m": round(float(self.m[f][i]), 6), "u": float(f"{self.u[f][i]:.3g}"), "bits": round(float(self.bits(f)[i]), 2)}
            for f in FIELDS for i, name in enumerate(LEVEL_NAMES[f])
        ]  # fmt: skip


def patterns_of(levels: np.ndarray) -> np.ndarray:
    """Each pair's levels as one number."""
    code = np.zeros(len(levels), dtype=np.int64)
    for i, worth in enumerate(_worths()):
        code += worth[levels[:, i]]
    return code


@functools.cache
def _worths() -> list[np.ndarray]:
    """What each level of each field adds to a pattern's number: a blank counts as one level more."""
    places = np.cumprod([1, *(N_LEVELS[field] + 1 for field in reversed(FIELDS))])[-2::-1]
    found = []
    for field, place in zip(FIELDS, places, strict=True):
        worth = np.arange(NULL + 1) * place
        worth[NULL] = N_LEVELS[field] * place
        found.append(worth)
    return found


def levels_of(patterns: np.ndarray) -> np.ndarray:
    """The levels that a pattern's number stands for. One row per pattern."""
    out = np.full((len(patterns), len(FIELDS)), NULL, dtype=np.uint8)
    rest = patterns.copy()
    for i, field in reversed(list(enumerate(FIELDS))):
        column = rest % (N_LEVELS[field] + 1)
        out[:, i] = np.where(column == N_LEVELS[field], NULL, column)
        rest //= N_LEVELS[field] + 1
    return out


def start_m(field: str) -> np.ndarray:
    """Where the estimate of m begins: the room's data."""
    said = np.array([float(row["start_m"]) for row in rows_of("levels.csv") if row["field"] == field])
    return np.asarray(said / said.sum())


def estimate_u(seen: np.ndarray, exact: Mapping[str, float]) -> dict[str, np.ndarray]:
    """How often each level is seen by chance: from random pairs (`seen`: how many have each level, one row per field), and for exact agreement from the
    frequencies of values."""
    found = {}
    for i, field in enumerate(FIELDS):
        counts = seen[i, : N_LEVELS[field]] + 0.5
        u = counts / counts.sum()
        if field in exact:
            u[0] = min(max(exact[field], FLOOR), 0.99)
            u[1:] = (1 - u[0]) * counts[1:] / counts[1:].sum()
        found[field] = np.maximum(u, FLOOR)
    return found


def estimate(patterns: np.ndarray, counts: Mapping[str, np.ndarray], u: Mapping[str, np.ndarray], total_pairs: float) -> Model:
    """The model from pattern counts of each rule's pairs (`counts`: rule to one weight per pattern) and of all pairs (`all`).

    One EM per rule with that rule's fields left out, averaged over rules by the matches each expects; then the prior from all candidate pairs.
    """
    levels = levels_of(patterns)
    gathered: dict[str, list[tuple[float, np.ndarray]]] = {f: [] for f in FIELDS}

    def told_by(name: str) -> tuple[float, dict[str, float], dict[str, np.ndarray]]:
        free = [(i, f) for i, f in enumerate(FIELDS) if f not in FIELDS_OF_RULE[name]]
        some = counts[name] > 0
        return _one_rule(levels[some], counts[name][some], free, u)

    enough = [name for name, weight in counts.items() if name != "all" and weight.sum() >= rule("training_least")]
    for share, seen, m in each(told_by, enough):
        for field in m:
            gathered[field].append((seen[field] * share**4, m[field]))
    average = {}
    for field, found in gathered.items():
        weights = np.sqrt([max(n, 0.0) for n, _ in found])
        average[field] = np.average([m for _, m in found], axis=0, weights=weights) if weights.sum() > 0 else start_m(field)
    return Model(average, u, _prior(levels, counts["all"], average, u, total_pairs))


def _one_rule(
    levels: np.ndarray, weight: np.ndarray, free: list[tuple[int, str]], u: Mapping[str, np.ndarray]
) -> tuple[float, dict[str, float], dict[str, np.ndarray]]:
    """EM over one rule's pairs: the share of matches, how many of them speak to each field, and m.

    Each round is two products with one sparse table. m leans on its start where little is seen.
    """
    start = [start_m(f) for _, f in free]
    begins = np.cumsum([0, *map(len, start)])[:-1]
    own = np.repeat(np.arange(len(free)), [len(one) for one in start])
    had, leaning = _had(levels, [i for i, _ in free], begins, len(own)), rule("start_pairs") * np.concatenate(start)
    log_u = np.log(np.concatenate([u[f] for _, f in free]))
    share, m, found = 0.3, np.concatenate(start), np.zeros(len(own))
    for _ in range(ROUNDS):
        odds = np.log(share / (1 - share)) + had @ (np.log(m) - log_u)
        matched = weight / (1 + np.exp(-np.clip(odds, -50, 50)))
        share = float(np.clip(matched.sum() / weight.sum(), 1e-6, 1 - 1e-6))
        found = had.T @ matched
        counts = found + leaning
        m = np.maximum(counts / np.add.reduceat(counts, begins)[own], 1e-5)
    seen = np.add.reduceat(found, begins).tolist()
    return share, {f: n for (_, f), n in zip(free, seen, strict=True)}, {f: m[own == k] for k, (_, f) in enumerate(free)}


def _had(levels: np.ndarray, fields: list[int], begins: np.ndarray, width: int) -> csr_matrix:
    """One row per pattern, one column per level of each of these fields: one where the pattern has it. A blank has none."""
    told = [(np.flatnonzero(levels[:, i] != NULL), i, begin) for i, begin in zip(fields, begins, strict=True)]
    row = np.concatenate([at for at, _, _ in told])
    column = np.concatenate([levels[at, i] + begin for at, i, begin in told])
    return csr_matrix((np.ones(len(row)), (row, column)), shape=(len(levels), width))


def _prior(
    levels: np.ndarray, weight: np.ndarray, m: Mapping[str, np.ndarray], u: Mapping[str, np.ndarray], total_pairs: float
) -> float:
    """The share of all pairs that are one person's: what the candidate pairs are expected to hold, until it no longer moves."""
    evidence = np.zeros(len(levels))
    for i, field in enumerate(FIELDS):
        evidence += _log_ratio(levels[:, i], m[field], u[field])
    prior = max(weight.sum() * 0.3, 1.0) / max(total_pairs, 2.0)
    for _ in range(ROUNDS):
        prior = float(np.clip(prior, 1e-14, 0.5))
        posterior = 1 / (1 + np.exp(-np.clip(np.log(prior / (1 - prior)) + evidence, -50, 50)))
        prior = max(float((posterior * weight).sum()), 1.0) / max(total_pairs, 2.0)
    return float(np.clip(prior, 1e-14, 0.5))


def _log_ratio(column: np.ndarray, m: np.ndarray, u: np.ndarray) -> np.ndarray:
    table = np.zeros(NULL + 1)
    table[: len(m)] = np.log(m) - np.log(u)
    return np.asarray(table[column])
