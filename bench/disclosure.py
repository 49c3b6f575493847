"""Protection and attack of a reference cube (district > school by seven by five, with all margins) at three sizes. No peer runs here."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from _report import Row, c2c, finish

SIZES = (16, 50, 150)


def main() -> int:
    """Protect and attack a cube of each size; the attack on the protected cube must find nothing."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for districts in SIZES:
            raw, safe = Path(folder) / f"{districts}.csv", Path(folder) / f"{districts}.safe.csv"
            cells = cube(raw, districts)
            seconds, peak, out = c2c("protect", str(raw), str(safe), "--json")
            said = json.loads(out)
            attack_seconds, _, out = c2c("attack", str(safe), "--json")
            found = json.loads(out)
            rows.append(Row(f"{cells:,} cells: protected in", seconds, "s"))
            rows.append(Row(f"{cells:,} cells: peak memory", peak, "MiB"))
            rows.append(Row(f"{cells:,} cells: withheld", said["withheld"] / cells * 100, "%"))
            rows.append(Row(f"{cells:,} cells: attacked in", attack_seconds, "s"))
            rows.append(
                Row(f"{cells:,} cells: pinned or narrow", found["pinned"] + found["narrow"], "cells", bar="0", holds=found["ok"])
            )
    return finish("disclosure", rows)


def cube(path: Path, districts: int) -> int:
    """Write a cube of skewed counts with all its margins; returns the number of cells."""
    rng = np.random.default_rng(7)
    counts = rng.negative_binomial(0.9, 0.03, (districts, 7, 5))
    counts = np.concatenate([counts, counts.sum(0, keepdims=True)])
    counts = np.concatenate([counts, counts.sum(1, keepdims=True)], axis=1)
    counts = np.concatenate([counts, counts.sum(2, keepdims=True)], axis=2)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["table", "district", "group", "outcome_of_five", "value"])
        for (i, j, k), n in np.ndenumerate(counts):
            place = "Total" if i == districts else f"d{i}"
            writer.writerow(["t", place, "Total" if j == 7 else f"g{j}", "Total" if k == 5 else f"o{k}", int(n)])
    return int(counts.size)


if __name__ == "__main__":
    sys.exit(main())
