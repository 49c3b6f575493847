"""A research project, from its plan to its end, by the commands a person runs."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from journey import c2c

ROOT = Path(__file__).resolve().parents[2]
PLAN = ROOT / "docs" / "examples" / "research_extract" / "pathways.toml"


def test_two_projects_have_their_extracts_and_one_is_closed(copy: Path, tmp_path: Path) -> None:
    """The example's plan is made into an extract for each of two projects; they share no pseudonym; a closed project makes none any more."""
    names = []
    for project in ("one", "two"):
        done = c2c("extract", "make", str(PLAN), str(tmp_path / project), "--project", project, "--site", str(copy), "--json")
        assert done.returncode == 0, done.stderr[-2000:]
        said = json.loads(done.stdout)
        table = pl.read_parquet(tmp_path / project / "people.parquet")
        quasi = [e["name"] for e in said["elements"] if e["role"] == "quasi"]
        assert table.group_by(quasi).len()["len"].min() == said["proof"]["k"] >= 11
        assert said["receipt"]["pull"].startswith("research-")
        names.append(set(table["pseudonym"]))
    assert not names[0] & names[1] and len(names[0]) == len(names[1])
    assert c2c("extract", "close", "--project", "one", "--site", str(copy)).returncode == 0
    late = c2c("extract", "make", str(PLAN), str(tmp_path / "late"), "--project", "one", "--site", str(copy))
    assert late.returncode == 1 and "DSC-032" in late.stderr and not (tmp_path / "late").exists()
    assert c2c("audit", "verify", "--site", str(copy)).returncode == 0
