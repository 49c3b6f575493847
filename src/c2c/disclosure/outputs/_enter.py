"""An approved table is public from here on: it enters the release ledger, and every later table is judged beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from c2c import audit
from c2c.disclosure import _ledger
from c2c.disclosure.outputs._check import judge, output_id
from c2c.disclosure.outputs._differencing import Ledger, long_form
from c2c.disclosure.outputs._errors import OutputRefused
from c2c.disclosure.outputs._remarks import Checked
from c2c.plumbing.site import Site, locked


def enter_output(
    site: Site,
    folder: Path,
    *,
    approved_by: Sequence[str],
    actor: str,
    contributors: Path | None = None,
    levels: Path | None = None,
) -> dict[str, Any]:
    """Keep the counts of an approved folder in the release ledger. It is checked again: what was approved may have changed since.

    The audit's ledger says first who approved what, by the hash of the folder. Returns the output's id and how many cells it added; the same
    folder a second time adds nothing.

    Raises:
        OutputRefused: OUT-004 fewer than two people other than the author approve, OUT-005 a file is red; and as `check_output`.
    """
    with locked(site, "outputs", "the entry of an output"):
        checked, tables = judge(folder, site=site, contributors=contributors, levels=levels)
        people = _approvers(checked, approved_by)
        if checked.colour == "red":
            raise OutputRefused(
                "OUT-005",
                where=", ".join(sorted(f for f, colour in checked.colours.items() if colour == "red")),
                what="a file of the folder is red, and red cannot leave",
                remedy="See why with `c2c output check`, mend it, and have the new folder approved.",
            )
        name = output_id(checked.sha256)
        cells = long_form(tables, Ledger(), release=name)
        audit.append(
            site,
            "disclosure:output:approved",
            actor=actor,
            output=name,
            project=checked.project,
            author=checked.author,
            approved_by=people,
            sha256=checked.sha256,
            files=len(checked.colours),
            cells=len(cells),
        )
        _ledger.enter(site, cells, name)
    return {"output": name, "colour": checked.colour, "files": len(checked.colours), "cells": len(cells)}


def _approvers(checked: Checked, approved_by: Sequence[str]) -> list[str]:
    people = sorted({name.strip().casefold() for name in approved_by} - {"", checked.author.casefold()})
    if len(people) < 2:
        raise OutputRefused(
            "OUT-004",
            where="--approved-by",
            what="two people must approve an output, neither of them its author",
            remedy="Name both: --approved-by ONE --approved-by OTHER.",
        )
    return people
