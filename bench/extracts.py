"""Research extracts at three sizes: made by the command, then recounted by pyCANON in an environment of its own, which must find the same k, l and t."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

from _report import ROOT, Row, c2c, finish, run
from c2c.disclosure.extracts._plan import Element
from c2c.disclosure.extracts._recode import Ladder
from c2c.disclosure.extracts._recount import count_alike

SIZES = (3_000, 30_000, 100_000)
RECOUNT = ROOT / ".venv-recount" / "bin" / "python"
QUASI = ("sex", "group", "home", "started", "path")
PLAN = """person = "student"
[[elements]]
name = "sex"
from = "sex"
kind = "code"
role = "quasi"
[[elements]]
name = "group"
from = "group"
kind = "code"
role = "quasi"
[[elements]]
name = "home"
from = "school"
kind = "place"
role = "quasi"
[[elements]]
name = "started"
from = "started"
kind = "date"
role = "quasi"
[[elements]]
name = "path"
from = [{place = "college", by = "year"}]
kind = "trajectory"
role = "quasi"
[[elements]]
name = "pay"
from = "pay"
kind = "money"
role = "sensitive"
[[elements]]
name = "award"
from = "award"
kind = "code"
role = "sensitive"
"""


def main() -> int:
    """Make an extract of each size and count it twice."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.toml"
        plan.write_text(PLAN, "utf-8")
        for n in SIZES:
            source, target = Path(folder) / f"{n}.parquet", Path(folder) / str(n)
            students(n).write_parquet(source)
            seconds, peak, out = c2c("deidentify", str(source), str(target), "--plan", str(plan), "--json")
            said = json.loads(out)
            ours, mine = count(target)
            theirs = recount(target)
            rows.append(Row(f"{n:,} people: extract made in", seconds, "s"))
            rows.append(Row(f"{n:,} people: peak memory", peak, "MiB"))
            rows.append(Row(f"{n:,} people: lost", 100 * said["loss"], "%"))
            rows.append(Row(f"{n:,} people: recodings tried", said["recodings_tried"], ""))
            ratio = mine / theirs["seconds"]
            rows.append(Row(f"{n:,} people: counted in", mine, "s", peer="pyCANON", peer_value=theirs["seconds"], ratio=ratio))
            rows.append(agree(f"{n:,} people: k", said["proof"]["k"], ours["k"], theirs["k"]))
            for name, told in said["proof"]["outcomes"].items():
                for what in ("l", "t"):
                    counted = ours["outcomes"][name][what], theirs[name][what]
                    rows.append(agree(f"{n:,} people: {what} of {name}", told[what], *counted))
    return finish("extracts", rows)


def students(n: int) -> pl.DataFrame:
    """Students with one row for each year of study; most stay where they began."""
    rng = np.random.default_rng(11)
    years = rng.integers(1, 4, n)
    of = np.repeat(np.arange(n), years)
    year = 2018 + np.arange(len(of)) - np.repeat(np.cumsum(years) - years, years)
    college = np.repeat(rng.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05]), years)
    moved = rng.random(len(of)) < 0.1
    college[moved] = rng.integers(0, 5, moved.sum())
    county = rng.choice([1, 10, 19, 30, 37], n, p=[0.1, 0.1, 0.5, 0.2, 0.1])
    own = pl.DataFrame(
        {
            "student": [f"s{i}" for i in range(n)],
            "sex": rng.choice(["F", "M"], n),
            "group": rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "school": [f"{c:02d}{s:012d}" for c, s in zip(county, rng.integers(0, 50, n), strict=True)],
            "started": np.datetime64("2018-08-20") + rng.integers(0, 300, n),
            "pay": np.exp(rng.normal(10.4, 0.6, n)).round(2),
            "award": rng.choice(["none", "associate", "bachelor", "certificate"], n, p=[0.5, 0.2, 0.2, 0.1]),
        }
    )
    return own[of].with_columns(pl.Series("year", year), pl.Series("college", college).cast(pl.String))


def count(folder: Path) -> tuple[dict[str, object], float]:
    """k, l and t by our own count of the file, and its seconds."""
    table = pl.read_parquet(folder / "people.parquet")
    bands = tuple(sorted(set(table["pay"]), key=_low))
    outcomes = [
        Ladder(Element(name, (), kind, "sensitive"), (), (), order)
        for name, kind, order in (("pay", "money", bands), ("award", "code", ()))
    ]
    start = perf_counter()
    found = count_alike(table, QUASI, outcomes)
    return found, perf_counter() - start


def recount(folder: Path) -> dict[str, dict[str, float]]:
    """The same by pyCANON. It takes numbers for ordered outcomes: bands of pay go as their rank."""
    table = pl.read_parquet(folder / "people.parquet")
    rank = {band: n for n, band in enumerate(sorted(set(table["pay"]), key=_low))}
    path = folder / "recount.csv"
    table.with_columns(pl.col("pay").replace_strict(rank)).write_csv(path)
    _, _, out = run(str(RECOUNT), str(ROOT / "bench" / "_recount.py"), str(path), ",".join(QUASI), "pay,award")
    return json.loads(out)


def agree(measure: str, told: float, ours: float, theirs: float) -> Row:
    """One figure of the codebook; it holds where both counts of the file come to it."""
    holds = told == ours and abs(ours - theirs) < 1e-4
    return Row(measure, told, "", peer="pyCANON", peer_value=theirs, bar="the same", holds=holds)


def _low(band: str) -> float:
    return float(band.split(maxsplit=1)[0])


if __name__ == "__main__":
    sys.exit(main())
