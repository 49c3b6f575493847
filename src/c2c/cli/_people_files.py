"""Commands on any people file, without a site: match file, prepare; and tokenise, for a partner that may not send names.

They load neither the year nor what it publishes, which would take longer than a small match.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from c2c import identity
from c2c.cli._entrance import JsonOption, say, table_of
from c2c.identity import splink, tokens

match_app = typer.Typer(
    help="Matching: any people file, the report, the explanation of a match, the test against truth.", no_args_is_help=True
)
MapOption = Annotated[Path | None, typer.Option("--map", help="Column map, when the file's names are not ours.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.add_typer(match_app, name="match")
    app.command("tokenise")(tokenise)


def tokenise(
    source: Annotated[Path | None, typer.Argument(help="A people file, CSV or Parquet, as `c2c match file` takes it.")] = None,
    target: Annotated[Path | None, typer.Argument(help="The file to send: nobody in it can be read.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="The secret that all partners of this match share.")] = None,
    purpose: Annotated[str, typer.Option(help="What the match is for: files of two purposes cannot be joined.")] = "identity_match",
    column_map: MapOption = None,
    new_key: Annotated[Path | None, typer.Option(help="Make a key file here, and do nothing else.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write tokens and filters in the place of names, numbers and dates, on the machine where they lie. Needs no site."""
    if new_key:
        tokens.new_key(new_key)
        said: dict[str, object] = {"key_file": new_key.name}
        title = "Key made: keep it where the names are, and never send it with a file"
    elif source and target and key_file:
        secret = tokens.read_key(key_file)
        with _mapped(source, column_map) as mapped:
            said = tokens.tokenise_file(mapped, target, secret=secret, purpose=purpose)
        title = f"Tokens written into {target}"
    else:
        raise typer.BadParameter("give a file, where to write, and --key-file; or --new-key alone")
    say(as_json, "tokenise", {"ok": True, **said}, table_of(title, ["figure", "value"], [[k, v] for k, v in said.items()]))


@match_app.command("file")
def match_file(
    source: Path,
    target: Path,
    column_map: MapOption = None,
    engine: Annotated[
        str, typer.Option(help="local, this machine; or spark, which needs `./c2c install scale` and Java 17.")
    ] = "local",
    model: Annotated[
        Path | None, typer.Option(help="A Splink settings file: its m, u and prior are taken as they are, and nothing is trained.")
    ] = None,
    save_model: Annotated[Path | None, typer.Option(help="Where to write the model used, as a Splink settings file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Match the people of one file, CSV or Parquet: record_id, source and what identifies them in; person_id out."""
    with _mapped(source, column_map) as mapped:
        said = identity.match_file(mapped, target, engine=engine, model=model, save_model=save_model)
    rows = [[k, v] for k, v in said.items() if k != "model"]
    rows += [
        [f"model: {k.replace('_', ' ')}", v if isinstance(v, int) else "; ".join(v) or "none"]
        for k, v in said.get("model", {}).items()
    ]
    say(as_json, "match file", {"ok": True, **said}, table_of(f"Matched into {target}", ["figure", "value"], rows))


@match_app.command("prepare")
def match_prepare(source: Path, target: Path, column_map: MapOption = None, as_json: JsonOption = False) -> None:
    """Make a people file ready for Splink with a model of ours: the table that the model's conditions read, as Parquet. It holds names."""
    with _mapped(source, column_map) as mapped:
        said = splink.prepare_file(mapped, target)
    say(
        as_json, "match prepare", {"ok": True, **said}, table_of(f"Made ready in {target}", ["figure", "value"], list(said.items()))
    )


@contextmanager
def _mapped(source: Path, column_map: Path | None) -> Iterator[Path]:
    """The file under our names, in scratch where it had to be mapped."""
    if not column_map:
        yield source
        return
    # Only who maps columns pays for loading what does it.
    from c2c import intake  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as private:
        yield intake.map_file(source, intake.read_map(column_map), Path(private) / "mapped.parquet")
