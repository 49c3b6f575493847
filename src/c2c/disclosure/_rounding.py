"""The rounding layer: counts of people moved so that every published count is nobody or enough of them, and tables still add up.

Off unless a policy row with its legal sign-off switches it on for a product. One pass over the classes that people fall into, not over the tables:
each table is then counted from the same classes, so no total differs from its parts (Langsrud and Heldal 2018 call it small count rounding).
"""

from __future__ import annotations

import csv
import hmac
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from c2c.disclosure._rules import TooRevealing
from c2c.disclosure._system import N_PEOPLE
from c2c.plumbing.site import Site
from c2c.vocabulary import Product

COLUMNS = ("product", "base", "effective_from", "signed_by", "source", "checked_on")


@dataclass(frozen=True)
class Rounding:
    """That a product's counts are rounded: to which base, signed by whom, and the secret its choices are made by."""

    base: int
    signed_by: str
    seed: bytes


def rounding_of(site: Site, product: Product, *, day: date, least: float, seed: bytes) -> Rounding | None:
    """The policy row that switches rounding on for a product on that day, shipped or the site's own (`SITE/rounding.csv`); None where none does.

    `least`: the least count that may stand, below which no base may lie.

    Raises:
        TooRevealing: DSC-046 a row cannot be read, is not signed, or its base lets small counts stand.
    """
    shipped = files("c2c.disclosure") / "rules" / "rounding.csv"
    for where in (shipped, site.root / "rounding.csv"):
        if isinstance(where, Path) and not where.exists():
            continue
        for number, row in enumerate(csv.DictReader(where.read_text("utf-8").splitlines()), 2):
            try:
                fits = all(row[c] for c in COLUMNS) and int(row["base"]) >= least
                begins = date.fromisoformat(row["effective_from"])
            except (KeyError, TypeError, ValueError):
                fits = False
            if not fits or any("person" in table for table in product.tables[1:]):
                raise TooRevealing(
                    "DSC-046",
                    where=f"{where.name}, row {number}",
                    what="this row cannot switch rounding on",
                    remedy=f"Fill in {', '.join(COLUMNS)}, with a base of {least:g} or more; products that count records are not rounded.",
                )
            if row["product"] == product.product_id and begins <= day:
                return Rounding(int(row["base"]), row["signed_by"], seed)
    return None


def rounded_classes(
    people: pl.DataFrame, tables: Iterable[tuple[str, ...]], rounding: Rounding, *, where: str
) -> tuple[pl.DataFrame, float]:
    """One row per class that people fall into by all dimensions of a cohort's tables, with how many people it is said to hold; and by how many people
    a count moved on average.

    `tables`: the dimensions of each. `where`: the cohort, which its seed is drawn from, so that the same people are always said to be as many.
    """
    shapes = sorted({some for dims in tables for n in range(len(dims) + 1) for some in itertools.combinations(sorted(dims), n)})
    every = sorted({d for dims in shapes for d in dims})
    classes = people.group_by(every).len(N_PEOPLE).sort(every) if every else people.select(pl.len().alias(N_PEOPLE))
    at, above = np.arange(len(classes)), 0
    rows: list[np.ndarray] = []
    for dims in shapes:
        place = (
            classes.select(pl.struct(dims).rank("dense"))[:, 0].to_numpy().astype(np.int64) - 1
            if dims
            else np.zeros(len(at), np.int64)
        )
        rows.append(place + above)
        above += int(place.max(initial=0)) + 1
    entries = np.ones(len(at) * len(shapes), dtype=np.int64)
    published = csr_matrix((entries, (np.concatenate(rows), np.tile(at, len(shapes)))), shape=(above, len(at)))
    counts = classes[N_PEOPLE].to_numpy().astype(np.int64)
    said = round_classes(counts, published, base=rounding.base, seed=hmac.digest(rounding.seed, where.encode(), "sha256"))
    moved = float(np.abs(published @ (said - counts)).mean())
    return classes.with_columns(pl.Series(N_PEOPLE, said)), moved


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
