"""Percents as they may be seen: whole, in bands, and at both ends no closer than keeps ten people in doubt."""

from __future__ import annotations

import math

from c2c.disclosure._rules import Rules

Shown = tuple[float | None, float | None, float | None, str]
"""Value, low, high and status of a published row."""


def least_group(rules: Rules) -> int:
    """The smallest group of which a percent is shown: one that can leave enough people on both sides."""
    return int(max(rules["least_group_for_percent"], 2 * rules["least_count"]))


def is_small(x: int, n: int, rules: Rules) -> bool:
    """Is a share of too few people, or of all but too few, or of too small a group, to be said as it is?"""
    return n < least_group(rules) or x < rules["least_count"] or n - x < rules["least_count"]


def share_shown(x: int, n: int, rules: Rules) -> Shown:
    """A share of a group that is large enough, as it may be seen: a band at either end, a whole percent between, in small groups a band there too.

    None and all are ends as well: that every one of a large group did something tells it of each.
    """
    end, band = _end(n, rules), rules.for_group("percent_band", n)
    if 100 * x <= end * n:
        return None, 0.0, end, "banded"
    if 100 * x >= (100 - end) * n:
        return None, 100 - end, 100.0, "banded"
    if band > 1:
        low = float(100 * x // (band * n) * band)
        return None, low, min(low + band, 100.0), "banded"
    return float(round(100 * x / n)), None, None, "shown"


def people_in(shown: Shown, n: int) -> tuple[float, float]:
    """The least and the most people that a band of a group of known size leaves open."""
    _, low, high, _ = shown
    return math.ceil((low or 0.0) * n / 100 - 1e-9), math.floor((100.0 if high is None else high) * n / 100 + 1e-9)


def is_end(shown: Shown) -> bool:
    """Is it a band at one of the ends?"""
    return shown[3] == "banded" and (shown[1] == 0.0 or shown[2] == 100.0)


def _end(n: int, rules: Rules) -> float:
    """How far the ends of a group's percents reach: as its size asks, and always so far that a withheld count's whole range lies within."""
    reach = 100 * (rules["least_count"] - 1) / n
    grid = rules.for_group("percent_band", n)
    return float(math.ceil(max(reach, rules.for_group("percent_end", n)) / grid - 1e-9) * grid)
