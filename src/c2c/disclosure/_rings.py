"""Tables that share their dimensions in a ring (A x B, B x C, A x C): together they bound a cross-table that none of them shows.

Tables in a chain bind none: what they say of a cell of two of them is no closer than what they hold of it themselves.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping


def crossed_by(shapes: Collection[frozenset[str]], size: Mapping[str, int], most: float) -> list[tuple[str, ...]]:
    """The dimensions of each cross-table behind tables, in order; none that a table shows.

    `shapes`: the dimensions of each table; `size`: how many groups a dimension has; `most`: cells of a cross-table beyond which its parts of a dimension
    less are taken instead.
    """
    parts = {part for ring in rings(shapes) for part in _fitting(ring, size, most)}
    return [dims for dims in sorted(parts) if not any(set(dims) <= shape for shape in shapes)]


def _fitting(ring: tuple[str, ...], size: Mapping[str, int], most: float) -> Iterator[tuple[str, ...]]:
    """A ring whose cross-table has at most so many cells; or else its parts of a dimension less, as far as they are rings and fit."""
    if math.prod(size[d] + 1 for d in ring) <= most:
        yield ring
    elif len(ring) > 3:
        for without in ring:
            yield from _fitting(tuple(d for d in ring if d != without), size, most)


def rings(shapes: Collection[frozenset[str]]) -> set[tuple[str, ...]]:
    """The largest sets of dimensions of which any two stand in a table together, but no table has them all."""
    beside = {d: set().union(*(s for s in shapes if d in s)) - {d} for d in set().union(*shapes)}
    found: set[tuple[str, ...]] = set()
    waiting = [frozenset([d]) for d in beside]
    seen = set(waiting)
    while waiting:
        some = waiting.pop()
        more = set.intersection(*(beside[d] for d in some))
        wider = {some | {d} for d in more} - seen
        seen |= wider
        waiting += wider
        if not more and len(some) > 2 and some not in shapes:
            found.add(tuple(sorted(some)))
    return found
