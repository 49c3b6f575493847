"""The worked example of the documentation: a college's own export, through its column map, by the command its steward would type."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from builders import a_site

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "ccc_person"


def test_the_worked_example_says_what_its_page_says(tmp_path: Path) -> None:
    """Foreign names, days and codes come out with the four faults they have, on the rows and columns the page names."""
    site = a_site(tmp_path)
    command = [sys.executable, "-m", "c2c.cli", "submit", "ccc", "ccc_person", str(EXAMPLE / "students.txt"), "--period", "2026"]
    done = subprocess.run(
        [*command, "--map", str(EXAMPLE / "students.map.toml"), "--site", str(site.root), "--json"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": "src"},
    )
    said = json.loads(done.stdout)
    assert done.returncode == 1 and (said["verdict"], said["rows"], said["rows_set_aside"]) == ("accepted_in_part", 40, 2)
    with (site.root / "findings" / said["submission"] / "findings.csv").open(encoding="utf-8", newline="") as handle:
        found = [(r["row"], r["code"], r["column"]) for r in csv.DictReader(handle)]
    page = (EXAMPLE / "README.md").read_text("utf-8")
    assert found == re.findall(r"^\| (\d+) \| (FND-\d+) \| `(\w+)` \|", page, re.MULTILINE) and len(found) == 4
    assert [f["column"] for f in said["findings"] if f["code"] == "FND-113"] == ["ENTRY_CD"]
