"""A whole year, from partners' files to a release, at three sizes (`--sizes 2000,10000,100000`), step by step, with growth. No peer does it."""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from pathlib import Path

from _report import Row, c2c, finish


def main() -> int:
    """Run the demo's year at each size and print each step's seconds and memory."""
    asked = next((a.split("=", 1)[1] for a in sys.argv if a.startswith("--sizes=")), "2000,10000,100000")
    rows, totals = [], []
    for people in map(int, asked.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            _, peak, out = c2c("demo", "--people", str(people), "--no-serve", "--json", "--site", str(Path(folder) / "site"))
            said = json.loads(out)
        total = sum(s["seconds"] for s in said["steps"] if s["step"] not in ("synth", "evaluate"))
        totals.append((people, total))
        rows += [Row(f"{people:,} people: {s['step']}", s["seconds"], "s") for s in said["steps"]]
        rows.append(Row(f"{people:,} people: the year, files to release", total, "s"))
        rows.append(Row(f"{people:,} people: peak memory", peak, "MiB"))
    for (n1, t1), (n2, t2) in itertools.pairwise(totals):
        rows.append(
            Row(
                f"cost grows from {n1:,} to {n2:,} people by",
                t2 / t1,
                f"times for {n2 / n1:.0f} times the people",
                bar="≤ 1.1 x",
                holds=t2 / t1 <= 1.1 * n2 / n1,
            )
        )
    return finish("year", rows)


if __name__ == "__main__":
    sys.exit(main())
