"""One system of counts protected and judged: what must be withheld, and what the public could work out of it all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from c2c.disclosure import _audit
from c2c.disclosure._pattern import Asked
from c2c.disclosure._rules import Rules, TooRevealing, rules_in_force
from c2c.disclosure._suppress import suppress
from c2c.disclosure._system import System, near, tied
from c2c.plumbing import clock, cores

NEAR, FAR = 300, 1_500
"""Unknown cells around one that are looked at for what a single person knows of it, and as many more where those are too few to say."""


def protect_system(
    system: System,
    primary: set[int],
    seed: bytes,
    rules: Rules | None = None,
    *,
    where: str = "",
    dearer: Mapping[tuple[str, str], float] | None = None,
) -> set[int]:
    """The cells to withhold: the primary ones, and as many more as their sums ask. Without `rules`, by the shipped ones of today.

    `dearer`: what covering cells of a group cost more than others.

    Raises:
        TooRevealing: DSC-002 a process was killed.
    """
    rules = rules or rules_in_force(clock.today())
    few = rules["least_count"]
    pieces = any(0 < n < few and not seen for n, seen in zip(system.values, system.published, strict=True))
    if not primary and not system.told and not pieces:
        return set()
    asked = Asked(
        width=rules["least_width"],
        insider_width=rules["least_width_for_insiders"],
        small=few,
        effort=int(rules["programs_to_print_again"]),
    )
    try:
        return suppress(system, primary, asked, seed=seed, dearer=dearer)
    except cores.Killed:
        raise TooRevealing(
            "DSC-002",
            where=where,
            what="a process was killed before the pattern was whole",
            remedy="Nothing was published; see that there is memory enough, then run it again.",
        ) from None


def find_narrow(
    system: System,
    hidden: set[int],
    rules: Rules | None = None,
    *,
    insiders: bool = False,
    together: bool = False,
    among: Collection[int] | None = None,
) -> set[int]:
    """The withheld cells, and small cells that no table shows, which the public could work out too closely.

    With `insiders`, for those who are alone in a cell and so know its count: all of them together first; a cell that their pooled knowledge would
    give away is judged again for each of them alone, unless `together` is enough. That nobody is in a cell tells of nobody, so zeros are not asked about.
    `among`: ask about these alone. Without `rules`, by the shipped ones of today.
    """
    rules = rules or rules_in_force(clock.today())
    values = np.array(system.values, dtype=float)
    withheld, low, high = _seen(system, hidden)
    mine = np.ones(len(values), dtype=bool) if among is None else np.isin(np.arange(len(values)), list(among))
    mine[sorted(system.unasked)] = False
    if not insiders:
        unsaid = np.array(system.published, dtype=bool) | ((values > 0) & (values < rules["least_count"]))
        return _narrow(system, low, high, mine & (high - low >= 1) & (withheld | unsaid), rules, rules["least_width"])
    alone, width = withheld & (values == 1), rules["least_width_for_insiders"]
    if not alone.any():
        return set()
    doubtful = _narrow(system, np.where(alone, 1.0, low), np.where(alone, 1.0, high), mine & withheld & (values > 1), rules, width)
    return doubtful if together else {c for c in sorted(doubtful) if _shown_to_one(system, high - low >= 1, c, alone, rules)}


def _shown_to_one(system: System, unknown: np.ndarray, cell: int, alone: np.ndarray, rules: Rules) -> bool:
    """Does one of those who are alone in a cell know this cell too closely? Judged near it, and farther off where that is not room enough, with all that
    lies beyond as it is: so no laxer."""
    return all(_shown_within(system, near(system, unknown, cell, most), cell, alone, rules) for most in (NEAR, FAR))


def _shown_within(system: System, ball: np.ndarray, cell: int, alone: np.ndarray, rules: Rules) -> bool:
    part, cells = system.around(np.flatnonzero(ball).tolist())
    values, moves = np.array(part.values, dtype=float), ball[cells]
    low, high = np.where(moves, 0.0, values), np.where(moves, np.inf, values)
    for c, (least, greatest) in part.told.items():
        low[c], high[c] = (least, greatest) if moves[c] else (values[c], values[c])
    ask = np.array(cells) == cell
    width = rules["least_width_for_insiders"]

    def is_shown(those: np.ndarray) -> bool:
        """To one of those? What they cannot tell all together, none of them can; whoever is farther off knows nothing of what moves here."""
        known = np.zeros(len(cells), dtype=bool)
        known[those] = True
        if not _narrow(part, np.where(known, 1.0, low), np.where(known, 1.0, high), ask, rules, width):
            return False
        return len(those) <= 1 or is_shown(those[::2]) or is_shown(those[1::2])

    return is_shown(np.flatnonzero(alone[cells] & moves))


def _seen(system: System, hidden: set[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which cells are withheld, and what the public reads of each: least and greatest."""
    values = np.array(system.values, dtype=float)
    withheld = np.zeros(len(values), dtype=bool)
    withheld[sorted(hidden)] = True
    shown = np.array(system.published, dtype=bool) & ~withheld
    low, high = np.where(shown, values, 0.0), np.where(shown, values, np.inf)
    for c, (least, greatest) in system.told.items():
        low[c], high[c] = least, greatest
    # Of a cell in a band no more is known than of one withheld, but for the band.
    withheld |= np.array(system.published, dtype=bool) & (high - low >= 1)
    return withheld, low, high


