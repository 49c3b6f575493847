"""How far the best and the worst matched group lie apart, and what chance alone could have done. Pure arithmetic on shown counts."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Gap:
    """The best and the worst group of a breakdown, the difference of their shares and the interval round it.

    `reading`: `chance` where the interval holds zero, `large` where all of it is beyond what is accepted, else `some`; `lives` where a gap may
    come from people's lives as well as from the match, so that none is too large.
    """

    best: str
    worst: str
    share_best: float
    share_worst: float
    low: float
    high: float
    reading: str


def wilson(x: float, n: float) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927).

    >>> [round(end, 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    z = NormalDist().inv_cdf((1 + rule("interval_level")) / 2)
    middle, half = (x + z * z / 2) / (n + z * z), z * sqrt(x * (n - x) / n + z * z / 4) / (n + z * z)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def difference(x1: float, n1: float, x2: float, n2: float) -> tuple[float, float]:
    """The interval of the difference of two independent shares (Newcombe 1998, method 10).

    >>> [round(end, 4) for end in difference(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    p1, p2 = x1 / n1, x2 / n2
    (low1, high1), (low2, high2) = wilson(x1, n1), wilson(x2, n2)
    d = p1 - p2
    return d - sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2), d + sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)


def find_gap(counts: Mapping[str, tuple[float, float]], *, records_per_person: float = 1.0, accepted: bool = True) -> Gap | None:
    """The gap between the best and the worst of some groups; nothing where fewer than two are shown.

    `counts`: group to how many records of how many. One person's records share one fate, so the interval takes them for as many as there are
    people. `accepted`: is there a gap that is too large, or do lives differ here too? That the two groups were picked among several is not in it: in truth it is somewhat wider. Of equals the first by name.
    """
    known = sorted((x / n, group) for group, (x, n) in counts.items() if n)
    if len(known) < 2:
        return None
    least, most = known[0][0], known[-1][0]
    worst = next(group for share, group in known if share == least)
    best = next(group for share, group in known if share == most and group != worst)
    low, high = difference(*(count / records_per_person for count in (*counts[best], *counts[worst])))
    reading = "chance" if low <= 0 else "lives" if not accepted else "large" if low > rule("accepted_gap") else "some"
    return Gap(best, worst, round(most, 6), round(least, 6), round(low, 6), round(high, 6), reading)


@functools.cache
def rule(rule_id: str) -> float:
    """The rule in force."""
    rows = csv.DictReader((files("c2c.publication.rates") / "rules.csv").read_text("utf-8").splitlines())
    return float(next(row["value"] for row in rows if row["rule_id"] == rule_id and not row["effective_to"]))
