"""Rows as numbers: each name, number, date and place is a code, so that a pair is compared by a few array operations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from c2c.identity._rules import rows_of
from c2c.identity._screen import default_dates, shared_by_many
from c2c.identity._written import Clear, Judge, Written

FIELDS = tuple(dict.fromkeys(row["field"] for row in rows_of("levels.csv")))
NAME_COLUMNS = ("first", "other_first", "middle", "surname", "token_1", "token_2", "other_surname")
PLAIN_COLUMNS = ("suffix", "sex", "zip", "city", "street", "mail", "telephone", "sorted_name")
TERMS = {"first": ("birth",), "surname": ("birth",), "zip": ("first", "surname"), "street": ("first",)}
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
        names = pl.concat([self._column(c).drop_nulls().unique() for c in NAME_COLUMNS]).unique().sort()
        for column in NAME_COLUMNS:
            self.code[column], self.values[column] = _codes(self._column(column), names), names
        for column in (*PLAIN_COLUMNS, "birth"):
            values = self._column(column)
            self.values[column] = values.drop_nulls().unique().sort()
            self.code[column] = _codes(values, self.values[column])
        self._read(names, written)
        source = pl.scan_parquet(people).collect_schema().names()
        self.source = self._column("source").rank("dense").fill_null(0).cast(pl.Int32).to_numpy() if "source" in source else None
        self._screen(keys, written)
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

    def _read(self, names: pl.Series, written: Written) -> None:
        """What values say by how they are written."""
        told, born = written.names(names), written.births(self.values["birth"])
        self.letter, self.short, self.nicknames, self._head = told.letter, told.short, told.nicknames, told.head
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
        signs = pl.DataFrame(
            {
                "row": np.arange(self.n, dtype=np.int32),
                "first_two": np.where(first >= 0, self._head[first], -1),
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
            self.near[f"key {kind}"] = written.near(str(kind), known)

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
        # Two dates that say one day are one; where the day cannot be told, each date is its own.
        born = self.code["birth"] if np.isnan(self.day_of).any() else self.day_of[self.code["birth"]]
        beside = {c: born if c == "birth" else self.code[c] for c in TERMS.get(field, ())}
        held = pl.DataFrame({"value_": self.code[field], **beside}).filter(pl.col("value_") >= 0)
        once = (held.unique() if beside else held)["value_"].to_numpy()
        # A screen may have blanked a value's every holder: the table is as long as the list of values all the same.
        return np.bincount(once, minlength=len(self.values[field])) / max(len(once), 1) if len(once) else np.zeros(0)


def _codes(values: pl.Series, known: pl.Series) -> np.ndarray:
    """The place of each value among the known ones, minus one where there is none."""
    table = pl.DataFrame({"v": known, "c": np.arange(len(known), dtype=np.int32)})
    found = pl.DataFrame({"v": values.cast(pl.String)}).join(table, on="v", how="left", maintain_order="left")["c"]
    return found.fill_null(-1).to_numpy().copy()
