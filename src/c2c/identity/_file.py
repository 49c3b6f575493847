"""Matching of any file of people, with no site, no ledger and nothing kept: the same match, on whatever columns the file has."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from c2c.identity._collapse import Tuples, fold
from c2c.identity._encoded import Encoded, check_encoded, comparison_copy, is_encoded, kinds_of_keys, token_of
from c2c.identity._errors import IdentityError
from c2c.identity._match import Known, match_people
from c2c.identity._normalise import COMPARED, KEYS, NAMES, PLAIN, normalise
from c2c.identity._rules import rule, words
from c2c.identity._runner import open_runner
from c2c.identity._settings import read_model, write_model
from c2c.identity._written import Written


@dataclass(frozen=True)
class PeopleFile:
    """A file of people as the match takes it.

    `ids`: record_id as sent and the record_key each row is known by, in the file's order; `records`: read piece by piece as they are folded;
    `id_columns`: those of them with person keys; `written`: how its values are written, where it is not as text.
    """

    ids: pl.LazyFrame
    records: pl.LazyFrame
    id_columns: tuple[str, ...]
    written: Written | None

    def fold(self, private: Path) -> Tuples:
        """The distinct tuples of its records."""
        return fold(self.records, self.id_columns, private, copy=comparison_copy if self.written else normalise)


def match_file(
    source: Path,
    target: Path,
    *,
    column_map: Mapping[str, str] | None = None,
    engine: str = "local",
    model: Path | None = None,
    save_model: Path | None = None,
) -> dict[str, Any]:
    """Match the rows of one CSV or Parquet file; write record_id, person_id, confidence, status, one row per row, in the file's order.

    Takes catalog names and the plain ones beside them in `words.csv`; `key_…` are person keys of any kind; `column_map` renames others
    first (theirs to ours). A `source` column forbids nothing: whether one person has several rows in a source is learnt from the file.
    A file of tokens, as `c2c tokenise` writes it, is matched by the same evidence. `engine`: `local`, this machine's cores, or `spark`, on as many
    cores as `local[*]` gives it; the links are the same. A person's id is the hash of the smallest (source, record_id) of the person's rows, so
    it repeats.

    `model`: a Splink settings file whose m, u and prior are taken as they are. How rare values are, which of them many hold and whether there are
    twins is still learnt from this file. The answer says how the model was read. `save_model`: where the model used is written, as such a file.
    Where agreement on a field does not outweigh disagreement the answer names it (`contrary_fields`): such a column wants looking at.

    Raises:
        IdentityError: IDN-004 the file has no record_id, or has one twice; IDN-005 it has nothing to match by; IDN-006 it cannot be read;
            IDN-016 to IDN-018 the engine is not there; IDN-019 to IDN-021 its tokens cannot be compared; IDN-026 to IDN-029 the model is none,
            or says what the match does not know.
    """
    given = read_model(model) if model else None
    with tempfile.TemporaryDirectory() as private:
        people = read_people(source, column_map or {}, Path(private))
        tuples = people.fold(Path(private))
        # Which tuple a row is, is kept as a number: a state's record keys do not lie in memory while it is matched.
        row, tuples = tuples.records["row"].to_numpy(), tuples.without_records()
        with open_runner(engine, Path(private)) as runner:
            known = Known(given.model) if given else None
            matched = match_people(tuples.people, tuples.keys, runner=runner, written=people.written, known=known)
        if save_model:
            write_model(matched.model, matched.coded.key, save_model)
        label, confidence, report = matched.label[row], matched.confidence[row], matched.report
        del matched, tuples
        out = _links(people.ids.collect(), label, confidence)
    write_people(out, target)
    said = ("pairs_compared", "largest_cluster", "expected_matches_lost")
    told: dict[str, Any] = {"model": given.told()} if given else {}
    if report["contrary_fields"]:
        told["contrary_fields"] = ", ".join(report["contrary_fields"])
    return {"rows": len(out), "people": report["people"], **{name: report[name] for name in said}, **told}


def _links(ids: pl.DataFrame, label: np.ndarray, confidence: np.ndarray) -> pl.DataFrame:
    """What is written: one row per row of the file. `label`: the person of each row; `confidence` in it."""
    smallest = ids.select(pl.Series("label", label), "record_key").group_by("label").agg(pl.col("record_key").min())
    with duckdb.connect() as engine:
        hashed = engine.sql("SELECT left(sha256(record_key), 32) AS person_id FROM smallest").pl()["person_id"]
    person = np.full(int(label.max(initial=-1)) + 1, -1, dtype=np.int32)
    person[smallest["label"].to_numpy()] = np.arange(len(hashed))
    return ids.select(
        "record_id",
        hashed.gather(person[label]),
        pl.Series("confidence", np.round(confidence, 4)),
        pl.when(pl.Series(confidence >= rule("automatic_from")))
        .then(pl.lit("automatic"))
        .otherwise(pl.lit("provisional"))
        .alias("status"),
    )


def read_people(source: Path, column_map: Mapping[str, str], private: Path) -> PeopleFile:
    """A file of people, its columns under our names. Raises what `match_file` says of the file and its tokens. `private`: scratch for its text."""
    table = read_table(source, column_map, private)
    columns = table.collect_schema().names()
    own = check_people(table, source)
    keys = key_columns(columns)
    known = [c for c in columns if c in (*NAMES, *PLAIN)]
    written = None
    if is_encoded(columns):
        whole = table.collect()
        check_encoded(whole, source, [*known, *keys])
        written, keys = Encoded(whole), {kind: token_of(f"id_{kind}") for kind in kinds_of_keys(whole)}
        known = [c for c in map(token_of, COMPARED) if c in columns]
    # The issuers of a file's keys are not known to us: strong evidence, and nobody's assertion.
    id_columns = {f"id:{kind}:01": pl.col(c) for kind, c in keys.items()}
    read: list[str | pl.Expr] = [
        *known,
        *(value.alias(name) for name, value in id_columns.items()),
        *(["source"] if "source" in own else []),
    ]
    # A record is known by its own id, never by its place, so that the order of the file changes nothing.
    names = pl.concat_str([pl.col(c).fill_null("") for c in own], separator="|").alias("record_key")
    return PeopleFile(
        table.select("record_id", names), table.select(names, pl.lit(1).alias("n_records"), *read), tuple(id_columns), written
    )


def check_people(table: pl.LazyFrame, source: Path) -> list[str]:
    """The columns that tell one row from all others: record_id, and source before it where there is one.

    Raises:
        IdentityError: IDN-004 no record_id, or one twice; IDN-005 nothing to match by.
    """
    columns = table.collect_schema().names()
    own = [*(["source"] if "source" in columns else []), "record_id"]
    ids = table.select(c for c in own if c in columns).collect()
    # Digests that all differ settle it; only where two are the same is it asked of the texts.
    twice = "record_id" in columns and ids.hash_rows().n_unique() < len(ids) and ids.is_duplicated().any()
    if "record_id" not in columns or ids["record_id"].null_count() or twice:
        raise IdentityError(
            "IDN-004",
            where=source.name,
            what="record_id is missing, blank or given twice",
            remedy="Give each row an id of its own, once for each source.",
        )
    if not key_columns(columns) and not any(c in (*NAMES, *PLAIN) for c in columns) and not is_encoded(columns):
        raise IdentityError(
            "IDN-005",
            where=source.name,
            what="no column that names a person was found",
            remedy="Rename columns to catalog names, or give a column map with --map.",
        )
    return own


def key_columns(columns: Iterable[str]) -> dict[str, str]:
    """The person keys among the columns of a people file: kind to column."""
    return {c: c for c in columns if c in KEYS or c.startswith("key_")}


def write_people(table: pl.DataFrame, target: Path) -> None:
    """Write a table as Parquet or CSV, by its name, in one step: a stop leaves what stood there before."""
    part = target.with_name(f".{target.name}.part")
    # Ids repeat: to press them harder takes twice the time and more room.
    table.write_parquet(part, compression_level=1) if target.suffix == ".parquet" else table.write_csv(part)
    part.replace(target)


def read_table(source: Path, column_map: Mapping[str, str], private: Path) -> pl.LazyFrame:
    """The file as text under our names: first the map's, then catalog names, then their plain synonyms. It is read when it is used, so that a state's
    file never lies in memory whole; what is not Parquet waits in `private` as such.

    Raises:
        IdentityError: IDN-006 the file cannot be read.
    """
    try:
        if source.suffix == ".parquet":
            sent = pl.scan_parquet(source)
        else:
            pl.scan_csv(source, infer_schema=False, encoding="utf8-lossy").sink_parquet(private / "sent.parquet", compression="lz4")
            sent = pl.scan_parquet(private / "sent.parquet")
        columns = sent.collect_schema().names()
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise IdentityError(
            "IDN-006",
            where=source.name,
            what=f"this file cannot be read: {type(reason).__name__}",
            remedy="Send CSV in UTF-8 with a header, or Parquet.",
        ) from None
    renamed: dict[str, str] = {}
    for column in columns:
        plain = column_map.get(column, column).strip().lower()
        ours = words("column").get(plain, plain)
        if ours not in renamed.values():
            renamed[column] = ours
    # What people bear is stripped where its distinct values are read.
    text = {ours: pl.col(theirs).cast(pl.String) for theirs, ours in renamed.items()}
    table = sent.select((value if ours in (*NAMES, *PLAIN) else _stripped(value)).alias(ours) for ours, value in text.items())
    return _with_address(_with_foreign_number(table))


def _stripped(value: pl.Expr) -> pl.Expr:
    """A text without the space around it; nothing left is null."""
    bare = value.str.strip_chars()
    return pl.when(bare.str.len_bytes() > 0).then(bare)


def _with_foreign_number(table: pl.LazyFrame) -> pl.LazyFrame:
    """A column called `ssn` whose values are mostly not of nine digits holds another country's or office's number: a person key."""
    columns = table.collect_schema().names()
    if "ssn" not in columns or "key_ssn" in columns:
        return table
    nine = pl.col("ssn").drop_nulls().str.replace_all(r"\D", "").str.len_chars() == 9
    n_nine, n = table.select(nine.sum(), pl.col("ssn").count().alias("n")).collect().row(0)
    return table if 2 * n_nine >= n else table.rename({"ssn": "key_ssn"})


def _with_address(table: pl.LazyFrame) -> pl.LazyFrame:
    """House number, street and unit sent apart make one address."""
    columns = table.collect_schema().names()
    parts = [c for c in ("street_number", "street_name", "unit_number") if c in columns]
    if "street_address" in columns or not parts:
        return table
    whole = pl.concat_str([pl.col(c) for c in parts], separator=" ", ignore_nulls=True)
    return table.with_columns(whole.str.strip_chars().replace("", None).alias("street_address"))
