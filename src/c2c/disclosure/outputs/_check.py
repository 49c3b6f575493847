"""The check of a folder: every file by what it is, every table by what it shows, all tables together beside the ledger."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from c2c import catalog
from c2c.disclosure.outputs._contents import (
    Fault,
    Grid,
    Piece,
    fault_of_content,
    kind_by_ending,
    lines_of,
    text_of,
    too_large,
)
from c2c.disclosure.outputs._differencing import compare, read_ledger
from c2c.disclosure.outputs._figures import check_counts, check_magnitudes, check_regression, contributions
from c2c.disclosure.outputs._identifiers import find_identifiers
from c2c.disclosure.outputs._manifest import NAME, Manifest, Output, read_manifest
from c2c.disclosure.outputs._pictures import read_pdf, read_picture
from c2c.disclosure.outputs._remarks import Checked, Remark, remark, worst
from c2c.disclosure.outputs._tables import Table, read_table
from c2c.disclosure.outputs._texts import grid_of, packed_in, pieces_of_grid, read_json, read_markup, read_notebook
from c2c.disclosure.outputs._workbooks import read_workbook
from c2c.plumbing.site import Site, scratch

FITS: Mapping[str, frozenset[str]] = {
    "counts": frozenset({"table", "workbook"}),
    "magnitudes": frozenset({"table", "workbook"}),
    "regression": frozenset({"table", "workbook"}),
    "plot": frozenset({"drawing", "png", "jpeg", "pdf"}),
    "text": frozenset({"text", "page", "pdf", "json"}),
    "code": frozenset({"code", "notebook"}),
}
"""What may hold each kind of output. A table of figures that is none of a declared form is not let out as text."""

Found = tuple[str, Fault]


@dataclass
class Looked:
    """What one look at a folder yields: faults by file, and the tables in it."""

    manifest: Manifest
    sha256: str
    files: list[str]
    found: list[Found]
    tables: list[Table] = field(default_factory=list)


def check_output(
    folder: Path, *, site: Site | None = None, contributors: Path | None = None, levels: Path | None = None
) -> Checked:
    """Sort a researcher's outputs into green, amber and red, and say why, never with a value.

    With a site, all tables of counts are attacked together with everything in its release ledger. `contributors`: the folder, kept where
    the data are, with the files that the manifest names in `contributions`. `levels`: hierarchies of places, as `attack_file` takes them.
    Red cannot leave; what is amber or green two people still decide.

    Raises:
        OutputRefused: OUT-001, OUT-002 the manifest, OUT-003 a contributors' file cannot be read.
    """
    return judge(folder, site=site, contributors=contributors, levels=levels)[0]


def judge(folder: Path, *, site: Site | None, contributors: Path | None, levels: Path | None) -> tuple[Checked, list[Table]]:
    """The check, and the tables that it read."""
    looked = look(folder, contributors)
    with _private(site) as private:
        # What this very folder entered before is not another's figure.
        own = output_id(looked.sha256)
        ledger = read_ledger(site.root / "ledger" / "cells", looked.tables, without=own) if site else None
        looked.found += compare(looked.tables, ledger, private, levels)
    # A file whose own name is a fault is called by its number.
    called = {f: f for f in looked.files} | {f: f"file {looked.files.index(f) + 1}" for f, x in looked.found if x.code == "OUT-105"}
    remarks = dict.fromkeys(remark(x.code, called.get(f, NAME), x.where) for f, x in looked.found)
    colours = {c: worst(r.colour for r in remarks if r.file == c) for c in [*called.values(), NAME]}
    if colours[NAME] == "green":
        del colours[NAME]
    checked = Checked(looked.sha256, looked.manifest.project, looked.manifest.author, colours, _in_order(remarks))
    return checked, looked.tables


def output_id(sha256: str) -> str:
    """What the ledger calls a folder of outputs."""
    return f"output-{sha256[:16]}"


def look(folder: Path, contributors: Path | None) -> Looked:
    """Every file by itself, and the tables read on the way."""
    manifest = read_manifest(folder)
    paths = sorted(p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    names = [p.relative_to(folder).as_posix() for p in paths if p != folder / NAME]
    looked = Looked(manifest, "", names, [(file, Fault("OUT-101", where)) for file, where in manifest.faults])
    hashes = {name: _sha256(folder / name) for name in [NAME, *names]}
    whole = "\n".join(f"{name} {digest}" for name, digest in sorted(hashes.items()))
    looked.sha256 = hashlib.sha256(whole.encode()).hexdigest()
    code = {hashes[n] for n in names if kind_by_ending(folder / n) in ("code", "notebook")}
    for name in manifest.outputs.keys() - set(names):
        looked.found.append((NAME, Fault("OUT-103", f"entry {list(manifest.outputs).index(name) + 1}")))
    for name in names:
        named = list(find_identifiers([Piece("its name", name.replace("/", " "), "metadata")]))
        looked.found += [(name, f) for f in (*named, *([Fault("OUT-105", "its name")] if named else []))]
        output = manifest.outputs.get(name)
        if output is None:
            looked.found.append((name, Fault("OUT-102", "the whole file")))
        elif output.said.get("code") and output.said["code"] not in code:
            looked.found.append((name, Fault("OUT-108", "code")))
        looked.found += ((name, f) for f in _look_at(folder / name, name, output, looked, contributors))
    return looked


def _look_at(path: Path, name: str, output: Output | None, looked: Looked, contributors: Path | None) -> Iterator[Fault]:
    """One file: is it what it says, whom does it name, what does it show?"""
    if path.is_symlink() or not path.is_file():
        yield Fault("OUT-106", "the whole file")
        return
    if too_large(path.stat().st_size):
        yield Fault("OUT-107", "the whole file")
        return
    raw, kind = path.read_bytes(), kind_by_ending(path)
    wrong = fault_of_content(raw, kind)
    if wrong or not kind:
        yield wrong or Fault("OUT-113", "the whole file")
        return
    grids, found = _read(raw, kind, path)
    pieces = [x for x in found if isinstance(x, Piece)]
    yield from (x for x in found if isinstance(x, Fault))
    yield from find_identifiers(pieces)
    for piece in pieces:
        yield from packed_in(piece)
    if output is None or output.kind not in FITS:
        return
    if kind not in FITS[output.kind] or (kind == "workbook" and len(grids) != 1):
        yield Fault("OUT-104", "the whole file")
    elif output.kind in ("counts", "magnitudes"):
        yield from _look_at_table(output, grids[0], looked, contributors)
    elif output.kind == "regression":
        yield from check_regression(output, grids[0])
    elif output.kind == "plot" or any(any(c.isdigit() for c in p.text) for p in pieces if p.form in ("prose", "cell")):
        yield Fault("OUT-120", "its figures")


def _look_at_table(output: Output, grid: Grid, looked: Looked, contributors: Path | None) -> Iterator[Fault]:
    said = str(output.said.get("measure", ""))
    # A published measure keeps its name; other people are those of this project alone.
    measure = said if said in catalog.load().measures else f"{looked.manifest.project}:{said}"
    table = read_table(output, grid, measure=measure)
    yield from table.faults
    if table.faults:
        return
    looked.tables.append(table)
    if output.kind == "counts":
        yield from check_counts(table, output.said.get("n"))
        return
    named = output.said.get("contributions")
    if named and contributors and Path(str(named)).name != named:
        yield Fault("OUT-101", "contributions")
        return
    held = contributions(contributors / str(named), table) if named and contributors else None
    yield from check_counts(table, output.said.get("n"))
    yield from check_magnitudes(table, held)


def _read(raw: bytes, kind: str, path: Path) -> tuple[list[Grid], list[Piece | Fault]]:
    """A file's tables, and every piece of text in it."""
    if kind == "workbook":
        sheets, found = read_workbook(raw)
        return [s for s in sheets if s], found
    if kind in ("png", "jpeg"):
        return [], list(read_picture(raw, kind))
    if kind == "pdf":
        return [], list(read_pdf(raw))
    text = text_of(raw) or ""
    if kind == "table":
        try:
            grid = grid_of(text, path.suffix.lower())
        except csv.Error:
            return [[]], [Fault("OUT-119", "the whole file")]
        return [grid], list(pieces_of_grid(grid))
    readers: Mapping[str, Callable[[str], Iterator[Piece | Fault]]] = {
        "json": read_json,
        "notebook": read_notebook,
        "page": read_markup,
        "drawing": read_markup,
    }
    return [], list(readers[kind](text) if kind in readers else lines_of(text, "code" if kind == "code" else "prose"))


def _in_order(remarks: Mapping[Remark, None]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda r: (r.file, -("green", "amber", "red").index(r.colour), r.code)))


def _sha256(path: Path) -> str:
    return hashlib.sha256(b"" if path.is_symlink() or not path.is_file() else path.read_bytes()).hexdigest()


@contextlib.contextmanager
def _private(site: Site | None) -> Iterator[Path]:
    """A folder for figures under attack, wiped when left."""
    if site:
        with scratch(site) as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
