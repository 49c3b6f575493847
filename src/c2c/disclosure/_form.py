"""A file in the long form: its columns and what may stand in them, refused at the first row where something else does."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from c2c.disclosure._rules import TooRevealing

FIGURES = ("value", "low", "high", "status", "of", "unit", "verdict")
NAMED = ("release", "product", "table", "measure", "statistic")
STATUSES = ("shown", "banded", "c", "z", "x", "e")
OF_NO_COUNT = ("median", "quartile_1", "quartile_3")
STATISTICS = ("count", "percent", *OF_NO_COUNT)


def read_rows(source: Path) -> pl.DataFrame:
    """The rows of a file, with figures as numbers and every band with both its ends."""
    try:
        table = pl.read_csv(source, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise TooRevealing(
            "DSC-004",
            where=source.name,
            what=f"this file cannot be read: {type(reason).__name__}",
            remedy="Send CSV in UTF-8 with a header.",
        ) from None
    if "value" not in table.columns:
        raise TooRevealing(
            "DSC-004",
            where=source.name,
            what="there is no column `value`",
            remedy="Send the long form: table, one column per dimension, value, status.",
        )
    if not len(table):
        raise TooRevealing("DSC-004", where=source.name, what="the file has no rows", remedy="Send the tables with their rows.")
    given = table.columns
    defaults = {"release": "", "product": "", "table": "table", "measure": "", "statistic": "count", "status": "shown", "of": ""}
    table = table.with_columns(pl.lit(v).alias(c) for c, v in defaults.items() if c not in table.columns)
    table = table.with_columns(pl.lit(None, dtype=pl.String).alias(c) for c in ("low", "high") if c not in table.columns)
    # A figure left blank without a word is a figure withheld.
    blank = pl.all_horizontal(pl.col(c).is_null() | (pl.col(c) == "") for c in ("value", "low", "high"))
    unsaid = pl.col("status").is_null() | (pl.lit("status" not in given) & blank)
    table = table.with_columns(
        pl.when(unsaid).then(pl.when(blank).then(pl.lit("c")).otherwise(pl.lit("shown"))).otherwise("status").alias("status")
    )
    table = table.with_columns(pl.col(c).fill_null(v) for c, v in defaults.items())
    bare = table.with_row_index("row_", 2)
    for column in ("value", "low", "high"):
        number = pl.col(column).cast(pl.Float64, strict=False)
        wrong = bare.filter(
            pl.col(column).is_not_null() & (pl.col(column) != "") & (number.is_null() | ~number.is_finite() | (number < 0))
        )
        if len(wrong):
            raise TooRevealing(
                "DSC-005",
                where=f"{source.name}, row {wrong['row_'][0]}",
                what=f"`{column}` is negative or not a number",
                remedy="Send counts of zero or more, or leave it blank. An end such as <=5 is status banded, low 0, high 5.",
            )
        table = table.with_columns(number.alias(column))
    for column, allowed in (("status", STATUSES), ("statistic", STATISTICS)):
        unknown = bare.filter(~pl.col(column).is_in(allowed))
        if len(unknown):
            raise TooRevealing(
                "DSC-006",
                where=f"{source.name}, row {unknown['row_'][0]}",
                what=f"this {column} is not known",
                remedy=f"Use one of: {', '.join(allowed)}.",
            )
    table = _with_both_ends(table, source.name)
    dims = [c for c in table.columns if c not in (*NAMED, *FIGURES)]
    if not dims:
        raise TooRevealing(
            "DSC-006", where=source.name, what="no column says what a figure is about", remedy="Add one column for each dimension."
        )
    return table.with_columns(pl.col(dims).str.strip_chars().replace("", None))


def _with_both_ends(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Bands with both their ends: "5 % or less" may leave the low one blank. What lies beyond a whole is no share."""
    percent, banded = pl.col("statistic") == "percent", pl.col("status") == "banded"
    one = banded & (pl.col("low").is_not_null() | pl.col("high").is_not_null())
    table = table.with_columns(
        pl.when(one & pl.col("low").is_null()).then(0.0).otherwise("low").alias("low"),
        pl.when(one & percent & pl.col("high").is_null()).then(100.0).otherwise("high").alias("high"),
    )
    wrong = table.with_row_index("row_", 2).filter(
        (banded & (pl.any_horizontal(pl.col("low", "high").is_null()) | (pl.col("low") > pl.col("high"))))
        | (percent & (pl.max_horizontal("value", "low", "high") > 100))
    )
    if len(wrong):
        raise TooRevealing(
            "DSC-005",
            where=f"{name}, row {wrong['row_'][0]}",
            what="a band has no ends, or its low above its high, or a percent is above 100",
            remedy="Give low and high of each band; percents lie from 0 to 100.",
        )
    return table
