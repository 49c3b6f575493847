"""A people file as the table that an exported model reads: the comparison copy, its screens and what is common, one row per row of the file."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from c2c import catalog
from c2c.identity._coded import TERMS, Coded
from c2c.identity._collapse import NOT_ONE_PERSONS, RENAMED
from c2c.identity._errors import IdentityError
from c2c.identity._file import read_people
from c2c.identity._normalise import KEYS
from c2c.identity._rules import nickname_pairs, rule

PARTS = ("surname", "token_1", "token_2", "other_surname")
SAID = ("first", "middle", "surname", "suffix", "sex", "zip", "city", "street", "number", "birth", "sorted_name")


def prepare_file(source: Path, target: Path, *, column_map: Mapping[str, str] | None = None) -> dict[str, int]:
    """Write the comparison copy of a people file as Parquet, for Splink with a model of ours: `unique_id` and every column the model's conditions name.

    Values are folded and screened as for a match of the same file; `tf_…` is a value's share of people. It holds names: keep it as you keep the file.

    Raises:
        IdentityError: IDN-004, IDN-005, IDN-006 as `match_file` says of the file; IDN-031 it holds tokens.
    """
    with tempfile.TemporaryDirectory() as private:
        people = read_people(source, column_map or {}, Path(private))
        if people.written:
            raise IdentityError(
                "IDN-031",
                where=source.name,
                what="this file holds tokens, and a model's conditions read names",
                remedy="Make the file with names ready, where it lies; or match the tokens with `c2c match file`.",
            )
        tuples = people.fold(Path(private))
        ready = comparison_copy(Coded(tuples.people, tuples.keys), pl.read_parquet(tuples.people))
        ids = people.ids.select(pl.col("record_key").alias("unique_id")).collect()
        out = pl.concat([ids, ready[tuples.records["row"]]], how="horizontal")
    part = target.with_name(f".{target.name}.part")
    out.write_parquet(part)
    part.replace(target)
    return {"rows": len(out), "columns": out.width}


def comparison_copy(coded: Coded, people: pl.DataFrame) -> pl.DataFrame:
    """One row per tuple, with the columns that the conditions of `splink.toml` name. `people`: the tuples' values."""
    source = pl.col("source").fill_null("") if coded.source is not None else pl.lit(None, dtype=pl.String)
    names_in_full = (pl.when(pl.col(c).str.len_chars() > 1).then(c) for c in ("other_first", "middle"))
    table = people.with_columns(pl.Series("known_as", _nicknames(people["first"]))).select(
        *SAID,
        # Those that many hold are blank, as the screens left them.
        *(pl.when(pl.Series(coded.code[c] >= 0)).then(c).alias(c) for c in ("mail", "telephone")),
        source.alias("source"),
        _each_once(pl.concat_list("first", "other_first")).alias("firsts"),
        _each_once(pl.concat_list(*PARTS)).alias("surnames"),
        _each_once(pl.concat_list("known_as", *names_in_full)).alias("known_as"),
        pl.when(pl.Series(coded.known_birth)).then(pl.Series(coded.day_of[coded.code["birth"]])).alias("birth_day"),
        pl.Series("birth_default", coded.is_default),
        pl.Series("number_shared", coded.shared),
    )
    return table.with_columns(_rare_names(people), *_held(coded), *_shares(coded))


def _each_once(lists: pl.Expr) -> pl.Expr:
    return lists.list.drop_nulls().list.unique().list.sort()


def _nicknames(first: pl.Series) -> list[list[str]]:
    """The names by which each person may go besides."""
    of: dict[str | None, list[str]] = {}
    for name, other in sorted(nickname_pairs()):
        of.setdefault(name, []).append(other)
    return [of.get(name, []) for name in first.to_list()]


def _rare_names(people: pl.DataFrame) -> pl.Series:
    """Given name and each part of the surname together, where no more rows bear both than may still say something of one person."""
    long = people.with_row_index("row").select("row", *(pl.concat_str("first", c, separator="|").alias(c) for c in PARTS[:3]))
    each = long.unpivot(index="row", value_name="rare_names").drop_nulls().unique(["row", "rare_names"])
    few = each.filter(pl.len().over("rare_names") <= rule("rare_name_rows"))
    return _lists(few.select("row", "rare_names"), len(people))


def _held(coded: Coded) -> list[pl.Series]:
    """Person keys: all that are one person's in one list, and the current one of each kind that there is or may be."""
    unshared = coded.keys.filter(~pl.col("shared"))
    every = unshared.select("row", pl.concat_str("kind", "value", separator="|").alias("keys"))
    found = [_lists(every, coded.n)]
    for kind in sorted({*_kinds(), *coded.key}):
        codes, values = coded.key.get(kind, (np.full(coded.n, -1), pl.Series([], dtype=pl.String)))
        found.append(_gathered(values, codes).alias(f"held_{kind}"))
    return found


def _lists(long: pl.DataFrame, n: int) -> pl.Series:
    """The values of each row as a list, empty where it has none. `long`: row, value."""
    name = long.columns[1]
    grouped = long.with_columns(pl.col("row").cast(pl.Int64)).group_by("row").agg(pl.col(name).sort())
    every = pl.DataFrame({"row": np.arange(n)}).join(grouped, on="row", how="left", maintain_order="left")
    return every[name].fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def _shares(coded: Coded) -> list[pl.Series]:
    """How common each value is, under the name by which Splink takes it instead of counting rows."""
    return [_gathered(pl.Series(coded.shares[field], dtype=pl.Float64), coded.code[field]).alias(f"tf_{field}") for field in TERMS]


def _gathered(values: pl.Series, codes: np.ndarray) -> pl.Series:
    """The value of each code; nothing for a blank."""
    return (
        values.gather(pl.Series(codes, dtype=pl.Int64).replace(-1, None))
        if len(values)
        else pl.Series([None] * len(codes), dtype=values.dtype)
    )


@functools.cache
def _kinds() -> frozenset[str]:
    """Every kind of person key that a file of the catalog may hold."""
    named = (layout.person_id_columns for layout in catalog.load().files.values() if layout.carries_names)
    return frozenset({*KEYS, "itin", *(c for columns in named for c in columns)} - {"ssn", *NOT_ONE_PERSONS, *RENAMED})
