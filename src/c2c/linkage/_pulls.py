"""Pulls: assembled, sealed, told by their receipt, rebuilt byte for byte, and retired when a source is withdrawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

import c2c
from c2c import audit, governance
from c2c.linkage._weights import edition, read_links, weigh
from c2c.plumbing import clock, errors, keys, storage
from c2c.plumbing.site import Site, locked, scratch, write_json
from c2c.vocabulary import Links, Permit, Pull, Records

HOLDER = "room/linkage"
DERIVED = ("age_bracket", "has_ssn")
"""Columns that intake derives because their source goes no further; they come with any permitted element of their file."""


class LinkageError(errors.CodedError):
    """The pull cannot be made, opened or rebuilt."""


def assemble(site: Site, purpose: str, *, records: Iterable[Records], links: Links, permit: Permit) -> Pull:
    """Join the permitted elements of every tray through the links, under this purpose's pseudonyms, and seal one table per file.

    Each table has one row per source row that belongs to a known person: `pseudonym`, `period` (closing school year it was sent for), the
    permitted elements, and weights that let it stand for rows that were not linked (`weigh`). Rows whose key is ambiguous or unlinked are
    left out and counted in the receipt.

    Raises:
        NotPermitted: the permit is not for this purpose, or has expired.
    """
    governance.check_permit(site, permit, purpose=purpose, today=clock.today())
    with locked(site, "linkage", f"a pull for {purpose}"), scratch(site) as private:
        tables, said = _join(site, purpose, sorted(permit.elements), permit.years, records, links, private)
        pull_id = f"{purpose}-{_digest(said)[:12]}"
        folder = site.folder("pulls", purpose) / pull_id
        audit.append(
            site,
            "linkage:pull:assembled",
            actor=permit.actor,
            permit=permit.permit_id,
            pull=pull_id,
            rows=said["rows"],
            inputs=len(said["inputs"]),
        )
        if not (folder / "receipt.json").exists():
            recipient = keys.wrap_new_key(site, f"pull/{pull_id}", [HOLDER])
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            store = storage.open_store(str(folder))
            for file, path in tables.items():
                storage.seal_into(store, f"{file}.parquet.age", path, recipient)
            # The receipt comes last: without it the pull does not exist.
            write_json(
                folder / "receipt.json",
                said
                | {"id": pull_id, "kind": "pull", "created": clock.stamp(), "expires": permit.expires, "permit": permit.permit_id},
            )
        return Pull(pull_id, purpose, folder)


def receipt(site: Site, pull_id: str) -> Mapping[str, Any]:
    """What a pull was made from and what it holds: inputs, permit, code, rule editions, rows and hashes, so that it can be made again.

    Raises:
        LinkageError: LNK-001 there is no such pull, or it was retired.
    """
    folder = _folder(site, pull_id)
    if folder is None:
        raise LinkageError(
            "LNK-001",
            where=pull_id,
            what="there is no such pull",
            remedy="See the ledger for pulls that were made; retired ones keep their receipt there.",
        )
    return dict(json.loads((folder / "receipt.json").read_text("utf-8")))


def rebuild(site: Site, pull_id: str, *, records: Iterable[Records], links: Links, permit: Permit) -> Mapping[str, object]:
    """Make a pull again from the same inputs and compare every table's hash: `pull`, `equal`, and the files that `differ`.

    The elements are those of the receipt: what the terms have opened since changes nothing, what they have closed is refused.

    Raises:
        LinkageError: LNK-002 the links have been made anew since; the old names of people are gone with their run.
        NotPermitted: the terms no longer share an element that the pull holds.
    """
    said = receipt(site, pull_id)
    governance.check_permit(site, permit, purpose=str(said["purpose"]), elements=said["elements"], today=clock.today())
    if said["links"] != links.run_id:
        raise LinkageError(
            "LNK-002",
            where=pull_id,
            what=f"it was made with the links of run {said['links']}, now {links.run_id} is in force",
            remedy="Make a new pull; the old one can no longer be repeated.",
        )
    with scratch(site) as private:
        _, again = _join(site, str(said["purpose"]), said["elements"], said["years"], records, links, private)
    differ = sorted(f for f in {*said["tables"], *again["tables"]} if said["tables"].get(f) != again["tables"].get(f))
    audit.append(site, "linkage:pull:rebuilt", actor=permit.actor, permit=permit.permit_id, pull=pull_id, equal=not differ)
    return {"pull": pull_id, "equal": not differ, "differ": differ}


def pulls_using(site: Site, submission_id: str) -> tuple[str, ...]:
    """Every pull in force that was made from a submission."""
    receipts = [json.loads(p.read_text("utf-8")) for p in sorted((site.root / "pulls").glob("*/*/receipt.json"))]
    return tuple(r["id"] for r in receipts if any(row["id"] == submission_id for row in r["inputs"]))


def retire(site: Site, pull_id: str, *, actor: str) -> None:
    """Destroy a pull's key and its tables: nobody opens it again. Its receipt stays in the ledger's entry."""
    folder = _folder(site, pull_id)
    if folder is None:
        return
    said = receipt(site, pull_id)
    audit.append(site, "linkage:pull:retired", actor=actor, pull=pull_id, inputs=[row["id"] for row in said["inputs"]])
    keys.destroy_key(site, f"pull/{pull_id}")
    for sealed in folder.glob("*.age"):
        sealed.unlink()
    (folder / "receipt.json").rename(folder / "retired.json")


def open_tables(site: Site, pull_id: str, private: Path, *, permit: Permit) -> dict[str, Path]:
    """A pull's tables opened in private scratch, by file; the reading is in the ledger first."""
    said = receipt(site, pull_id)
    governance.check_permit(site, permit, purpose=str(said["purpose"]), today=clock.today())
    audit.append(site, "linkage:pull:opened", actor=permit.actor, permit=permit.permit_id, pull=pull_id)
    folder = _folder(site, pull_id)
    identity = keys.unwrap_key(site, f"pull/{pull_id}", HOLDER)
    store = storage.open_store(str(folder))
    return {
        file: storage.unseal_from(store, f"{file}.parquet.age", private / f"{file}.parquet", identity)
        for file in sorted(said["tables"])
    }


