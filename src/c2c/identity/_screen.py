"""Values that say less than they seem: impossible and placeholder numbers, default dates, keys and telephones that many share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from c2c.identity._arrays import ordered, starts_of
from c2c.identity._rules import placeholders, rule

ITIN_GROUPS = [f"{n:02d}" for n in (*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100))]
"""Fourth and fifth digits of taxpayer numbers as the US Internal Revenue Service gives them out (Publication 1915)."""


def screen_numbers(sent: pl.Series) -> pl.DataFrame:
    """`number`: nine digits that were, or may be, given to one person; `tax_number`: a taxpayer's number found in their place; else null.

    A taxpayer number moves over, so that the two never disagree with each other. One row per value.
    """
    frame = sent.alias("digits").to_frame().with_columns(pl.col("digits").str.replace_all(r"\D", ""))
    digits = pl.col("digits")
    area, group, serial = digits.str.slice(0, 3), digits.str.slice(3, 2), digits.str.slice(5, 4)
    nine = digits.str.len_chars() == 9
    alike = digits.is_in([d * 9 for d in "0123456789"]) | digits.is_in(sorted(placeholders("ssn")))
    valid = nine & ~area.is_in(["000", "666"]) & ~area.str.starts_with("9") & (group != "00") & (serial != "0000") & ~alike
    taxpayer = nine & digits.str.starts_with("9") & group.is_in(ITIN_GROUPS) & ~alike
    return frame.select(pl.when(valid).then(digits).alias("number"), pl.when(taxpayer).then(digits).alias("tax_number"))


def screen_births(frame: pl.DataFrame, today: date) -> pl.DataFrame:
    """`birth` (YYYYMMDD) without years to come, and without any more than 120 years ago."""
    year = pl.col("birth").str.slice(0, 4).cast(pl.Int32, strict=False)
    possible = year.is_between(today.year - 120, today.year).fill_null(pl.col("birth").str.contains("?", literal=True))
    return frame.with_columns(pl.when(possible & (pl.col("birth") <= today.strftime("%Y%m%d~"))).then("birth").alias("birth"))


def default_dates(people: pl.DataFrame, dates: pl.DataFrame) -> frozenset[str]:
    """Birth dates that are too frequent to be true, told by how many different names hold them.

    1 January and other well-known stand-ins count from twice their expected share, any day from five times. Where nobody can read which day it is,
    any day of the year counts from twice its share, and only far beyond chance. `people`: codes of birth (its place in `dates`), first and surname;
    minus one is a blank. `dates`: birth, codes of its year and of its day of the year, and whether its day (null: unreadable) or itself is a usual
    stand-in.
    """
    holders = people.filter(pl.col("birth") >= 0).unique().group_by("birth").len(name="n")
    if holders.is_empty():
        return frozenset()
    counted = pl.concat([dates[holders["birth"].to_list()], holders.select("n")], how="horizontal")
    expected = counted.join(counted.group_by("year").agg((pl.col("n").sum() / 365).alias("expected")), on="year")
    # A stand-in for the day is told over all years together: in one year of a small file it never stands out.
    pooled = pl.col("n").sum().over("day"), pl.col("expected").sum().over("day")
    usual = pl.col("usual_day") & _too_many(*pooled)
    everywhere = pl.col("n").sum() / 365
    beyond_chance = pooled[0] > everywhere + rule("default_day_sigmas") * everywhere.sqrt()
    usual |= pl.col("usual_day").is_null() & beyond_chance & _too_many(pooled[0], everywhere)
    usual |= pl.col("usual_date") & _too_many(pl.col("n"), pl.col("expected"))
    many = (pl.col("n") > rule("default_date_excess") * pl.col("expected")) & (pl.col("n") >= rule("default_date_least"))
    return frozenset(expected.filter(usual | many)["birth"].to_list())


def _too_many(n: pl.Expr, expected: pl.Expr) -> pl.Expr:
    """More holders than twice what chance gives a day that offices are known to put for an unknown one."""
    return (n > 2 * expected) & (n > rule("known_default_least"))


def shared_by_many(row: np.ndarray, code: np.ndarray, signs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which of these values, one per row that holds it, more than a few mutually unlike people hold: weak evidence, or none.

    More than a few holders whose given names begin differently and whose birth years differ, or surnames where no date is known. `code`: of each
    value. `signs`: of all rows, `first_two` (how the given name begins), `birth_year`, `surname`, as codes; minus one is a blank.
    """
    few = int(rule("shared_holders"))
    order = np.argsort(code, kind="stable")
    starts = starts_of(code[order])
    sizes = np.diff(np.append(starts, len(order)))
    often = np.flatnonzero(sizes > few)
    holders = row[order[np.repeat(sizes > few, sizes)]]
    of = np.repeat(np.arange(len(often)), sizes[often])

    def kinds(sign: str, some: np.ndarray) -> np.ndarray:
        distinct = ordered(of[some] << 32 | (signs[sign][holders[some]] + 1))
        return np.bincount(distinct[starts_of(distinct)] >> 32, minlength=len(often))

    everyone, born = np.ones(len(of), dtype=bool), signs["birth_year"][holders] >= 0
    births, undated = kinds("birth_year", born), np.bincount(of[born], minlength=len(often)) == 0
    many = (kinds("first_two", everyone) > few) & ((births > few) | (undated & (kinds("surname", everyone) > few)))
    whole = np.zeros(len(sizes), dtype=bool)
    whole[often[many]] = True
    found = np.zeros(len(order), dtype=bool)
    found[order] = np.repeat(whole, sizes)
    return found
