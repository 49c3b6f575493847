"""Records into tuples: rows that agree on everything the match reads become one, with the weight of all.

A state's records do not fit in memory as text, so they are read in pieces, folded, and written to private scratch in the order of their digests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from c2c import catalog
from c2c.identity._normalise import COMPARED, NAMES, PLAIN, normalise
from c2c.vocabulary import Identifiers

NOT_ONE_PERSONS = ("family_case_number",)
"""Numbers of a household: they say who lives together, not who is who."""

RENAMED = {"retired_ssid": "ssid"}
"""An older number of a kind: it asserts a link to whoever held it, and two people's older and newer numbers may well differ."""

KEY_SCHEMA = {"row": pl.Int32, "kind": pl.String, "value": pl.String, "asserts": pl.Boolean, "current": pl.Boolean}
MARK_SCHEMA = {"lookup": pl.String, "record_key": pl.String}
PIECE = 500_000
"""Rows held as text at a time."""

DIGEST = ("digest_1", "digest_2")
"""Two 64-bit hashes of everything the match reads of a record: records of one digest are one tuple."""


@dataclass(frozen=True)
class Tuples:
    """What the match reads, in private scratch and in memory alone.

    `people`: a Parquet file, one row per tuple in the order of digests: `weight` (records it stands for), `COMPARED`, `source` if sent. A tuple is
    known by its place in it, its row. `keys`: person keys, long: row, kind, value, `asserts` (the issuer itself says so), `current` (differing
    from it means something). `records`: record_key, row, n_records, `seen_in` (partner and file). `lookups`: keyed marks of single ids, each with a
    row that bears it, for files that carry keys alone; `keys_only`: the record keys of such files.
    """

    people: Path
    n: int
    keys: pl.DataFrame
    records: pl.DataFrame
    lookups: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"lookup": pl.String, "row": pl.Int32}))
    keys_only: pl.Series = field(default_factory=lambda: pl.Series("record_key", [], dtype=pl.String))


