"""Which withheld shares can be said as a band at an end: "5 % or less" tells more than a mark, where it gives nobody away.

A band says that ten people or fewer are in doubt, so a mark beside it says that more are. Both are put to the auditor before a band is printed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from c2c.disclosure._cohort import Cell, Cohort
from c2c.disclosure._percents import least_group, people_in, share_shown
from c2c.disclosure._rules import Rules
from c2c.disclosure._system import System

ROUNDS = 3
"""Times the auditor is asked before a cohort's bands that are still in doubt stay marks: each costs an audit of the cohort."""

Range = tuple[float, float]
Audit = Callable[[System, set[int]], set[int]]


def print_ends(found: Cohort, rules: Rules, narrow: Audit) -> None:
    """Print the bands of a protected cohort that its auditor lets stand, in place: such a cell is no longer hidden, and known to be in its band.

    `narrow`: the auditor; given a system and what is withheld, the cells that could be worked out too closely.
    """
    ends, covers = _withheld_shares(found, rules)
    beside = _beside(found.system)
    for _ in range(ROUNDS):
        if not ends:
            return
        # Whoever knows the rule takes a mark beside a band for a share of more people than a band would say.
        taken = {c: known for c, known in covers.items() if beside[c] & ends.keys()}
        bad = narrow(_knowing(found.system, ends | taken), found.hidden - ends.keys()) - taken.keys()
        if not bad:
            bad = narrow(_knowing(found.system, ends), found.hidden - ends.keys())
        if not bad:
            found.system = _knowing(found.system, ends)
            found.hidden -= ends.keys()
            return
        near = bad.union(*(beside[c] for c in bad))
        ends = {c: known for c, known in ends.items() if c not in near}


def _withheld_shares(found: Cohort, rules: Rules) -> tuple[dict[int, Range], dict[int, Range]]:
    """The withheld cells shown as shares alone, of groups of known size: those of too few or all but too few, and those that only cover."""
    rows: dict[int, list[Cell]] = defaultdict(list)
    for row in found.rows:
        if row.key is not None and found.system.at[row.key] in found.hidden:
            rows[found.system.at[row.key]].append(row)
    ends, covers = {}, {}
    for cell, mine in rows.items():
        if any(r.statistic != "percent" or r.n < least_group(rules) or found.system.at[r.base] in found.hidden for r in mine):
            continue
        x, n, least = found.system.values[cell], min(r.n for r in mine), rules["least_count"]
        if cell not in found.primary | found.kept_withheld:
            covers[cell] = (least, n - least)
        elif cell not in found.kept_withheld and (x < least or n - x < least):
            each = [people_in(share_shown(x, r.n, rules), r.n) for r in mine]
            ends[cell] = (max(low for low, _ in each), min(high for _, high in each))
    return ends, covers


def _beside(system: System) -> dict[int, set[int]]:
    """The cells that stand in one sum with each cell."""
    found: dict[int, set[int]] = defaultdict(set)
    for total, parts in system.relations:
        for cell in (total, *parts):
            found[cell].update((total, *parts))
    return found


def _knowing(system: System, more: dict[int, Range]) -> System:
    return replace(system, told=system.told | more)