def _narrow(system: System, low: np.ndarray, high: np.ndarray, ask: np.ndarray, rules: Rules, width: float) -> set[int]:
    """Which of the cells asked about are known more closely than a width, where so much is known of each."""
    asked = np.flatnonzero(ask)
    if not len(asked):
        return set()
    seconds = rules["seconds_to_audit"]
    return set(_audit.judge(low, high, system.relations, asked, width=width, seconds=seconds).narrow(width).tolist())


def check_system(system: System, hidden: set[int], rules: Rules | None = None, *, where: str) -> None:
    """Audit a protected system, for an outsider and for insiders. Raises DSC-001 or DSC-002."""
    narrow = audited(system, hidden, rules, where=where)
    if narrow:
        raise exposed(where, len(narrow))


def out_before(system: System, withheld: set[int], rules: Rules, *, where: str) -> set[int]:
    """The cells no table shows any more that could be worked out too closely if nothing further were published: what they say is out.

    `withheld`: those of them that an earlier release withheld. Raises DSC-002 where the auditor cannot tell.
    """
    gone = {c for c, seen in enumerate(system.published) if not seen and c not in system.told}
    silent = replace(system, published=[False] * len(system.keys))
    return audited(silent, withheld & gone, rules, where=where, among=gone)


def audited(system: System, hidden: set[int], rules: Rules | None, *, where: str, among: Collection[int] | None = None) -> set[int]:
    """The cells that an outsider or an insider could work out too closely. Raises DSC-002 where the auditor cannot tell."""
    try:
        return set().union(*(find_narrow(system, hidden, rules, insiders=some, among=among) for some in (False, True)))
    except _audit.CannotTell as why:
        raise TooRevealing(
            "DSC-002",
            where=where,
            what=f"the auditor could not tell: {why}",
            remedy="Nothing was published; look at the facts, then run the year again.",
        ) from None


def exposed(where: str, n: int) -> TooRevealing:
    """The refusal of a system of which so many cells could be worked out."""
    return TooRevealing(
        "DSC-001",
        where=where,
        what=f"{n} withheld counts could be worked out",
        remedy="Declare fewer or coarser tables for this cohort.",
    )


def covering_loss(patterns: Iterable[tuple[System, set[int], set[int]]], dim: str) -> dict[str, float]:
    """How much more, or less, each group of a dimension loses to covering cells than all do: its share of persons in them over the whole's.

    `patterns`: systems with their withheld and their primary cells. Persons are counted once for each published cell they stand in.
    """
    lost: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for system, hidden, primary in patterns:
        for cell, key in enumerate(system.keys):
            if system.published[cell] and dim in dict(key):
                people = system.values[cell]
                for group in (dict(key)[dim], ""):
                    lost[group][0] += people * (cell in hidden and cell not in primary)
                    lost[group][1] += people
    hidden_of_all, all_ = lost.pop("", (0, 0))
    if not hidden_of_all:
        return {}
    return {group: round(hidden / people / (hidden_of_all / all_), 3) for group, (hidden, people) in sorted(lost.items()) if people}


def is_necessary(
    system: System, hidden: set[int], cell: int, rules: Rules | None = None, *, together: bool = False, near_alone: bool = False
) -> bool:
    """Would an attack succeed if this withheld cell were shown? Only cells that sums tie to it are asked: no others are worse off.

    The sums near it are asked first: who knows them alone knows less than the public, so what they give away is given away. `near_alone`: ask no
    others, for a large system; then no may be said where yes were true. `together`: also what insiders give away only by pooling what they know,
    which is what covering aims at.
    """
    _, low, high = _seen(system, hidden)
    unknown = high - low >= 1

    def gives_away(within: np.ndarray, *, far: bool) -> bool:
        part, cells = system.around(np.flatnonzero(within).tolist())
        rest = {i for i, c in enumerate(cells) if c in hidden and c != cell}
        own = cells.index(cell)
        beside = {c for total, parts in part.relations if own == total or own in parts for c in (total, *parts)}
        # Most often a neighbour is given away: they are asked first.
        return any(
            find_narrow(part, rest, rules, insiders=insiders, together=together, among=some)
            for some in ((beside, None) if far else (beside,))
            for insiders in (False, True)
        )

    if gives_away(near(system, unknown, cell, NEAR), far=False):
        return True
    if near_alone:
        return False
    label = tied(system, unknown)
    return gives_away(label == label[cell], far=True)
