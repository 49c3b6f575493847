"""What happens when a file arrives: checked against its contract, split, sealed; and a whole inbox of them, on every core."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from c2c import audit, catalog, governance, intake, vault
from c2c.plumbing import clock, errors, storage
from c2c.plumbing.site import Site, scratch
from c2c.vocabulary import Batch, Permit


@dataclass(frozen=True)
class Delivery:
    """One file that lies in the inbox: whose, which, for which closing school year."""

    partner: str
    file: str
    period: int
    path: Path
    column_map: Path | None


def submit(
    site: Site,
    partner: str,
    file: str,
    path: Path,
    *,
    period: int,
    column_map: Path | None = None,
    actor: str,
    dry_run: bool = False,
) -> Batch:
    """Check a partner's file, split it and seal it, under its agreement. A dry run checks only and needs no agreement.

    Raises:
        NotPermitted: no agreement in force covers the file (GOV-003, GOV-004).
        WrongUse: CYC-002 the catalog has no such file of that partner.
    """
    delivery = Delivery(partner, file, period, path, column_map)
    cat = catalog.load()
    layout = cat.files.get(file)
    if layout is None or layout.partner_code != partner:
        raise errors.WrongUse(
            "CYC-002",
            where=f"{partner} {file}",
            what="the catalog has no such file of that partner",
            remedy="See the data catalogue for each partner's files.",
        )
    permit = None
    if not dry_run:
        permit = governance.permit(
            site,
            "submission",
            actor=actor,
            elements=[e.path for e in layout.elements],
            years=(delivery.period, delivery.period),
            today=clock.today(),
        )
    held, ever = vault.held(site, partner=partner), vault.held(site, partner=partner, ever=True)
    with scratch(site) as private:
        batch = intake.inspect(
            site,
            cat,
            partner=delivery.partner,
            file=delivery.file,
            path=delivery.path,
            period=delivery.period,
            submission_date=min(clock.today(), date(delivery.period, 7, 31)),
            column_map=intake.read_map(delivery.column_map) if delivery.column_map else None,
            scratch=private,
            earlier=[s for s in held if s.file == file],
            gone=[s for s in ever if s.file == file and s not in held],
            companions=_companions(site, delivery, permit, private) if permit else {},
        )
        audit.append(
            site,
            "intake:submission:checked",
            actor=actor,
            permit=permit.permit_id if permit else "",
            submission=batch.submission.submission_id,
            partner=delivery.partner,
            file=delivery.file,
            period=delivery.period,
            verdict=batch.verdict,
            rows=batch.submission.rows,
            rows_set_aside=batch.rows_set_aside,
            dry_run=dry_run,
            sha256=batch.submission.sha256,
        )
        if permit and batch.verdict != "refused":
            vault.deposit(site, batch, permit=permit)
    return batch


def receive(site: Site, inbox: Path, *, year: int, actor: str, done: Callable[[int], None]) -> list[Batch]:
    """Submit everything in the inbox up to a closing year that has not been submitted yet, partners side by side.

    Files that no agreement covers yet are left where they are. Called again after a stop, it takes up where it stopped.
    """
    ready: dict[str, list[Delivery]] = {}
    covered = _covered_files(site)
    for delivery in find_deliveries(inbox):
        if delivery.period <= year and (delivery.partner, delivery.file) in covered:
            ready.setdefault(delivery.partner, []).append(delivery)
    if not ready:
        return []
    batches: list[Batch] = []
    largest_first = sorted(ready.values(), key=lambda ds: (-sum(d.path.stat().st_size for d in ds), ds[0].partner))
    # Fresh interpreters: an engine with threads does not survive a fork.
    with ProcessPoolExecutor(max_workers=2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for received in pool.map(_receive_partner, *zip(*((site, ds, actor) for ds in largest_first), strict=True)):
            batches += received
            done(1)
    return batches


def find_deliveries(inbox: Path) -> Iterator[Delivery]:
    """The files of an inbox laid out as `partner/file/2026.csv`, with a column map beside them where one is needed."""
    for folder in sorted(inbox.glob("*/*/")):
        for path in sorted(folder.iterdir()):
            period = path.name.split(".", 1)[0]
            if period.isdigit() and not path.name.endswith(".map.toml"):
                maps = [
                    m for m in (folder / f"{period}.map.toml", folder.with_suffix(".map.toml"), folder / "map.toml") if m.exists()
                ]
                yield Delivery(folder.parent.name, folder.name, int(period), path, maps[0] if maps else None)


def _receive_partner(site: Site, deliveries: list[Delivery], actor: str) -> list[Batch]:
    """One partner's deliveries, year by year, files with names before files with keys that lean on them."""
    files = catalog.load().files
    known = {(s.file, s.period, s.sha256) for s in vault.held(site, ever=True)} | intake.refused(site, deliveries[0].partner)
    batches = []
    for delivery in sorted(deliveries, key=lambda d: (d.period, not files[d.file].carries_names, d.file)):
        if (delivery.file, delivery.period, storage.file_sha256(delivery.path)) not in known:
            sent = submit(
                site,
                delivery.partner,
                delivery.file,
                delivery.path,
                period=delivery.period,
                column_map=delivery.column_map,
                actor=actor,
            )
            batches.append(sent)
    return batches


def _covered_files(site: Site) -> set[tuple[str, str]]:
    """The files, by partner, that are shared for submission at all. What is only proposed waits in the inbox."""
    return {
        (agreement.partner, file)
        for agreement in governance.agreements(site)
        if agreement.in_force(clock.today())
        for clause in agreement.clauses
        if clause.purpose == "submission"
        for file in clause.files
    }


def _companions(site: Site, delivery: Delivery, permit: Permit, private: Path) -> dict[str, Path]:
    """The keyed marks of ids in the named files of the same partner and year, opened for a file that carries keys only."""
    layout = catalog.load().files[delivery.file]
    if layout.carries_names:
        return {}
    key = layout.person_id_columns[0]
    named = [
        s
        for s in vault.held(site, partner=delivery.partner)
        if s.period == delivery.period and (other := catalog.load().files[s.file]).carries_names and key in other.person_id_columns
    ]
    found: dict[str, Path] = {}
    for sent in named:
        elements = [e.path for e in catalog.load().files[sent.file].elements]
        leave = governance.permit(
            site, "submission", actor=permit.actor, elements=elements, years=permit.years, today=clock.today()
        )
        for opened in vault.open_trays(site, "lookups", permit=leave, scratch=private, only=[sent.submission_id]):
            kept = private / f"companion.{sent.file}.parquet"
            opened.path.rename(kept)
            found[sent.file] = kept
    return found
