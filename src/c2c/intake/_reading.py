"""From a file as sent to a table of text: any common encoding, compression, delimiter; Parquet; fixed width. Broken rows are kept aside."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from c2c.intake._maps import ColumnMap

PIECE = 1 << 20


@dataclass(frozen=True)
class Broken:
    """A row that is not a row of the file: its line, and what is wrong with it. `text` is for its sender alone."""

    row: int
    why: str
    text: str


class Unreadable(Exception):
    """The file as a whole cannot be read; says why in plain words."""


def read_delivery(
    engine: duckdb.DuckDBPyConnection, path: Path, column_map: ColumnMap, scratch: Path
) -> tuple[list[str], list[Broken]]:
    """Load a file as the table `sent` (`row_` counts data rows from 1, all else text as written); its columns and broken rows.

    Raises:
        Unreadable: no rows, no header, or not a form that is read here.
    """
    if path.suffix == ".parquet" or _starts(path, b"PAR1"):
        return _read_parquet(engine, path), []
    plain = _as_utf8(path, str(column_map.file.get("encoding", "")), scratch)
    if "widths" in column_map.file:
        return _read_fixed_width(engine, plain, list(column_map.file["columns"]), list(column_map.file["widths"])), []
    return _read_csv(engine, plain, column_map)


def _read_parquet(engine: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    try:
        sent = engine.read_parquet(str(path), file_row_number=True)
    except duckdb.Error:
        raise Unreadable("it is named Parquet and is not") from None
    names = [n for n in sent.columns if n != "file_row_number"]
    casts = ", ".join(f'"{n}"::varchar AS "{n}"' for n in names)
    sent.project(f"file_row_number + 1 AS row_, {casts}").create("sent")
    return names


def _read_fixed_width(engine: duckdb.DuckDBPyConnection, plain: Path, names: list[str], widths: list[int]) -> list[str]:
    lines = engine.read_csv(
        str(plain), columns={"line": "VARCHAR"}, header=False, delimiter="\x1f", quotechar="", escapechar="", auto_detect=False
    )
    starts = [1 + sum(widths[:i]) for i in range(len(widths))]
    cuts = ", ".join(f'substr(line, {s}, {w}) AS "{n}"' for n, s, w in zip(names, starts, widths, strict=True))
    lines.project(f"row_number() OVER () AS row_, {cuts}").create("sent")
    return names


def _read_csv(engine: duckdb.DuckDBPyConnection, plain: Path, column_map: ColumnMap) -> tuple[list[str], list[Broken]]:
    with plain.open(encoding="utf-8", newline="") as handle:
        sample = "".join(line for _, line in zip(range(20), handle, strict=False))
    if not sample.strip():
        raise Unreadable("it is empty")
    delimiter = str(column_map.file.get("delimiter") or _delimiter(sample.split("\n", 1)[0]))
    named = bool(column_map.file.get("header", True))
    header = next(csv.reader(io.StringIO(sample), delimiter=delimiter)) if named else list(column_map.file["columns"])
    names = [name.strip() for name in header]
    if len(set(names)) < len(names) or "" in names:
        raise Unreadable("its header names a column twice, or leaves one without a name")
    sent = engine.read_csv(
        str(plain),
        columns=dict.fromkeys(names, "VARCHAR"),
        header=False,
        skiprows=1 if named else 0,
        delimiter=delimiter,
        quotechar='"',
        escapechar='"',
        auto_detect=False,
        ignore_errors=True,
        store_rejects=True,
        null_padding=False,
    )
    sent.project("row_number() OVER () AS row_, *").create("sent")
    found = engine.sql(
        "SELECT line, any_value(error_type::varchar), any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line"
    )
    return names, [
        Broken(int(line) - named, _REJECTED.get(kind, "it cannot be read as a row"), text or "")
        for line, kind, text in found.fetchall()
    ]


_REJECTED = {
    "MISSING COLUMNS": "it has fewer columns than the header",
    "TOO MANY COLUMNS": "it has more columns than the header",
    "UNQUOTED VALUE": "a quotation mark is not closed",
    "LINE SIZE OVER MAXIMUM": "it is longer than a row can be",
    "INVALID ENCODING": "it has bytes that are not text",
}


def _delimiter(header: str) -> str:
    """The sign that parts most columns of the header."""
    return max(",;\t|", key=header.count)


def _starts(path: Path, magic: bytes) -> bool:
    with path.open("rb") as handle:
        return handle.read(len(magic)) == magic


def _as_utf8(path: Path, encoding: str, scratch: Path) -> Path:
    """The file itself when it is plain UTF-8, else a copy in scratch that is. Encodings are told from marks, then by trial."""
    plain = path
    if _starts(path, b"\x1f\x8b"):
        plain = scratch / "sent.csv"
        try:
            with gzip.open(path) as source, plain.open("wb") as target:
                shutil.copyfileobj(source, target, PIECE)
        except (OSError, EOFError):
            raise Unreadable("its compression is damaged") from None
    elif zipfile.is_zipfile(path):
        plain = scratch / "sent.csv"
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) != 1:
                raise Unreadable("the archive must hold exactly one file")
            with archive.open(members[0]) as source, plain.open("wb") as target:
                shutil.copyfileobj(source, target, PIECE)
    found = encoding or _encoding(plain)
    if found == "utf-8":
        return plain
    copy = scratch / "sent.utf8.csv"
    try:
        with plain.open(encoding=found, newline="") as text, copy.open("w", encoding="utf-8", newline="") as target:
            shutil.copyfileobj(text, target, PIECE)
    except (UnicodeDecodeError, LookupError):
        raise Unreadable(f"it is not text in the encoding {found}") from None
    return copy


def _encoding(path: Path) -> str:
    with path.open("rb") as handle:
        start = handle.read(4)
        if start.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        handle.seek(0)
        if b"\x00" in start:
            raise Unreadable("it is not text")
        return "utf-8" if _is_utf8(iter(lambda: handle.read(PIECE), b"")) else "cp1252" if _is_cp1252(path) else "latin-1"


def _is_utf8(pieces: Iterable[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces:
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_cp1252(path: Path) -> bool:
    """Five byte values mean nothing in Windows-1252; a file with one of them is Latin-1."""
    with path.open("rb") as handle:
        return not any(set(piece) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} for piece in iter(lambda: handle.read(PIECE), b""))
