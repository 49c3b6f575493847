"""Trays under keys of their own: one for who, one for what, one for the bare keys that later files are checked against."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from c2c import audit, catalog, governance
from c2c.plumbing import clock, errors, keys, storage
from c2c.plumbing.site import Site, write_json
from c2c.vocabulary import Batch, Identifiers, Permit, Records, Submission

ROOM_OF_TRAY = {"identifiers": "identity", "records": "linkage", "lookups": "intake"}
"""Which room's key opens which tray; the partner's own key opens all of its trays."""


PURPOSE_OF_TRAY = {"identifiers": "identity_match", "lookups": "submission"}
"""Who is opened for matching alone, and marks of ids for checking a delivery alone; every other purpose opens records alone."""


class VaultError(errors.CodedError):
    """The vault cannot keep or open what was asked."""


def deposit(site: Site, batch: Batch, *, permit: Permit) -> None:
    """Seal an accepted batch under fresh keys: all of it or, if anything fails, none of it.

    A later delivery of the same file and year takes the place of the earlier one, which stays sealed and readable to its partner.

    Raises:
        VaultError: VLT-001 the batch was refused at intake, VLT-002 the same delivery is already held.
        NotPermitted: the permit does not cover every column of the file.
    """
    sent = batch.submission
    layout = catalog.load().files[sent.file]
    governance.check_permit(site, permit, purpose="submission", elements=[e.path for e in layout.elements], today=clock.today())
    if batch.identifiers is None or batch.records is None:
        raise VaultError(
            "VLT-001", where=sent.submission_id, what="a refused batch is not kept", remedy="Mend the file and send it again."
        )
    folder = _folder(site, sent)
    if (folder / "manifest.json").exists():
        raise VaultError(
            "VLT-002",
            where=sent.submission_id,
            what="this very delivery is already held",
            remedy="Send a corrected file, or withdraw the earlier one first.",
        )
    audit.append(
        site,
        "vault:submission:sealed",
        actor=permit.actor,
        permit=permit.permit_id,
        submission=sent.submission_id,
        partner=sent.partner,
        file=sent.file,
        period=sent.period,
        rows=sent.rows,
        sha256=sent.sha256,
        rows_set_aside=batch.rows_set_aside,
    )
    store = storage.open_store(_address(site, sent.partner))
    earlier = [s.submission_id for s in held(site, partner=sent.partner) if (s.file, s.period) == (sent.file, sent.period)]
    lookups = _lookups(batch.identifiers.path)
    trays = {"identifiers": batch.identifiers.path, "records": batch.records.path} | ({"lookups": lookups} if lookups else {})
    sealed = {}
    try:
        for tray, path in trays.items():
            holders = [f"partner/{sent.partner}", f"room/{ROOM_OF_TRAY[tray]}"]
            recipient = keys.wrap_new_key(site, _key(sent.submission_id, tray), holders)
            sealed[tray] = {"sha256": storage.seal_into(store, _name(sent.submission_id, tray), path, recipient)}
    except BaseException:
        # Trays without a manifest are held by nobody; without keys they are nothing at all.
        for tray in trays:
            keys.destroy_key(site, _key(sent.submission_id, tray))
        raise
    write_json(
        folder / "manifest.json",
        {
            "kind": "submission",
            "id": sent.submission_id,
            "created": clock.stamp(),
            "permit": permit.permit_id,
            "inputs": [{"id": sent.submission_id, "sha256": sent.sha256}],
            "rows": sent.rows,
            "submission": asdict(sent),
            "trays": sealed,
            "identifiers_rows": batch.identifiers.rows,
            "records_rows": batch.records.rows,
            "supersedes": earlier,
        },
    )


def held(site: Site, *, partner: str = "*", ever: bool = False) -> tuple[Submission, ...]:
    """The submissions in force, by partner, file and year: neither withdrawn nor replaced; with `ever`, those too."""
    found_in = [p for p in (site.root / "vault").glob(f"{partner}/*/manifest.json") if ever or not _withdrawn(p.parent)]
    manifests = [_manifest(p, p.stat().st_mtime_ns) for p in found_in]
    replaced = set() if ever else {old for m in manifests for old in m["supersedes"]}
    found = (Submission(**m["submission"]) for m in manifests if m["id"] not in replaced)
    return tuple(sorted(found, key=lambda s: (s.partner, s.file, s.period)))


def open_trays(
    site: Site, tray: str, *, permit: Permit, scratch: Path, only: Iterable[str] | None = None
) -> Iterator[Identifiers | Records]:
    """Open one kind of tray, one submission at a time, each wiped when the next is taken. The ledger is written before each opening.

    Opens only submissions of files and years that the permit names; `only` narrows them further, by submission id.
    `lookups` trays come as `Identifiers` without names: only the keyed marks of ids.

    Raises:
        VaultError: VLT-003 the submission was withdrawn or is unknown, VLT-004 the permit's purpose opens another kind of tray.
        NotPermitted: the permit has expired, or the terms have been tightened since.
    """
    if tray != {purpose: kind for kind, purpose in PURPOSE_OF_TRAY.items()}.get(permit.purpose, "records"):
        raise VaultError(
            "VLT-004",
            where=f"{tray} trays",
            what=f"a permit for {permit.purpose} does not open them",
            remedy="Who and what are never opened for one purpose; ask for the permit of the tray's own purpose.",
        )
    governance.check_permit(site, permit, purpose=permit.purpose, today=clock.today())
    files = {path.split(".")[1] for path in permit.elements}
    by_id = {s.submission_id: s for s in held(site)}
    wanted = list(by_id) if only is None else list(only)
    for submission_id in wanted:
        sent = by_id.get(submission_id)
        if sent is None:
            raise VaultError(
                "VLT-003",
                where=submission_id,
                what="this submission was withdrawn, replaced, or never held",
                remedy="Take it off the list, or ask its partner to send it again.",
            )
        if sent.file not in files or not permit.years[0] <= sent.period <= permit.years[1]:
            continue
        path = _folder(site, sent) / "manifest.json"
        manifest = _manifest(path, path.stat().st_mtime_ns)
        if tray not in manifest["trays"]:
            continue
        audit.append(
            site,
            "vault:tray:opened",
            actor=permit.actor,
            permit=permit.permit_id,
            purpose=permit.purpose,
            tray=tray,
            submission=submission_id,
            partner=sent.partner,
            file=sent.file,
            sha256=manifest["trays"][tray]["sha256"],
        )
        identity = keys.unwrap_key(site, _key(submission_id, tray), f"room/{ROOM_OF_TRAY[tray]}")
        path = scratch / f"{submission_id}.{tray}.parquet"
        storage.unseal_from(storage.open_store(_address(site, sent.partner)), _name(submission_id, tray), path, identity)
        try:
            if tray == "records":
                yield Records(sent, path, manifest["records_rows"])
            else:
                yield Identifiers(sent, path, manifest["identifiers_rows"])
        finally:
            path.unlink(missing_ok=True)


def withdraw(site: Site, submission_id: str, *, reason: str, permit: Permit) -> Submission:
    """Take a submission back for its partner, and the earlier ones it took the place of: their keys are destroyed, so their trays go
    dark wherever copies of them lie.

    Raises:
        VaultError: VLT-003 it is not held.
    """
    sent = {s.submission_id: s for s in held(site)}.get(submission_id)
    if sent is None:
        raise VaultError(
            "VLT-003",
            where=submission_id,
            what="this submission was withdrawn, replaced, or never held",
            remedy="See `c2c year status` for what is held.",
        )
    layout = catalog.load().files[sent.file]
    governance.check_permit(site, permit, purpose="submission", elements=[e.path for e in layout.elements], today=clock.today())
    same = [s for s in held(site, partner=sent.partner, ever=True) if (s.file, s.period) == (sent.file, sent.period)]
    # The one in force last: stopped midway, this can be done again.
    for taken in sorted(same, key=lambda s: s.submission_id == submission_id):
        if _withdrawn(_folder(site, taken)):
            continue
        audit.append(
            site,
            "vault:submission:withdrawn",
            actor=permit.actor,
            permit=permit.permit_id,
            submission=taken.submission_id,
            partner=taken.partner,
            file=taken.file,
            period=taken.period,
            reason=reason,
        )
        for tray in ROOM_OF_TRAY:
            keys.destroy_key(site, _key(taken.submission_id, tray))
        write_json(_folder(site, taken) / "withdrawn.json", {"at": clock.stamp(), "reason": reason, "actor": permit.actor})
    return sent


def _lookups(identifiers: Path) -> Path | None:
    """The lookup columns alone, as a file beside the tray; nothing when the file has none."""
    with pq.ParquetFile(identifiers) as who:
        columns = [name for name in who.schema_arrow.names if name.startswith("lookup_")]
        if not columns:
            return None
        path = identifiers.with_name(identifiers.name + ".lookups")
        with pq.ParquetWriter(path, pa.schema([who.schema_arrow.field(c) for c in columns])) as marks:
            for batch in who.iter_batches(columns=columns):
                marks.write_batch(batch)
    return path


@functools.lru_cache(maxsize=65_536)
def _manifest(path: Path, written: int) -> Mapping[str, Any]:
    """A submission's manifest. It never changes once it is there, and each delivery asks for those of all before it."""
    said: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return said


def _folder(site: Site, sent: Submission) -> Path:
    return site.root / "vault" / sent.partner / sent.submission_id


def _withdrawn(folder: Path) -> bool:
    return (folder / "withdrawn.json").exists()


def _address(site: Site, partner: str) -> str:
    """Where a partner's trays lie: the bucket or folder it named in `c2c.toml`, else the site's own vault folder."""
    return str(site.settings["storage"].get(partner) or site.root / "vault" / partner)


def _name(submission_id: str, tray: str) -> str:
    return f"{submission_id}/{tray}.parquet.age"


def _key(submission_id: str, tray: str) -> str:
    return f"submission/{submission_id}/{tray}"
