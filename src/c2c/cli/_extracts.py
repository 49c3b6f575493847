"""Commands of research extracts: deidentify, extract make, extract close."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from c2c.cli._entrance import ActorOption, JsonOption, SiteOption, here, say, table_of
from c2c.cycle.extracts import make_extract
from c2c.disclosure import extracts
from c2c.identity import tokens

extract_app = typer.Typer(help="Research extracts: make a project's, close a project.", no_args_is_help=True)

ProjectOption = Annotated[str, typer.Option(help="The project: small letters, digits, hyphens. Its pseudonyms are its own.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command()(deidentify)
    app.add_typer(extract_app, name="extract")


def deidentify(
    source: Annotated[Path, typer.Argument(help="Any table of people, CSV or Parquet; a person may have several rows.")],
    target: Annotated[Path, typer.Argument(help="A new folder: people.parquet, codebook.json, codebook.md, croissant.json.")],
    plan: Annotated[Path, typer.Option(help="What may be told, and what an outsider may know: TOML, see the guide on extracts.")],
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="Key of the pseudonyms, as `c2c tokenise --new-key` makes it. Else one is made, used once and forgotten."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """De-identify any table: recode until at least eleven people look alike, whole path included, with the least loss. Needs no site."""
    secret = tokens.read_key(key_file) if key_file else None
    said = extracts.deidentify_file(extracts.read_plan(plan), source, target, secret=secret)
    say(as_json, "deidentify", {"ok": True, **said}, *_tables(target, said))


@extract_app.command("make")
def extract_make(
    plan: Annotated[Path, typer.Argument(help="What may be told, and what an outsider may know: TOML, see the guide on extracts.")],
    target: Annotated[Path, typer.Argument(help="A new folder: people.parquet, codebook.json, codebook.md, croissant.json.")],
    project: ProjectOption,
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Make a project's extract from a pull of exactly what its plan names, if the terms share it and the gate lets it out."""
    place = here(site)
    said = make_extract(place, plan, target, project=project, actor=actor)
    say(as_json, "extract make", {"ok": True, **said}, *_tables(target, said), site=place)


@extract_app.command("close")
def extract_close(
    project: ProjectOption, site: SiteOption = None, actor: ActorOption = "operator", as_json: JsonOption = False
) -> None:
    """Close a project: its key is destroyed, and its pseudonyms can never be made again."""
    place = here(site)
    destroyed = extracts.close_project(place, project, actor=actor)
    row = [project, "destroyed" if destroyed else "was destroyed before"]
    say(
        as_json,
        "extract close",
        {"ok": True, "key_destroyed": destroyed},
        table_of("Closed", ["project", "key"], [row]),
        site=place,
    )


def _tables(target: Path, said: Mapping[str, Any]) -> list[Table]:
    proof = said["proof"]
    rows: list[list[object]] = [
        ["people", said["people"]],
        ["left out, at most", f"{said['left_out_at_most_percent']} %"],
        ["lost of what was asked", f"{100 * said['loss']:.0f} %"],
        ["fewest people alike (k)", proof["k"]],
        *([f"fewest outcomes among them (l): {name}", o["l"]] for name, o in proof["outcomes"].items()),
        *([f"closeness (t): {name}", o["t"]] for name, o in proof["outcomes"].items()),
        ["found by the intruder", said["intruder"]["singled_out"]],
    ]
    elements = [
        [e["name"], e["role"], e["done"], "" if e["loss"] is None else f"{100 * e['loss']:.0f} %"] for e in said["elements"]
    ]
    return [
        table_of(f"Extract in {target}", ["figure", "value"], rows),
        table_of("What was done", ["element", "role", "done", "loss"], elements),
    ]
