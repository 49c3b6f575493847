"""Person ids are permanent: each cluster inherits the id with which it shares most records; what merged or split is told, never reused."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from c2c.plumbing import keys
from c2c.plumbing.site import Site

EVENT_SCHEMA = {"event": pl.String, "person_id": pl.String, "other_person_id": pl.String, "run": pl.String}
HISTORY_SCHEMA = {"record_key": pl.String, "person_id": pl.String, "run": pl.String}
REDIRECT_SCHEMA = {"person_id": pl.String, "now": pl.String}


@dataclass(frozen=True)
class Past:
    """What the runs before left: each record's person, every event, every change of a record's person, and where old ids lead."""

    links: pl.DataFrame
    events: pl.DataFrame
    history: pl.DataFrame
    redirects: pl.DataFrame


def no_past() -> Past:
    """Before the first run."""
    links = pl.DataFrame(schema={"record_key": pl.String, "person_id": pl.String})
    return Past(links, pl.DataFrame(schema=EVENT_SCHEMA), pl.DataFrame(schema=HISTORY_SCHEMA), pl.DataFrame(schema=REDIRECT_SCHEMA))


def carry_ids(site: Site, of_record: pl.DataFrame, past: Past, run_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """An id for each cluster (`cluster`, `person_id`), and what became of ids in this run (`EVENT_SCHEMA`).

    A split keeps the id on the part with most records; ties favour the smaller id, then the cluster of the smallest record key. A new id is
    an HMAC of the run and the cluster's smallest record key, so no id is ever used twice. `of_record`: record_key, n_records, cluster.
    """
    key = keys.naming_key(site, "room/identity-ids")
    smallest = of_record.group_by("cluster").agg(pl.col("record_key").min()).sort("cluster")
    fresh = pl.Series("fresh", [keys.pseudonym(key, f"{run_id}|{k}") for k in smallest["record_key"].to_list()], dtype=pl.String)
    born = smallest.with_columns(fresh)
    old = past.links.filter(pl.col("person_id").is_not_null()).select("record_key", pl.col("person_id").alias("old"))
    shared = of_record.join(old, on="record_key").group_by("cluster", "old").agg(pl.col("n_records").sum().alias("n"))
    shared = shared.join(smallest, on="cluster").sort(["n", "old", "record_key"], descending=[True, False, False])
    heirs = _settle(shared)
    ids = born.join(heirs, on="cluster", how="left").with_columns(pl.coalesce("old", "fresh").alias("person_id")).sort("cluster")
    new = ids.filter(pl.col("old").is_null()).drop("old")
    came_from = shared.unique("cluster", keep="first", maintain_order=True).select("cluster", "old")
    split = new.join(came_from, on="cluster")
    gone = (
        shared.join(heirs, on="old", how="anti")
        .unique("old", keep="first", maintain_order=True)
        .join(ids.drop("old"), on="cluster")
    )
    run, nobody = pl.lit(run_id).alias("run"), pl.lit(None, dtype=pl.String).alias("other_person_id")
    events = pl.concat(
        [
            new.join(split, on="cluster", how="anti").select(pl.lit("create").alias("event"), "person_id", nobody, run),
            split.select(pl.lit("split").alias("event"), "person_id", pl.col("old").alias("other_person_id"), run),
            gone.select(
                pl.lit("merge").alias("event"), pl.col("old").alias("person_id"), pl.col("person_id").alias("other_person_id"), run
            ),
            gone.select(
                pl.lit("redirect").alias("event"),
                pl.col("old").alias("person_id"),
                pl.col("person_id").alias("other_person_id"),
                run,
            ),
        ]
    )
    return ids.select("cluster", "person_id"), events.sort("event", "person_id")


def _settle(shared: pl.DataFrame) -> pl.DataFrame:
    """Which old id each cluster keeps: the strongest claims first, one id to a cluster and one cluster to an id."""
    alone = (pl.len().over("cluster") == 1) & (pl.len().over("old") == 1)
    marked = shared.with_columns(alone.alias("alone"))
    taken_cluster: set[int] = set()
    taken_old: set[str] = set()
    kept = []
    for cluster, old in marked.filter(~pl.col("alone")).select("cluster", "old").iter_rows():
        if cluster not in taken_cluster and old not in taken_old:
            taken_cluster.add(cluster)
            taken_old.add(old)
            kept.append((cluster, old))
    contested = pl.DataFrame(kept, schema={"cluster": shared["cluster"].dtype, "old": pl.String}, orient="row")
    return pl.concat([marked.filter("alone").select("cluster", "old"), contested])


def follow(past: Past, links: pl.DataFrame, events: pl.DataFrame, run_id: str) -> Past:
    """The past with this run in it. Old ids lead to where they lead now, through any number of merges; a record's moves are all kept."""
    merged = events.filter(pl.col("event") == "redirect").select("person_id", pl.col("other_person_id").alias("now"))
    older = past.redirects.join(merged.rename({"person_id": "now", "now": "later"}), on="now", how="left")
    redirects = pl.concat([older.select("person_id", pl.coalesce("later", "now").alias("now")), merged]).sort("person_id")
    before = past.links.select("record_key", pl.col("person_id").alias("old"))
    moved = links.join(before, on="record_key", how="left").filter(pl.col("person_id").ne_missing(pl.col("old")))
    moves = moved.select("record_key", "person_id", pl.lit(run_id).alias("run"))
    known = links.select("record_key", "person_id")
    return Past(known, pl.concat([past.events, events]), pl.concat([past.history, moves]), redirects)
