"""Tables, pages, drawings, JSON and notebooks, taken apart into pieces of text."""

from __future__ import annotations

import base64
import binascii
import csv
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from c2c.disclosure.outputs._contents import Fault, Grid, Piece
from c2c.disclosure.outputs._pictures import read_picture
from c2c.disclosure.outputs._rules import rule

FIGURES = frozenset({"value", "n", "low", "high", "estimate", "std_error", "t", "p", "p_value"})
"""Columns that hold figures: a long number there is no student number."""

GEOMETRY = frozenset({"d", "points", "transform", "viewbox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "style"})  # fmt: skip
"""Attributes of a drawing that say where a line runs."""

DATA_ADDRESS = re.compile(r"data:[\w/+.-]*;base64,([A-Za-z0-9+/=\s]+)")


def grid_of(text: str, path_ending: str) -> Grid:
    """Rows of a CSV or TSV file with the lines they begin on. Raises csv.Error."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter="\t" if path_ending == ".tsv" else ",", strict=True)
    found: list[tuple[int, list[str]]] = []
    before = 0
    for row in reader:
        found.append((before + 1, row))
        before = reader.line_num
    return [(number, row) for number, row in found if row]


def pieces_of_grid(grid: Grid, place: str = "") -> Iterator[Piece]:
    """Every cell with its row and column; headings apart."""
    headings = [h.strip().lower() for h in grid[0][1]] if grid else []
    for i, (number, row) in enumerate(grid):
        for column, value in enumerate(row):
            figure = column < len(headings) and headings[column] in FIGURES
            form = "heading" if i == 0 else "figure" if figure else "cell"
            yield Piece(f"{place}row {number}, column {column + 1}", value, form)
            if form == "cell" and column < len(headings) and re.search(r"birth|dob|nacimiento", headings[column]):
                # A day under such a heading is a birth date, whatever the cell alone looks like.
                yield Piece(f"{place}row {number}, column {column + 1}", f"birth {value}", form)


def read_json(text: str) -> Iterator[Piece | Fault]:
    """Every name and value in the order they stand, also names used twice. Places are numbers: a name may itself be somebody's."""
    try:
        said = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        yield Fault("OUT-119", "the whole file")
        return
    yield from _walk(said, [0])


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with all its names, in order."""


def _walk(said: Any, count: list[int]) -> Iterator[Piece | Fault]:
    if isinstance(said, _Pairs):
        for name, value in said:
            count[0] += 1
            yield Piece(f"entry {count[0]}", name, "heading")
            yield from _walk(value, count)
    elif isinstance(said, list):
        for value in said:
            yield from _walk(value, count)
    elif said is not None and not isinstance(said, bool):
        count[0] += 1
        yield Piece(f"entry {count[0]}", str(said), "cell")


def read_notebook(text: str) -> Iterator[Piece | Fault]:
    """A notebook's code, words and results; pictures in it are opened."""
    for found in read_json(text):
        if isinstance(found, Piece) and _is_packed(found.text):
            yield from _unpacked(found.text, found.where)
        else:
            yield Piece(found.where, found.text, "prose") if isinstance(found, Piece) and found.form == "cell" else found
    yield Fault("OUT-120", "its results")


def read_markup(text: str, place: str = "") -> Iterator[Piece | Fault]:
    """A page or a drawing: text, attributes, comments, titles; pictures in it are opened, scripts refused."""
    if re.search(r"<!ENTITY", text, re.I):
        yield Fault("OUT-114", f"{place}its head")
        return
    reader = _Markup(place)
    reader.feed(text)
    reader.close()
    yield from reader.found


class _Markup(HTMLParser):
    """Collects pieces with the line they stand on."""

    def __init__(self, place: str) -> None:
        super().__init__(convert_charrefs=True)
        self.place, self.found = place, list[Piece | Fault]()

    def _add(self, text: str, form: str) -> None:
        if text.strip():
            self.found.append(Piece(f"{self.place}line {self.getpos()[0]}", text, form))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Attributes; a script or something that runs is a fault."""
        where = f"{self.place}line {self.getpos()[0]}"
        named = {k: v or "" for k, v in attrs}
        if tag in ("script", "object", "embed", "iframe", "foreignobject") or any(k.startswith("on") for k in named):
            self.found.append(Fault("OUT-114", where))
        for name, value in named.items():
            self._add(name, "metadata")
            for packed in DATA_ADDRESS.findall(value):
                self.found += _unpacked(packed, where)
            bare = DATA_ADDRESS.sub("", value)
            if name not in GEOMETRY or re.search(r"[@A-Za-z]{9}", bare):
                self._add(bare, "metadata")

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        self._add(data, "prose")

    def handle_comment(self, data: str) -> None:
        """What a browser does not show goes with the file all the same."""
        self._add(data, "prose")

    def handle_pi(self, data: str) -> None:
        """An instruction to programs."""
        self._add(data, "metadata")

    def handle_decl(self, decl: str) -> None:
        """A declaration."""
        self._add(decl, "metadata")

    def unknown_decl(self, data: str) -> None:
        """A section of plain characters."""
        self._add(data, "prose")


def packed_in(piece: Piece) -> Iterator[Fault]:
    """A long run of base64 is data that nobody can read here."""
    if re.search(rf"[A-Za-z0-9+/_-]{{{int(rule('longest_packed_text'))},}}", piece.text):
        yield Fault("OUT-118", piece.where)


def _is_packed(text: str) -> bool:
    return len(text) > rule("longest_packed_text") and re.fullmatch(r"[A-Za-z0-9+/=\s]+", text) is not None


def _unpacked(packed: str, where: str) -> Iterator[Piece | Fault]:
    """A picture that stands in a text as base64; anything else packed is a fault."""
    try:
        raw = base64.b64decode("".join(packed.split()), validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    kind = "png" if raw.startswith(b"\x89PNG") else "jpeg" if raw.startswith(b"\xff\xd8") else ""
    if not kind:
        yield Fault("OUT-118", where)
        return
    for found in read_picture(raw, kind):
        yield Piece(where, found.text, found.form) if isinstance(found, Piece) else Fault(found.code, where)
