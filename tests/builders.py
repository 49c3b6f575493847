"""The usual case in one call: a site with the shipped terms in force, a permit, a submission, a batch."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from c2c import catalog, governance
from c2c.plumbing import clock
from c2c.plumbing.site import Site
from c2c.vocabulary import Batch, Identifiers, Permit, Records, Submission


def a_site(folder: Path) -> Site:
    """A new site with California's terms in force."""
    return governance.found_site(folder / "site", actor="operator")


def a_permit(
    site: Site, purpose: str = "public_tools", *, years: tuple[int, int] = (2000, 2026), actor: str = "operator"
) -> Permit:
    """Leave for everything the terms share for a purpose."""
    elements = governance.permitted_elements(site, purpose, today=clock.today())
    return governance.permit(site, purpose, actor=actor, elements=elements, years=years, today=clock.today())


def an_agreement(partner: str, files: Sequence[str], *, version: str = "1.0") -> str:
    """The text of a participation agreement that lets a partner send files."""
    listed = ", ".join(f'"{f}"' for f in files)
    return (
        f'agreement = "PA-{partner.upper()}-TEST"\nversion = "{version}"\npartner = "{partner}"\neffective_from = 2023-07-01\nminimum_cell = 11\n'
        f'[[clauses]]\nnumber = "2.1"\npurpose = "submission"\nfiles = [{listed}]\nelements = "sent"\ntext = "The partner sends these files."\n'
    )


def a_submission_permit(site: Site, file: str = "k12_person", *, period: int = 2025) -> Permit:
    """Leave to seal one file of one year."""
    elements = [e.path for e in catalog.load().files[file].elements]
    return governance.permit(site, "submission", actor="operator", elements=elements, years=(period, period), today=clock.today())


def a_submission(file: str = "k12_person", *, period: int = 2025, rows: int = 2) -> Submission:
    """A delivery of a file, named by file and year."""
    partner = catalog.load().files[file].partner_code
    return Submission(f"s-{file}-{period}", partner, file, period, "2026-07-31T00:00:00Z", "0" * 64, rows)


def a_batch(
    folder: Path,
    file: str = "k12_person",
    *,
    period: int = 2025,
    identifiers: Sequence[Mapping[str, object]] = (),
    records: Sequence[Mapping[str, object]] = (),
) -> Batch:
    """An accepted batch with these trays."""
    sent = a_submission(file, period=period, rows=len(records))
    folder.mkdir(parents=True, exist_ok=True)
    who, what = folder / f"{sent.submission_id}.who.parquet", folder / f"{sent.submission_id}.what.parquet"
    pq.write_table(pa.Table.from_pylist(list(identifiers)), who)
    pq.write_table(pa.Table.from_pylist(list(records)), what)
    return Batch(
        sent,
        "accepted",
        (),
        0,
        Identifiers(sent, who, len(identifiers)),
        Records(sent, what, len(records)),
        folder / "findings.csv",
    )


def a_table(path: Path, rows: list[tuple[str, str, int]]) -> Path:
    """Counts by place and group with all their margins, in the long form."""
    places, groups = sorted({r[0] for r in rows}), sorted({r[1] for r in rows})
    counts = {
        (p, g): sum(n for a, b, n in rows if p in (a, "Total") and g in (b, "Total"))
        for p in (*places, "Total")
        for g in (*groups, "Total")
    }
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["table", "place", "group", "value"])
        writer.writerows(["t", p, g, n] for (p, g), n in counts.items())
    return path
