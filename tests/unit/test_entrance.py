"""The command line loads what a command needs, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from c2c.cli._main import PARTS, app


def _all(command: Any, words: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not hasattr(command, "commands"):
        return {words: command}
    return {path: found for name, one in command.commands.items() for path, found in _all(one, (*words, name)).items()}


EVERY = _all(typer.main.get_command(app()))


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_a_command_is_there_where_only_its_own_part_is_loaded(words: tuple[str, ...]) -> None:
    """Asked for by name, each command is found, with the options it has among all commands."""
    few = _all(typer.main.get_command(app(words)))
    assert words in few
    assert [p.name for p in few[words].params] == [p.name for p in EVERY[words].params]
    assert len(few) < len(EVERY)


def test_all_parts_are_in_the_whole() -> None:
    """No part's commands are left out where one cannot tell which are meant."""
    named = {" ".join(path[:2]) for path in EVERY} | {path[0] for path in EVERY}
    assert {command for commands in PARTS.values() for command in commands} <= named


def test_a_match_of_a_file_loads_neither_the_year_nor_the_pages() -> None:
    """A small file is matched in the time that loading all would take."""
    said = "import sys; from c2c.cli._main import app; app(['match', 'file']); print(*sorted(sys.modules))"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    loaded = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True, env=environment
    ).stdout.split()
    assert "c2c.identity" in loaded
    assert not {"c2c.cycle", "c2c.intake", "c2c.publication", "c2c.disclosure", "ibis", "pandas", "django"} & set(loaded)
