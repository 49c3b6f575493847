"""What the check says of a file: a rule, a place and a remedy, never a value."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

COLOURS = ("green", "amber", "red")


@dataclass(frozen=True)
class Remark:
    """One thing found in one file. `where` is a row, column, page or part by its number."""

    file: str
    code: str
    colour: str
    where: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Checked:
    """A folder of outputs as the check sees it: the colour of each file, and why. `sha256` names exactly what was looked at."""

    sha256: str
    project: str
    author: str
    colours: Mapping[str, str]
    remarks: tuple[Remark, ...]

    @property
    def colour(self) -> str:
        """The worst colour of any file."""
        return worst(self.colours.values())

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "ok": self.colour != "red",
            "colour": self.colour,
            "sha256": self.sha256,
            "project": self.project,
            "files": dict(self.colours),
            "remarks": [asdict(r) for r in self.remarks],
        }


def remark(code: str, file: str, where: str) -> Remark:
    """What the list of messages says under a code, of one place."""
    said = messages()[code]
    return Remark(file, code, said["colour"], where, said["what"], said["remedy"])


def worst(colours: Iterable[str]) -> str:
    """The last of the colours in the order green, amber, red."""
    return max(colours, key=COLOURS.index, default="green")


@functools.cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """Every rule of the check by its code: colour, what it found, what to do."""
    text = (files("c2c.disclosure.outputs") / "messages.csv").read_text("utf-8")
    return {row["code"]: row for row in csv.DictReader(text.splitlines())}
