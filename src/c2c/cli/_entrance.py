"""What every command shares: where the site is, who asks, and how an answer or an error is said."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import c2c
from c2c.plumbing import errors
from c2c.plumbing.site import Site, open_site

SiteOption = Annotated[Path | None, typer.Option("--site", help="The site's folder. Else $C2C_SITE, else ./site.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, for machines.")]
ActorOption = Annotated[str, typer.Option("--as", help="Who acts; the purposes' terms say who may.")]

BUG_STATUS = 3


def here(site: Path | None) -> Site:
    """The site the command is about. Raises SITE-001 when there is none."""
    return open_site(site or Path(os.environ.get("C2C_SITE", "site")))


def say(as_json: bool, command: str, facts: Mapping[str, Any], *tables: Table, site: Site | None = None) -> None:
    """Answer a command: facts as one JSON document, or tables for a person."""
    if as_json:
        document = {"command": command, "version": c2c.__version__, "site": site.root.name if site else None} | dict(facts)
        print(json.dumps(document, ensure_ascii=False, default=str))
        return
    console = Console()
    for table in tables:
        console.print(table)


def table_of(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Rows as a plain table; numbers stand right."""
    table = Table(title=title, title_justify="left")
    listed = [[f"{v:,}" if isinstance(v, int) else str(v) for v in row] for row in rows]
    numeric = [
        bool(listed) and all(row[i].replace(",", "").replace(".", "").isdigit() or not row[i] for row in listed)
        for i in range(len(columns))
    ]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left")
    for row in listed:
        table.add_row(*row)
    return table


def run(app: Callable[..., Any], as_json: bool) -> int:
    """Run the command line and turn errors into exit codes: 0 ok, 1 findings or refused, 2 wrong use, 3 fault.

    A coded error is told with place and remedy. A bug is logged under a reference number with no data of anybody.
    """
    try:
        status = app(standalone_mode=False)
    except errors.CodedError as refusal:
        if as_json:
            said = {"ok": False, "code": refusal.code, "where": refusal.where, "what": refusal.what, "remedy": refusal.remedy}
            print(json.dumps(said, ensure_ascii=False))
        typer.echo(f"{refusal.code}: {refusal.what}\n  where:  {refusal.where}\n  remedy: {refusal.remedy}", err=True)
        return refusal.exit_status
    except typer.Exit as done:
        return done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("Stopped. What stood before still stands.", err=True)
        return 1
    except Exception as bug:
        if hasattr(bug, "format_message"):
            typer.echo(f"USE-001: {bug.format_message()}", err=True)
            return errors.WrongUse.exit_status
        reference, what = errors.log_fault(bug)
        typer.echo(f"A fault of ours, reference {reference} ({what}). Nothing of the earlier state was lost.", err=True)
        if os.environ.get("C2C_DEBUG"):
            raise
        return BUG_STATUS
    # A command that ends with a status of its own hands it back here instead of raising.
    return status if isinstance(status, int) else 0
