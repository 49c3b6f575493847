"""What the attacks share: small tables written for the eye, naive protection, and people sent through the gate."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from attack.outsider import withheld_counts
from builders import a_permit
from c2c import disclosure
from c2c.disclosure._products import read_product
from c2c.plumbing.site import Site

Person = Mapping[str, Any]


def read(text: str) -> list[dict[str, str]]:
    """A table written with bars for the eye."""
    head, *lines = [[part.strip() for part in line.split("|")] for line in text.strip().splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as a file in the long form."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def long_form(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Rows with all that the attacker's reader asks for."""
    blank = {"table": "t", "measure": "m", "statistic": "count", "status": "shown", "low": "", "high": "", "of": ""}
    return [blank | dict(row) for row in rows]


def small_only(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The naive way: counts of 1 to 10 are hidden, nothing else is."""
    return [row | {"value": "", "status": "c"} if 0 < int(row["value"]) < 11 else row for row in rows]


def pinned(path: Path, width: float = 9.0) -> list[dict[str, str]]:
    """The withheld figures that the stranger of `outsider.py` knows more closely than a width."""
    return [row for row, low, high in withheld_counts(path) if high - low < width - 1e-6]


def protected(folder: Path, rows: list[dict[str, str]], name: str = "safe") -> Path:
    """The same rows through `c2c protect`."""
    safe = folder / f"{name}.csv"
    disclosure.protect_file(write(folder / f"{name}.raw.csv", rows), safe)
    return safe


def people(n: int, **said: Any) -> list[Person]:
    """So many alike."""
    return [said] * n


GRADUATES = """
product = "p"
edition = "1"
geographies = ["school_district", "legislative_district"]
mergeable = []
identities = []
[hierarchies]
[[tables]]
measure = "hs_graduates"
population = "hs_graduates"
statistic = "count"
years = 1
horizon = 0
breakdowns = [[], ["group"]]
"""
WENT_ON = """
[[tables]]
measure = "public_college_enrolled_1yr"
population = "hs_graduates"
statistic = "percent"
outcome = "went_on"
values = ["yes"]
years = 1
horizon = 0
breakdowns = [[], ["group"]]
"""


def released(site: Site, text: str, some: list[Person], *, release_id: str = "2025-one") -> list[dict[str, Any]]:
    """The cells of a release of these people, all that the public gets."""
    facts = site.folder("try") / "hs_graduates.parquet"
    pl.DataFrame([{"pseudonym": str(i), "academic_year": 2025, **p} for i, p in enumerate(some)]).write_parquet(facts)
    safe = disclosure.tabulate(
        site, read_product(text), {"hs_graduates": facts}, permit=a_permit(site), release_id=release_id, year=2025
    )
    return pl.read_parquet(safe.cells).to_dicts()


def cell(cells: list[dict[str, Any]], statistic: str, **where: str) -> dict[str, Any]:
    """The one published row at a place."""
    found = [c for c in cells if c["statistic"] == statistic and all(c.get(k) == v for k, v in where.items())]
    return found[0]
