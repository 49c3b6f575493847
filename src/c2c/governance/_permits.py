"""The only way to a Permit: every element asked for must be shared, for that purpose, by a clause in force today."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from c2c import audit, catalog
from c2c.governance._terms import Agreement, Clause, agreements, purposes
from c2c.plumbing import errors, keys
from c2c.plumbing.site import Site
from c2c.vocabulary import Permit


class NotPermitted(errors.CodedError):
    """The terms do not allow it; the error cites agreement and clause, and what would change it."""


def permit(site: Site, purpose: str, *, actor: str, elements: Iterable[str], years: tuple[int, int], today: date) -> Permit:
    """Decide a request and sign the answer, or refuse it citing the clause. The decision enters the ledger either way.

    `elements` are paths `partner.file.element`; `years` the first and last closing school year.

    Raises:
        NotPermitted: GOV-001 unknown purpose, GOV-002 actor may not act for it, GOV-003 no agreement in force,
            GOV-004 no clause shares an element.
    """
    asked = frozenset(elements)
    try:
        clauses = _decide(site, purpose, actor, asked, today)
    except NotPermitted as refusal:
        audit.append(site, "governance:permit:refused", actor=actor, purpose=purpose, code=refusal.code, n_elements=len(asked))
        raise
    expires = (today + timedelta(days=purposes(site)[purpose].permit_days)).isoformat()
    unsigned = Permit(permit_id="", purpose=purpose, actor=actor, elements=asked, years=years, expires=expires, clauses=clauses)
    signature = _sign(site, unsigned)
    granted = replace(unsigned, permit_id=f"permit-{signature[:16]}", signature=signature)
    audit.append(
        site,
        "governance:permit:granted",
        actor=actor,
        permit=granted.permit_id,
        purpose=purpose,
        n_elements=len(asked),
        years=list(years),
        expires=expires,
        clauses=list(clauses),
    )
    return granted


def check_permit(site: Site, granted: Permit, *, purpose: str, elements: Iterable[str] = (), today: date) -> None:
    """Check a permit again at the moment of use: its seal, its day, its purpose, and the terms as they stand now.

    Raises:
        NotPermitted: GOV-005 not signed here, GOV-006 expired, GOV-007 for another purpose or beyond what was granted,
            GOV-003 or GOV-004 when a partner has since tightened its terms.
    """
    where = granted.permit_id or "a permit without a number"
    if not hmac.compare_digest(granted.signature, _sign(site, replace(granted, permit_id="", signature=""))):
        raise NotPermitted(
            "GOV-005", where=where, what="this permit was not signed here, or was changed", remedy="Ask for a new permit."
        )
    if today.isoformat() > granted.expires:
        raise NotPermitted("GOV-006", where=where, what=f"this permit expired on {granted.expires}", remedy="Ask for a new permit.")
    beyond = sorted(frozenset(elements) - granted.elements)
    if granted.purpose != purpose or beyond:
        what = f"{beyond[0]} is not in it" if beyond else f"it is for {granted.purpose}, not {purpose}"
        raise NotPermitted("GOV-007", where=where, what=what, remedy="Ask for a permit that covers this use.")
    _decide(site, purpose, granted.actor, granted.elements, today)


def permitted_elements(site: Site, purpose: str, *, today: date) -> frozenset[str]:
    """Every element that some clause in force shares for a purpose: the most a permit for it can hold."""
    shared = [(a.partner, c) for a in agreements(site) if a.in_force(today) for c in a.clauses if c.purpose == purpose]
    return frozenset(
        e.path
        for e in catalog.load().elements
        for partner, clause in shared
        if partner == e.partner_code and e.in_force(today) and clause.covers(e)
    )


def _decide(site: Site, purpose: str, actor: str, asked: frozenset[str], today: date) -> tuple[str, ...]:
    """The clauses that together allow the request, in order; raises where one is missing."""
    known = purposes(site).get(purpose)
    if known is None:
        raise NotPermitted(
            "GOV-001",
            where=f"purpose {purpose}",
            what="no data use licence names this purpose",
            remedy="The governing board can adopt it; until then nothing may be read for it.",
        )
    if actor not in known.actors:
        raise NotPermitted(
            "GOV-002",
            where=f"purpose {purpose}",
            what=f"the actor {actor} may not act for it",
            remedy=f"Ask one of: {', '.join(known.actors)}.",
        )
    every = {e.path: e for e in catalog.load().elements}
    held = agreements(site)
    clauses: set[str] = set()
    for path in sorted(asked):
        partner = path.split(".", 1)[0]
        in_force = [a for a in held if a.partner == partner and a.in_force(today)]
        if not in_force:
            raise NotPermitted(
                "GOV-003",
                where=path,
                what=f"no participation agreement with {partner} is in force",
                remedy="Ask the board to approve the feed and the partner to sign; then ask again.",
            )
        found = [(a, c) for a in in_force for c in a.clauses if path in every and c.purpose == purpose and c.covers(every[path])]
        if not found:
            raise NotPermitted(
                "GOV-004",
                where=_cited(in_force[0], purpose, path),
                what=f"{path} is not shared for {purpose}",
                remedy="Leave the element out, or ask its data steward to amend the clause.",
            )
        clauses.add(f"{found[0][0].number} v{found[0][0].version} §{found[0][1].number}")
    return tuple(sorted(clauses))


def _cited(agreement: Agreement, purpose: str, path: str) -> str:
    """The clause nearest to a refusal: the one on this purpose, else the one that lists the files."""
    file = path.split(".")[1]
    on_purpose: list[Clause] = [c for c in agreement.clauses if c.purpose == purpose] or [
        c for c in agreement.clauses if file in c.files
    ]
    number = on_purpose[0].number if on_purpose else agreement.clauses[0].number
    return f"agreement {agreement.number} v{agreement.version}, clause {number}"


def _sign(site: Site, unsigned: Permit) -> str:
    body = {
        "purpose": unsigned.purpose,
        "actor": unsigned.actor,
        "elements": sorted(unsigned.elements),
        "years": list(unsigned.years),
        "expires": unsigned.expires,
        "clauses": list(unsigned.clauses),
    }
    return hmac.digest(keys.naming_key(site, "room/governance"), json.dumps(body, sort_keys=True).encode(), "sha256").hex()
