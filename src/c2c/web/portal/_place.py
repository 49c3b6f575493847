"""What a site's `c2c.toml` says of its portal: under which address it is reached, where its database is, who the managing entity is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from c2c.plumbing import errors
from c2c.plumbing.site import Site

LOOPBACK = ("127.0.0.1", "localhost", "::1")
USUAL_ADDRESS = "http://127.0.0.1:8001"


def said(site: Site) -> Mapping[str, Any]:
    """The `[portal]` part of the settings; empty where there is none."""
    return dict(site.settings.get("portal", {}))


def address_of(site: Site) -> str:
    """Where people reach the portal, without a slash at the end.

    Raises:
        CodedError: POR-001 it would be plain http on a network, where passwords could be read on the way.
    """
    address = str(said(site).get("address", USUAL_ADDRESS)).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise errors.CodedError(
            "POR-001",
            where="c2c.toml, [portal] address",
            what="the portal would be reached without encryption",
            remedy="Give an https:// address and put a server with a certificate in front; plain http is for this machine alone.",
        )
    return address


def managing_entity(site: Site) -> str:
    """The organisation that runs the match: the catalog's code of it."""
    return str(said(site).get("managing_entity", "office"))


def database_of(site: Site) -> dict[str, Any]:
    """The database as Django wants it: SQLite in the site, or the PostgreSQL that the settings name.

    Raises:
        CodedError: POR-002 the address is of neither.
    """
    address = str(said(site).get("database", ""))
    if not address:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": site.folder("portal") / "portal.sqlite3",
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                "transaction_mode": "IMMEDIATE",  # a writer waits its turn at the start, and is never refused in the middle
                "timeout": 20,
            },
        }
    parts = urlsplit(address)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise errors.CodedError(
            "POR-002",
            where="c2c.toml, [portal] database",
            what="this is not the address of a PostgreSQL database",
            remedy='Write "postgresql://user:password@host:port/name", or leave the line out for SQLite.',
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
