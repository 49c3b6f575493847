"""The catalog is the data of the domain, whole; to add to it is to add rows."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

import c2c
from c2c import catalog

SHIPPED = Path(catalog.__file__).parent / "data"
LOGICAL_TYPES = {"string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean"}
"""Of the Open Data Contract Standard, version 3.0.2, as are the keys asked for below."""


def test_all_of_the_domains_data_are_carried() -> None:
    """Nothing that partners, measures or the research agenda name is left out."""
    cat = catalog.load()
    assert (len(cat.partners), len(cat.files), len(cat.elements), len(cat.code_sets), len(cat.measures)) == (25, 41, 526, 71, 60)
    assert len(cat.research_agenda) == 26 and all(row["question"] for row in cat.research_agenda)


def test_what_one_table_names_another_has() -> None:
    """A measure that needs a file nobody sends, or a code set nobody wrote, would fail in front of its reader."""
    cat = catalog.load()
    assert {e.code_set for e in cat.elements if e.code_set} <= set(cat.code_sets)
    files = {f"{f.partner_code}.{f.file}" for f in cat.files.values()}
    assert {need for row in cat.measures.values() for need in row["needs"].split(";")} <= files
    assert {f.partner_code for f in cat.files.values()} <= {p["partner_code"] for p in cat.partners}
    for layout in cat.files.values():
        assert set(layout.primary_key) | set(layout.person_id_columns) <= {e.element for e in layout.elements}, layout.file


@pytest.mark.parametrize("file", catalog.load().files)
def test_a_contract_is_one_of_the_open_standard(file: str) -> None:
    """A partner's own tools check a file against its contract before it is sent."""
    cat = catalog.load()
    layout = cat.files[file]
    said = yaml.safe_load(catalog.contract(layout, cat))
    assert (said["kind"], said["apiVersion"]) == ("DataContract", "v3.0.2")
    assert said["id"] and said["version"] and said["status"] in ("proposed", "draft", "active", "deprecated", "retired")
    (table,) = said["schema"]
    assert table["logicalType"] == "object" and [p["name"] for p in table["properties"]] == [e.element for e in layout.elements]
    for column in table["properties"]:
        assert column["logicalType"] in LOGICAL_TYPES and isinstance(column["required"], bool)
        assert all(
            rule["type"] in ("text", "library", "sql", "custom") and rule["description"] for rule in column.get("quality", ())
        )
        assert all(d["url"] and d["type"] for d in column.get("authoritativeDefinitions", ()))
        assert all(set(p) == {"property", "value"} for p in column["customProperties"])
    placed = sorted((c["primaryKeyPosition"], c["name"]) for c in table["properties"] if c["primaryKey"])
    assert [name for _, name in placed] == list(layout.primary_key)


def test_an_element_is_asked_for_between_its_dates(tmp_path: Path) -> None:
    """What the board has ended is no longer asked for; what it starts next year is not asked for yet."""
    folder = tmp_path / "data"
    shutil.copytree(SHIPPED, folder)
    rows = list(csv.DictReader((folder / "elements.csv").read_text("utf-8").splitlines()))
    for row in rows:
        dates = {"migrant": ("", "2025-06-30"), "homeless": ("2027-07-01", "")}.get(row["element"], ("", ""))
        row["effective_from"], row["effective_to"] = dates
    with (folder / "elements.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    layout = catalog.load(folder).files["k12_status"]
    asked = {
        day: {e.element for e in layout.on(date.fromisoformat(day)).elements} for day in ("2025-06-30", "2025-07-01", "2027-07-01")
    }
    assert "migrant" in asked["2025-06-30"] and "migrant" not in asked["2025-07-01"]
    assert "homeless" not in asked["2025-07-01"] and "homeless" in asked["2027-07-01"]
    assert "2025-06-30" in catalog.contract(layout, catalog.load(folder))


def test_a_file_is_proposed_while_all_of_it_waits_for_a_vote() -> None:
    """A feed without a vote is told apart from one that has joined."""
    files = catalog.load().files
    assert files["apprenticeship"].status == "proposed" and files["k12_person"].status == "active"


def test_a_partner_a_file_and_an_element_are_added_by_rows_alone(tmp_path: Path) -> None:
    """A state that has one more agency changes data, never code: its file is checked and split like any other."""
    shutil.copytree(Path(c2c.__file__).parent, tmp_path / "src" / "c2c", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "src" / "c2c" / "catalog" / "data"
    _add(folder / "partners.csv", partner_code="lib", name="State Library", role="data_provider", join_order="2026")
    _add(
        folder / "submissions.csv",
        partner_code="lib",
        file="reader",
        title="Readers",
        title_es="Lectores",
        grain="one row per reader",
        primary_key="reader_id",
        person_id_columns="reader_id",
        approx_rows_per_year="10",
        period="school year",
    )
    common = {"partner_code": "lib", "file": "reader", "label": "x", "label_es": "x", "status": "active", "basis": "reconstructed"}
    key = {"required": "yes", "role": "identity", "matching": "yes", "classification": "direct_identifier"}
    plain = {"required": "no", "role": "attribute", "matching": "no", "classification": "internal"}
    _add(folder / "elements.csv", element="reader_id", type="string", valid_rule=r"regex ^\d{4}$", **common, **key)
    _add(folder / "elements.csv", element="books_read", type="integer", valid_rule="0<=x<=999", **common, **plain)
    sent = tmp_path / "readers.csv"
    sent.write_text("reader_id,books_read\n1000,3\n1001,4000\n" + "".join(f"{n},1\n" for n in range(2000, 2100)), "utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "c2c.cli", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert run("init", "site").returncode == 0
    said = json.loads(run("submit", "lib", "reader", str(sent), "--period", "2026", "--site", "site", "--dry-run", "--json").stdout)
    assert said["verdict"].startswith("accepted") and said["rows"] == 102
    assert [(f["code"], f["column"], f["n_rows"]) for f in said["findings"]] == [("FND-106", "books_read", 1)]


def _add(path: Path, **values: str) -> None:
    header = path.read_text("utf-8").splitlines()[0].split(",")
    assert set(values) <= set(header)
    with path.open("a", encoding="utf-8") as handle:
        handle.write(",".join(values.get(c, "") for c in header) + "\n")
