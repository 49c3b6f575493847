"""Golden records: of all that partners sent of one person, which value of each field people are shown first, and why.

What was sent stays, each value with who sent it and when. Nothing here is evidence: the match may not read it.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from c2c.identity._normalise import normalise
from c2c.identity._rules import rows_of
from c2c.identity._sealed import NAMES, has_table, unseal
from c2c.plumbing.site import Site, scratch

READ_AS = {"first_name": "first", "middle_name": "middle", "last_name": "surname", "former_last_name": "other_surname",
           "alias_first_name": "other_first", "alias_last_name": "other_surname", "name_suffix": "suffix", "birth_date": "birth", "gender": "sex",
           "ssn": "number", "itin": "tax_number", "street_address": "street", "address_city": "city", "address_zip": "zip", "email": "mail",
           "phone": "telephone"}  # fmt: skip
"""Fields whose values are alike where their comparison copies are; all others are numbers, and alike where their signs are."""

WHY = ("only", "rank", "recent", "frequent", "order")
"""Why a value survives: all that was sent says it; its source ranks above; it is the most recent; was sent most often; is first in order."""

PART = 500_000
"""Rows of what was sent in one part at most, as long as a hex digit of the person's id can tell parts apart."""

PERSON = {"person_id": pl.String, "digest": pl.UInt64}


@dataclass(frozen=True)
class Ranks:
    """How sources rank on one day: for each field in the order it is shown, rank by `partner.file`, by `partner.`, and by "" for all others.

    `edition` tells one such table from another.
    """

    of: Mapping[str, Mapping[str, int]]
    edition: int


@dataclass(frozen=True)
class Golden:
    """Tables to seal, by name: `golden…`, one row per person, and `held…`, one row per record key and set of values, in parts by the first digits of
    the person's id. `n_made`: how many people's records were worked out and not taken over."""

    tables: Mapping[str, Path]
    n_made: int


@functools.cache
def ranks_on(day: date) -> Ranks:
    """The rows of `survivorship.csv` in force on a day: of several for one field and source, the latest."""
    of: dict[str, dict[str, int]] = {}
    for row in sorted(rows_of("survivorship.csv"), key=lambda row: row["effective_from"]):
        if row["effective_from"] <= day.isoformat():
            of.setdefault(row["field"], {})[f"{row['partner']}.{row['file']}" if row["partner"] else ""] = int(row["rank"])
    ordered = {row["field"]: of[row["field"]] for row in rows_of("survivorship.csv") if row["field"] in of}
    text = json.dumps([sorted(ordered[field].items()) for field in sorted(ordered)] + sorted(ordered)).encode()
    return Ranks(ordered, int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))


def make_golden(
    sent: Sequence[Path], persons: pl.DataFrame, private: Path, *, day: date, before: Callable[[str], pl.DataFrame | None]
) -> Golden:
    """The golden record of every person, and all that was sent of them, as files in private scratch.

    Work goes part by part, since a state's values do not fit in memory as text. A person of whom the same is held as `before` keeps the record made
    then. `sent`: as `Tuples` has it; they go. `persons`: record_key, person_id. `before`: the part of that name that an earlier run under the same
    model made, if it did.
    """
    ranks = ranks_on(day)
    n, digits = sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in sent), 0
    while n > PART * 16**digits:
        digits += 1
    parts: dict[str, list[Path]] = {}
    for number, path in enumerate(sent):
        piece = pl.read_parquet(path)
        # A piece is a range of one file's record keys: only that range of all is looked through.
        low, high = (pl.lit(piece["record_key"].min(), pl.String), pl.lit(piece["record_key"].max(), pl.String))
        near = persons.filter(pl.col("record_key").is_between(low, high))
        known = piece.join(near, on="record_key").with_columns(pl.col("person_id").str.slice(0, digits).alias("part"))
        for (part,), mine in known.partition_by("part", as_dict=True, include_key=False).items():
            parts.setdefault(str(part), []).append(private / f"of-{part}-{number}.parquet")
            mine.write_parquet(parts[str(part)][-1], compression="lz4")
        path.unlink()
    tables, n_made = {}, 0
    for part, paths in sorted(parts.items()):
        held = pl.concat([pl.read_parquet(path) for path in paths], how="diagonal_relaxed").sort(
            "person_id", "record_key", "first_year"
        )
        of_row = held.select("person_id", _digest(held.columns, ranks).alias("digest"))
        of_person = of_row.group_by("person_id", maintain_order=True).agg(pl.col("digest").sum())
        earlier = before(named("golden", part))
        same = of_person.join(earlier, on=[*PERSON], how="semi") if earlier is not None else of_person.clear()
        anew = of_person.join(same, on="person_id", how="anti", maintain_order="left")
        made = survive(held.join(anew, on="person_id", how="semi", maintain_order="left"), ranks).join(anew, on="person_id")
        kept = [earlier.join(same, on="person_id", how="semi")] if earlier is not None else []
        golden = pl.concat([made, *kept], how="diagonal_relaxed").select(*made.columns).sort("person_id")
        for name, table in (("golden", golden), ("held", held)):
            tables[named(name, part)] = private / f"{named(name, part)}.parquet"
            table.write_parquet(tables[named(name, part)], compression="zstd", compression_level=1, row_group_size=20_000)
        n_made += len(made)
        for path in paths:
            path.unlink()
    return Golden(tables, n_made)


def named(table: str, part: str) -> str:
    """What a part of a table is called; a small site's one part has no digits."""
    return f"{table}-{part}" if part else table


