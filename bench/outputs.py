"""Verdicts on generated tables of pay by sector and county, ours and acro's on the same contributors, with seconds at three sizes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

from _report import ROOT, Row, c2c, finish

SIZES = (1_000, 20_000, 400_000)
CODE = b"made here\n"


def main() -> int:
    """Check a folder of each size with acro beside; every verdict must be the same."""
    os.environ.setdefault("C2C_ACRO", str(ROOT / ".venv-acro" / "bin" / "python"))
    rows = []
    for people in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            cells = a_folder(folder, people)
            seconds, _, _ = c2c("output", "check", str(folder / "out"), "--contributions", str(folder), "--json")
            start = perf_counter()
            _, peak, out = c2c("output", "check", str(folder / "out"), "--contributions", str(folder), "--acro", "--json")
            more = perf_counter() - start - seconds
            said = json.loads(out)["acro"]
            of = f"{people:,} people, {cells:,} cells"
            # On a busy machine the second run may be the shorter one: then nothing is said of what acro takes.
            beside = ("acro", more, seconds / more) if more > 0 else ()
            rows.append(Row(f"{of}: checked in", seconds, "s", *beside))
            rows.append(Row(f"{of}: peak memory with acro", peak, "MiB"))
            agreed = f"{said['cells']} cells compared"
            rows.append(Row(f"{of}: judged otherwise", said["otherwise"], "cells", bar=f"0, {agreed}", holds=not said["otherwise"]))
    return finish("outputs", rows)


def a_folder(folder: Path, people: int) -> int:
    """Contributors, and a table of their counts and one of their mean pay; returns how many cells the two have."""
    rng = np.random.default_rng(people)
    sectors, counties = 20, max(2, people // 2_000)
    pay = rng.lognormal(10, 1.2, people).round(2)
    # A few employers of whole counties: what dominance is about.
    pay[rng.integers(0, people, max(1, people // 500))] *= 1000
    made = pl.DataFrame(
        {
            "sector": [f"s{i}" for i in np.minimum(rng.geometric(0.18, people), sectors)],
            "county": [f"c{i}" for i in rng.integers(0, counties, people)],
            "amount": pay,
        }
    )
    made.write_csv(folder / "pay.csv")
    cells = made.group_by("sector", "county").agg(n=pl.len(), value=pl.col("amount").mean()).sort("sector", "county")
    out = folder / "out"
    out.mkdir()
    (out / "made.R").write_bytes(CODE)
    cells.select("sector", "county", value="n").write_csv(out / "counts.csv")
    cells.select("sector", "county", pl.lit("mean").alias("statistic"), "value", "n").write_csv(out / "means.csv")
    said = ['author = "a.b"\nproject = "bench"\n[[outputs]]\nfile = "made.R"\nkind = "code"\n']
    for name, kind, columns in (
        ("counts.csv", "counts", ["sector", "county", "value"]),
        ("means.csv", "magnitudes", ["sector", "county", "statistic", "value", "n"]),
    ):
        said.append(
            f'[[outputs]]\nfile = "{name}"\nkind = "{kind}"\nmeasure = "workers"\nn = {people}\ncolumns = {json.dumps(columns)}\n'
            f'contributions = "pay.csv"\ncode = "{hashlib.sha256(CODE).hexdigest()}"\n'
        )
    (out / "outputs.toml").write_text("".join(said))
    return 2 * len(cells)


if __name__ == "__main__":
    sys.exit(main())