def collapse(trays: Iterable[Identifiers], private: Path, *, apart: frozenset[str] = frozenset()) -> Tuples:
    """Read every identifiers tray into tuples. A record key met again in a later year is the same record, seen again.

    `apart`: record keys that stay tuples of their own, because a steward parted them from another that looks the same.
    """
    layouts = catalog.load().files
    sent: dict[tuple[str, str], list[Path]] = {}
    for tray in trays:
        sent.setdefault((tray.submission.partner, tray.submission.file), []).append(tray.path)
    folding = _Folding(private, apart)
    whole = {
        key: pl.concat([pl.scan_parquet(path) for path in paths], how="diagonal_relaxed") for key, paths in sorted(sent.items())
    }
    named = {key: table for key, table in whole.items() if layouts[key[1]].carries_names}
    alone = [table.select("record_key").unique().collect()["record_key"] for key, table in whole.items() if key not in named]
    keys_only = pl.concat([pl.Series("record_key", [], dtype=pl.String), *alone]).unique()
    marks = [pl.DataFrame(schema=MARK_SCHEMA)]
    for (partner, file), table in named.items():
        pieces = -(-table.select(pl.len()).collect().item() // PIECE)
        for piece in range(pieces):
            mine = table.filter(pl.col("record_key").hash() % pieces == piece)
            # A key repeats over the years with the same values: one record, as often seen as it was sent.
            once = (
                mine.group_by("record_key")
                .agg(pl.col("n_records").sum(), pl.all().exclude("record_key", "n_records").min())
                .collect()
            )
            lookups = [c for c in once.columns if c.startswith("lookup_")]
            for column in lookups:
                marks.append(
                    once.select(pl.col(column).alias("lookup"), "record_key").filter(pl.col("lookup").is_in(keys_only.implode()))
                )
            people, ids = _as_sent(once.drop(lookups), layouts[file])
            folding.add(people.with_columns(pl.lit(f"{partner}.{file}").alias("seen_in")), ids)
    tuples = folding.tuples()
    rows = tuples.records.select("record_key", "row")
    return replace(
        tuples, lookups=pl.concat(marks).join(rows, on="record_key").select("lookup", "row").unique(), keys_only=keys_only
    )


def fold(records: pl.DataFrame, id_columns: Sequence[str], private: Path) -> Tuples:
    """Records of one table into tuples. Person keys stand in `id:<kind>:<asserts><current>` columns; `source`, where there is one, is kept."""
    folding = _Folding(private, frozenset())
    for begin in range(0, len(records), PIECE):
        folding.add(records.slice(begin, PIECE).with_columns(pl.lit("").alias("seen_in")), id_columns)
    return folding.tuples()


class _Folding:
    """Pieces folded so far, and at the end the tuples of them all."""

    def __init__(self, private: Path, apart: frozenset[str]) -> None:
        self._private, self._apart = private, apart
        self._pieces: list[Path] = []
        self._records = [
            pl.DataFrame(
                schema={"record_key": pl.String, "n_records": pl.Int64, "seen_in": pl.String} | dict.fromkeys(DIGEST, pl.UInt64)
            )
        ]

    def add(self, sent: pl.DataFrame, id_columns: Sequence[str]) -> None:
        """Normalise one piece of records, and keep its distinct tuples in scratch."""
        marked = normalise(sent).with_columns(pl.col("tax_number").alias("id:itin:01"))
        ids = sorted({*id_columns, "id:itin:01"})
        # What has neither birth date nor number nor key is one record's alone: a name does not make a person.
        bare = pl.all_horizontal(pl.col(c).is_null() for c in ("birth", "number", *ids))
        alone = bare | pl.col("record_key").is_in(sorted(self._apart))
        by = [*COMPARED, *(["source"] if "source" in marked.columns else [])]
        # Each key is told with its kind, so that the same digest comes of whatever columns other pieces have.
        keys = (
            pl.when(pl.col(c).is_not_null()).then(pl.concat_str([pl.lit(f"{c}="), pl.col(c)])).otherwise(pl.lit("")) for c in ids
        )
        text = pl.concat_str(
            [
                *(pl.col(c).fill_null("") for c in by),
                pl.concat_str(list(keys)),
                pl.when(alone).then("record_key").otherwise(pl.lit("")),
            ],
            separator="\x1f",
        )
        marked = marked.with_columns(text.hash(seed=1).alias(DIGEST[0]), text.hash(seed=2).alias(DIGEST[1]))
        path = self._private / f"piece-{len(self._pieces)}.parquet"
        marked.select(*DIGEST, *by, *ids).unique(DIGEST).write_parquet(path, compression="lz4")
        self._pieces.append(path)
        self._records.append(marked.select("record_key", pl.col("n_records").cast(pl.Int64), "seen_in", *DIGEST))

    def tuples(self) -> Tuples:
        """All pieces together, in the order of digests."""
        records = pl.concat(self._records)
        if records["record_key"].is_duplicated().any():
            records = records.group_by("record_key").agg(pl.col("n_records").sum(), pl.col("seen_in").min(), pl.col(*DIGEST).min())
        weights = records.group_by(DIGEST).agg(pl.col("n_records").sum().alias("weight"))
        path, n = self._private / "tuples.parquet", 0
        places, keys = [], [pl.DataFrame(schema=KEY_SCHEMA)]
        writer: pq.ParquetWriter | None = None
        slices = max(1, -(-len(weights) // PIECE))
        blank = {c: pl.lit(None, dtype=pl.String).alias(c) for c in COMPARED}
        pieces = (
            pl.concat([pl.scan_parquet(p) for p in self._pieces], how="diagonal_relaxed")
            if self._pieces
            else pl.LazyFrame(schema=dict.fromkeys(DIGEST, pl.UInt64))
        )
        names = pieces.collect_schema().names()
        pieces = pieces.with_columns(blank[c] for c in COMPARED if c not in names)
        ids = [c for c in names if c.startswith("id:")]
        kept = [*COMPARED, *(["source"] if "source" in names else [])]
        for number in range(slices):
            low, high = (number * 2**64 // slices), ((number + 1) * 2**64 // slices - 1)
            within = pieces.filter(pl.col(DIGEST[0]).is_between(low, high)).collect()
            here = (
                within.unique(DIGEST)
                .join(weights, on=DIGEST)
                .sort(DIGEST)
                .with_columns(pl.int_range(n, n + pl.len(), dtype=pl.Int32).alias("row"))
            )
            places.append(here.select(*DIGEST, "row"))
            keys += [_long(here, column) for column in ids]
            table = here.select("weight", *kept).to_arrow()
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
            n += len(here)
        if writer:
            writer.close()
        for piece in self._pieces:
            piece.unlink()
        of_record = records.join(pl.concat(places), on=DIGEST).drop(DIGEST)
        return Tuples(path, n, pl.concat(keys).sort("row", "kind", "value"), of_record)


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


def _as_sent(table: pl.DataFrame, layout: catalog.FileLayout) -> tuple[pl.DataFrame, list[str]]:
    """A tray under the names of the match, each person key as a column `id:<kind>:<asserts><current>`, and those columns."""
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
    return table.select("record_key", "n_records", *known, *(value.alias(name) for name, value in ids.items())), list(ids)