def open_person(site: Site, run_id: str, person_id: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """A person's golden record, one row, and all that is held of them; None where the run has none, as it was made before there were any."""
    found = [part for part in (person_id[:n] for n in range(len(person_id))) if has_table(site, run_id, named("golden", part))]
    if not found:
        return None
    with scratch(site) as private:
        opened = [unseal(site, run_id, named(name, found[0]), private, key=NAMES) for name in ("golden", "held")]
        golden, held = (pl.scan_parquet(path).filter(pl.col("person_id") == person_id).collect() for path in opened)
    return golden, held


def survive(held: pl.DataFrame, ranks: Ranks) -> pl.DataFrame:
    """Of each person one value in each field, and why it: rank of its source, else the most recent, else sent most often, else first in order.

    Values that the match reads alike are one value, and count together; a value that stands in for another (`unknown`, 1 January 1900) never
    survives. How recent and how often is told among sources of the best rank. `held`: person_id, seen_in, last_year, n_records, and fields as sent.
    One row per person: person_id, and for each field its value and `<field>_why`; both null where nothing was sent that says anything.
    """
    people = held.select(pl.col("person_id").unique().sort()).with_row_index("person")
    rows = held.join(people, on="person_id")
    for field, of_source in ranks.of.items():
        blank = pl.DataFrame(schema={"person": pl.UInt32, field: pl.String, f"{field}_why": pl.Enum(WHY)})
        told = _of_field(rows, field, of_source) if field in rows.columns else blank
        people = people.join(told, on="person", how="left", maintain_order="left")
    return people.drop("person")


def _of_field(rows: pl.DataFrame, field: str, of_source: Mapping[str, int]) -> pl.DataFrame:
    """The value that survives of one field: person, `field`, `<field>_why`. Values and what they say are numbers in canonical order here."""
    sent = rows.select(
        "person", "seen_in", pl.col("last_year").alias("year"), pl.col("n_records").alias("n"), pl.col(field).alias("value")
    )
    sent = sent.drop_nulls("value")
    known = says(field, sent["value"].unique()).drop_nulls("says").sort("says", "value")
    texts = known["value"]
    known = known.with_columns(pl.col("says").rle_id(), pl.int_range(pl.len(), dtype=pl.UInt32).alias("place"))
    sources = rows.select(pl.col("seen_in").unique()).with_columns(
        pl.col("seen_in").map_elements(lambda name: _rank(of_source, name), return_dtype=pl.Int32).alias("rank")
    )
    numbered = sent.join(known, on="value").drop("value")
    spread = numbered.group_by("person").agg(pl.col("place").min(), pl.col("place").max().alias("high"))
    alone = spread.filter(pl.col("place") == pl.col("high")).select("person", "place", pl.lit("only").alias("why"))
    # Of most people all values are one: ranks are asked for the others alone.
    among = numbered.join(spread.filter(pl.col("place") != pl.col("high")), on="person", how="semi").join(sources, on="seen_in")
    ways = _in_order(among, "says")
    best = ways.unique("person", keep="first", maintain_order=True)
    rest = ways.join(best, on=["person", "says"], how="anti", maintain_order="left").unique(
        "person", keep="first", maintain_order=True
    )
    why = (
        pl.when(pl.col("says_next").is_null())
        .then(pl.lit("only"))
        .when(pl.col("rank") != pl.col("rank_next"))
        .then(pl.lit("rank"))
        .when(pl.col("year") != pl.col("year_next"))
        .then(pl.lit("recent"))
        .when(pl.col("n") != pl.col("n_next"))
        .then(pl.lit("frequent"))
        .otherwise(pl.lit("order"))
    )
    reasons = best.join(rest, on="person", how="left", suffix="_next").select("person", why.alias("why"))
    # Of several ways to write what survives, the same order picks one.
    written = _in_order(among.join(best, on=["person", "says"], how="semi"), "place").unique(
        "person", keep="first", maintain_order=True
    )
    told = pl.concat([alone, written.join(reasons, on="person").select("person", "place", "why")])
    return told.select("person", texts.gather(told["place"]).alias(field), pl.col("why").cast(pl.Enum(WHY)).alias(f"{field}_why"))


def _in_order(rows: pl.DataFrame, of: str) -> pl.DataFrame:
    """Each person's different `of`, the one that survives first."""
    counted = rows.group_by("person", of, "rank").agg(pl.col("year").max(), pl.col("n").sum())
    return counted.sort("person", "rank", "year", "n", of, descending=[False, False, True, True, False])


def _rank(of_source: Mapping[str, int], seen_in: str) -> int:
    partner = seen_in.partition(".")[0]
    return of_source.get(seen_in, of_source.get(f"{partner}.", of_source[""]))


def says(field: str, values: pl.Series) -> pl.DataFrame:
    """What each value of a field says: `value`, `says`, null where it stands in for another or can be no such thing."""
    sent = pl.DataFrame({"value": values})
    if field in READ_AS:
        return sent.with_columns(normalise(sent.select(pl.col("value").alias(field)))[READ_AS[field]].alias("says"))
    # One sign repeated stands for no number.
    one_sign = pl.col("value").str.strip_chars_start(pl.col("value").str.slice(0, 1)) == ""
    return sent.with_columns(pl.when(~one_sign).then(pl.col("value")).alias("says"))


def _digest(columns: Sequence[str], ranks: Ranks) -> pl.Expr:
    """A number for each row of what is held, under these ranks: a person whose numbers add up to the same has the same record.

    A field that no file of the part has counts as blank, so that a late file with a new field touches only whom it names.
    """
    told = [pl.col(f) if f in columns else pl.lit(None, dtype=pl.String).alias(f) for f in ranks.of]
    edition = pl.lit(ranks.edition, dtype=pl.UInt64).alias("ranks")
    return pl.struct("record_key", "seen_in", "first_year", "last_year", "n_records", *told, edition).hash(seed=7)
