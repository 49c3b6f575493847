"""A partner takes a submission back, and the withdrawal reaches everything that was made from it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from c2c import audit, catalog, governance, linkage, publication, vault
from c2c.cycle.annual import run_year
from c2c.identity import signoff
from c2c.plumbing import clock, errors
from c2c.plumbing.site import Site


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal reached: pulls gone dark, releases retired, and the successor or the code that refused it."""

    submission_id: str
    pulls: tuple[str, ...]
    releases: tuple[str, ...]
    successor: str
    refused: str


def withdraw(site: Site, partner: str, submission_id: str, *, reason: str, actor: str) -> Withdrawal:
    """Destroy a submission's keys, retire what was made from it, and run the year again without it.

    The old release stays readable under its banner. A successor is published only if, with the old one, it shows nobody;
    else the refusal is told and nothing new is published.

    Raises:
        WrongUse: CYC-004 the partner has no such submission in force.
    """
    sent = next((s for s in vault.held(site) if (s.partner, s.submission_id) == (partner, submission_id)), None)
    if sent is None:
        raise errors.WrongUse(
            "CYC-004",
            where=f"{partner} {submission_id}",
            what="this partner has no such submission in force",
            remedy="See the ledger (`c2c audit show`) for what was sealed and withdrawn.",
        )
    elements = [e.path for e in catalog.load().files[sent.file].elements]
    years = (sent.period, sent.period)
    leave = governance.permit(site, "submission", actor=actor, elements=elements, years=years, today=clock.today())
    # What it took the place of goes with it, and so does what was made from that.
    ever = vault.held(site, partner=partner, ever=True)
    taken = [s.submission_id for s in ever if (s.file, s.period) == (sent.file, sent.period)]
    vault.withdraw(site, submission_id, reason=reason, permit=leave)
    if catalog.load().files[sent.file].carries_names:
        # The match without it may be held: what runs keep of it by name does not wait for a signature.
        signoff.close_names(site, actor=actor)

    pulls = sorted({pull_id for taken_id in taken for pull_id in linkage.pulls_using(site, taken_id)})
    for pull_id in pulls:
        linkage.retire(site, pull_id, actor=actor)
    retired = []
    for release in publication.releases(site.root / "releases"):
        if any(row["id"] in pulls for row in release.manifest["inputs"]):
            audit.append(site, "publication:release:retired", actor=actor, release=release.release_id, submission=submission_id)
            publication.retire(site, release.release_id, reason="source withdrawn")
            retired.append(release.release_id)

    successor, refused = "", ""
    for year in _years_run(site):
        try:
            successor = next(step.made for step in run_year(site, year, actor=actor) if step.step == "publish")
        except errors.CodedError as refusal:
            refused = f"{refusal.code}: {refusal.what}"
    return Withdrawal(submission_id, tuple(pulls), tuple(retired), successor, refused)


def _years_run(site: Site) -> list[int]:
    """The closing years this site has published, oldest first."""
    states = sorted((site.root / "cycle").glob("*/state.json"))
    return [int(path.parent.name) for path in states if "publish" in json.loads(path.read_text("utf-8"))]
