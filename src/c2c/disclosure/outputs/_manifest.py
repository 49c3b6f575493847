"""What a researcher says of the outputs: one entry per file, in `outputs.toml` beside them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from c2c.disclosure.outputs._errors import OutputRefused

NAME = "outputs.toml"
NEEDS: Mapping[str, tuple[str, ...]] = {
    "counts": ("measure", "n", "columns", "code"),
    "magnitudes": ("measure", "n", "columns", "code"),
    "regression": ("n", "degrees_of_freedom", "columns", "code"),
    "plot": ("n", "code"),
    "text": (),
    "code": (),
}
"""What each kind of output must say of itself."""

TYPES: Mapping[str, type] = {
    "measure": str,
    "n": int,
    "degrees_of_freedom": int,
    "columns": list,
    "code": str,
    "contributions": str,
    "predictors": list,
}


@dataclass(frozen=True)
class Output:
    """One declared file. `said` holds the fields of its kind; only those that are well formed."""

    file: str
    kind: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """Who made the outputs, for which project, and each of them. `faults`: entry and field, where an entry does not say what it must."""

    project: str
    author: str
    outputs: Mapping[str, Output]
    faults: tuple[tuple[str, str], ...]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder of outputs.

    Raises:
        OutputRefused: OUT-001 there is none or it cannot be read, OUT-002 it does not say whose the outputs are.
    """
    try:
        said = tomllib.loads((folder / NAME).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise OutputRefused(
            "OUT-001",
            where=NAME,
            what=f"there is no manifest beside the outputs that can be read: {type(reason).__name__}",
            remedy="Write outputs.toml with author, project and one [[outputs]] entry per file; the privacy officer's guide shows one.",
        ) from None
    author, project = said.get("author"), said.get("project")
    if not all(isinstance(x, str) and re.fullmatch(r"[\w.-]{2,40}", x) for x in (author, project)):
        raise OutputRefused(
            "OUT-002",
            where=NAME,
            what="`author` and `project` must both be there: 2 to 40 letters, digits, dots, dashes or underscores",
            remedy="Write both at the top. Nobody approves outputs without knowing whose they are.",
        )
    outputs: dict[str, Output] = {}
    faults: list[tuple[str, str]] = []
    entries = said.get("outputs", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        wrong = list(_faults(entry))
        faults += [(entry.get("file", "") if isinstance(entry, dict) else "", f"entry {number}, {what}") for what in wrong]
        if isinstance(entry, dict) and isinstance(entry.get("file"), str):
            known = {k: entry[k] for k, kind in TYPES.items() if isinstance(entry.get(k), kind)}
            if entry["file"] in outputs:
                faults.append((entry["file"], f"entry {number}, file: named twice"))
            outputs[entry["file"]] = Output(entry["file"], str(entry.get("kind", "")), known)
    return Manifest(str(project), str(author), outputs, tuple(faults))


def _faults(entry: object) -> Iterator[str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
        yield "file"
        return
    if entry.get("kind") not in NEEDS:
        yield "kind"
        return
    for name in NEEDS[entry["kind"]]:
        if name not in entry:
            yield name
    for name, kind in TYPES.items():
        value = entry.get(name)
        if name in entry and (not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, int) and value < 0)):
            yield name
    if isinstance(entry.get("code"), str) and not re.fullmatch(r"[0-9a-f]{64}", entry["code"]):
        yield "code"
    for predictor in entry["predictors"] if isinstance(entry.get("predictors"), list) else ():
        levels = predictor.get("levels", 1) if isinstance(predictor, dict) else None
        if not isinstance(levels, int) or levels < 1 or predictor.get("kind") not in ("categorical", "continuous"):
            yield "predictors"
