"""All commands in one place: each group of commands is a module of the entrance."""

from __future__ import annotations

import sys

import typer

import c2c
from c2c.cli import _demo, _extracts, _matching, _outputs, _portal, _serving, _tables, _yearly
from c2c.cli._entrance import run

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="c2c: a statewide longitudinal data system. `c2c demo` shows a whole state's year.",
)
_demo.add_to(app)
_yearly.add_to(app)
_matching.add_to(app)
_tables.add_to(app)
_extracts.add_to(app)
_outputs.add_to(app)
_portal.add_to(app)
_serving.add_to(app)


@app.command()
def version() -> None:
    """Print the version."""
    print(c2c.__version__)


def main() -> int:
    """Run the command in `sys.argv` and return its exit status."""
    return run(app, "--json" in sys.argv)
