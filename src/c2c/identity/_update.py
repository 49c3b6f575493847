"""A late delivery: pairs of rows that were there before are taken as they were, and components that nothing touched are people as they were.

The outcome is that of a full match under the same model. Blocks only grow, since a match of fewer rows than before is made in full: so a pair of two old rows
may come or go only in a block that grew beyond a limit, and all rows of such a block count as new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from c2c.identity._cluster import Edges, Joined, Settled
from c2c.identity._collapse import DIGEST

if TYPE_CHECKING:
    from c2c.identity._match import Matched


@dataclass(frozen=True)
class Held:
    """An earlier match under the model, by the rows of this one. `was`: rows that stood before with the weight they have now, and `label` and
    `confidence` for them (others: minus one, nought); `new`: rows that did not stand before; `edges` and `vetoes` as the earlier match left them; `spoken`: rows of which stewards had spoken."""

    was: np.ndarray
    new: np.ndarray
    label: np.ndarray
    confidence: np.ndarray
    edges: Edges
    vetoes: np.ndarray
    spoken: np.ndarray


def with_kept(held: Held, again: np.ndarray, found: Edges) -> Edges:
    """The edges of a full match: those found, and the earlier ones between rows that were not looked at `again`; in the order of their rows."""
    kept = ~(again[held.edges.left] | again[held.edges.right])
    whole = Edges.joined([Edges(*(getattr(held.edges, name)[kept] for name in ("left", "right", "bits", "linked"))), found])
    order = np.lexsort((whole.right, whole.left))
    return Edges(whole.left[order], whole.right[order], whole.bits[order], whole.linked[order])


def touched(held: Held, again: np.ndarray, joined: Joined) -> np.ndarray:
    """Rows of components that may have changed: with a row looked at again, of another weight, with an edge gone, or of which stewards spoke."""
    rows = again | ~held.was
    gone = again[held.edges.left] | again[held.edges.right]
    for ends in (held.edges.left[gone], held.edges.right[gone], held.spoken, joined.forced.ravel(), joined.never.ravel()):
        rows[ends] = True
    busy = np.zeros(int(joined.component.max(initial=-1)) + 1, dtype=bool)
    busy[joined.component[rows]] = True
    return np.asarray(busy[joined.component])


def within(edges: Edges, some: np.ndarray) -> Edges:
    """The edges between `some` rows, their ends as places among these."""
    place = np.cumsum(some) - 1
    kept = some[edges.left] & some[edges.right]
    left, right = (place[ends[kept]] for ends in (edges.left, edges.right))
    return Edges(left, right, edges.bits[kept], edges.linked[kept])


def as_before(held: Held, some: np.ndarray, settled: Settled) -> Settled:
    """All rows: those of `some` as they were settled now, the others as they were before."""
    n = len(some)
    label, confidence = held.label + 2 * n, held.confidence.copy()
    label[settled.rows], confidence[settled.rows] = settled.label, settled.confidence
    kept = ~some[held.vetoes[:, 0]] if len(held.vetoes) else np.zeros(0, dtype=bool)
    return Settled(np.arange(n), label, confidence, np.concatenate([held.vetoes[kept], settled.vetoes]))


def held_of(before: Mapping[str, pl.DataFrame], now: pl.DataFrame, records: pl.DataFrame) -> Held | None:
    """What is held of an earlier match, or nothing where a row of it is gone: blocks may have shrunk then.

    `before`: `tuples` and `settled` in the order of its rows, `edges`, `vetoes`, `spoken`. `now`: digests and weight of each row. `records`:
    record_key, row.
    """
    old = before["tuples"].select(*DIGEST, pl.col("weight").alias("old_weight")).with_row_index("old")
    place = old.join(now.with_row_index("row"), on=DIGEST, how="left", maintain_order="left")
    if place["row"].null_count():
        return None
    row, n = place["row"].to_numpy(), len(now)
    was, new = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    was[row], new[row] = (place["weight"] == place["old_weight"]).to_numpy(), False
    label, confidence = np.full(n, -1, dtype=np.int64), np.zeros(n)
    label[row], confidence[row] = before["settled"]["label"].to_numpy(), before["settled"]["confidence"].to_numpy()
    left, right, bits, linked = (before["edges"][name].to_numpy() for name in ("left", "right", "bits", "linked"))
    spoken = records.join(before["spoken"], on="record_key", how="semi")["row"].to_numpy()
    # Rows lie in the order of their digests, then as now: the left of a pair stays the left.
    edges = Edges(row[left].astype(np.int32), row[right].astype(np.int32), bits, linked)
    return Held(was, new, label, confidence, edges, row[before["vetoes"].to_numpy().astype(np.int64)], spoken)


def to_hold(matched: Matched, spoken: Iterable[str]) -> dict[str, pl.DataFrame]:
    """The tables from which a later match takes what nothing has touched. `spoken`: record keys of which stewards have spoken."""
    edges = {name: getattr(matched.edges, name) for name in ("left", "right", "bits", "linked")}
    return {
        "settled": pl.DataFrame({"label": matched.label, "confidence": matched.confidence}),
        "edges": pl.DataFrame(edges),
        "vetoes": pl.DataFrame(matched.vetoes, schema={"left": pl.Int64, "right": pl.Int64}),
        "spoken": pl.DataFrame({"record_key": sorted(spoken)}, schema={"record_key": pl.String}),
    }
