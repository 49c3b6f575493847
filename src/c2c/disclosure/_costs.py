"""What each count costs readers when it is withheld, and the system as arrays."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import highspy
import numpy as np
from scipy.sparse import csc_matrix

from c2c.disclosure._system import System

DEARER = 12.0
"""How much more a margin costs than the detail below it, for each sum it is the total of: readers miss totals most."""

EQUITY = 1.0
"""How much rarity counts: at nothing, small groups would cover for all others; at one, what matters is the share of a group that goes from view."""


@dataclass(frozen=True)
class Counts:
    """A system as arrays, one entry per cell, or a part of one whose other cells stay as they are.

    `least` and `greatest`: what everybody knows of a cell already, where `told`. `unasked`: out before, and kept from nobody. `cost`: what readers
    lose by it. `sums`: one row for each sum, which no world changes; `wide`: its rank among those, the most local first.
    """

    values: np.ndarray
    published: np.ndarray
    told: np.ndarray
    unasked: np.ndarray
    least: np.ndarray
    greatest: np.ndarray
    cost: np.ndarray
    tie: np.ndarray
    sums: csc_matrix
    wide: np.ndarray

    def part(self, cells: np.ndarray) -> Counts:
        """Some of the cells, with the sums they stand in."""
        columns = self.sums[:, cells]
        rows = np.unique(columns.indices)
        each = ("values", "published", "told", "unasked", "least", "greatest", "cost", "tie")
        kept = {name: getattr(self, name)[cells] for name in each}
        return replace(self, **kept, sums=columns.tocsr()[rows].tocsc(), wide=self.wide[rows])


def counts_of(system: System, seed: bytes, dearer: Mapping[tuple[str, str], float]) -> Counts:
    """A system as arrays, with what each cell costs."""
    n = len(system.values)
    values = np.array(system.values, dtype=float)
    told, least, greatest = np.zeros(n, dtype=bool), np.zeros(n), np.full(n, highspy.kHighsInf)
    for c, (low, high) in system.told.items():
        told[c], least[c], greatest[c] = True, low, high
    level = np.maximum(np.bincount([total for total, _ in system.relations], minlength=n), _levels(system, 3))
    rng = np.random.default_rng(np.frombuffer(seed[:16], dtype=np.uint32))
    # A cell costs the share of their groups that it would take from view, and totals far more than their detail; a secret jitter keeps the choice
    # from being read back.
    cost = (1.0 + np.sqrt(values)) * DEARER ** np.minimum(level, 3) * (1.0 + 0.2 * rng.random(n))
    cost *= _rarity(system) * np.array([math.prod(dearer.get(group, 1.0) for group in key) for key in system.keys])
    published = np.array(system.published, dtype=bool)
    unasked = np.isin(np.arange(n), list(system.unasked))
    return Counts(values, published, told, unasked, least, greatest, cost, rng.permutation(n), system.sums(), system.wide())


def _levels(system: System, most: int) -> np.ndarray:
    """How many levels of detail lie below each cell, so many at most."""
    level = np.zeros(len(system.values), dtype=np.int64)
    if not system.relations:
        return level
    totals = np.array([total for total, _ in system.relations])
    parts = np.concatenate([part for _, part in system.relations])
    starts = np.cumsum([0, *(len(part) for _, part in system.relations)])[:-1]
    for _ in range(most):
        np.maximum.at(level, totals, np.maximum.reduceat(level[parts], starts) + 1)
    return np.minimum(level, most)


def _rarity(system: System) -> np.ndarray:
    """How few people are in each cell's groups beside others of their dimension: the same persons are more of a small group than of a large one."""
    people: dict[str, dict[str, int]] = defaultdict(dict)
    for key, value in zip(system.keys, system.values, strict=True):
        for dim, group in key:
            people[dim][group] = max(people[dim].get(group, 1), value)
    rare = {
        (dim, group): (sum(groups.values()) / len(groups) / n) ** EQUITY
        for dim, groups in people.items()
        for group, n in groups.items()
    }
    return np.array([math.prod(rare[group] for group in key) for key in system.keys])
