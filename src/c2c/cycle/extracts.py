"""Research extracts: leave for what a plan names and no more, a pull of it, and the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from c2c import governance, identity, linkage
from c2c.cycle._pulls import match_permit, opened_records
from c2c.disclosure import extracts as gate
from c2c.linkage import research
from c2c.plumbing import clock
from c2c.plumbing.site import Site, scratch


def make_extract(site: Site, plan_file: Path, target: Path, *, project: str, actor: str) -> dict[str, Any]:
    """Make a project's extract in a new folder, from a pull of exactly the elements that its plan names. Returns the codebook.

    Raises:
        NotPermitted: the terms do not share an element for research.
        TooRevealing: the gate refuses; nothing was written.
    """
    plan = gate.read_plan(plan_file)
    gate.check_request(site, plan, target, project=project)
    leave = governance.permit(site, gate.PURPOSE, actor=actor, elements=plan.paths, years=plan.years, today=clock.today())
    with scratch(site) as private:
        links = identity.open_links(site, private, permit=match_permit(site, year=plan.years[1], actor=actor))
        pull = linkage.assemble(site, gate.PURPOSE, records=opened_records(site, leave, private), links=links, permit=leave)
        opened = research.open_tables(site, pull.pull_id, private, permit=leave)
        partner_of = {path.split(".")[1]: path.split(".")[0] for path in plan.paths}
        tables = {f"{partner_of[file]}.{file}": path for file, path in opened.items()}
        receipt = {"pull": pull.pull_id, "pull_sha256": str(linkage.receipt(site, pull.pull_id)["sha256"])}
        return gate.deidentify(site, plan, tables, target, permit=leave, project=project, receipt=receipt)
