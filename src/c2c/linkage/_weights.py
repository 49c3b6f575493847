"""Inverse-probability weights: how many rows each linked row of a pull stands for, so that those that were not linked are not forgotten.

The probability that a row was linked is the share of its class that was: rows of one file, alike in year, kinds of identifiers and the group that
the file itself tells. A class too small to tell a share, or with nobody linked, takes the share of the coarser one that it is part of. A pull's weights know nothing that
its permit does not open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import polars as pl

from c2c.linkage._derive import race_ethnicity, read_list
from c2c.plumbing import engines
from c2c.vocabulary import Links

HOLDS = ("holds_ssn", "holds_birth_date", "holds_person_key", "holds_contact")
SURE = ("automatic", "steward")
"""Links that nobody need look at again."""

WEIGHTS = ("link_weight", "sure_link_weight")
CLASSES = (("period", *HOLDS, "race", "gender"), ("period", *HOLDS, "race"), ("period", *HOLDS), ("period",), ())
"""From finest to coarsest, what rows of one class have in common."""


def read_links(links: Links) -> pl.DataFrame:
    """Links with all their columns; what an earlier version did not say of a record is blank. One row per record key."""
    schema = {"record_key": pl.String, "person_id": pl.String, "status": pl.String} | dict.fromkeys(HOLDS, pl.Boolean)
    table = pl.concat([pl.DataFrame(schema=schema), pl.read_parquet(links.path)], how="diagonal")
    return table.select(*schema)


def weigh(table: pl.DataFrame, standing: pl.DataFrame, private: Path) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Each row of one file's table with its weights, and what the receipt says of them.

    `link_weight`: rows as sent that a linked row stands for, where all links are used. `sure_link_weight`: the same where only sure links are;
    blank on a row whose link is provisional. Both are blank on a row that was not linked. The weights of a class add up to the rows of it that
    were sent, unless they were trimmed; those of a class too small for a share of its own do so nearly.
    """
    told = table.join(standing, on="record_key", how="left", maintain_order="left")
    told = told.with_columns(_race(told, private), *([] if "gender" in told.columns else [pl.lit(None).alias("gender")]))
    linked, sure = pl.col("person_id").is_not_null(), pl.col("status").is_in(SURE).fill_null(False)
    said: dict[str, Any] = {}
    for name, wanted in zip(WEIGHTS, (linked, linked & sure), strict=True):
        told = told.with_columns(wanted.alias("wanted_"), pl.lit(None, dtype=pl.Float64).alias(name))
        for by in CLASSES:
            told = _of_class(told, by, name)
        largest = _rule("largest_weight")
        said[name] = {"rows": int(told["wanted_"].sum()), "trimmed": int((told["wanted_"] & (told[name] > largest)).sum())}
        told = told.with_columns(pl.when("wanted_").then(pl.col(name).clip(upper_bound=largest)).alias(name))
    return told.select(*table.columns, *WEIGHTS), said


def edition() -> str:
    """The edition of the rules of weights in force."""
    return max(row["edition"] for row in read_list("weights"))


def _of_class(told: pl.DataFrame, by: tuple[str, ...], name: str) -> pl.DataFrame:
    """Rows that no finer class has weighed, weighed by this one where it is large enough and some of it is linked; the coarsest takes all."""
    n, n_wanted = pl.len(), pl.col("wanted_").sum()
    if by:
        n, n_wanted = n.over(by), n_wanted.over(by)
    enough = (n_wanted > 0) & (n >= _rule("least_class")) if by else n_wanted > 0
    return told.with_columns(pl.when(pl.col(name).is_null() & enough).then(n / n_wanted).otherwise(name).alias(name))


def _race(told: pl.DataFrame, private: Path) -> pl.Series:
    """The public group of each row, worked out once for each way of sending it; blank where the file does not say."""
    sent = ["hispanic_latino", "race_codes"]
    if not set(sent) <= set(told.columns):
        return pl.Series("race", [None] * len(told), dtype=pl.String)
    path = private / "ways.parquet"
    told.select(pl.col("hispanic_latino").cast(pl.Boolean), pl.col("race_codes").cast(pl.String)).unique().write_parquet(path)
    with engines.bare_duckdb(threads=1) as engine:
        engine.read_parquet(str(path)).create_view("ways")
        ways = ibis.table({"hispanic_latino": "boolean", "race_codes": "string"}, name="ways")
        grouped = ways.mutate(race=race_ethnicity(ways.hispanic_latino, ways.race_codes))
        table = pl.DataFrame(engine.sql(ibis.to_sql(grouped, dialect="duckdb")).to_arrow_table())
    path.unlink()
    return told.join(table, on=sent, how="left", nulls_equal=True, maintain_order="left")["race"]


def _rule(rule_id: str) -> float:
    return float(next(row["value"] for row in read_list("weights") if row["rule_id"] == rule_id and not row["effective_to"]))
