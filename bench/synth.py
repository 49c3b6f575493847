"""How long a pretend state takes to make, its memory, and how both grow over the sizes (`--sizes=2000,20000,100000`). No peer makes one."""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from pathlib import Path

from _report import Row, c2c, finish

BAR_SECONDS_PER_MILLION = 600
BAR_MIB = 8192


def main() -> int:
    """Make a state of each size."""
    asked = next((a.split("=", 1)[1] for a in sys.argv if a.startswith("--sizes=")), "2000,20000,100000")
    rows: list[Row] = []
    timed: list[tuple[int, float]] = []
    for people in map(int, asked.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            _, _, out = c2c("synth", str(Path(folder) / "inbox"), "--people", str(people), "--json")
        step = json.loads(out)["steps"][0]
        timed.append((people, step["seconds"]))
        rows.append(Row(f"{people:,} people: rows", step["rows"], "rows"))
        rows.append(Row(f"{people:,} people: made in", step["seconds"], "s"))
        rows.append(
            Row(f"{people:,} people: peak memory", step["peak_mib"], "MiB", bar="≤ 8 GB", holds=step["peak_mib"] <= BAR_MIB)
        )
    for (fewer, t1), (more, t2) in itertools.pairwise(timed):
        rows.append(
            Row(f"cost grows from {fewer:,} to {more:,} people by", t2 / t1, f"times for {more / fewer:.0f} times the people")
        )
    people, seconds = timed[-1]
    per_million = seconds / people * 1e6
    rows.append(
        Row(
            "seconds per million people, from the last",
            per_million,
            "s",
            bar="≤ 600 s",
            holds=per_million <= BAR_SECONDS_PER_MILLION,
        )
    )
    return finish("synth", rows)


if __name__ == "__main__":
    sys.exit(main())
