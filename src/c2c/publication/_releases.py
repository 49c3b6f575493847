"""Releases: frozen folders, public by definition. Written whole or not at all; afterwards only their status may change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

import c2c
from c2c.plumbing import clock, errors, storage
from c2c.plumbing.site import Site, write_json
from c2c.vocabulary import Release, SafeTables


class PublicationError(errors.CodedError):
    """The release cannot be written, found or read."""


def freeze(
    site: Site,
    safe: SafeTables,
    *,
    release_id: str,
    year: int,
    method: Mapping[str, Any],
    institutions: Path,
    inputs: tuple[str, ...] = (),
    synthetic: bool = False,
    draft: bool = False,
) -> Release:
    """Freeze safe tables, the places they speak of and how they were made into a release; the one before it becomes an older one.

    A `draft` has the same form, lies apart from the releases, and gives way to the next of its id.

    Raises:
        PublicationError: PUB-001 a release of that id exists with other cells.
    """
    root = site.folder("drafts" if draft else "releases")
    folder = root / release_id
    digest = storage.file_sha256(safe.cells)
    if draft:
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        kept = open_release(folder)
        if kept.manifest["sha256"] != digest:
            raise PublicationError(
                "PUB-001",
                where=release_id,
                what="a release of that id exists with other figures",
                remedy="Releases never change; give the new one an id of its own.",
            )
        return kept
    part = root / f".{release_id}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o755)
    shutil.copyfile(safe.cells, part / "cells.parquet")
    shutil.copyfile(institutions, part / "institutions.parquet")
    write_json(part / "method.json", dict(method))
    write_json(part / "status.json", {"status": "current", "reason": "", "when": clock.stamp()})
    manifest = {
        "kind": "draft" if draft else "release", "id": release_id, "product": safe.product_id, "year": year, "created": clock.stamp(), "inputs": [{"id": i} for i in inputs], "permit": "",
        "code": c2c.__version__, "rule_editions": {"public": safe.audit.get("rule_edition", "")}, "rows": pl.scan_parquet(safe.cells).select(pl.len()).collect().item(),
        "sha256": digest, "ledger_head": safe.audit.get("ledger_head", ""), "synthetic": synthetic,
    }  # fmt: skip
    write_json(part / "manifest.json", manifest)
    part.rename(folder)
    return Release(release_id, folder, manifest)


def releases(root: Path) -> tuple[Release, ...]:
    """Every release in a folder, oldest first."""
    found = [open_release(p.parent) for p in root.glob("*/manifest.json") if not p.parent.name.startswith(".")]
    return tuple(sorted(found, key=lambda r: (str(r.manifest["created"]), r.release_id)))


def open_release(folder: Path) -> Release:
    """The release in a folder; its manifest also says what `status.json`, the one file that may change, says.

    Raises:
        PublicationError: PUB-002 there is none.
    """
    try:
        said, standing = (json.loads((folder / name).read_text("utf-8")) for name in ("manifest.json", "status.json"))
    except (OSError, ValueError):
        raise PublicationError(
            "PUB-002", where=folder.name, what="there is no such release", remedy="See the list of releases."
        ) from None
    return Release(folder.name, folder, said | {k: standing[k] for k in ("status", "reason")})


def retire(site: Site, release_id: str, *, reason: str) -> None:
    """Put the retired banner on a release. Its figures stay as they were: what was published cannot be unpublished."""
    open_release(site.root / "releases" / release_id)
    write_json(site.root / "releases" / release_id / "status.json", {"status": "retired", "reason": reason, "when": clock.stamp()})


def cells(folder: Path, target: Path, *, levels: Path | None = None) -> int:
    """Write every published cell of the release in a folder in the long form, CSV, and its places' hierarchies; returns how many cells.

    `levels`: one row per place and the place it lies in. A district that lies in several Assembly districts has a row for each.
    """
    opened = open_release(folder).folder
    table = pl.read_parquet(opened / "cells.parquet")
    _write_whole(table, target)
    if levels:
        places = pl.read_parquet(opened / "institutions.parquet").filter(pl.col("school_district") != "")
        above = [
            places.select(
                pl.lit("school_district").alias("dim"), pl.lit(of).alias("hierarchy"), pl.col(of).alias("parent"), pl.col("school_district").alias("child")
            )
            for of in ("county", "legislative_district")
        ]  # fmt: skip
        _write_whole(pl.concat(above).filter(pl.col("parent") != "").unique().sort("hierarchy", "parent", "child"), levels)
    return len(table)


def _write_whole(table: pl.DataFrame, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    table.write_csv(part)
    part.replace(target)
