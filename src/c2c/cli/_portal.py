"""Commands for people of the portal: user add, list, link, end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from c2c.cli._entrance import ActorOption, JsonOption, SiteOption, here, say, table_of
from c2c.plumbing.site import Site

if TYPE_CHECKING:
    from types import ModuleType

user_app = typer.Typer(help="People who sign in to the portal.", no_args_is_help=True)
OrganisationOption = Annotated[
    str, typer.Option("--organisation", help="The catalog's code of the organisation the person acts for.")
]
DutyOption = Annotated[list[str], typer.Option("--duty", help="identity_steward or identity_adjudicator; may be given twice.")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.add_typer(user_app, name="user")


@user_app.command("add")
def user_add(
    name: str,
    duty: DutyOption,
    organisation: OrganisationOption = "office",
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Make an account and print its set-up link, which holds for 24 hours and works once."""
    place = here(site)
    path = open_accounts(place).add(place, name, organisation=organisation, duties=duty, actor=actor)
    _say_link(as_json, "user add", place, name, path)


@user_app.command("link")
def user_link(name: str, site: SiteOption = None, actor: ActorOption = "operator", as_json: JsonOption = False) -> None:
    """A new set-up link for a lost password or phone; the old password, second step and sessions end at once."""
    place = here(site)
    _say_link(as_json, "user link", place, name, open_accounts(place).renew(place, name, actor=actor))


@user_app.command("list")
def user_list(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show every account: organisation, duties in force, and whether it is ready, waiting for its set-up, or ended."""
    place = here(site)
    people = open_accounts(place).listed()
    rows = [[p.name, p.organisation, ", ".join(p.duties), p.state] for p in people]
    said = {"ok": True, "people": [vars(p) for p in people]}
    say(as_json, "user list", said, table_of("People of the portal", ["name", "organisation", "duties", "state"], rows), site=place)


@user_app.command("end")
def user_end(name: str, site: SiteOption = None, actor: ActorOption = "operator", as_json: JsonOption = False) -> None:
    """End an account: its duties end today, its sessions now. What it did stays."""
    place = here(site)
    open_accounts(place).end(place, name, actor=actor)
    say(as_json, "user end", {"ok": True, "name": name}, table_of("Ended", ["name"], [[name]]), site=place)


def open_accounts(site: Site) -> ModuleType:
    """The accounts of a site's portal, its database brought up to date. Django is loaded here and by no other command."""
    os.environ["C2C_SITE"] = str(site.root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "c2c.web.portal.settings"
    import django  # noqa: PLC0415 - a second to load, which no other command should wait for

    django.setup()
    from c2c.web.portal import accounts  # noqa: PLC0415 - its tables exist only after Django was set up

    accounts.prepare()
    return accounts


def _say_link(as_json: bool, command: str, site: Site, name: str, path: str) -> None:
    link = address_of() + path
    if as_json:
        say(True, command, {"ok": True, "name": name, "link": link}, site=site)
    else:
        typer.echo(f"The set-up link of {name}, for 24 hours and one use:", err=True)
        print(link)


def address_of() -> str:
    """Where the portal is reached. The settings say it, once Django has them."""
    from django.conf import settings  # noqa: PLC0415 - see open_accounts

    return str(settings.ADDRESS)
