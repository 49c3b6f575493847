"""How well each group was matched: records opened under leave of their own, joined with links, through the gate, and kept beside the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c2c import disclosure, governance, identity
from c2c.cycle._pulls import match_permit, opened_records, purpose_permit
from c2c.linkage import rates as linked
from c2c.plumbing.site import Site, scratch
from c2c.publication import rates as published

PURPOSE = "match_quality"
PRODUCT = "match_rates"


def rate_match(site: Site, run_id: str, *, year: int, actor: str) -> Mapping[str, Any]:
    """Count a run's links by agency, year, kinds of identifiers and group, and keep what may be shown. Returns figures of the step.

    Where the terms or the gate refuse, the refusal is kept in their place and the year goes on: no figure of the release leans on these.
    """
    try:
        leave = purpose_permit(site, PURPOSE, year=year, actor=actor)
        with scratch(site) as private:
            links = identity.open_links(site, private, permit=match_permit(site, year=year, actor=actor))
            records = opened_records(site, leave, private)
            facts = linked.match_facts(site, private, records=records, links=links, permit=leave, year=year)
            product = disclosure.load_product(PRODUCT)
            safe = disclosure.tabulate(site, product, facts, permit=leave, release_id=f"match-{links.run_id}", year=year)
            people = int(identity.report(site)["people"])
            published.freeze_rates(site, safe, run_id=links.run_id, year=year, people=people)
        return {"cells": safe.audit["cells"], "withheld": safe.audit["withheld"]}
    except (governance.NotPermitted, disclosure.TooRevealing) as refusal:
        published.freeze_refusal(site, run_id=run_id, year=year, code=refusal.code, what=refusal.what)
        return {"cells": 0, "withheld": 0, "refused": refusal.code}