def _join(
    site: Site, purpose: str, elements: Sequence[str], years: Sequence[int], records: Iterable[Records], links: Links, private: Path
) -> tuple[dict[str, Path], dict[str, Any]]:
    """Every file's table, and what the receipt says of them. Trays come file by file, so that one file's rows lie in memory at a time."""
    known, standing = _pseudonyms(site, purpose, links), read_links(links)
    tables: dict[str, Path] = {}
    said: dict[str, Any] = {
        "purpose": purpose, "years": list(years), "elements": list(elements), "links": links.run_id, "code": c2c.__version__,
        "rule_editions": {"weights": edition()}, "weights": {}, "inputs": [], "tables": {}, "rows": 0, "rows_left_out": 0,
    }  # fmt: skip
    waiting: list[pl.DataFrame] = []
    file = ""

    def finish() -> None:
        if waiting:
            tables[file] = _write(pl.concat(waiting, how="diagonal"), known, standing, private / f"{file}.parquet", said, file)
            waiting.clear()

    for tray in records:
        if tray.submission.file != file:
            finish()
            file = tray.submission.file
        said["inputs"].append({"id": tray.submission.submission_id, "sha256": tray.submission.sha256})
        prefix = f"{tray.submission.partner}.{file}."
        wanted = [p.removeprefix(prefix) for p in elements if p.startswith(prefix)]
        table = pl.read_parquet(tray.path)
        columns = [c for c in (*wanted, *DERIVED) if c in table.columns]
        waiting.append(table.select("record_key", pl.lit(tray.submission.period, dtype=pl.Int64).alias("period"), *columns))
    finish()
    said["sha256"] = _digest(said["tables"])
    return tables, said


def _write(table: pl.DataFrame, known: pl.DataFrame, standing: pl.DataFrame, path: Path, said: dict[str, Any], file: str) -> Path:
    weighed, said["weights"][file] = weigh(table, standing, path.parent)
    linked = weighed.join(known, on="record_key", how="inner", maintain_order="left").drop("record_key")
    columns = ["pseudonym", *(c for c in linked.columns if c != "pseudonym")]
    # By pseudonym, so that a row's place says nothing of where it stood when sent; then as sent, which sealed trays never change.
    linked = linked.select(columns).sort("pseudonym", maintain_order=True)
    linked.write_parquet(path, compression="zstd", compression_level=1, statistics=False)
    said["tables"][file] = storage.file_sha256(path)
    said["rows"] += len(linked)
    said["rows_left_out"] += len(table) - len(linked)
    return path


def _pseudonyms(site: Site, purpose: str, links: Links) -> pl.DataFrame:
    """Record key to pseudonym. A pseudonym is an HMAC of the person's id under the purpose's own key: two purposes cannot be joined."""
    key = keys.naming_key(site, f"purpose/{purpose}")
    linked = pl.read_parquet(links.path, columns=["record_key", "person_id"]).drop_nulls()
    people = linked["person_id"].unique().sort()
    named = pl.DataFrame({"person_id": people, "pseudonym": [keys.pseudonym(key, p) for p in people]})
    return linked.join(named, on="person_id").select("record_key", "pseudonym")


def _folder(site: Site, pull_id: str) -> Path | None:
    found = [p.parent for p in (site.root / "pulls").glob(f"*/{pull_id}/receipt.json")]
    return found[0] if found else None


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
