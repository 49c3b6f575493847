"""What can be done with a run that is held: see why, sign for it, know whether a later one took its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c2c import audit
from c2c.identity._errors import IdentityError
from c2c.identity._report import ACCEPTED, report
from c2c.identity._sealed import darken, held_run, take_over
from c2c.plumbing import clock
from c2c.plumbing.site import Site, locked, write_json


def open_held(site: Site) -> Mapping[str, Any]:
    """The report of the run that waits for a signature, with its `alarms`; empty when none waits. `before` has figures of the run in force."""
    run_id = held_run(site)
    return report(site, run_id) if run_id else {}


def accept(site: Site, run_id: str, *, reason: str, actor: str) -> None:
    """Put a held run in force in one step: its ids, links and cases are the site's from then on, and names of the run before go dark.

    Who signs and why is in the ledger first, and stands in the run's report.

    Raises:
        IdentityError: IDN-035 this run is not held; IDN-036 no reason is given.
    """
    if not reason.strip():
        raise IdentityError(
            "IDN-036", where=f"run {run_id}", what="a signature needs a reason", remedy="Say why the match is right."
        )
    with locked(site, "identity", f"the signature for run {run_id}"):
        if not run_id or run_id != held_run(site):
            raise IdentityError(
                "IDN-035",
                where=f"run {run_id}",
                what="this run is not held: it is in force, a later one took its place, or there is none of this name",
                remedy="See with `c2c match report` which run is held.",
            )
        audit.append(site, "identity:run:accepted", actor=actor, run=run_id, reason=reason)
        signed = {"actor": actor, "at": clock.stamp(), "reason": reason}
        write_json(site.folder("identity", "runs", run_id) / ACCEPTED, signed)
        take_over(site, run_id)


def passed_over(site: Site, run_id: str) -> bool:
    """Was this run held until a later one took its place? Then nobody signed for it, and nothing may be made of it."""
    said = report(site, run_id)
    return bool(said.get("alarms")) and "accepted" not in said and run_id != held_run(site)


def close_names(site: Site, *, actor: str) -> None:
    """Close the names that runs hold: a partner took a file back, and what is kept of it by name must not wait for the next run, or for a signature.

    Links and ids stay; cases and explanations come back with the next run in force.
    """
    audit.append(site, "identity:names:closed", actor=actor)
    darken(site, [])
