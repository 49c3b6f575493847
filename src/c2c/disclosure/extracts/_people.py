"""Rows of one or several tables laid together: one row per person, each element said once, a trajectory as the places of a life in order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from c2c.disclosure._rules import TooRevealing
from c2c.disclosure.extracts._plan import Element, Plan, Source

PERSON = "person_"
ITEM = "place_"
SORT = "sort_"
NOT_TOLD = "not_told"


def read_tables(plan: Plan, tables: Mapping[str, Path]) -> dict[str, pl.DataFrame]:
    """The columns that the plan reads, table by table, and nothing else. `tables`: files by the name that the plan has for them.

    Raises:
        TooRevealing: DSC-022 a file cannot be read, or a table or column that the plan names is not there; DSC-023 there is nobody in it.
    """
    wanted: dict[str, set[str]] = {plan.people: {plan.person}}
    for element in plan.elements:
        for source in element.sources:
            wanted.setdefault(source.table, {plan.person}).update(c for c in (source.column, source.by) if c)
    found = {}
    for table, columns in wanted.items():
        if table not in tables:
            raise _not_there(plan, f"the table {table or 'without a name'} is not there")
        whole = _scan(tables[table])
        missing = sorted(columns - set(whole.collect_schema().names()))
        if missing:
            raise _not_there(plan, f"the column {missing[0]} is not in {table or tables[table].name}")
        told = whole.select(sorted(columns)).rename({plan.person: PERSON}).collect()
        found[table] = told.with_columns(pl.col(PERSON).cast(pl.String)).filter(pl.col(PERSON).fill_null("") != "")
    if not len(found[plan.people]):
        raise TooRevealing(
            "DSC-023", where=f"plan {plan.plan}", what="there is nobody in the table", remedy="Send a table with people in it."
        )
    return found


def people_of(plan: Plan, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every person once, in an order that says nothing of the rows' own."""
    return tables[plan.people].select(PERSON).unique().sort(PERSON)


def value_of_each(element: Element, people: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.Series:
    """One value for every person, blank where none is told: that of the only row, or of the row that the plan takes. Money and numbers come as numbers.

    Raises:
        TooRevealing: DSC-024 a person has several values and the plan does not say which to take, DSC-025 a value is no number or day.
    """
    source = element.sources[0]
    rows = tables[source.table].filter(pl.col(source.column).is_not_null())
    value = _typed(element, rows, source)
    rows = rows.select(PERSON, pl.col(source.by).alias("by_") if source.by else pl.lit("").alias("by_"), value.alias("value_"))
    rows = rows.filter(pl.col("value_").is_not_null())
    if not element.take and rows.unique([PERSON, "value_"])[PERSON].is_duplicated().any():
        raise TooRevealing(
            "DSC-024",
            where=f"element {element.name}",
            what="a person has several values, and the plan does not say which to take",
            remedy="Say `take`: first or last with `by`, largest, smallest or total.",
        )
    # Ties are settled by the value itself, so that the rows' order never matters.
    ordered = rows.sort(PERSON, "by_", "value_", nulls_last=False)
    pick = {"largest": "max", "smallest": "min", "total": "sum", "last": "last"}.get(element.take, "first")
    each = ordered.group_by(PERSON, maintain_order=True).agg(getattr(pl.col("value_"), pick)())
    return people.join(each, on=PERSON, how="left", maintain_order="left")["value_"].alias(element.name)


def steps_of_each(element: Element, people: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The places of every person in the order of their time; places of one time in the order of their names. One row per person and place met."""
    parts = []
    for source in element.sources:
        rows = tables[source.table].select(
            PERSON,
            pl.col(source.by).cast(pl.String).alias("by_"),
            pl.col(source.column).cast(pl.String).alias(ITEM),
            pl.lit(source.sort).alias(SORT),
        )
        parts.append(rows.filter(pl.col(ITEM).fill_null("") != ""))
    whole = pl.concat(parts).join(people, on=PERSON, how="semi").unique()
    return whole.sort(PERSON, "by_", SORT, ITEM, nulls_last=False)


def _typed(element: Element, rows: pl.DataFrame, source: Source) -> pl.Expr:
    """The column as the kind has it; blanks are null."""
    given = pl.col(source.column)
    if rows.schema[source.column] == pl.String:
        given = pl.when(given.str.strip_chars() != "").then(given.str.strip_chars())
    if element.kind in ("money", "number"):
        typed = given.cast(pl.Float64, strict=False)
        typed = pl.when(typed.is_finite()).then(typed)
    elif element.kind == "date":
        # A day may come as a moment: its first ten signs are the day.
        typed = given.cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    else:
        return given.cast(pl.String)
    bad = rows.filter(given.is_not_null() & typed.is_null())
    if len(bad):
        raise TooRevealing(
            "DSC-025",
            where=f"element {element.name}, column {source.column}",
            what=f"{'a value' if len(bad) == 1 else 'values'} cannot be read as {'a day' if element.kind == 'date' else 'a number'}",
            remedy="Send days as 2026-06-30 and numbers without signs; leave blank what is not known.",
        )
    return typed


def _scan(path: Path) -> pl.LazyFrame:
    try:
        if path.suffix == ".parquet":
            return pl.scan_parquet(path)
        return pl.read_csv(path, infer_schema=False).lazy()
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise TooRevealing(
            "DSC-022",
            where=path.name,
            what=f"it cannot be read as a table: {type(reason).__name__}",
            remedy="Send CSV in UTF-8 with a header, or Parquet.",
        ) from None


def _not_there(plan: Plan, what: str) -> TooRevealing:
    return TooRevealing(
        "DSC-022", where=f"plan {plan.plan}", what=what, remedy="Name tables and columns as they are, or leave the element out."
    )
