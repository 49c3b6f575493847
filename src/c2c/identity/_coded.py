"""Rows as numbers: each name, number, date and place is a code, so that a pair is compared by a few array operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from c2c.identity._arrays import distinct_of, ordered, starts_of
from c2c.identity._cores import each
from c2c.identity._rules import rows_of
from c2c.identity._screen import default_dates, shared_by_many
from c2c.identity._written import Clear, Judge, Written

FIELDS = tuple(dict.fromkeys(row["field"] for row in rows_of("levels.csv")))
NAME_COLUMNS = ("first", "other_first", "middle", "surname", "token_1", "token_2", "other_surname")
PLAIN_COLUMNS = ("birth", "street", "zip", "city", "suffix", "sex", "mail", "telephone")
TERMS = {"zip": ("first", "surname"), "first": ("birth",), "surname": ("birth",), "street": ("first",)}
"""Fields whose rare values weigh more, and what tells people apart while holders of a value are counted: a person's many records count once."""

LEARNT_SCHEMA = {"field": pl.String, "value": pl.String, "share": pl.Float64}


class Coded:
    """The tuples of a match as arrays, one entry per row; -1 is a blank. Screens have spoken: shared mail and telephones are blank.

    `keys`: the person keys as `Tuples` has them, with `code` (of kind and value) and `shared`. `alike` and `near` judge two lists of codes of a
    column: names are one column, each kind of key is one, called `key` and its kind. `measure` names the likeness, and so its thresholds.
    """

    def __init__(
        self, people: Path, keys: pl.DataFrame, learnt: pl.DataFrame | None = None, written: Written | None = None
    ) -> None:
        """`learnt`: what a run learnt of values; without it, it is learnt from these rows. `written`: how values are written, else as text."""
        self._people, self._learnt = people, learnt
        written = written or Clear()
        self.measure = written.measure
        self.weight = self._column("weight").to_numpy().astype(np.float64)
        self.n = len(self.weight)
        self.code: dict[str, np.ndarray] = {}
        self.values: dict[str, pl.Series] = {}
        for codes, known in each(self._codes_of, [NAME_COLUMNS, *((column,) for column in PLAIN_COLUMNS)]):
            self.code |= codes
            self.values |= dict.fromkeys(codes, known)
        # Nothing is asked of a whole name but whether another is the same, and most are a single person's: their digests are codes enough.
        whole = self._column("sorted_name")
        self.code["sorted_name"] = np.where(whole.is_null().to_numpy(), np.int32(-1), distinct_of(whole.hash(seed=1).to_numpy())[1])
        self._read(self.values["first"], written)
        source = pl.scan_parquet(people).collect_schema().names()
        self.source = self._column("source").rank("dense").fill_null(0).cast(pl.Int32).to_numpy() if "source" in source else None
        self._screen(keys, written)
        weighed = (*TERMS, "sex")
        self.shares = dict(zip(weighed, each(self._share_of_people, weighed), strict=True))

    def learnt(self) -> pl.DataFrame:
        """What these rows teach of values, to judge others by: `field`, `value`, `share` of people. Default dates and values that many hold stand
        under `default`, `shared number`, `shared mail`, `shared telephone` and `shared key`, without a share. Holds names: it never leaves the room.
        """
        parts = [
            pl.DataFrame({"field": field, "value": self.values[field], "share": self.shares[field]})
            for field in self.shares
            if len(self.shares[field])
        ]
        parts += [
            pl.DataFrame({"field": kind, "value": values}).with_columns(pl.lit(None, dtype=pl.Float64).alias("share"))
            for kind, values in self._stand_ins.items()
        ]
        return pl.concat([pl.DataFrame(schema=LEARNT_SCHEMA), *parts])

    @property
    def known_birth(self) -> np.ndarray:
        """Rows with a birth date."""
        return np.asarray(self.code["birth"] >= 0)

    @property
    def is_default(self) -> np.ndarray:
        """Rows whose birth date stands in for one that was not known."""
        return self.default[self.code["birth"]]

    def namesakes(self, told: np.ndarray | None = None) -> np.ndarray:
        """Rows whose names are known to be two people's, from all rows or those `told`: borne with two numbers far apart, with two birth dates that
        differ in two parts, or with a suffix, for a junior has a father of his name."""
        name, birth = self.code["sorted_name"], self.code["birth"]
        rows = (name >= 0) if told is None else (name >= 0) & told
        of_two = np.zeros(int(name.max(initial=-1)) + 2, dtype=bool)
        of_two[name[rows & (self.code["suffix"] >= 0)]] = True
        signs: tuple[tuple[np.ndarray, Judge], ...] = (
            (np.where(self.default[birth], -1, birth), lambda x, y: self.same_parts(x, y) <= 1),
            (np.where(self.shared, -1, self.number), lambda x, y: ~self.near["number"](x, y)),
        )
        for sign, apart in signs:
            some = np.flatnonzero(rows & (sign >= 0))
            # Any one of a name's will do to be held against its others.
            one = np.full(len(of_two), -1, dtype=sign.dtype)
            one[name[some]] = sign[some]
            some = some[one[name[some]] != sign[some]]
            of_two[name[some[apart(one[name[some]], sign[some])]]] = True
        return of_two[name]

    def same_parts(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How many of year, month and day are equal in each pair of birth codes."""
        n_same = np.zeros(len(x), dtype=np.int8)
        for part in self.part_of:
            n_same += part[x] == part[y]
        return n_same

    def _column(self, name: str) -> pl.Series:
        return pl.read_parquet(self._people, columns=[name])[name]

    def _codes_of(self, columns: Sequence[str]) -> tuple[dict[str, np.ndarray], pl.Series]:
        """The codes of some columns in one list of values. A value is looked for once in each piece of the file, which has its own list."""
        read = {c: pq.ParquetFile(self._people, read_dictionary=[c]).read([c])[c].chunks for c in columns}
        pieces = {
            c: [(pl.Series(part.indices).fill_null(-1).to_numpy(), _text(part.dictionary)) for part in parts]
            for c, parts in read.items()
        }
        known = pl.concat([_text([]), *(values for parts in pieces.values() for _, values in parts)]).unique().sort()
        # Minus one, a blank, finds the last: minus one again.
        found = {c: [np.append(_codes(values, known), np.int32(-1))[at] for at, values in parts] for c, parts in pieces.items()}
        return {c: np.concatenate([np.zeros(0, dtype=np.int32), *parts]) for c, parts in found.items()}, known

    def _read(self, names: pl.Series, written: Written) -> None:
        """What values say by how they are written."""
        told, born = written.names(names), written.births(self.values["birth"])
        self.letter, self.short, self.nicknames, self._head = told.letter, told.short, told.nicknames, told.head
        self.nicknamed = np.zeros(len(names) + 1, dtype=bool)
        self.nicknamed[self.nicknames // max(len(names), 1)] = True
        # Rows with more surnames than one word.
        self.several = np.logical_or.reduce([self.code[c] >= 0 for c in ("token_1", "token_2", "other_surname")])
        self.signs, self.part_of, self.day_of, self.year_of = born.signs, born.part, born.day, born.year
        self.month_day_of, self._usual = born.month_day, {"usual_day": born.usual_day, "usual_date": born.usual_date}
        self.number, self.last_four, near = written.numbers(self._column("number"))
        self.alike: dict[str, Judge] = {
            "name": written.alike("name", names),
            "street": written.alike("street", self.values["street"]),
        }
        self.near: dict[str, Judge] = {"number": near, "zip": written.near("zip", self.values["zip"])}

    def _screen(self, keys: pl.DataFrame, written: Written) -> None:
        """Default dates, and what many mutually unlike people hold."""
        first, surname, birth = self.code["first"], self.code["surname"], self.code["birth"]
        stand_in = self._said("default")
        if stand_in is None:
            people = pl.DataFrame({"birth": birth, "first": first, "surname": surname})
            dates = {"birth": self.values["birth"], "year": self.year_of[:-1], "day": self.month_day_of[:-1]}
            stand_in = pl.Series(sorted(default_dates(people, pl.DataFrame(dates | self._usual))), dtype=pl.String)
        self._stand_ins = {"default": stand_in}
        self.default = np.append(self.values["birth"].is_in(stand_in.implode()).to_numpy(), False)
        # 1 January stands for the day alone; a date that stands for the whole of it hides the year as well.
        day_alone = self._usual["usual_day"].fill_null(False) & ~self._usual["usual_date"].fill_null(False)
        self.yearless = self.default & np.append(~day_alone.to_numpy(), False)
        signs = {"first_two": np.where(first >= 0, self._head[first], -1), "birth_year": self.year_of[birth], "surname": surname}
        named = keys.select("row", pl.concat_str("kind", "value", separator="|").alias("value"))
        code = named["value"].hash(seed=1)
        held = {column: _held(self._column(column)) for column in ("number", "mail", "telephone")}
        coded = {"number": self.number} | {column: self.code[column] for column in ("mail", "telephone")}
        asked = {column: (some, coded[column][some["row"].to_numpy()]) for column, some in held.items()} | {
            "key": (named, code.to_numpy())
        }

        def by_many(column: str) -> tuple[np.ndarray, pl.Series]:
            rows, codes = asked[column]
            return self._held_by_many(f"shared {column}", rows, codes, signs)

        many = dict(zip(asked, each(by_many, asked), strict=True))
        self._stand_ins |= {f"shared {column}": values for column, (_, values) in many.items()}
        self.shared = np.zeros(self.n, dtype=bool)
        self.shared[held["number"]["row"].to_numpy()[many["number"][0]]] = True
        for column in ("mail", "telephone"):
            self.code[column][held[column]["row"].to_numpy()[many[column][0]]] = -1
        self.keys = keys.with_columns(code.alias("code"), pl.Series("shared", many["key"][0]))
        self.key: dict[str, tuple[np.ndarray, pl.Series]] = {}
        # Which kinds of keys a row has, a bit each: most pairs have none in common.
        self.kinds = np.zeros(self.n, dtype=np.uint64)
        by_kind = {
            str(kind): mine for (kind,), mine in self.keys.filter(pl.col("current")).partition_by("kind", as_dict=True).items()
        }
        kinds = sorted(by_kind)
        for kind, (codes, known) in zip(kinds, each(lambda kind: _first_of_each(by_kind[kind], self.n), kinds), strict=True):
            self.near[f"key {kind}"] = written.near(kind, known)
            self.kinds[codes >= 0] |= np.uint64(1 << len(self.key) % 64)
            self.key[kind] = codes, known

    def _said(self, field: str) -> pl.Series | None:
        return None if self._learnt is None else self._learnt.filter(pl.col("field") == field)["value"]

    def _held_by_many(
        self, kind: str, held: pl.DataFrame, code: np.ndarray, signs: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, pl.Series]:
        """Which rows of `held` (row, value) hold a value that many mutually unlike people do, and these values. `code`: of each value."""
        said = self._said(kind)
        if said is not None:
            return held["value"].is_in(said.implode()).to_numpy(), said
        many = shared_by_many(held["row"].to_numpy(), code, signs)
        return many, held["value"].filter(pl.Series(many)).unique().sort()

    def _share_of_people(self, field: str) -> np.ndarray:
        """Each value's share of the people who hold some value of the field."""
        if self._learnt is not None:
            known = pl.DataFrame({"value": self.values[field]}).join(
                self._learnt.filter(pl.col("field") == field), on="value", how="left", maintain_order="left"
            )
            return known["share"].fill_null(known["share"].min() or 1.0).to_numpy()
        # Two dates that say one day are one; where the day cannot be told, each date is its own.
        born = self.code["birth"] if np.isnan(self.day_of).any() else self.day_of[self.code["birth"]]
        beside = [born if c == "birth" else self.code[c] for c in TERMS.get(field, ())]
        some = self.code[field] >= 0
        once = self.code[field][some]
        if beside:
            who = distinct_of(beside[0][some].astype(np.int64) << 32 | beside[-1][some].astype(np.uint32))[1]
            held = ordered(once.astype(np.int64) << 32 | who)
            once = held[starts_of(held)] >> 32
        # A screen may have blanked a value's every holder: the table is as long as the list of values all the same.
        return np.bincount(once, minlength=len(self.values[field])) / max(len(once), 1) if len(once) else np.zeros(0)


def _text(values: Any) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _held(values: pl.Series) -> pl.DataFrame:
    """The rows that have a value, and it."""
    return pl.DataFrame({"row": np.arange(len(values), dtype=np.int32), "value": values}).drop_nulls()


def _first_of_each(held: pl.DataFrame, n: int) -> tuple[np.ndarray, pl.Series]:
    """Codes of one kind of key, of each row its first, and the values they stand for. `held`: row, value and its digest, `code`, in the order of rows;
    `n`: how many rows there are."""
    row, (distinct, code) = held["row"].to_numpy(), distinct_of(held["code"].to_numpy())
    first, met = starts_of(row), np.zeros(len(distinct), dtype=np.int64)
    met[code[::-1]] = np.arange(len(code))[::-1]
    codes = np.full(n, -1, dtype=np.int32)
    codes[row[first]] = code[first]
    return codes, held["value"].gather(met)


def _codes(values: pl.Series, known: pl.Series) -> np.ndarray:
    """The place of each value among the known ones, minus one where there is none."""
    table = pl.DataFrame({"v": known, "c": np.arange(len(known), dtype=np.int32)})
    found = pl.DataFrame({"v": values.cast(pl.String)}).join(table, on="v", how="left", maintain_order="left")["c"]
    return found.fill_null(-1).to_numpy().copy()
