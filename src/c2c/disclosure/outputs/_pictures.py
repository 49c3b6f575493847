"""PNG, JPEG and PDF: the words that travel with a picture or a page, and what hides behind them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject, IndirectObject, StreamObject, TextStringObject

from c2c.disclosure.outputs._contents import Fault, Piece, too_large

DRAWN = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"})
"""Parts of a PNG that say how it is drawn, and can hold no words."""

RUNS = frozenset({"/JS", "/JavaScript", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia", "/XFA"})
"""What makes a PDF run something or carry a file."""


def read_picture(raw: bytes, kind: str) -> Iterator[Piece | Fault]:
    """The notes of a picture. A picture is always for people: no check reads what is drawn."""
    yield Fault("OUT-120", "the picture")
    try:
        yield from _png(raw) if kind == "png" else _jpeg(raw)
    except (struct.error, zlib.error, IndexError):
        yield Fault("OUT-119", "the whole file")


def _png(raw: bytes) -> Iterator[Piece | Fault]:
    at, number = 8, 0
    while at < len(raw):
        size, name = struct.unpack(">I4s", raw[at : at + 8])
        body, number = raw[at + 8 : at + 8 + size], number + 1
        at += size + 12
        if at > len(raw):
            yield Fault("OUT-119", f"part {number}")
        elif name not in DRAWN:
            yield Fault("OUT-117", f"part {number}")
            yield from _words(_unzipped(name, body), f"part {number}")
        if name == b"IEND":
            break
    if at < len(raw):
        yield Fault("OUT-118", "behind the picture")


def _unzipped(name: bytes, body: bytes) -> bytes:
    """The body of a part, its text unpacked where the part packs it."""
    head, _, rest = body.partition(b"\0")
    if name == b"zTXt":
        return head + b" " + zlib.decompressobj().decompress(rest[1:], 1 << 20)
    if name == b"iTXt" and rest[:1] == b"\1":
        language, _, after = rest[2:].partition(b"\0")
        title, _, packed = after.partition(b"\0")
        return b" ".join((head, language, title, zlib.decompressobj().decompress(packed, 1 << 20)))
    return body


def _jpeg(raw: bytes) -> Iterator[Piece | Fault]:
    at, number = 2, 0
    while at + 4 <= len(raw):
        mark = raw[at + 1]
        if raw[at] != 0xFF:
            yield Fault("OUT-119", f"part {number}")
            return
        if mark == 0xDA:
            break
        (size,) = struct.unpack(">H", raw[at + 2 : at + 4])
        number += 1
        body = raw[at + 4 : at + 2 + size]
        # APP0 says how it is drawn; the other notes, EXIF, XMP, IPTC and comments, say who and where.
        if (0xE1 <= mark <= 0xEF and not body.startswith((b"ICC_PROFILE", b"Adobe"))) or mark == 0xFE:
            yield Fault("OUT-117", f"part {number}")
            yield from _words(body, f"part {number}")
        at += 2 + size
    end = raw.rfind(b"\xff\xd9")
    if end < 0:
        yield Fault("OUT-119", "its end")
    elif raw[end + 2 :].strip(b"\0"):
        yield Fault("OUT-118", "behind the picture")
    elif raw.find(b"\xff\xd8\xff", 2) > at:
        yield Fault("OUT-118", "a second picture")


def _words(body: bytes, where: str) -> Iterator[Piece]:
    """Notes as text, whichever way they are written: their tags are many, and none matters here."""
    for name in ("latin-1", "utf-8", "utf-16-le", "utf-16-be"):
        yield Piece(where, body.decode(name, "replace"), "metadata")
    yield Piece(where, body[1:].decode("utf-16-le", "replace"), "metadata")


def read_pdf(raw: bytes) -> Iterator[Piece | Fault]:
    """Text of each page and every string of the file: titles, comments, form fields, notes of XMP. What runs or carries files is refused."""
    yield Fault("OUT-120", "its pages")
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw), strict=False)
        if reader.is_encrypted:
            yield Fault("OUT-119", "the whole file")
            return
        for number, page in enumerate(reader.pages, 1):
            yield Piece(f"page {number}", page.extract_text(), "prose")
        numbers = sorted({n for table in reader.xref.values() for n in table} | set(reader.xref_objStm))
        for n in numbers:
            yield from _strings(reader.get_object(n), f"object {n}", set())
        yield from _strings(reader.trailer.get("/Info"), "its notes", set())
    except Exception:  # a broken file breaks the library in many ways; whatever it was, the file was not read to its end
        yield Fault("OUT-119", "the whole file")
    end = raw.rfind(b"%%EOF")
    if end >= 0 and len(raw[end + 5 :].strip()) > 0:
        yield Fault("OUT-118", "behind the file's end")


def _strings(said: Any, where: str, seen: set[int]) -> Iterator[Piece | Fault]:
    if isinstance(said, IndirectObject) or id(said) in seen:
        return
    seen.add(id(said))
    if isinstance(said, TextStringObject):
        yield Piece(where, str(said), "metadata")
    elif isinstance(said, ByteStringObject):
        yield from _words(bytes(said), where)
    elif isinstance(said, DictionaryObject):
        if RUNS & set(map(str, said)) or str(said.get("/S")) in RUNS or str(said.get("/Type")) in RUNS:
            yield Fault("OUT-114", where)
        if isinstance(said, StreamObject) and said.get("/Type") == "/Metadata":
            body = said.get_data()
            yield Fault("OUT-107", where) if too_large(len(body)) else Piece(where, body.decode("utf-8", "replace"), "metadata")
        for value in said.values():
            yield from _strings(value, where, seen)
    elif isinstance(said, ArrayObject):
        for value in said:
            yield from _strings(value, where, seen)
