"""The match of one people file on this machine and on Spark: seconds, whether every line of the links is the same, and what a second core brings.

Spark here is one machine's: it shows what Spark costs, and that work spreads; not what a cluster saves. Seconds are those of the whole command,
Spark's start included. Bytes are those of the files that every machine of a cluster holds.

`--people=20000` is the size of the synthetic state.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from _report import Row, c2c, finish, run

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Make the state, match it each way, print."""
    people = int(next((a.split("=", 1)[1] for a in sys.argv if a.startswith("--people=")), "20000"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = records(folder, people)
        here, there, one = (matched(folder, source, *how) for how in (("local", 0), ("spark", 0), ("spark", 1)))
        units = json.loads(run(sys.executable, str(HERE / "_units.py"), str(source))[2])
    same = here["links"] == there["links"] == one["links"]
    label = f"{people:,} people, {here['rows']:,} records"
    n_pairs, cores = here["pairs_compared"], os.cpu_count() or 1
    rows = [
        Row(f"{label}: local", here["seconds"], "s"),
        Row(
            f"{label}: Spark on {cores} cores", there["seconds"], "s", "local", here["seconds"], there["seconds"] / here["seconds"]
        ),
        Row(f"{label}: Spark on 1 core", one["seconds"], "s"),
        Row(f"Spark from 1 to {cores} cores", one["seconds"] / there["seconds"], "times as fast"),
        Row("links of local and Spark are the same", float(same), "(1 yes)", bar="= 1", holds=same),
        Row("pairs compared", n_pairs, "pairs"),
        *(Row(measure, value, unit) for measure, value, unit in units),
    ]
    return finish("spark", rows)


def records(folder: Path, people: int) -> Path:
    """A synthetic state's records with names, as one people file."""
    site, truth, source = folder / "state", folder / "truth.parquet", folder / "people.parquet"
    c2c("init", str(site))
    c2c("synth", str(site / "inbox"), "--people", str(people), "--seed", "1", "--truth", str(truth))
    for arguments in (("receive", str(site), "2026"), ("people", str(site), str(truth), str(source))):
        run(sys.executable, str(HERE / "_state.py"), *arguments)
    return source


def matched(folder: Path, source: Path, engine: str, cores: int) -> dict[str, Any]:
    """What one match said, with its seconds and a digest of its links. `cores`: 0 for all."""
    out = folder / f"{engine}-{cores}.csv"
    bound = ["taskset", "-c", "0"] if cores == 1 else []
    command = [*bound, sys.executable, "-m", "c2c.cli", "match", "file", str(source), str(out), "--engine", engine, "--json"]
    seconds, _, said = run(*command)
    return json.loads(said) | {"seconds": seconds, "links": hashlib.sha256(out.read_bytes()).hexdigest()}


if __name__ == "__main__":
    sys.exit(main())
