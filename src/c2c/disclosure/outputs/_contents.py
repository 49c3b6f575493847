"""What a file is, by its first bytes and not by its name alone, and every piece of text in it with its place."""

from __future__ import annotations

import csv
import functools
import pickletools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from c2c.disclosure.outputs._rules import rule

ENDINGS = {
    ".csv": "table", ".tsv": "table", ".xlsx": "workbook", ".json": "json", ".ipynb": "notebook",
    ".html": "page", ".htm": "page", ".svg": "drawing", ".pdf": "pdf", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg",
    ".txt": "text", ".md": "text", ".log": "text", ".tex": "text",
    ".py": "code", ".r": "code", ".rmd": "code", ".qmd": "code", ".do": "code", ".sps": "code", ".sas": "code", ".sql": "code", ".jl": "code",
}  # fmt: skip
"""How a file's name must end for what it holds. What is not here is refused."""

BY_CONTENT = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "pdf": b"%PDF-", "workbook": b"PK\x03\x04"}
"""Files that are no text, by how they begin. A workbook is a ZIP file with a workbook in it."""


@dataclass(frozen=True)
class Piece:
    """Some text of a file. `form`: heading, cell, figure, prose, code or metadata."""

    where: str
    text: str
    form: str


@dataclass(frozen=True)
class Fault:
    """A rule that a file breaks by what it is made of, and where."""

    code: str
    where: str


Grid = Sequence[tuple[int, Sequence[str]]]
"""Rows of a table with their numbers in the file; the first one holds the headings."""


def kind_by_ending(path: Path) -> str:
    """What the file should hold, or nothing where its ending is not allowed."""
    return ENDINGS.get(path.suffix.lower(), "")


def fault_of_content(raw: bytes, kind: str) -> Fault | None:
    """Why a file cannot be what its name says, if it cannot."""
    begins = BY_CONTENT.get(kind)
    if begins and raw.startswith(begins):
        return None
    for offset, signature, code in _signatures():
        if raw[offset : offset + len(signature)] == signature:
            return Fault(code, "the whole file")
    if begins:
        return Fault("OUT-104", "the whole file")
    if _is_pickle(raw):
        return Fault("OUT-111", "the whole file")
    if any(raw.startswith(other) for other in BY_CONTENT.values()):
        return Fault("OUT-104", "the whole file")
    return None if text_of(raw) is not None else Fault("OUT-113", "the whole file")


def text_of(raw: bytes) -> str | None:
    """The text of a file in UTF-8, or in UTF-16 that says so; nothing where it is no text."""
    try:
        said = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if any(c < " " and c not in "\t\n\r\f" for c in said) else said


def too_large(size: int) -> bool:
    """Is this more than people can check?"""
    return size > rule("largest_file")


def lines_of(text: str, form: str) -> Iterator[Piece]:
    """Text line by line."""
    for number, line in enumerate(text.splitlines(), 1):
        yield Piece(f"line {number}", line, form)


def _is_pickle(raw: bytes) -> bool:
    """Is it a pickle in text, of protocol 0 or 1? Its steps are named, never taken."""
    if not raw.rstrip().endswith(b"."):
        return False
    try:
        steps = [(step.name, at) for step, _, at in pickletools.genops(raw)]
    except Exception:  # whatever it cannot parse is no pickle; it raises many kinds
        return False
    return len(steps) > 1 and (steps[-1][1] or 0) + 1 >= len(raw.rstrip())


@functools.cache
def _signatures() -> tuple[tuple[int, bytes, str], ...]:
    rows = csv.DictReader((files("c2c.disclosure.outputs") / "signatures.csv").read_text("utf-8").splitlines())
    return tuple((int(row["offset"]), bytes.fromhex(row["hex"]), row["code"]) for row in rows)
