"""How long a pretend state takes to make, its memory, and how both grow over three sizes. No peer makes one."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from _report import Row, c2c, finish

SIZES = (2_000, 20_000, 100_000)
BAR_SECONDS_PER_MILLION = 600


def main() -> int:
    """Make a state of each size."""
    rows, seconds = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for people in SIZES:
            _, peak, out = c2c("synth", str(Path(folder) / str(people)), "--people", str(people), "--json")
            step = json.loads(out)["steps"][0]
            seconds = step["seconds"]
            rows.append(Row(f"rows of {people:,} people", step["rows"], "rows"))
            rows.append(Row(f"seconds of {people:,} people", seconds, "s"))
            rows.append(Row(f"peak memory of {people:,} people", peak, "MiB", bar="≤ 8 GB", holds=peak <= 8192))
    per_million = seconds / SIZES[-1] * 1e6
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
