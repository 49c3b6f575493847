"""Recodings: for each element a ladder of steps, every one coarser than the one before; what is never let out stands on no step."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl

from c2c import catalog
from c2c.disclosure._rules import TooRevealing, rule_of
from c2c.disclosure.extracts._people import ITEM, NOT_TOLD, PERSON, SORT, steps_of_each, value_of_each
from c2c.disclosure.extracts._plan import Element, wrong

ANY = "any"
"""The coarsest step: the element tells nothing any more."""

AS_IS = "as_is"
ELSEWHERE = "elsewhere"
DOUBLINGS = 4
BETWEEN = " > "


@dataclass(frozen=True)
class Ladder:
    """An element's steps, finest first: for each the word a person has in the extract, one entry per person in their order.

    `order`: of bands, the words of the finest step from least to most; blank where words have no order. `top`: where the highest were put together.
    """

    element: Element
    steps: tuple[str, ...]
    words: tuple[pl.Series, ...]
    order: tuple[str, ...] = ()
    top: float | None = None


def climb(element: Element, people: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> Ladder:
    """The ladder of one element, between the finest and the coarsest step that the plan allows.

    date: month, term, school_year. place: county, region. industry: sector. money and number: bands, four times doubled, the highest put together.
    code: as it is. trajectory: places in order, sorts of place in order, sorts in any order. `levels` puts steps of the plan's own in between. Last, any.

    Raises:
        TooRevealing: DSC-020 the plan names a step that is not on the ladder, DSC-024, DSC-025 as in `value_of_each`, DSC-026 levels do not nest.
    """
    order: tuple[str, ...] = ()
    top = None
    if element.kind == "trajectory":
        steps = _trajectory(element, people, steps_of_each(element, people, tables))
    else:
        value = value_of_each(element, people, tables)
        if element.kind in ("money", "number"):
            steps, order, top = _bands(element, value)
        elif element.kind == "date":
            steps = _dates(value)
        elif element.levels:
            steps = {AS_IS: value} if element.kind == "code" else {}
            steps |= _levels(element, value)
        elif element.kind == "place":
            steps = _places(value)
        elif element.kind == "industry":
            steps = {"sector": _sectors(value)}
        else:
            steps = {AS_IS: value}
    steps[ANY] = pl.Series([ANY] * len(people), dtype=pl.String)
    names = list(steps)
    for said in (element.finest, element.coarsest):
        if said and said not in names:
            raise wrong(f"element {element.name}", f"{said!r} is no step of its ladder, which is {', '.join(names)}")
    first = names.index(element.finest) if element.finest else 0
    last = names.index(element.coarsest) if element.coarsest else len(names) - 1
    if last < first:
        raise wrong(f"element {element.name}", "its coarsest step is finer than its finest")
    words = tuple(steps[name].cast(pl.String).fill_null(NOT_TOLD).alias(name) for name in names)
    _check_nested(element, words)
    if element.role == "sensitive":
        last = first  # An outcome is told one way: to make it coarser would protect nobody.
    return Ladder(element, tuple(names[first : last + 1]), words[first : last + 1], order if first == 0 else (), top)


def _dates(value: pl.Series) -> dict[str, pl.Series]:
    """Month; term, of whole months so that it lies within a school year; school year. The day itself is gone."""
    day = pl.col("day")
    closes = day.dt.year() + (day.dt.month() >= 7).cast(pl.Int32)
    year = pl.format("{}-{}", closes - 1, (closes % 100).cast(pl.String).str.zfill(2))
    term = (
        pl.when(day.dt.month() == 7)
        .then(pl.lit("summer"))
        .when(day.dt.month() >= 8)
        .then(pl.lit("fall"))
        .otherwise(pl.lit("spring"))
    )
    told = pl.DataFrame({"day": value}).select(
        month=day.dt.strftime("%Y-%m"), term=pl.format("{} {}", year, term), school_year=year
    )
    return {name: told[name] for name in ("month", "term", "school_year")}


def _places(value: pl.Series) -> dict[str, pl.Series]:
    """County and region of a county's code or of a school's or district's, which begins with its county's."""
    with (files("c2c.disclosure.extracts") / "regions.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    by_fips = {r["fips"]: r for r in rows}
    by_code = {r["county_code"]: r for r in rows}

    def county(code: str) -> Mapping[str, str]:
        found = by_fips.get(code) if len(code) == 5 else by_code.get(code[:2]) if len(code) in (2, 7, 14) else None
        return found or {"county": ELSEWHERE, "region": ELSEWHERE}

    known = {code: county(code) for code in value.drop_nulls().unique()}
    return {
        step: value.replace_strict({c: r[step] for c, r in known.items()}, default=None, return_dtype=pl.String)
        for step in ("county", "region")
    }


def _sectors(value: pl.Series) -> pl.Series:
    """The sector of an industry's code: its first two digits, some of which are one sector."""
    known = catalog.load().code_sets["naics2"]
    of: dict[str, str] = {}
    for sector in known:
        first, _, last = sector.partition("-")
        of |= {str(n): sector for n in range(int(first), int(last or first) + 1)}
    return value.str.slice(0, 2).replace_strict(of, default=ELSEWHERE, return_dtype=pl.String).set(value.is_null(), None)


