"""From a file as sent to rows of text: any common encoding, compression, delimiter; Parquet; fixed width. Broken rows are kept aside."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import duckdb

from c2c.intake._maps import ColumnMap

PIECE = 1 << 20
LONGEST_LINE = 2 << 20
"""Bytes of a row, beyond which the engine takes it for broken."""

MOST_COLUMNS = 4096
"""Columns side by side that the engine still reads at a good pace; no contract has a tenth of it."""


@dataclass(frozen=True)
class Sent:
    """A file that can be read: its columns, and the statement that tells its broken rows once its rows have been read.

    The rows are the view `sent`, all text as written, read anew at each use. The statement gives `row_` (counted from 1, broken rows
    included), `why`, and `text`, which is for the sender alone.
    """

    columns: tuple[str, ...]
    broken: str


class Unreadable(Exception):
    """The file as a whole cannot be read; says why in plain words."""


NOTHING_BROKEN = "SELECT 0::BIGINT AS row_, '' AS why, '' AS text WHERE false"


def read_delivery(engine: duckdb.DuckDBPyConnection, path: Path, column_map: ColumnMap, scratch: Path) -> Sent:
    """Lay a file's rows before the engine as the view `sent`. Nothing is read yet but its header and its encoding.

    Raises:
        Unreadable: no rows, no header, or not a form that is read here.
    """
    if path.stat().st_size == 0:
        raise Unreadable("it is empty")
    if path.suffix == ".parquet" or _start(path, 4) == b"PAR1":
        return _read_parquet(engine, path)
    plain = _as_utf8(_unpacked(path, scratch), str(column_map.file.get("encoding", "")), scratch)
    return (_read_fixed_width if "widths" in column_map.file else _read_csv)(engine, plain, column_map)


def _check_header(names: Sequence[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"its header has {len(names):,} columns")
    if len({name.lower() for name in names}) < len(names) or "" in names:
        raise Unreadable("its header names a column twice, or leaves one without a name")


def _read_parquet(engine: duckdb.DuckDBPyConnection, path: Path) -> Sent:
    try:
        sent = engine.read_parquet(str(path))
    except duckdb.Error:
        raise Unreadable("it is named Parquet and is not") from None
    _check_header(sent.columns)
    as_text = []
    for name, kind in zip(sent.columns, sent.types, strict=True):
        column = duckdb.ColumnExpression(name)
        text = column.cast("VARCHAR")
        if str(kind).startswith("TIMESTAMP"):
            # Many programs know no day without an hour: midnight is the day.
            day = column.cast("DATE")
            text = duckdb.CaseExpression(day.cast(str(kind)) == column, day.cast("VARCHAR")).otherwise(text)
        as_text.append(text.alias(name))
    sent.select(*as_text).create_view("sent")
    return Sent(tuple(sent.columns), NOTHING_BROKEN)


def _read_fixed_width(engine: duckdb.DuckDBPyConnection, plain: Path, column_map: ColumnMap) -> Sent:
    """Signs are counted, not bytes. Blanks at the end of a line may be missing; a line that is longer than its columns is broken."""
    names, widths = list(column_map.file["columns"]), [int(w) for w in column_map.file["widths"]]
    _check_header(names)
    engine.read_csv(
        str(plain),
        columns={"line": "VARCHAR"},
        header=False,
        skiprows=int(bool(column_map.file.get("header", False))),
        delimiter="\x1f",
        quotechar="",
        escapechar="",
        auto_detect=False,
    ).create_view("lines")
    line, starts = duckdb.ColumnExpression("line"), [1, *(1 + end for end in accumulate(widths[:-1]))]
    cuts = [
        duckdb.FunctionExpression("substr", line, duckdb.ConstantExpression(s), duckdb.ConstantExpression(w)).alias(n)
        for n, s, w in zip(names, starts, widths, strict=True)
    ]
    fits = duckdb.FunctionExpression("length", duckdb.FunctionExpression("rtrim", line)) <= duckdb.ConstantExpression(sum(widths))
    engine.view("lines").filter(fits).select(*cuts).create_view("sent")
    engine.view("lines").project("row_number() OVER () AS row_, line").filter(~fits).project(
        "row_, 'it is longer than its columns' AS why, line AS text"
    ).create_view("too_long")
    return Sent(tuple(names), "FROM too_long")


def _read_csv(engine: duckdb.DuckDBPyConnection, plain: Path, column_map: ColumnMap) -> Sent:
    with plain.open("rb") as handle:
        start = handle.read(LONGEST_LINE)
    sample = start.decode("utf-8", errors="ignore")
    if not sample.strip():
        raise Unreadable("it is empty")
    if len(start) == LONGEST_LINE and not re.search(r"[\r\n]", sample):
        raise Unreadable("its first line has no end")
    delimiter = str(column_map.file.get("delimiter") or _delimiter(sample.splitlines()[0]))
    named = bool(column_map.file.get("header", True))
    try:
        first = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
    except csv.Error:
        raise Unreadable("its header is not a row of names") from None
    names = [str(name).strip() for name in (first if named else column_map.file["columns"])]
    _check_header(names)
    engine.read_csv(
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
    ).create_view("sent")
    return Sent(tuple(names), _REJECTED if named else _REJECTED.replace("line - 1", "line"))


_REJECTED = """
SELECT line - 1 AS row_,
    CASE any_value(error_type::VARCHAR)
        WHEN 'MISSING COLUMNS' THEN 'it has fewer columns than the header'
        WHEN 'TOO MANY COLUMNS' THEN 'it has more columns than the header'
        WHEN 'UNQUOTED VALUE' THEN 'a quotation mark is not closed'
        WHEN 'LINE SIZE OVER MAXIMUM' THEN 'it is longer than a row can be'
        WHEN 'INVALID ENCODING' THEN 'it has bytes that are not text'
        ELSE 'it cannot be read as a row' END AS why,
    coalesce(any_value(csv_line), '') AS text
