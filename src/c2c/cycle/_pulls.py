"""Linking for a purpose: a permit for all that the terms share, the trays it opens, the pull it makes; and the same again to compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from c2c import catalog, governance, identity, linkage, vault
from c2c.plumbing import clock
from c2c.plumbing.site import Site, scratch
from c2c.vocabulary import Permit, Pull, Records, Submission

PUBLIC, DASHBOARD = "public_tools", "student_pathways"
FIRST_YEAR = 2000
"""History is submitted from here at the earliest: the catalog's years begin with 20."""


def link(site: Site, purpose: str, *, year: int, actor: str) -> Pull:
    """Assemble the pull of a purpose from everything its permit opens, up to a closing school year."""
    leave = purpose_permit(site, purpose, year=year, actor=actor)
    with scratch(site) as private:
        links = identity.open_links(site, private, permit=match_permit(site, year=year, actor=actor))
        records = opened_records(site, leave, private)
        return linkage.assemble(site, purpose, records=records, links=links, permit=leave)


def rebuild(site: Site, pull_id: str, *, actor: str) -> Mapping[str, object]:
    """Assemble a pull again from its receipt's inputs and compare every table byte for byte.

    Raises:
        LinkageError: a source was withdrawn since; such a pull cannot and must not be rebuilt.
    """
    said = linkage.receipt(site, pull_id)
    year = int(said["years"][1])
    leave = purpose_permit(site, str(said["purpose"]), year=year, actor=actor)
    with scratch(site) as private:
        links = identity.open_links(site, private, permit=match_permit(site, year=year, actor=actor))
        only = [row["id"] for row in said["inputs"]]
        records = opened_records(site, leave, private, only)
        return linkage.rebuild(site, pull_id, records=records, links=links, permit=leave)


def _needed() -> frozenset[str]:
    """The files that the published dashboard's measures are worked out from, and those that say which groups their people are of.

    A pull holds no more than its figures ask.
    """
    cat = catalog.load()
    said = [row for row in cat.measures.values() if DASHBOARD in row["dashboards"].split(";")]
    needed = {need.split(".")[1] for row in said for need in row["needs"].split(";")}
    people = {
        f.file
        for f in cat.files.values()
        if f.carries_names
        for n in needed
        if f.person_id_columns[0] == cat.files[n].person_id_columns[0]
    }
    return frozenset(f"{cat.files[file].partner_code}.{file}" for file in needed | people)


def opened_records(site: Site, leave: Permit, private: Path, only: Iterable[str] | None = None) -> Iterator[Records]:
    """The records trays a permit opens, one at a time."""
    return (t for t in vault.open_trays(site, "records", permit=leave, scratch=private, only=only) if isinstance(t, Records))


def match_permit(site: Site, *, year: int, actor: str) -> Permit:
    """Leave to read the identifiers of every partner that shares them, for the yearly match alone."""
    return purpose_permit(site, "identity_match", year=year, actor=actor)


def purpose_permit(site: Site, purpose: str, *, year: int, actor: str) -> Permit:
    """A permit for every element the terms share for a purpose today: asked anew for each use, refused when nothing is shared."""
    elements = governance.permitted_elements(site, purpose, today=clock.today())
    if purpose == PUBLIC:
        elements = frozenset(path for path in elements if path.rsplit(".", 1)[0] in _needed())
    return governance.permit(site, purpose, actor=actor, elements=elements, years=(FIRST_YEAR, year), today=clock.today())


def covered_submissions(site: Site, permit: Permit) -> tuple[Submission, ...]:
    """The submissions in force of which a permit opens some element."""
    files = {path.split(".")[1] for path in permit.elements}
    return tuple(s for s in vault.held(site) if s.file in files and s.period <= permit.years[1])
