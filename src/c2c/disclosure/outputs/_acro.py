"""acro as a second opinion: the same contributors, its own arithmetic, its own environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from c2c.disclosure._system import key_of
from c2c.disclosure.outputs._check import look
from c2c.disclosure.outputs._errors import OutputRefused
from c2c.disclosure.outputs._figures import contributions, is_dominated, is_near, read_contributors
from c2c.disclosure.outputs._remarks import Remark, remark
from c2c.disclosure.outputs._rules import rule
from c2c.disclosure.outputs._tables import MEANS, Figure, Table

NAMES = {"sd": "std", "variance": "var"}
"""Statistics that acro calls otherwise."""

RULES = {
    "safe_threshold": "least_count",
    "safe_dof_threshold": "least_degrees_of_freedom",
    "safe_nk_n": "largest_contributors",
    "safe_nk_k": "largest_share",
    "safe_pratio_p": "least_p_ratio",
}
"""acro's names of our thresholds: it is asked by the same ones."""


def second_opinion(folder: Path, *, contributors: Path, interpreter: Path) -> tuple[dict[str, Any], tuple[Remark, ...]]:
    """Ask acro about every table of counts or means whose contributors are known, and say where it judges otherwise.

    Counts and sums of contributors alone are compared: acro knows neither the ledger nor what a file hides. Returns how many cells were
    compared and agreed upon, and a remark for each row that it judges otherwise.

    Raises:
        OutputRefused: OUT-006 acro's environment is not there or does not answer; OUT-001 to OUT-003 as in `check_output`.
    """
    looked = look(folder, None)
    asked: list[tuple[Table, str, tuple[str, ...], Path]] = []
    ours: dict[int, bool] = {}
    with TemporaryDirectory() as private:
        for number, table in enumerate(looked.tables):
            named = looked.manifest.outputs[table.file].said.get("contributions")
            if not named:
                continue
            source = contributors / Path(str(named)).name
            rows = read_contributors(source, table)
            if "total" in rows.columns:
                continue  # declared cells: acro counts from contributors alone
            path = Path(private) / f"{number}.csv"
            rows.write_csv(path)
            held = contributions(source, table) if "amount" in rows.columns else {}
            ours |= {id(f): _ours(f, held) for f in table.figures}
            shapes = {
                (f.statistic, tuple(d for d, _ in f.key)) for f in table.figures if f.statistic in {*MEANS, "count"} - {"median"}
            }
            asked += [(table, statistic, dims, path) for statistic, dims in sorted(shapes)]
        answer = _ask(interpreter, asked) if asked else {"version": "", "tables": []}
    compared, agreed = 0, 0
    remarks: list[Remark] = []
    for (table, statistic, dims, _), cells in zip(asked, answer["tables"], strict=True):
        theirs = {key_of(dict(zip(dims, labels, strict=True))): bool(failed) for labels, failed in cells}
        for f in table.figures:
            if f.statistic == statistic and tuple(d for d, _ in f.key) == dims and f.value is not None and f.key in theirs:
                compared += 1
                same = theirs[f.key] == ours[id(f)]
                agreed += same
                if not same:
                    remarks.append(remark("OUT-181", table.file, f"row {f.row}"))
    said = {"acro": answer["version"], "cells": compared, "agreed": agreed, "otherwise": compared - agreed}
    return said, tuple(remarks)


def _ours(figure: Figure, held: Mapping[Any, Mapping[str, float]]) -> bool:
    """Is the figure unsafe by what its contributors say? The same question that acro is asked."""
    people = figure.value if figure.statistic == "count" else figure.n
    few = people is not None and 0 < people < rule("least_count")
    mine = held.get(figure.key)
    return few or (figure.statistic != "count" and mine is not None and (is_dominated(mine) or is_near(mine)))


def _ask(interpreter: Path, asked: list[tuple[Table, str, tuple[str, ...], Path]]) -> dict[str, Any]:
    tables = [{"path": str(p), "dims": dims, "statistic": NAMES.get(statistic, statistic)} for _, statistic, dims, p in asked]
    rules: dict[str, float] = defaultdict(float, {theirs: rule(mine) for theirs, mine in RULES.items()})
    rules["safe_nk_n"], rules["safe_threshold"] = int(rules["safe_nk_n"]), int(rules["safe_threshold"])
    # Of this process's surroundings acro needs nothing but a place for its drawing library to keep fonts.
    surroundings = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")} | {"MPLBACKEND": "agg"}
    with as_file(files("c2c.disclosure.outputs") / "acro_script.py") as script:
        try:
            done = subprocess.run(  # noqa: S603 - the interpreter is the one that `./c2c install acro` made, or that the user named
                [str(interpreter), str(script)],
                input=json.dumps({"rules": rules, "tables": tables}),
                capture_output=True,
                text=True,
                env=surroundings,
                check=True,
            )
            said: dict[str, Any] = json.loads(done.stdout)
        except (OSError, subprocess.CalledProcessError, ValueError) as reason:
            raise OutputRefused(
                "OUT-006",
                where="acro",
                what=f"acro's environment is not there, or does not answer: {type(reason).__name__}",
                remedy="Make it with `./c2c install acro`, or leave --acro out.",
            ) from None
    return said
