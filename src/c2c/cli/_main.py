"""All commands in one place: each group of commands is a module of the entrance, loaded when one of its commands is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import typer

import c2c
from c2c.cli._entrance import run

PARTS = {
    "_people_files": ("tokenise", "match file", "match prepare"),
    "_matching": ("match",),
    "_demo": ("demo", "synth"),
    "_yearly": ("init", "submit", "withdraw", "year", "link", "audit"),
    "_tables": ("protect", "attack", "rules", "release"),
    "_extracts": ("deidentify", "extract"),
    "_outputs": ("output",),
    "_portal": ("user",),
    "_serving": ("serve",),
}
"""Module to its commands, the narrower before the wider. What all modules need together takes seconds to load."""


def app(words: Sequence[str] = ()) -> typer.Typer:
    """The command line with the commands that `words` may mean: those of one module where they name one, else all."""
    entrance = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="c2c: a statewide longitudinal data system. `c2c demo` shows a whole state's year.",
    )
    for part in _parts_of(words):
        importlib.import_module(f"c2c.cli.{part}").add_to(entrance)
    entrance.command()(version)
    entrance.callback()(_nothing_first)
    return entrance


def _parts_of(words: Sequence[str]) -> list[str]:
    said = [" ".join(words[:2]), *words[:1]]
    if said[:1] == ["version"]:
        return []
    meant = [part for part, commands in PARTS.items() if any(word in commands for word in said)]
    # All commands on matches come with those on files among them.
    return meant[:1] or [part for part in PARTS if part != "_people_files"]


def _nothing_first() -> None:
    """A command line of one command has its name all the same."""


def version() -> None:
    """Print the version."""
    print(c2c.__version__)


def main() -> int:
    """Run the command in `sys.argv` and return its exit status."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    return run(app(words), "--json" in sys.argv)
