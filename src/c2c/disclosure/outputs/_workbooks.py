"""A workbook is a ZIP file of XML: its sheets as rows, and all that lies beside them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree import ElementTree

from c2c.disclosure.outputs._contents import Fault, Grid, Piece, too_large
from c2c.disclosure.outputs._pictures import read_picture
from c2c.disclosure.outputs._texts import pieces_of_grid, read_markup

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

PARTS = (
    (r"vbaproject|macrosheet|activex|embeddings|ctrlprops|customui|dialogsheets", "OUT-114"),
    (r"pivot|externallink|connections\.xml|querytables|/model/|slicer|timeline", "OUT-116"),
    (r"comments|persons", "OUT-117"),
)
"""Parts of a workbook that do not belong in an output, by their name within it."""


def read_workbook(raw: bytes) -> tuple[list[Grid], list[Piece | Fault]]:
    """Its sheets as rows, and every piece of text in it, deleted cells' words and notes of the file included."""
    found: list[Piece | Fault] = []
    sheets: list[Grid] = []
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            names = [i.filename for i in packed.infolist()]
            if too_large(sum(i.file_size for i in packed.infolist())):
                return [], [Fault("OUT-107", "the whole file, unpacked")]
            if "xl/workbook.xml" not in names:
                return [], [Fault("OUT-112", "the whole file")]
            parts = {name: packed.read(name) for name in names}
            if len(parts) < len(names) or packed.comment or not raw.startswith(b"PK\x03\x04"):
                found.append(Fault("OUT-118", "beside its parts"))
        for number, (name, body) in enumerate(parts.items(), 1):
            found += _part(name, body, f"part {number}, ")
        for number, (grid, faults) in enumerate(_sheets(parts), 1):
            sheets.append(grid)
            found += faults
            found += pieces_of_grid(grid, f"sheet {number}, ")
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        OSError,
        ElementTree.ParseError,
        KeyError,
        ValueError,
        IndexError,
    ):
        found.append(Fault("OUT-119", "the whole file"))
    return sheets, found


def _part(name: str, body: bytes, place: str) -> Iterator[Piece | Fault]:
    """One part: what it may not be, and its words. Sheets are read cell by cell elsewhere; their words are read here too."""
    where = place.rstrip(", ")
    for pattern, code in PARTS:
        if re.search(pattern, name, re.I):
            yield Fault(code, where)
    yield Piece(where, name, "metadata")
    ending = PurePosixPath(name).suffix.lower()
    if ending in (".png", ".jpg", ".jpeg"):
        for found in read_picture(body, "png" if ending == ".png" else "jpeg"):
            yield Piece(where, found.text, found.form) if isinstance(found, Piece) else Fault(found.code, where)
    elif ending in (".xml", ".rels", ".vml"):
        if b"macroenabled" in body.lower():
            yield Fault("OUT-114", where)
        for found in read_markup(body.decode("utf-8-sig"), place):
            if isinstance(found, Fault):
                yield found
            elif found.form == "prose":
                # Numbers of sheets and charts are figures: each cell is read again with its heading.
                bare = _is_number(found.text) and ("chart" in name or "worksheets" in name)
                yield Piece(found.where, found.text, "figure" if bare else "metadata")
            elif name.startswith("docProps/"):
                yield found
    elif ending != ".bin" or "printersettings" not in name.lower():
        yield Fault("OUT-114", where)


def _sheets(parts: dict[str, bytes]) -> Iterator[tuple[Grid, list[Fault]]]:
    """Each sheet in the workbook's order as rows, and what it hides."""
    words = _shared(parts)
    targets = {r.get("Id"): r.get("Target", "") for r in ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])}  # noqa: S314 - entities were refused
    book = ElementTree.fromstring(parts["xl/workbook.xml"])  # noqa: S314 - the same
    for number, sheet in enumerate(book.iter(f"{MAIN}sheet"), 1):
        target = str(targets[sheet.get(LINK)])
        tree = ElementTree.fromstring(parts[target.lstrip("/") if target.startswith("/") else f"xl/{target}"])  # noqa: S314 - the same
        faults = [Fault("OUT-115", f"sheet {number}")] if sheet.get("state", "visible") != "visible" else []
        faults += [
            Fault("OUT-115", f"sheet {number}, {what}")
            for tag, what in (("row", "a row"), ("col", "a column"))
            if any(node.get("hidden") in ("1", "true") for node in tree.iter(f"{MAIN}{tag}"))
        ]
        rows: list[tuple[int, list[str]]] = []
        for row in tree.iter(f"{MAIN}row"):
            cells: dict[int, str] = {}
            for cell in row.iter(f"{MAIN}c"):
                cells[_column(cell.get("r", ""), len(cells))] = _value(cell, words)
            values = [cells.get(i, "") for i in range(max(cells, default=-1) + 1)]
            if any(values):
                rows.append((int(row.get("r") or len(rows) + 1), values))
        yield rows, faults


def _shared(parts: dict[str, bytes]) -> list[str]:
    if any(b"<!ENTITY" in body for body in parts.values()):
        raise ValueError("entities")
    if "xl/sharedStrings.xml" not in parts:
        return []
    tree = ElementTree.fromstring(parts["xl/sharedStrings.xml"])  # noqa: S314 - entities were refused
    return ["".join(t.text or "" for t in item.iter(f"{MAIN}t")) for item in tree.iter(f"{MAIN}si")]


def _value(cell: ElementTree.Element, words: list[str]) -> str:
    said = cell.findtext(f"{MAIN}v") or ""
    if cell.get("t") == "s":
        return words[int(said)]
    if cell.get("t") == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
    return said


def _column(reference: str, otherwise: int) -> int:
    letters = re.match(r"[A-Z]+", reference)
    if not letters:
        return otherwise
    number = 0
    for letter in letters.group():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*-?[\d.]+(?:[eE][+-]?\d+)?\s*", text) is not None
