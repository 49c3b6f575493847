"""The suppressor: which further counts must be withheld so that no sum gives back one that is. Primary cells come in, a pattern goes out.

Safety is kept as *worlds* (`_worlds`). A large system is cut into groups, each protected in a process of its own while the rest is held at its true
value: a world of a group is a world of the whole. The auditor shares no code with this and has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from c2c.disclosure._costs import Counts, counts_of
from c2c.disclosure._pattern import Asked, Known, Suppressor
from c2c.disclosure._system import System, cut
from c2c.plumbing import cores, progress

GROUP = 1_500
"""Cells of a group: programs over so many take milliseconds, and few worlds are lost at the borders."""

TURNS = 4
"""How often groups are made, after the first time around what is still too narrow, before that is asked of the whole."""


def suppress(
    system: System, primary: Collection[int], asked: Asked, *, seed: bytes, dearer: Mapping[tuple[str, str], float] | None = None
) -> set[int]:
    """The cells to withhold: the primary ones, and as many more as their sums ask.

    Groups first, side by side; then new ones around the cells that need room across a border; then the whole, for what these leave. The same system and
    seed give the same pattern, however many cores there are. `dearer`: how much more the cells of a group cost for what it has lost elsewhere.
    """
    counts = counts_of(system, seed, dearer or {})
    must = np.zeros(len(counts.values), dtype=bool)
    must[sorted(primary)] = True
    whole = Suppressor(counts, must, asked)
    groups = cut(system, GROUP)
    if len(groups) > 1:
        groups = [whole.closed(cells) for cells in groups]
        for _ in range(TURNS):
            jobs = ((counts.part(cells), must[cells], asked, whole.known(cells)) for cells in groups)
            with progress.bar(f"Covering {sum(map(len, groups)):,} cells in {len(groups)} groups", len(groups)) as step:
                for cells, known in zip(groups, cores.each_apart(_protect_group, jobs), strict=True):
                    whole.learn(cells, known)
                    step(1)
            groups = whole.still_narrow(GROUP)
            if not groups:
                break
    _protect(whole, last=True)
    return set(np.flatnonzero(whole.hidden).tolist())


def _protect_group(job: tuple[Counts, np.ndarray, Asked, Known]) -> Known:
    """One group's pattern, and how wide its cells are."""
    counts, must, asked, known = job
    group = Suppressor(counts, must, asked)
    cells = np.arange(len(known[0]))
    group.learn(cells, known)
    _protect(group, last=False)
    return group.known(cells)


def _protect(some: Suppressor, *, last: bool) -> None:
    settled = some.hidden.copy()
    some.balance()
    some.cover(last=last)
    some.give_back(some.hidden & ~settled)
