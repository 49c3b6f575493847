"""The rounding layer: counts of people moved so that every published count is nobody or enough of them, and tables still add up.

Off unless a policy row with its legal sign-off switches it on for a product. One pass over the classes that people fall into, not over the tables:
each table is then counted from the same classes, so no total differs from its parts (Langsrud and Heldal 2018 call it small count rounding).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix


def round_classes(counts: np.ndarray, published: csr_matrix, *, base: int, seed: bytes) -> np.ndarray:
    """How many people each class is said to hold, so that every published count is zero or at least the base.

    `counts`: people of each class, each of one or more. `published`: one row per published count, one column per class, one where the class is
    part of the count. Only classes that stand in a count that is too small move, each to nobody or to the base; which of them, is chosen one by
    one so that the published counts move least, and the secret seed decides where choices are equal.
    """
    said = counts.astype(np.int64)
    moving = np.zeros(len(counts), dtype=bool)
    parts = published.tocsc()
    tie = np.random.default_rng(np.frombuffer(seed[:16], dtype=np.uint32)).random(len(counts))
    while True:
        shown = published @ said
        small = (shown > 0) & (shown < base)
        if not small.any():
            return said
        # A class joins once and stays: what has moved once moves with the others, so the next round sees fewer small counts and ends.
        moving |= (published[small].T @ np.ones(int(small.sum()))) > 0
        said = np.where(moving, 0, counts).astype(np.int64)
        _fill(said, np.flatnonzero(moving), counts, parts, base, tie)


def _fill(said: np.ndarray, moving: np.ndarray, counts: np.ndarray, parts: csr_matrix, base: int, tie: np.ndarray) -> None:
    """Give the base to as many moving classes as their people fill, in place: each time to the one that brings the published counts nearest."""
    mine = parts[:, moving]
    by_count = mine.tocsr()
    off = mine @ counts[moving].astype(float)
    # What giving the base to a class takes from the sum of squares: 2·base·(what its counts lack) − base²·(its counts).
    worth = 2 * base * (mine.T @ off) - base * base * np.diff(mine.indptr) + tie[moving]
    for _ in range(round(counts[moving].sum() / base)):
        best = int(np.argmax(worth))
        if worth[best] == -np.inf:
            return
        said[moving[best]] = base
        rows = mine.indices[mine.indptr[best] : mine.indptr[best + 1]]
        off[rows] -= base
        worth -= 2 * base * base * np.bincount(by_count[rows].indices, minlength=len(worth))
        worth[best] = -np.inf
