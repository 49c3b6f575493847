"""The match against the truth of a pretend state: keys of the files as sent, beside the links of the last run."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import polars as pl

from c2c import catalog, identity, intake, vault
from c2c.cycle._deliveries import Delivery, find_deliveries
from c2c.cycle._pulls import match_permit
from c2c.plumbing.site import Site, scratch


def evaluate(site: Site, truth: Path, inbox: Path, *, actor: str) -> dict[str, Any]:
    """Pairwise figures over distinct record keys of files with names; rows set aside at intake count as unlinked.

    Only deliveries that are held count: a feed that no agreement joins was never matched. What is true of people is read where it lies beside the
    truth, with `.people` before its ending.
    """
    files = catalog.load().files
    held = {(s.partner, s.file, s.period) for s in vault.held(site)}
    named = [d for d in find_deliveries(inbox) if files[d.file].carries_names and (d.partner, d.file, d.period) in held]
    with ProcessPoolExecutor(max_workers=2, mp_context=multiprocessing.get_context("spawn")) as pool:
        known = pl.concat(pool.map(_people_of, repeat(site), named, repeat(truth), chunksize=8)).unique()
    beside = truth.with_suffix(".people.parquet")
    people = pl.read_parquet(beside).to_arrow() if beside.exists() else None
    with scratch(site) as private:
        links = identity.open_links(site, private, permit=match_permit(site, year=9999, actor=actor))
        return identity.evaluate(pl.read_parquet(links.path).to_arrow(), known.to_arrow(), people)


def _people_of(site: Site, delivery: Delivery, truth: Path) -> pl.DataFrame:
    """Whose each record key of a delivery is. One row per record key and person."""
    column_map = intake.read_map(delivery.column_map) if delivery.column_map else None
    keys = intake.record_keys(
        site, catalog.load(), partner=delivery.partner, file=delivery.file, path=delivery.path, column_map=column_map
    )
    said = pl.scan_parquet(truth).filter(
        (pl.col("partner") == delivery.partner) & (pl.col("file") == delivery.file) & (pl.col("period") == delivery.period)
    )
    joined = pl.DataFrame(pl.from_arrow(keys)).lazy().join(said.select("primary_key", "person"), on="primary_key", how="inner")
    return joined.select("record_key", "person").unique().collect()
