"""Commands on researchers' outputs: output check, enter."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from c2c import publication
from c2c.cli._entrance import ActorOption, JsonOption, SiteOption, here, say, table_of
from c2c.disclosure import outputs
from c2c.plumbing.site import Site

output_app = typer.Typer(help="Researchers' outputs: check a folder, enter an approved one into the ledger.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(help="The outputs, with outputs.toml beside them.")]
ContributorsOption = Annotated[
    Path | None,
    typer.Option("--contributions", help="Where the contributors' files lie that the manifest names. They never leave."),
]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.add_typer(output_app, name="output")


@output_app.command("check")
def output_check(
    folder: FolderArgument,
    contributors: ContributorsOption = None,
    acro: Annotated[
        bool, typer.Option("--acro", help="Ask acro too; needs `./c2c install acro`, or its interpreter in $C2C_ACRO.")
    ] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sort a researcher's outputs into green, amber and red: small counts, dominance, identifiers, and what they give away beside the ledger.

    Without --site and $C2C_SITE the files are checked by themselves, and nothing is compared with what is published. Exits 1 if a file is red.
    """
    place = here(site) if site or "C2C_SITE" in os.environ else None
    with _levels(place) as levels:
        checked = outputs.check_output(folder, site=place, contributors=contributors, levels=levels)
    said: dict[str, Any] = checked.as_json() | {"compared_with_ledger": place is not None}
    remarks = list(checked.remarks)
    if acro:
        if not contributors:
            raise typer.BadParameter("--acro counts from the contributors: give --contributions")
        interpreter = Path(os.environ.get("C2C_ACRO", ".venv-acro/bin/python"))
        said["acro"], otherwise = outputs.second_opinion(folder, contributors=contributors, interpreter=interpreter)
        remarks += otherwise
        said["remarks"] += [vars(r) for r in otherwise]
    tables = [
        table_of(
            f"The folder is {checked.colour}{'' if place else '; no ledger was asked'}",
            ["file", "colour"],
            list(checked.colours.items()),
        ),
        table_of("Why", ["file", "colour", "rule", "where", "what", "remedy"], [list(_shown(r)) for r in remarks]),
    ]
    if acro:
        tables.append(table_of("acro", ["figure", "value"], list(said["acro"].items())))
    say(as_json, "output check", said, *tables, site=place)
    if not said["ok"]:
        raise typer.Exit(1)


@output_app.command("enter")
def output_enter(
    folder: FolderArgument,
    approved_by: Annotated[list[str], typer.Option(help="Who approved: twice, two people, neither of them the author.")],
    contributors: ContributorsOption = None,
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Enter an approved folder's counts into the release ledger: from then on everything is judged beside them."""
    place = here(site)
    with _levels(place) as levels:
        said = outputs.enter_output(place, folder, approved_by=approved_by, actor=actor, contributors=contributors, levels=levels)
    say(as_json, "output enter", {"ok": True, **said}, table_of("Entered", ["figure", "value"], list(said.items())), site=place)


def _shown(remark: outputs.Remark) -> Iterator[str]:
    yield from (remark.file, remark.colour, remark.code, remark.where, remark.what, remark.remedy)


@contextmanager
def _levels(site: Site | None) -> Iterator[Path | None]:
    """The hierarchies of places of the newest release, for the auditor: a county is the sum of its districts."""
    found = publication.releases(site.root / "releases") if site else ()
    with tempfile.TemporaryDirectory() as private:
        levels = Path(private) / "levels.csv"
        if found:
            publication.cells(found[-1].folder, Path(private) / "cells.csv", levels=levels)
        yield levels if found else None
