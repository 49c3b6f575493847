"""`c2c serve`: the sites, each its own process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from c2c.cli._entrance import SiteOption, here
from c2c.cli._portal import address_of, open_accounts
from c2c.plumbing import errors
from c2c.plumbing.site import Site

OF_SITES = ("C2C_SITE", "C2C_RELEASES", "DJANGO_SETTINGS_MODULE")
"""What a server must not take over from the process that starts it: each is told its own."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")

serve_app = typer.Typer(help="Serve a site by gunicorn.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.add_typer(serve_app, name="serve")


@serve_app.command("public")
def serve_public(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8000,
    bind: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    drafts: Annotated[bool, typer.Option("--drafts", help="Show planned releases instead, to this machine alone.")] = False,
    site: SiteOption = None,
) -> None:
    """Serve the public site: a reader of the releases folder, with no database, no cookies and no key."""
    if drafts and bind not in LOOPBACK:
        raise errors.WrongUse(
            "USE-004",
            where="--bind",
            what="drafts are not public",
            remedy="Leave --bind out: drafts are shown to this machine alone.",
        )
    run_public(here(site), bind=bind, port=port, folder="drafts" if drafts else "releases")


@serve_app.command("portal")
def serve_portal(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8001,
    bind: Annotated[
        str, typer.Option(help="Address to listen on. Another than this machine's own needs an https address.")
    ] = "127.0.0.1",
    site: SiteOption = None,
) -> None:
    """Serve the portal, where identity stewards settle doubtful matches."""
    place = here(site)
    command, environment = portal_command(place, bind=bind, port=port)
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter, fixed arguments


@serve_app.command("all")
def serve_all(
    port: Annotated[int, typer.Option(help="Port of the public site.")] = 8000,
    portal_port: Annotated[int, typer.Option(help="Port of the portal.")] = 8001,
    site: SiteOption = None,
) -> None:
    """Serve public site and portal side by side, each its own process; Ctrl+C stops both."""
    run_all(here(site), port=port, portal_port=portal_port)


@serve_app.callback()
def serve() -> None:
    """Serve a site by gunicorn."""


def run_all(site: Site, *, port: int = 8000, portal_port: int = 8001) -> None:
    """Start public site and portal, wait, and stop both when one ends or we are told to."""
    with stopped_together() as servers:
        servers.append(start_server(*public_command(site, bind="127.0.0.1", port=port)))
        servers.append(start_server(*portal_command(site, bind="127.0.0.1", port=portal_port)))
        wait_for(servers)


@contextlib.contextmanager
def stopped_together() -> Iterator[list[subprocess.Popen[bytes]]]:
    """A list of servers that are all stopped when the block ends, in whatever way; Ctrl+C and a request to end are ways."""
    servers: list[subprocess.Popen[bytes]] = []
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield servers
    except KeyboardInterrupt:
        if not servers:
            raise
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()
        signal.signal(signal.SIGTERM, before)


def start_server(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A server as a process of its own group: Ctrl+C reaches us alone, and we stop each in order."""
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - our own interpreter, fixed arguments


def wait_for(servers: list[subprocess.Popen[bytes]]) -> None:
    """Wait until one of them ends."""
    while all(server.poll() is None for server in servers):
        time.sleep(0.2)


def run_public(site: Site, *, bind: str = "127.0.0.1", port: int = 8000, folder: str = "releases") -> None:
    """Become the public site's server; does not return. It is given the releases folder and no other place of the site."""
    command, environment = public_command(site, bind=bind, port=port, folder=folder)
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter, fixed arguments


def public_command(site: Site, *, bind: str, port: int, folder: str = "releases") -> tuple[list[str], dict[str, str]]:
    """The public site's command line and its environment: of this site it learns the releases folder alone."""
    environment = {k: v for k, v in os.environ.items() if k not in OF_SITES} | {"C2C_RELEASES": str(site.folder(folder))}
    # Each worker loads for itself: the engine's threads do not survive a fork of a process that has read a release.
    return _gunicorn("c2c.web.public.wsgi", bind, port, workers=min(4, os.cpu_count() or 2)), environment


def portal_command(site: Site, *, bind: str, port: int) -> tuple[list[str], dict[str, str]]:
    """The portal's command line and its environment; its database is brought up to date first.

    Raises:
        CodedError: POR-001 plain http would leave this machine.
    """
    open_accounts(site)
    if bind not in LOOPBACK and not address_of().startswith("https://"):
        raise errors.CodedError(
            "POR-001",
            where="--bind",
            what="the portal would be reached without encryption",
            remedy="Give an https:// address and put a server with a certificate in front; plain http is for this machine alone.",
        )
    environment = {k: v for k, v in os.environ.items() if k not in OF_SITES} | {"C2C_SITE": str(site.root)}
    return _gunicorn("c2c.web.portal.wsgi", bind, port, workers=2), environment


def _gunicorn(application: str, bind: str, port: int, *, workers: int) -> list[str]:
    if not 0 < port < 65536:
        raise errors.WrongUse("USE-002", where="--port", what="not a port number", remedy="Name a port from 1 to 65535.")
    where = f"[{bind}]:{port}" if ":" in bind else f"{bind}:{port}"
    return [
        sys.executable,
        "-m",
        "gunicorn",
        f"{application}:application",
        "--bind",
        where,
        "--workers",
        str(workers),
        "--log-level",
        "warning",
    ]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