def _bands(element: Element, value: pl.Series) -> tuple[dict[str, pl.Series], tuple[str, ...], float | None]:
    """Bands of equal width, then twice as wide, and so on. The highest hundredth, and no fewer people than may stand alone, are one band."""
    told = value.drop_nulls().sort(descending=True)
    if not len(told):
        return {f"bands_of_{element.width:.10g}": value.cast(pl.String)}, (), None
    n_top = max(math.ceil(rule_of("extracts", "top_share") * len(told)), int(rule_of("extracts", "least_people")))
    top = math.floor(told[min(n_top, len(told)) - 1] / element.width)
    numbers = (value / element.width).floor().clip(upper_bound=top).cast(pl.Int64)
    steps: dict[str, pl.Series] = {}
    order: tuple[str, ...] = ()
    for doubled in range(DOUBLINGS + 1):
        times = 2**doubled
        width = element.width * times
        of = {n: _band(n // times, width, is_top=n // times == top // times) for n in sorted(numbers.drop_nulls().unique())}
        order = order or tuple(of.values())
        steps[f"bands_of_{width:.10g}"] = numbers.replace_strict(of, default=None, return_dtype=pl.String)
    return steps, order, top * element.width


def _band(number: int, width: float, *, is_top: bool) -> str:
    low = f"{number * width:.10g}"
    return f"{low} or more" if is_top else f"{low} to under {(number + 1) * width:.10g}"


def _trajectory(element: Element, people: pl.DataFrame, steps: pl.DataFrame) -> dict[str, pl.Series]:
    """Places in order, then coarser ones; a place met again at once is not said again. Last which sorts were met, in any order."""
    place = pl.when(pl.col(SORT) != "").then(pl.format("{} {}", SORT, ITEM)).otherwise(pl.col(ITEM))
    columns = {"places": steps.select(place.alias("w"))["w"]}
    if element.levels:
        columns |= _levels(element, steps[ITEM])
    if all(s.sort for s in element.sources):
        columns["sorts"] = steps[SORT]
    for finer, coarser in itertools.pairwise(columns):
        _check_functional(element, columns[finer], columns[coarser], finer, coarser)
    laid = {name: _in_order(people, steps[PERSON], column) for name, column in columns.items()}
    coarsest = list(columns)[-1]
    met = pl.DataFrame({PERSON: steps[PERSON], "w": columns[coarsest]}).unique().sort(PERSON, "w")
    laid[f"{coarsest}_in_any_order"] = _joined(people, met, " + ")
    return laid


def _in_order(people: pl.DataFrame, person: pl.Series, column: pl.Series) -> pl.Series:
    rows = pl.DataFrame({PERSON: person, "w": column})
    moved = (pl.col("w") != pl.col("w").shift(1)) | (pl.col(PERSON) != pl.col(PERSON).shift(1))
    return _joined(people, rows.filter(moved.fill_null(True)), BETWEEN)


def _joined(people: pl.DataFrame, rows: pl.DataFrame, between: str) -> pl.Series:
    each = rows.group_by(PERSON, maintain_order=True).agg(pl.col("w").str.join(between))
    return people.join(each, on=PERSON, how="left", maintain_order="left")["w"].fill_null("none")


def _levels(element: Element, value: pl.Series) -> dict[str, pl.Series]:
    """Steps of the plan's own: a CSV whose first column holds the value, and each further one a coarser word for it, named as the step."""
    table = _read_levels(element)
    first, *names = table.columns
    of = {name: dict(zip(table[first], table[name], strict=True)) for name in names}
    return {
        name: value.replace_strict(of[name], default=ELSEWHERE, return_dtype=pl.String).set(value.is_null(), None) for name in names
    }


def _read_levels(element: Element) -> pl.DataFrame:
    path = element.levels or Path()
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise _no_levels(element, f"they cannot be read: {type(reason).__name__}") from None
    if len(table.columns) < 2 or table[:, 0].is_duplicated().any() or table.null_count().sum_horizontal().item():
        raise _no_levels(element, "a value stands twice or has a blank, or there is no step beside it")
    return table


def _check_nested(element: Element, words: Sequence[pl.Series]) -> None:
    for finer, coarser in itertools.pairwise(words):
        _check_functional(element, finer, coarser, finer.name, coarser.name)


def _check_functional(element: Element, finer: pl.Series, coarser: pl.Series, *names: str) -> None:
    pairs = pl.DataFrame({"f": finer, "c": coarser}).unique()
    if pairs["f"].is_duplicated().any():
        raise _no_levels(element, f"what is one in {names[0]} is several in {names[1]}")


def _no_levels(element: Element, what: str) -> TooRevealing:
    return TooRevealing(
        "DSC-026",
        where=f"levels of element {element.name}",
        what=what,
        remedy="Send CSV: the value, then coarser words for it, each step lying within the next.",
    )


def ordered_ranks(ladder: Ladder, words: pl.Series) -> np.ndarray | None:
    """Bands as their rank from least to most, those not told first; nothing where the words have no order."""
    if not ladder.order:
        return None
    rank = {NOT_TOLD: 0} | {word: n for n, word in enumerate(ladder.order, 1)}
    return words.replace_strict(rank, return_dtype=pl.Int64).to_numpy()