FROM reject_errors GROUP BY line
"""


def _delimiter(header: str) -> str:
    """The sign that parts most columns of the header, what stands in quotation marks aside."""
    return max(",;\t|", key=re.sub(r'"[^"]*"', "", header).count)


def _start(path: Path, n: int) -> bytes:
    with path.open("rb") as handle:
        return handle.read(n)


def _unpacked(path: Path, scratch: Path) -> Path:
    """The file itself, or what is packed in it, as a copy in scratch."""
    plain = scratch / "sent.csv"
    if _start(path, 2) == b"\x1f\x8b":
        try:
            with gzip.open(path) as source, plain.open("wb") as target:
                shutil.copyfileobj(source, target, PIECE)
        except (OSError, EOFError, zlib.error):
            raise Unreadable("its compression is damaged") from None
        return plain
    if _start(path, 4) != b"PK\x03\x04":
        return path
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                raise Unreadable("it is a spreadsheet; save the sheet as CSV and send that")
            members = [n for n in names if not n.endswith("/") and not n.startswith("__MACOSX/")]
            if len(members) != 1:
                raise Unreadable("the archive must hold exactly one file")
            with archive.open(members[0]) as source, plain.open("wb") as target:
                shutil.copyfileobj(source, target, PIECE)
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, NotImplementedError):
        # RuntimeError is how the library says that it is locked with a password.
        raise Unreadable("its compression is damaged, or locked with a password") from None
    return plain


def _as_utf8(plain: Path, encoding: str, scratch: Path) -> Path:
    """The file itself when it is plain UTF-8, else a copy in scratch that is. Encodings are told from marks, then by trial."""
    found = _encoding(plain, encoding)
    if found == "utf-8":
        return plain
    copy = scratch / "sent.utf8.csv"
    try:
        with plain.open(encoding=found, newline="") as text, copy.open("w", encoding="utf-8", newline="") as target:
            while piece := text.read(PIECE):
                if "\0" in piece:
                    raise Unreadable("it has zero bytes among its text")
                target.write(piece)
    except UnicodeError:
        raise Unreadable(f"it is not text in the encoding {found}") from None
    return copy


def _encoding(path: Path, said: str) -> str:
    """A mark at the start tells; then what the map says; then what the bytes can be."""
    start = _start(path, 4)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if said and codecs.lookup(said).name != "utf-8":
        return said
    if len(start) == 4 and b"\0" in start:
        if not any(start[1::2]) and all(start[0::2]):
            return "utf-16-le"
        if not any(start[0::2]) and all(start[1::2]):
            return "utf-16-be"
        raise Unreadable("it is not text")
    is_utf8 = _is_utf8(path)
    return "utf-8" if said or is_utf8 else "cp1252" if _is_cp1252(path) else "latin-1"


def _is_utf8(path: Path) -> bool:
    """Is it UTF-8, perhaps with a few damaged rows? In Latin letters a sign beyond ASCII mostly stands alone, in UTF-8 never."""
    decoder, damaged, runs, alone = codecs.getincrementaldecoder("utf-8")(), False, 0, 0
    for piece in _pieces(path):
        if b"\0" in piece:
            raise Unreadable("it has zero bytes among its text")
        if not damaged:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                damaged = True
        if not piece.isascii():
            runs += len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", piece))
            alone += len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", piece))
    return not damaged or runs > alone


def _is_cp1252(path: Path) -> bool:
    """Five byte values mean nothing in Windows-1252; a file with one of them is Latin-1."""
    return not any(set(piece) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} for piece in _pieces(path))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while piece := handle.read(PIECE):
            yield piece
