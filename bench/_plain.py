"""Our weights alone on a people file: every pair's bits, cut at the threshold that suits the truth best, joined without cannot-links.

`_plain.py FILE TRUTH MODEL` writes the model learnt as Splink's settings and prints one JSON document. Run by our interpreter.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from c2c.identity._file import read_people, rows_of
from c2c.identity._match import match_people
from c2c.identity._settings import write_model

THRESHOLDS = np.arange(0, 30, 1.0)


def main() -> None:
    """Match, write the model, judge."""
    with tempfile.TemporaryDirectory() as private:
        people = read_people(Path(sys.argv[1]), {}, Path(private))
        tuples = people.fold(Path(private))
        matched = match_people(tuples.people, tuples.keys)
    write_model(matched.model, matched.coded.key, Path(sys.argv[3]))
    row = rows_of(people.ids, tuples)
    person = pl.read_parquet(sys.argv[2])["person"].rank("dense").to_numpy().astype(np.int64)
    edges = matched.edges
    best = {"f1": -1.0, "weight": 0.0}
    for weight in THRESHOLDS.tolist():
        kept = edges.bits >= weight
        graph = coo_matrix((np.ones(kept.sum(), np.int8), (edges.left[kept], edges.right[kept])), shape=(tuples.n, tuples.n))
        label = connected_components(graph, directed=False)[1][row].astype(np.int64)
        said, true, both = (n_pairs(x) for x in (label, person, label * (person.max() + 1) + person))
        precision, recall = both / max(said, 1), both / max(true, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        best = max(best, {"f1": f1, "weight": weight}, key=lambda one: one["f1"])
    print(json.dumps(best | {"pairs": record_pairs(edges.left, edges.right, row, tuples.n)}))


def record_pairs(left: np.ndarray, right: np.ndarray, row: np.ndarray, n: int) -> int:
    """Pairs of rows of the file whose tuples are an edge, and those of one tuple."""
    held = np.bincount(row, minlength=n)
    return int((held[left] * held[right]).sum() + (held * (held - 1) // 2).sum())


def n_pairs(label: np.ndarray) -> int:
    """Pairs of rows under one label."""
    counts = np.unique(label, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


if __name__ == "__main__":
    main()
