"""Participation agreements and purposes as term files: read from the site, shipped with the product, one TOML each."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from c2c import audit, catalog
from c2c.plumbing import errors
from c2c.plumbing.site import Site, write_bytes


@dataclass(frozen=True)
class Clause:
    """What one clause allows: which elements of which files serve a purpose, between which days."""

    number: str
    purpose: str
    files: tuple[str, ...]
    elements: str | tuple[str, ...]
    text: str

    def covers(self, element: catalog.Element) -> bool:
        """Does this clause share that element? `sent` is every column, `matching` the identifiers, `published` what feeds a tool."""
        if element.file not in self.files:
            return False
        if self.elements == "sent":
            return True
        if self.elements == "matching":
            return element.matching
        if self.elements == "published":
            return bool(element.used_in) and element.role != "identity" and element.status == "active"
        return element.element in self.elements


@dataclass(frozen=True)
class Agreement:
    """One partner's signed participation agreement, in force between two days."""

    number: str
    version: str
    partner: str
    effective_from: date
    effective_to: date | None
    minimum_cell: int
    clauses: tuple[Clause, ...]

    def in_force(self, today: date) -> bool:
        """Is the agreement in force on that day?"""
        return self.effective_from <= today and (self.effective_to is None or today <= self.effective_to)


@dataclass(frozen=True)
class Purpose:
    """A use that a data use licence allows, who may act for it, and how long a permit for it lives."""

    purpose: str
    title: str
    actors: tuple[str, ...]
    permit_days: int


def agreements(site: Site) -> tuple[Agreement, ...]:
    """Every agreement the site holds, in force or not, by partner and version."""
    return _read(site.root / "terms", _digest(site.root / "terms"))[0]


def purposes(site: Site) -> Mapping[str, Purpose]:
    """Every purpose the site knows, by name."""
    return _read(site.root / "terms", _digest(site.root / "terms"))[1]


def sign(site: Site, text: str, *, actor: str) -> Agreement:
    """Put an agreement's term file in force for the site, and write its hash to the ledger first.

    An agreement of the same number takes the place of its earlier version; the next decision obeys it.
    """
    terms = _agreement(tomllib.loads(text))
    audit.append(
        site,
        "governance:agreement:signed",
        actor=actor,
        agreement=terms.number,
        version=terms.version,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    write_bytes(site.folder("terms") / f"{terms.number}.toml", text.encode())
    return terms


SETTINGS = """\
# Settings of one site. Lines that start with # show the default.

# memory = "4GB"

# Where the match of the year is made: "duckdb", this machine; "spark", many (see [spark] below, and the operators' guide).
# engine = "duckdb"

# Settings handed to Spark as they stand; without any, it runs on this machine's cores.
[spark]
# "spark.master" = "spark://cluster:7077"

# Where a partner's sealed trays lie: a folder, or a bucket of its own (s3://, az://, gs://).
[storage]
# cde = "s3://bucket-of-cde/c2c"
"""


def found_site(root: Path, *, actor: str) -> Site:
    """Make a new, empty site at `root` with the shipped agreements in force: California's configuration.

    Raises:
        WrongUse: GOV-008 the folder already holds something.
    """
    if root.exists() and any(root.iterdir()):
        raise errors.WrongUse(
            "GOV-008", where=str(root), what="this folder is not empty", remedy="Name a new folder, or an empty one."
        )
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    site = Site(root.resolve())
    for item in sorted((files("c2c.governance") / "terms").iterdir(), key=lambda i: i.name):
        text = item.read_text("utf-8")
        if "agreement" in tomllib.loads(text):
            sign(site, text, actor=actor)
        else:
            write_bytes(site.folder("terms") / item.name, text.encode())
    # Last: a folder without settings is not a site, so a founding cut short is seen as such.
    write_bytes(root / "c2c.toml", SETTINGS.encode())
    return site


def _digest(folder: Path) -> tuple[tuple[str, int, int], ...]:
    return tuple((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(folder.glob("*.toml")))


@functools.lru_cache(maxsize=8)
def _read(folder: Path, digest: tuple[tuple[str, int, int], ...]) -> tuple[tuple[Agreement, ...], Mapping[str, Purpose]]:
    signed: list[Agreement] = []
    known: dict[str, Purpose] = {}
    for name, _, _ in digest:
        terms = tomllib.loads((folder / name).read_text("utf-8"))
        if "agreement" in terms:
            signed.append(_agreement(terms))
        for row in terms.get("purposes", ()):
            known[row["purpose"]] = Purpose(row["purpose"], row["title"], tuple(row["actors"]), int(row["permit_days"]))
    return tuple(signed), known


def _agreement(terms: Mapping[str, Any]) -> Agreement:
    return Agreement(
        number=terms["agreement"],
        version=terms["version"],
        partner=terms["partner"],
        effective_from=terms["effective_from"],
        effective_to=terms.get("effective_to"),
        minimum_cell=int(terms["minimum_cell"]),
        clauses=tuple(
            Clause(
                number=row["number"],
                purpose=row["purpose"],
                files=tuple(row["files"]),
                elements=row["elements"] if isinstance(row["elements"], str) else tuple(row["elements"]),
                text=row["text"],
            )
            for row in terms["clauses"]
        ),
    )
