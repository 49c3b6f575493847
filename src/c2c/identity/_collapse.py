"""Records into tuples: rows that agree on everything the match reads become one, with the weight of all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from c2c import catalog
from c2c.identity._normalise import COMPARED, NAMES, PLAIN, normalise
from c2c.vocabulary import Identifiers

NOT_ONE_PERSONS = ("family_case_number",)
"""Numbers of a household: they say who lives together, not who is who."""

RENAMED = {"retired_ssid": "ssid"}
"""An older number of a kind: it asserts a link to whoever held it, and two people's older and newer numbers may well differ."""

KEY_SCHEMA = {"row": pl.Int64, "kind": pl.String, "value": pl.String, "asserts": pl.Boolean, "current": pl.Boolean}
MARK_SCHEMA = {"lookup": pl.String, "record_key": pl.String}


@dataclass(frozen=True)
class Tuples:
    """What the match reads, in memory alone.

    `people`: one row per tuple: `row`, `digest` (its name, whatever its place), `weight` (records it stands for), `COMPARED`, `source`.
    `keys`: person keys, long: row, kind, value, `asserts` (the issuer itself says so), `current` (differing from it means something).
    `records`: record_key, row, n_records. `lookups`: keyed marks of single ids to record_key, for files that carry keys alone.
    """

    people: pl.DataFrame
    keys: pl.DataFrame
    records: pl.DataFrame
    lookups: pl.DataFrame


def collapse(trays: Iterable[Identifiers]) -> Tuples:
    """Read every identifiers tray into tuples. A record key met again in a later year is the same record, seen again."""
    layouts = catalog.load().files
    sent, marks = [], []
    for tray in trays:
        layout = layouts[tray.submission.file]
        table = pl.read_parquet(tray.path)
        lookups = [c for c in table.columns if c.startswith("lookup_")]
        marks += [table.select(pl.col(c).alias("lookup"), "record_key").drop_nulls() for c in lookups]
        if layout.carries_names and len(table):
            sent.append(_as_sent(table.drop(lookups), layout))
    lookups_table = pl.concat(marks).unique() if marks else pl.DataFrame(schema=MARK_SCHEMA)
    nobody = pl.DataFrame(schema={"record_key": pl.String, "n_records": pl.Int64})
    everything = pl.concat([nobody, *sent], how="diagonal_relaxed")
    columns = [c for c in everything.columns if c not in ("record_key", "n_records")]
    # A key repeats over the years with the same values: one record, as often seen as it was sent.
    once = everything.group_by("record_key").agg(pl.col("n_records").sum(), *(pl.col(c).min() for c in columns))
    return fold(once, [c for c in columns if c.startswith("id:")], lookups_table)


def fold(records: pl.DataFrame, id_columns: Sequence[str], lookups: pl.DataFrame) -> Tuples:
    """Records as sent into tuples. Person keys stand in `id:<kind>:<asserts><current>` columns; `source`, where there is one, is kept."""
    marked = normalise(records).with_columns(pl.col("tax_number").alias("id:itin:01"))
    ids = [*id_columns, "id:itin:01"]
    # What has neither birth date nor number nor key is one record's alone: a name does not make a person.
    bare = pl.all_horizontal(pl.col(c).is_null() for c in ("birth", "number", *ids))
    marked = marked.with_columns(pl.when(bare).then("record_key").alias("apart"))
    by = [*COMPARED, *ids, *(["source"] if "source" in marked.columns else [])]
    text = pl.concat_str([pl.col(c).fill_null("") for c in (*by, "apart")], separator="\x1f")
    marked = marked.with_columns(text.alias("text"))
    people = marked.group_by("text").agg(*(pl.col(c).first() for c in by), pl.col("n_records").sum().alias("weight"))
    digests = [hashlib.blake2b(t.encode(), digest_size=12).hexdigest() for t in people["text"].to_list()]
    people = people.with_columns(pl.Series("digest", digests, dtype=pl.String)).sort("digest")
    people = people.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    keys = pl.concat([pl.DataFrame(schema=KEY_SCHEMA), *(_long(people, column) for column in ids)]).sort("row", "kind", "value")
    of_record = marked.select("record_key", "text", "n_records").join(people.select("text", "row"), on="text").drop("text")
    return Tuples(people.drop("text", *ids), keys, of_record.sort("record_key"), lookups)


def _long(people: pl.DataFrame, column: str) -> pl.DataFrame:
    _, kind, flags = column.split(":")
    mine = people.select("row", pl.col(column).alias("value")).drop_nulls()
    # One sign repeated stands for no number.
    mine = mine.filter(pl.col("value").str.strip_chars_start(pl.col("value").str.slice(0, 1)) != "")
    return mine.select(
        "row",
        pl.lit(kind).alias("kind"),
        "value",
        pl.lit(flags[0] == "1").alias("asserts"),
        pl.lit(flags[1] == "1").alias("current"),
    )


def _as_sent(table: pl.DataFrame, layout: catalog.FileLayout) -> pl.DataFrame:
    """A tray under the names of the match, each person key as a column `id:<kind>:<asserts><current>`."""
    ids = {}
    for column in layout.person_id_columns:
        if column in ("ssn", "itin", *NOT_ONE_PERSONS) or column not in table.columns:
            continue
        scope = layout.element(column).id_scope
        scoped = bool(scope) and scope != "unknown"
        value = pl.concat_str([pl.col(scope), pl.col(column)], separator="|") if scoped else pl.col(column)
        # An issuer's own number asserts; one whose scope is not in the row, or that another agency passes on, is evidence only.
        asserts = scope != "unknown" and (column == layout.person_id_columns[0] or column in RENAMED or scoped)
        current = column not in RENAMED and not scope
        ids[f"id:{RENAMED.get(column, column)}:{int(asserts)}{int(current)}"] = value
    known = [c for c in (*NAMES, *PLAIN) if c in table.columns]
    return table.select("record_key", "n_records", *known, *(value.alias(name) for name, value in ids.items()))
