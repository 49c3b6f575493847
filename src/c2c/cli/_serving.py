"""`c2c serve`: the sites, each its own process."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from c2c.cli._entrance import SiteOption, here
from c2c.plumbing import errors
from c2c.plumbing.site import Site

serve_app = typer.Typer(help="Serve a site by gunicorn.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.add_typer(serve_app, name="serve")


@serve_app.command("public")
def serve_public(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8000,
    bind: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    site: SiteOption = None,
) -> None:
    """Serve the public site: a reader of the releases folder, with no database, no cookies and no key."""
    run_public(here(site), bind=bind, port=port)


@serve_app.callback()
def serve() -> None:
    """Serve a site by gunicorn."""


def run_public(site: Site, *, bind: str = "127.0.0.1", port: int = 8000) -> None:
    """Become the public site's server; does not return. It is given the releases folder and no other place of the site."""
    command, environment = public_command(site, bind=bind, port=port)
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter, fixed arguments


def public_command(site: Site, *, bind: str, port: int) -> tuple[list[str], dict[str, str]]:
    """The server's command line and its environment: of this site it learns the releases folder alone."""
    if not 0 < port < 65536:
        raise errors.WrongUse("USE-002", where="--port", what="not a port number", remedy="Name a port from 1 to 65535.")
    environment = {k: v for k, v in os.environ.items() if k != "C2C_SITE"} | {"C2C_RELEASES": str(site.folder("releases"))}
    # Each worker loads for itself: the engine's threads do not survive a fork of a process that has read a release.
    workers = str(min(4, os.cpu_count() or 2))
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "c2c.web.public.wsgi:application",
        "--bind",
        f"{bind}:{port}",
        "--workers",
        workers,
        "--log-level",
        "warning",
    ]
    return command, environment
