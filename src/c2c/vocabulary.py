"""The nouns that cross walls: what rooms hand to one another, and nothing else.

Each is frozen and holds no logic; each has its line in `GLOSSARY.md`. Tables travel as files (Parquet) that a noun points to,
so that a year larger than memory can pass. A noun that points at people prints as a count, never as content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NewType

RecordKey = NewType("RecordKey", str)
"""32 hex digits: an HMAC under one partner's key. Names a record, and says nothing to any other partner."""

PersonId = NewType("PersonId", str)
"""32 hex digits, permanent and opaque: one person, as the identity room knows them. Leaves that room only as `Links`."""


@dataclass(frozen=True)
class Submission:
    """One delivery: one file of one partner for one closing school year, under the hash of what was sent."""

    submission_id: str
    partner: str
    file: str
    period: int
    received: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Finding:
    """One fault of one rule in one column of a submission: how many rows, how grave, and what to do. Holds no value."""

    code: str
    severity: str
    column: str
    rule: str
    n_rows: int
    what: str
    remedy: str
    first_row: int | None = None


@dataclass(frozen=True)
class Identifiers:
    """The *who* of one submission: a Parquet file in private scratch, one row per RecordKey (`n_records` rows collapsed)."""

    submission: Submission
    path: Path = field(repr=False)
    rows: int = 0

    def __repr__(self) -> str:
        return f"Identifiers({self.rows} keys of {self.submission.submission_id})"


@dataclass(frozen=True)
class Records:
    """The *what* of one submission: a Parquet file in private scratch, one row per accepted row, keyed by `record_key`."""

    submission: Submission
    path: Path = field(repr=False)
    rows: int = 0

    def __repr__(self) -> str:
        return f"Records({self.rows} rows of {self.submission.submission_id})"


@dataclass(frozen=True)
class Batch:
    """A checked submission, split into who and what, with what was found wrong.

    `verdict` is `accepted`, `accepted_in_part` (rows set aside) or `refused`; only then are the trays None.
    `findings_path` is the row-level file for the partner alone.
    """

    submission: Submission
    verdict: str
    findings: tuple[Finding, ...]
    rows_set_aside: int
    identifiers: Identifiers | None
    records: Records | None
    findings_path: Path


@dataclass(frozen=True)
class Permit:
    """A signed leave to act: who may use which elements of which years, for which purpose, until when, under which clauses."""

    permit_id: str
    purpose: str
    actor: str
    elements: frozenset[str]
    years: tuple[int, int]
    expires: str
    clauses: tuple[str, ...]
    signature: str = field(repr=False, default="")


@dataclass(frozen=True)
class Links:
    """The identity room's answer: a Parquet file `record_key, person_id, confidence, status`, one row per RecordKey.

    `holds_ssn`, `holds_birth_date`, `holds_person_key` and `holds_contact` say which kinds of identifiers the record holds, never a value.
    """

    run_id: str
    path: Path = field(repr=False)
    rows: int = 0

    def __repr__(self) -> str:
        return f"Links({self.rows} keys of run {self.run_id})"


@dataclass(frozen=True)
class Pull:
    """Permitted elements joined for one purpose, under that purpose's pseudonyms. `folder` holds sealed tables and the receipt."""

    pull_id: str
    purpose: str
    folder: Path = field(repr=False)


@dataclass(frozen=True)
class Product:
    """A declared lattice of tables over atoms: what may be published, said before any data are read. A row of `products/*.toml`."""

    product_id: str
    edition: str
    tables: tuple[Mapping[str, object], ...]


@dataclass(frozen=True)
class SafeTables:
    """Every cell of a product as it may be published, in the long form, with the audit that let it through."""

    product_id: str
    cells: Path = field(repr=False)
    audit: Mapping[str, object] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Release:
    """Frozen, public by definition: the long-form cells, places, labels and method of one closing year."""

    release_id: str
    folder: Path
    manifest: Mapping[str, Any] = field(repr=False, default_factory=dict)
