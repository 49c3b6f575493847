"""The catalog is the data of the domain, whole; to add to it is to add rows."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import yaml

from c2c import catalog


def test_all_of_the_domains_data_are_carried() -> None:
    """Nothing that partners, measures or the research agenda name is left out."""
    cat = catalog.load()
    assert (len(cat.partners), len(cat.files), len(cat.elements), len(cat.code_sets), len(cat.measures)) == (25, 41, 526, 71, 60)


def test_a_partner_a_file_and_an_element_are_added_by_rows_alone(tmp_path: Path) -> None:
    """A state that has one more agency changes data, never code."""
    with as_file(files("c2c.catalog") / "data") as shipped:
        shutil.copytree(shipped, tmp_path / "data")
    folder = tmp_path / "data"
    _add(folder / "partners.csv", partner_code="lib", name="State Library")
    _add(
        folder / "submissions.csv",
        partner_code="lib",
        file="reader",
        primary_key="reader_id",
        person_id_columns="reader_id",
        approx_rows_per_year="10",
        period="school year",
    )
    _add(
        folder / "elements.csv",
        partner_code="lib",
        file="reader",
        element="reader_id",
        type="string",
        required="yes",
        role="identity",
        matching="yes",
        valid_rule="max_length 9",
    )
    layout = catalog.load(folder).files["reader"]
    assert [e.element for e in layout.elements] == ["reader_id"]
    assert catalog.parse_rule(layout.elements[0].rule)


def test_each_file_has_a_contract_that_other_tools_read() -> None:
    """A partner's own tools can check a file before it is sent."""
    cat = catalog.load()
    for layout in cat.files.values():
        said = yaml.safe_load(catalog.contract(layout, cat))
        assert said["kind"] == "DataContract"
        assert len(said["schema"][0]["properties"]) == len(layout.elements)


def _add(path: Path, **values: str) -> None:
    header = path.read_text("utf-8").splitlines()[0].split(",")
    with path.open("a", encoding="utf-8") as handle:
        handle.write(",".join(values.get(c, "") for c in header) + "\n")
