"""The links beside the truth: pairwise precision, recall and F1 after clustering, and whom the match fails: twins, namesakes, groups."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pyarrow as pa

from c2c.identity._rules import rule

GROUPINGS = ("race_ethnicity", "gender")
Z = 1.96
"""So many standard errors either way hold 95 of 100 samples of a normal distribution."""


def evaluate(links_table: pa.Table, truth_table: pa.Table, people_table: pa.Table | None = None) -> dict[str, Any]:
    """Pairwise figures over distinct records of the truth; a record without a link is a person of its own.

    `links_table`: record_key or record_id, person_id. `truth_table`: the same key, person. `people_table`: what is true of each person, where it is
    known: person, twin_of, junior_of, race_ethnicity, gender; with it comes what `families` and `groups` tell.
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
    figures = {
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
    if people_table is None:
        return figures
    held = both.group_by(pl.col("person").cast(pl.String), "person_id").agg(pl.len().alias("n").cast(pl.Int64))
    who = pl.DataFrame(pl.from_arrow(people_table)).with_columns(pl.col("person", "twin_of", "junior_of").cast(pl.String))
    return figures | families(held, who) | groups(held, who)


def families(held: pl.DataFrame, who: pl.DataFrame) -> dict[str, Any]:
    """How many twins, and how many fathers and sons of one name, were made one person, and by how many false pairs of records.

    Only pairs of people who both have records count. `held`: records (`n`) of each person under each id; `who`: as `evaluate` has them.
    """
    said: dict[str, Any] = {}
    for name, column in (("twin", "twin_of"), ("father_son", "junior_of")):
        pairs = who.select("person", pl.col(column).alias("other")).drop_nulls()
        pairs = pairs.filter(pl.all_horizontal(pl.col(c).is_in(held["person"].implode()) for c in ("person", "other")))
        one = pairs.join(held, on="person").join(held, left_on=["other", "person_id"], right_on=["person", "person_id"])
        merged = one.select("person", "other").n_unique()
        said |= {f"{name}_pairs": len(pairs), f"{name}_pairs_merged": merged}
        said[f"{name}_pct_merged"] = round(100 * merged / len(pairs), 2) if len(pairs) else 0.0
        said[f"{name}_false_record_pairs"] = int((one["n"] * one["n_right"]).sum())
    return said


def groups(held: pl.DataFrame, who: pl.DataFrame) -> dict[str, Any]:
    """Recall of each group, and for race and ethnicity and for gender how many points the best is above the worst.

    The 95 % interval takes people as the sample: one person's pairs are found or missed together. A group of few people with two records or more is
    shown, and is neither best nor worst: its recall is chance. The arguments are those of `families`.
    """
    own = held.group_by("person").agg(
        (pl.col("n") * (pl.col("n") - 1) // 2).sum().alias("found"),
        (pl.col("n").sum() * (pl.col("n").sum() - 1) // 2).alias("true"),
    )
    own = own.filter(pl.col("true") > 0).join(who.select("person", *GROUPINGS), on="person")
    said: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for by in GROUPINGS:
        counted = own.with_columns((pl.col("found").sum() / pl.col("true").sum()).over(by).alias("recall"))
        miss = (pl.col("found") - pl.col("recall") * pl.col("true")).pow(2).sum() / pl.col("true").sum().pow(2)
        table = counted.group_by(pl.col(by).alias("group")).agg(
            pl.len().alias("n_people"), pl.col("recall").first(), miss.alias("variance")
        )
        rows += [{"by": by, "group": g, "n_people": n, "recall": round(r, 5)} for g, n, r, _ in table.sort("group").iter_rows()]
        large = table.filter(pl.col("n_people") >= rule("group_least")).sort("recall", "group")
        gap = 100 * (large["recall"][-1] - large["recall"][0]) if len(large) else 0.0
        around = 100 * Z * math.sqrt(large["variance"][0] + large["variance"][-1]) if len(large) > 1 else 0.0
        said[f"recall_gap_{by}"] = round(gap, 2)
        said[f"recall_gap_{by}_interval"] = [round(max(gap - around, 0.0), 2), round(gap + around, 2)]
    return said | {"recall_of_groups": rows}


def _pairs(table: pl.DataFrame, by: list[str]) -> int:
    n = table.group_by(by).len()["len"].cast(pl.Int64)
    return int((n * (n - 1) // 2).sum())
