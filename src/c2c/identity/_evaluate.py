"""The links beside the truth: pairwise precision, recall and F1 after clustering, and how many people are whole."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa


def evaluate(links_table: pa.Table, truth_table: pa.Table) -> dict[str, Any]:
    """Pairwise figures over distinct records of the truth; a record without a link is a person of its own.

    `links_table`: record_key or record_id, person_id. `truth_table`: the same key, person.
    """
    links, truth = pl.DataFrame(pl.from_arrow(links_table)), pl.DataFrame(pl.from_arrow(truth_table))
    key = "record_key" if "record_key" in truth.columns else "record_id"
    both = truth.unique([key, "person"]).join(links.select(key, "person_id").unique(key), on=key, how="left")
    unlinked = int(both["person_id"].null_count())
    both = both.with_columns(
        pl.coalesce(pl.col("person_id"), pl.concat_str([pl.lit("alone-"), pl.col(key).cast(pl.String)])).alias("person_id")
    )
    together = _pairs(both, ["person", "person_id"])
    said, true = _pairs(both, ["person_id"]), _pairs(both, ["person"])
    precision, recall = together / said if said else 1.0, together / true if true else 1.0
    clusters = both.group_by("person_id").agg(pl.col("person").n_unique().alias("n_people"), pl.len().alias("n"))
    people = both.group_by("person").agg(pl.col("person_id").n_unique().alias("n_ids"), pl.len().alias("n"))
    whole = both.join(clusters.select("person_id", "n_people"), on="person_id").join(people.select("person", "n_ids"), on="person")
    exact = whole.filter((pl.col("n_people") == 1) & (pl.col("n_ids") == 1))["person"].n_unique()
    person_f1 = 2 * exact / (len(clusters) + len(people)) if len(people) else 1.0
    return {
        "records": len(both),
        "people": len(people),
        "precision": round(precision, 5),
        "recall": round(recall, 5),
        "f1": round(2 * precision * recall / (precision + recall), 5) if precision + recall else 0.0,
        "person_f1": round(person_f1, 5),
        "people_whole": exact,
        "people_split": int((people["n_ids"] > 1).sum()),
        "clusters_of_several_people": int((clusters["n_people"] > 1).sum()),
        "most_people_in_one_cluster": int(clusters["n_people"].max() or 0) if len(clusters) else 0,  # type: ignore[arg-type]
        "unlinked": unlinked,
    }


def _pairs(table: pl.DataFrame, by: list[str]) -> int:
    n = table.group_by(by).len()["len"].cast(pl.Int64)
    return int((n * (n - 1) // 2).sum())
