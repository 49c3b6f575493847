"""The plan of a release: the year's own pull, counted and protected as it would be, and left as a draft."""

from __future__ import annotations

from pathlib import Path

from c2c import disclosure, linkage, publication
from c2c.cycle._pulls import purpose_permit
from c2c.cycle.annual import PRODUCT, PURPOSE, status
from c2c.plumbing import errors, progress
from c2c.plumbing.site import Site, locked, scratch
from c2c.vocabulary import Release


def plan_release(site: Site, year: int, *, actor: str, product: Path | None = None) -> Release:
    """Plan the release of a year from what that year linked: a draft with its tables, its protection, and what it would change beside all published.

    `product`: a declaration of tables to try instead of the standing one; the draft then also says what the change adds and takes from view.

    Raises:
        CodedError: CYC-005 the year has linked nothing yet.
        TooRevealing: the release would be refused, with the gate's own reason.
    """
    pull_id = next((step.made for step in status(site, year) if step.step == "link"), "")
    if not pull_id:
        raise errors.CodedError(
            "CYC-005",
            where=f"the year {year}",
            what="nothing has been linked for this year yet",
            remedy=f"Run it first: c2c year run {year}",
        )
    leave = purpose_permit(site, PURPOSE, year=year, actor=actor)
    standing = disclosure.load_product(PRODUCT)
    wanted = disclosure.load_product(product) if product else standing
    draft_id = f"{year}-draft"
    with locked(site, "drafts", f"the plan of {year}"), scratch(site) as private, progress.bar("Planning the release"):
        facts = linkage.facts(site, pull_id, private, permit=leave, year=year)
        safe = disclosure.plan(site, wanted, facts, permit=leave, release_id=draft_id, year=year, standing=standing)
        return publication.freeze(
            site,
            safe,
            release_id=draft_id,
            year=year,
            method={"disclosure": safe.audit},
            institutions=site.root / "institutions.parquet",
            inputs=(pull_id,),
            synthetic=bool(site.settings.get("synthetic")),
            draft=True,
        )
