"""A delivery's specification: what a partner sent, as a small text table; how it was received, and every finding of its rows.

    ssid       | birth_date
    4711000001 | 2011-02-30

Columns left out hold the usual value of that file, other optional ones are blank. A `-` is a blank. `{school_year}` is that of the
delivery. People are the cast of the project.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from builders import a_permit
from c2c import cycle, vault
from c2c.plumbing.site import Site, scratch
from c2c.vocabulary import Batch

USUAL: Mapping[str, Mapping[str, str]] = {
    "k12_person": {
        "ssid": "4711000001",
        "district_code": "1964733",
        "first_name": "Ana",
        "last_name": "García",
        "birth_date": "2011-02-03",
    },
    "k12_completion": {
        "ssid": "4711000001",
        "school_year": "{school_year}",
        "cds_code": "19647330000001",
        "completion_date": "2025-06-10",
        "completer_status": "diploma_standard",
        "cohort_year": "2025",
    },
    "k12_attendance": {
        "ssid": "4711000001",
        "school_year": "{school_year}",
        "cds_code": "19647330000001",
        "expected_days": "180",
        "days_attended": "170",
        "chronically_absent": "false",
    },
    "credential": {
        "seid": "1000000001",
        "first_name": "Maria",
        "last_name": "Núñez",
        "birth_date": "1985-05-05",
        "document_number": "D1",
        "credential_type": "single_subject",
        "credential_level": "preliminary",
        "subject_area": "math",
        "issue_date": "2020-01-01",
    },
    "ui_wage": {
        "ssn": "123456789",
        "last_name": "ORTIZ",
        "wage_year": "2025",
        "wage_quarter": "1",
        "employer_account": "10000001",
        "quarterly_wages": "9000.00",
    },
}
PARTNER = {"k12_person": "cde", "k12_completion": "cde", "k12_attendance": "cde", "credential": "ctc", "ui_wage": "edd"}


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a text table."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [{n: "" if c == "-" else c for n, c in zip(lines[0], line, strict=True)} for line in lines[1:]]


def csv_of(file: str, text: str, period: int) -> str:
    """A file as its partner would send it, from a text table."""
    year = f"{period - 1}-{period % 100:02d}"
    rows = [{n: v.format(school_year=year) for n, v in {**USUAL[file], **row}.items()} for row in rows_of(text)]
    names = list(dict.fromkeys(n for row in rows for n in row))
    return "\n".join([",".join(names), *(",".join(row.get(n, "") for n in names) for row in rows)]) + "\n"


def send(
    site: Site,
    file: str,
    what: str | bytes | Path,
    *,
    period: int = 2025,
    name: str = "sent.csv",
    column_map: str = "",
    dry_run: bool = False,
) -> Batch:
    """Submit a file as its partner does: a path, the bytes of a file, or a text table."""
    folder = site.root.parent / "outbox"
    folder.mkdir(exist_ok=True)
    path = what if isinstance(what, Path) else folder / name
    if not isinstance(what, Path):
        path.write_bytes(what if isinstance(what, bytes) else csv_of(file, what, period).encode())
    said = folder / "map.toml" if column_map else None
    if said:
        said.write_text(column_map, "utf-8")
    return cycle.submit(site, PARTNER[file], file, path, period=period, column_map=said, actor="operator", dry_run=dry_run)


def told(batch: Batch) -> list[tuple[str, str, str, str]]:
    """Row, code, severity and column of every row-level finding."""
    with batch.findings_path.open(encoding="utf-8", newline="") as handle:
        return [(r["row"], r["code"], r["severity"], r["column"]) for r in csv.DictReader(handle)]


def as_told(text: str) -> list[tuple[str, str, str, str]]:
    """The same, from a text table `row | code | severity | column`."""
    return [(r["row"], r["code"], r["severity"], r["column"]) for r in rows_of(text)]


def codes(batch: Batch) -> set[tuple[str, str]]:
    """Code and column of every finding of the whole delivery."""
    return {(f.code, f.column) for f in batch.findings}


def crowd(file: str, n: int) -> str:
    """A text table of `n` good rows, so that a few faulty ones beside them do not get the whole file refused."""
    key = next(iter(USUAL[file]))
    return f"{key}\n" + "\n".join(str(int(USUAL[file][key]) + 1000 + i) for i in range(n))


def kept(site: Site, batch: Batch) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Who and what, as the vault holds them."""
    found = []
    with scratch(site) as private:
        for tray, purpose in (("identifiers", "identity_match"), ("records", "public_tools")):
            only = [batch.submission.submission_id]
            for opened in vault.open_trays(site, tray, permit=a_permit(site, purpose), scratch=private, only=only):
                found.append(pl.read_parquet(opened.path))
    who, what = found
    return who, what
