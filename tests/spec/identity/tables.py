"""Text tables of the match's rules, and a few rows made ready to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from c2c.identity._coded import FIELDS, LEARNT_SCHEMA, Coded
from c2c.identity._collapse import fold
from c2c.identity._compare import LEVEL_NAMES, NULL, compare

PLACE = {"ssid": "id:ssid:11", "key": "id:made:00"}
"""Person keys of a table: a number whose issuer asserts it, and any other."""


def rows_of(table: str) -> list[list[str | None]]:
    """The rows of a text table, `-` for none."""
    lines = [line.split("|") for line in table.strip().splitlines()[1:]]
    return [[None if cell.strip() == "-" else cell.strip() for cell in line] for line in lines]


def person_of(columns: Sequence[str], text: str | None) -> dict[str, str | None]:
    """One row of a people file from its values, commas between them, a blank for none."""
    return dict(zip(columns, ((v.strip() or None) for v in (text or "").split(",")), strict=True))


def coded(
    rows: Sequence[Mapping[str, str | None]], folder: Path, *, defaults: Sequence[str] = (), learnt: bool = True
) -> tuple[Coded, np.ndarray]:
    """The rows as the match reads them, and where each stands. `defaults`: birth dates known to stand in; not `learnt`: told from the rows."""
    named = [{PLACE.get(column, column): value for column, value in row.items()} for row in rows]
    sent = pl.DataFrame(named, infer_schema_length=None).with_columns(
        pl.Series("record_key", [f"{n:06d}" for n in range(len(rows))]), pl.lit(1).alias("n_records")
    )
    tuples = fold(
        sent.with_columns(pl.all().exclude("n_records").cast(pl.String)), [c for c in sent.columns if c.startswith("id:")], folder
    )
    said = pl.DataFrame(
        {"field": ["default"] * len(defaults), "value": list(defaults), "share": [None] * len(defaults)}, schema=LEARNT_SCHEMA
    )
    return Coded(tuples.people, tuples.keys, said if learnt else None), tuples.records.sort("record_key")["row"].to_numpy()


def level_of(field: str, pair: tuple[Coded, np.ndarray]) -> str:
    """The level at which the two rows agree on a field, by its name; `silent` where one of them is."""
    known, at = pair
    found = compare(known, at[:1], at[1:], agreeing=np.zeros(1, dtype=bool))[0, FIELDS.index(field)]
    return "silent" if found == NULL else LEVEL_NAMES[field][found]
