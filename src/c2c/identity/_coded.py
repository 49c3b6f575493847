"""Rows as numbers: each name, number, date and place is a code, so that a pair is compared by a few array operations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from c2c.identity._rules import nickname_pairs, rows_of
from c2c.identity._screen import default_dates, shared_by_many

FIELDS = tuple(dict.fromkeys(row["field"] for row in rows_of("levels.csv")))
NAME_COLUMNS = ("first", "other_first", "middle", "surname", "token_1", "token_2", "other_surname")
PLAIN_COLUMNS = ("suffix", "sex", "zip", "city", "street", "mail", "telephone", "sorted_name")
TERMS = {"first": ("birth",), "surname": ("birth",), "zip": ("first", "surname"), "street": ("first",)}
"""Fields whose rare values weigh more, and what tells people apart while holders of a value are counted: a person's many records count once."""

LEARNT_SCHEMA = {"field": pl.String, "value": pl.String, "share": pl.Float64}

NOBODY = -1_000_000
"""The day of a birth that is not known."""


class Coded:
    """The tuples of a match as arrays, one entry per row; -1 is a blank. Screens have spoken: shared mail and telephones are blank.

    `keys`: the person keys as `Tuples` has them, with `code` (of kind and value) and `shared`.
    """

    def __init__(self, people: Path, keys: pl.DataFrame, learnt: pl.DataFrame | None = None) -> None:
        """`learnt`: what a run learnt of values; without it, it is learnt from these rows."""
        self._people, self._learnt = people, learnt
        self.weight = self._column("weight").to_numpy().astype(np.float64)
        self.n = len(self.weight)
        self.code: dict[str, np.ndarray] = {}
        self.values: dict[str, pl.Series] = {}
        names = pl.concat([self._column(c).drop_nulls().unique() for c in NAME_COLUMNS]).unique().sort()
        for column in NAME_COLUMNS:
            self.code[column], self.values[column] = _codes(self._column(column), names), names
        for column in (*PLAIN_COLUMNS, "birth"):
            values = self._column(column)
            self.values[column] = values.drop_nulls().unique().sort()
            self.code[column] = _codes(values, self.values[column])
        self.letter = np.array([ord(n[0]) for n in names.to_list()] + [-1], dtype=np.int32)
        self.short = np.array([len(n) == 1 for n in names.to_list()] + [False])
        self._read_births()
        self.number = self._column("number").cast(pl.Int32, strict=False).fill_null(-1).to_numpy().copy()
        source = pl.scan_parquet(people).collect_schema().names()
        self.source = self._column("source").rank("dense").fill_null(0).cast(pl.Int32).to_numpy() if "source" in source else None
        at = {n: i for i, n in enumerate(names.to_list())}
        pairs = [at[a] * len(names) + at[b] for a, b in nickname_pairs() if a in at and b in at]
        self.nicknames = np.sort(np.array(pairs, dtype=np.int64))
        self._screen(keys)
        self.shares = {field: self._share_of_people(field) for field in (*TERMS, "sex")}

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

    def _column(self, name: str) -> pl.Series:
        return pl.read_parquet(self._people, columns=[name])[name]

    def _read_births(self) -> None:
        """What each distinct birth date says; the entry after the last is that of a blank."""
        births = self.values["birth"]
        self.signs = np.frombuffer("".join([*births.to_list(), "\0" * 8]).encode("ascii"), dtype=np.uint8).reshape(-1, 8)
        day = births.str.to_date("%Y%m%d", strict=False).cast(pl.Int32)
        year = births.str.slice(0, 4).cast(pl.Int32, strict=False)
        # A date that is on no calendar is placed in the middle of its year, so that years apart can still be told.
        days = day.fill_null((year - 1970) * 365 + 182).fill_null(NOBODY)
        self.day_of = np.append(days.to_numpy(), NOBODY).astype(np.int32)
        self.year_of = np.append(births.str.slice(0, 4).rank("dense").to_numpy().astype(np.int32), -1)
        self.month_day_of = np.append(births.str.slice(4, 4).rank("dense").to_numpy().astype(np.int32), -1)

    def _screen(self, keys: pl.DataFrame) -> None:
        """Default dates, and what many mutually unlike people hold."""
        first, surname, birth = self.code["first"], self.code["surname"], self.code["birth"]
        stand_in = self._said("default")
        if stand_in is None:
            people = pl.DataFrame({"birth": birth, "first": first, "surname": surname})
            stand_in = pl.Series(sorted(default_dates(people, self.values["birth"])), dtype=pl.String)
        self._stand_ins = {"default": stand_in}
        self.default = np.append(self.values["birth"].is_in(stand_in.implode()).to_numpy(), False)
        two = self.values["first"].str.slice(0, 2).rank("dense").to_numpy().astype(np.int32)
        signs = pl.DataFrame(
            {
                "row": np.arange(self.n, dtype=np.int32),
                "first_two": np.where(first >= 0, np.append(two, 0)[first], -1),
                "birth_year": self.year_of[birth],
                "surname": surname,
            }
        )
        named = keys.with_columns(pl.concat_str("kind", "value", separator="|").alias("named"))
        numbers = pl.DataFrame({"row": np.arange(self.n, dtype=np.int32), "value": self._column("number")}).drop_nulls()
        many = self._held_by_many("shared number", numbers, signs)
        self.shared = np.zeros(self.n, dtype=bool)
        self.shared[numbers.filter(pl.col("value").is_in(many.implode()))["row"].to_numpy()] = True
        for column in ("mail", "telephone"):
            held = pl.DataFrame({"row": np.arange(self.n, dtype=np.int32), "value": self._column(column)}).drop_nulls()
            many = self._held_by_many(f"shared {column}", held, signs)
            self.code[column][held.filter(pl.col("value").is_in(many.implode()))["row"].to_numpy()] = -1
        many = self._held_by_many("shared key", named.select("row", pl.col("named").alias("value")), signs)
        self.keys = named.select(
            *keys.columns, pl.col("named").hash(seed=1).alias("code"), pl.col("named").is_in(many.implode()).alias("shared")
        )
        self.key: dict[str, tuple[np.ndarray, pl.Series]] = {}
        primary = self.keys.filter(pl.col("current")).sort("row", "kind", "value").unique(["row", "kind"], keep="first")
        for (kind,), mine in sorted(primary.group_by("kind"), key=lambda pair: str(pair[0])):
            known = mine["value"].unique().sort()
            codes = np.full(self.n, -1, dtype=np.int32)
            codes[mine["row"].to_numpy()] = _codes(mine["value"], known)
            self.key[str(kind)] = codes, known

    def _said(self, field: str) -> pl.Series | None:
        return None if self._learnt is None else self._learnt.filter(pl.col("field") == field)["value"]

    def _held_by_many(self, kind: str, held: pl.DataFrame, signs: pl.DataFrame) -> pl.Series:
        """The values that many mutually unlike people hold. `held`: row, value."""
        said = self._said(kind)
        self._stand_ins[kind] = shared_by_many(held, signs) if said is None else said
        return self._stand_ins[kind]

    def _share_of_people(self, field: str) -> np.ndarray:
        """Each value's share of the people who hold some value of the field."""
        if self._learnt is not None:
            known = pl.DataFrame({"value": self.values[field]}).join(
                self._learnt.filter(pl.col("field") == field), on="value", how="left", maintain_order="left"
            )
            return known["share"].fill_null(known["share"].min() or 1.0).to_numpy()
        beside = {c: self.day_of[self.code["birth"]] if c == "birth" else self.code[c] for c in TERMS.get(field, ())}
        held = pl.DataFrame({"value_": self.code[field], **beside}).filter(pl.col("value_") >= 0)
        once = (held.unique() if beside else held)["value_"].to_numpy()
        # A screen may have blanked a value's every holder: the table is as long as the list of values all the same.
        return np.bincount(once, minlength=len(self.values[field])) / max(len(once), 1) if len(once) else np.zeros(0)


def _codes(values: pl.Series, known: pl.Series) -> np.ndarray:
    """The place of each value among the known ones, minus one where there is none."""
    table = pl.DataFrame({"v": known, "c": np.arange(len(known), dtype=np.int32)})
    found = pl.DataFrame({"v": values.cast(pl.String)}).join(table, on="v", how="left", maintain_order="left")["c"]
    return found.fill_null(-1).to_numpy().copy()
