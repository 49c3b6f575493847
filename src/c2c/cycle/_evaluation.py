"""The match against the truth of a pretend state: keys of the files as sent, beside the links of the last run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from c2c import catalog, identity, intake, vault
from c2c.cycle._deliveries import find_deliveries
from c2c.cycle._pulls import match_permit
from c2c.plumbing.site import Site, scratch


def evaluate(site: Site, truth: Path, inbox: Path, *, actor: str) -> dict[str, Any]:
    """Pairwise figures over distinct record keys of files with names; rows set aside at intake count as unlinked.

    Only deliveries that are held count: a feed that no agreement joins was never matched.
    """
    cat = catalog.load()
    held = {(s.partner, s.file, s.period) for s in vault.held(site)}
    said = pl.scan_parquet(truth)
    known: list[pl.DataFrame] = []
    for delivery in find_deliveries(inbox):
        layout = cat.files[delivery.file]
        if not layout.carries_names or (delivery.partner, delivery.file, delivery.period) not in held:
            continue
        column_map = intake.read_map(delivery.column_map) if delivery.column_map else None
        table = intake.record_keys(
            site, cat, partner=delivery.partner, file=delivery.file, path=delivery.path, column_map=column_map
        )
        mine = said.filter(
            (pl.col("partner") == delivery.partner) & (pl.col("file") == delivery.file) & (pl.col("period") == delivery.period)
        ).select("primary_key", "person")
        joined = pl.DataFrame(pl.from_arrow(table)).lazy().join(mine, on="primary_key", how="inner")
        known.append(joined.select("record_key", "person").unique().collect())
    with scratch(site) as private:
        links = identity.open_links(site, private, permit=match_permit(site, year=9999, actor=actor))
        return identity.evaluate(pl.read_parquet(links.path).to_arrow(), pl.concat(known).unique().to_arrow())
