"""From facts to cells: what each declared table would show, the sums that bind it, and which figures are too small to stand."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from c2c.disclosure._bound import add_crossed, bind_identities, bind_places, mark_impossible
from c2c.disclosure._cohort import Cell, Cohort, Cohorts
from c2c.disclosure._percents import is_small
from c2c.disclosure._products import Table, settings_of, tables_of
from c2c.disclosure._rounding import Rounding, rounded_classes
from c2c.disclosure._rules import Rules
from c2c.disclosure._system import Counted, Key, System, add_table, combinations, key_of, values_of
from c2c.vocabulary import Product

UNKNOWN = "unknown"
QUARTILES = {"quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75}


def count_what_can_stand(
    product: Product,
    facts: Mapping[str, Path],
    year: int,
    rules: Rules,
    *,
    without: Collection[str] = (),
    rounding: Rounding | None = None,
    earlier: Collection[Table] = (),
) -> tuple[dict[tuple[str, int], Cohort], set[str]]:
    """Count the product's tables, without those that would be mostly withheld: they leave the lattice whole, for all cohorts.

    `without`: tables that go, by name, or by name and year where one cohort alone loses them. Small categories are counted together first, so that
    a group stands in every table and year or in none. `earlier`: tables of earlier releases; those that are not counted again are counted beside,
    for what they told. Returns what was counted and the names of all tables left out, those of `without` among them.
    """
    people = {name: _merge_small(pl.read_parquet(path), product, rules) for name, path in facts.items()}
    everything = [t for t in tables_of(product, year) if t.name not in without and f"{t.name} {t.year}" not in without]
    by_year: dict[tuple[str, int], Counted] = {}
    first = _count(product, people, everything, by_year, rules, rounding)
    lost: dict[str, list[bool]] = defaultdict(list)
    for found in first.values():
        for row in found.rows:
            if row.status != "x":
                lost[row.table.name].append(
                    row.status == "c" or (row.key is not None and found.system.at[row.key] in found.primary)
                )
    left_out = {name for name, small in lost.items() if np.mean(small) > rules["loss_cap"]} - _kept(everything)
    standing = [t for t in everything if t.name not in left_out]
    return _count(product, people, standing, by_year, rules, rounding, earlier), left_out | set(without)


def lost_tables(cohorts: Cohorts, rules: Rules) -> set[str]:
    """Tables of which, once protected, more people are out of view than the loss cap allows: they would be in nobody's use."""
    people: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    tables = {}
    for found in cohorts.values():
        for row in found.rows:
            if row.key is not None:
                cell = found.system.at[row.key]
                people[row.table.name][0] += found.system.values[cell] * (cell in found.hidden)
                people[row.table.name][1] += found.system.values[cell]
                tables[row.table.name] = row.table
    lost = {name for name, (hidden, all_) in people.items() if hidden > rules["loss_cap"] * all_}
    return lost - _kept(tables.values())


def _kept(tables: Iterable[Table]) -> set[str]:
    """Tables that stand whatever is lost of them: those of the whole state, without which a page would be empty."""
    return {t.name for t in tables if not t.dims}


def _merge_small(frame: pl.DataFrame, product: Product, rules: Rules) -> pl.DataFrame:
    """Categories with too few people in some cohort, counted together as `other`; the next smallest joins while `other` is too small itself."""
    out = frame
    for dim in settings_of(product)["mergeable"]:
        if dim not in out.columns or not len(out):
            continue
        counted = out.with_columns(pl.col(dim).fill_null(UNKNOWN)).group_by(dim, "academic_year").len()
        typical = counted.group_by(dim).agg(pl.col("len").median()).sort("len", dim).rows()
        merged: list[str] = []
        held = 0.0
        for code, n in typical:
            if n < rules["least_category"] or (merged and held < rules["least_category"]):
                merged.append(code)
                held += n
        if len(merged) > 1 or (merged and held < rules["least_category"]):
            out = out.with_columns(
                pl.when(pl.col(dim).fill_null(UNKNOWN).is_in(merged)).then(pl.lit("other")).otherwise(pl.col(dim)).alias(dim)
            )
    return out


def _count(
    product: Product,
    people: Mapping[str, pl.DataFrame],
    tables: Sequence[Table],
    by_year: dict[tuple[str, int], Counted],
    rules: Rules,
    rounding: Rounding | None,
    earlier: Collection[Table] | None = None,
) -> dict[tuple[str, int], Cohort]:
    """Count each table: the cells of each cohort's system, and the rows to be written of them. `by_year` keeps what was counted for the next time.

    `earlier`: tables of earlier releases, counted for what they told; without them, only what these tables show themselves is counted.
    """
    cohorts: dict[tuple[str, int], Cohort] = defaultdict(Cohort)
    for table in tables:
        where = (table.population, table.year)
        if where not in by_year:
            frame = people[table.population].filter(pl.col("academic_year") == table.year)
            texts = [c for c, t in frame.schema.items() if t == pl.String and c != "pseudonym"]
            filled = frame.with_columns(
                pl.col(c).fill_null("no_public_college" if c in ("last_node", "left_without_award") else UNKNOWN) for c in texts
            )
            by_year[where] = Counted(filled, *_rounded(filled, tables, where, rounding))
        frame, found = by_year[where].people, cohorts[where]
        found.mean_change = by_year[where].mean_change
        if table.said.get("waits_for"):
            found.rows.append(Cell(table, {"outcome": "yes"}, "percent", "outcome", status="x"))
        elif table.statistic in ("median", "quartiles"):
            found.rows += _medians(table, frame, rules)
        else:
            _counts(table, by_year[where], found, rules)
    for found in cohorts.values():
        for row in found.rows:
            if row.key is not None:
                found.system.published[found.system.at[row.key]] = True
    # What rounding said once it says again, and nothing it said is anybody's count.
    if not rounding and earlier is not None:
        _left_out(earlier, tables, by_year, cohorts, rules)
        for where, found in cohorts.items():
            add_crossed(found, by_year[where], rules["joint_cells"])
    settings = settings_of(product)
    for (population, _), found in cohorts.items():
        bind_identities(found.system, [i for i in settings["identities"] if i["population"] == population])
        mark_impossible(found, [i for i in settings.get("impossible", ()) if i["population"] == population])
    # Places are bound so that nothing withheld can be worked out across them; where counts are rounded nothing is withheld.
    if not rounding:
        bind_places(product, by_year, cohorts)
    return cohorts


def _rounded(
    people: pl.DataFrame, tables: Sequence[Table], where: tuple[str, int], rounding: Rounding | None
) -> tuple[()] | tuple[pl.DataFrame, float]:
    """The classes of one cohort as rounding tells them; nothing where counts are not rounded."""
    if not rounding:
        return ()
    counted = [t for t in tables if (t.population, t.year) == where and t.is_of_counts]
    dims = [(*t.dims, *(d for d in (t.said.get("within", ""), t.said.get("outcome", "")) if d)) for t in counted]
    return rounded_classes(people, dims, rounding, where=f"{where[0]} {where[1]}")


def _counts(table: Table, counted: Counted, found: Cohort, rules: Rules) -> None:
    """A table of counts, or of shares with the size of their group: its cells, its rows, and which of them are too small to stand."""
    said, system = table.said, found.system
    outcome = said.get("outcome", "")
    inner = tuple(d for d in (said.get("within", ""), outcome) if d)
    frame = counted.people
    add_table(system, counted, (*table.dims, *inner))
    few = _of_few_people(counted, (*table.dims, *inner), said.get("person", ""), rules)
    shown_inner = _inner_values(said, frame)
    binary = outcome not in ("first_node", "award_category") or bool(said.get("as_outcome"))
    dimension = "outcome" if binary else outcome
    for values in combinations([values_of(frame, d) for d in table.dims]):
        group = dict(zip(table.dims, values, strict=True))
        if table.statistic == "count":
            for coordinates in shown_inner:
                _show_count(found, Cell(table, group | coordinates, "count", key=key_of(group | coordinates)), few, rules)
            continue
        base = _base(system, group, outcome, said.get("base_without", ()))
        _show_count(found, Cell(table, group | {dimension: "Total"}, "count", key=base), few, rules)
        n = system.values[system.at[base]]
        for coordinates in shown_inner:
            key = key_of(group | coordinates)
            if key not in system.at:
                continue
            at, place = system.at[key], group | ({"outcome": "yes"} if binary else coordinates)
            row = Cell(table, place, "percent", dimension, key, base, n)
            found.rows.append(row)
            if n == 0:
                row.status = "z"
            elif key in few or is_small(system.values[at], n, rules):
                found.primary.add(at)


def _left_out(
    earlier: Iterable[Table],
    tables: Iterable[Table],
    by_year: Mapping[tuple[str, int], Counted],
    cohorts: Mapping[tuple[str, int], Cohort],
    rules: Rules,
) -> None:
    """Count the tables of earlier releases that are not among these: cells that sums tie to the others, and that no table shows.

    A table of a cohort that is not counted now, or by what the facts no longer tell, is out of reach: nothing here could add to what it said.
    """
    standing = {(t.name, t.year): t for t in tables}
    for table in earlier:
        where = (table.population, table.year)
        if where not in cohorts or not table.is_of_counts or standing.get((table.name, table.year)) == table:
            continue
        inner = (table.said.get(key) for key in ("within", "outcome", "person"))
        if all(d in by_year[where].people.columns for d in (*table.dims, *inner) if d):
            aside = Cohort(cohorts[where].system)
            _counts(table, by_year[where], aside, rules)
            cohorts[where].left_out += aside.rows


def _of_few_people(counted: Counted, dims: tuple[str, ...], person: str, rules: Rules) -> frozenset[Key]:
    """The cells whose rows are of too few people, where one person may stand in several rows. `person`: the column that tells them apart, if any."""
    if not person:
        return frozenset()
    least = rules["least_count"]
    every = (some for n in range(len(dims) + 1) for some in itertools.combinations(dims, n))
    return frozenset(key for some in every for key, n in counted.persons(some, person).items() if n < least)


def _show_count(found: Cohort, row: Cell, few: frozenset[Key], rules: Rules) -> None:
    assert row.key is not None  # noqa: S101 - a count always has a cell
    at = found.system.at[row.key]
    found.rows.append(row)
    if 0 < found.system.values[at] < rules["least_count"] or row.key in few:
        found.primary.add(at)


def _base(system: System, group: Mapping[str, str], outcome: str, without: Sequence[str]) -> Key:
    """The cell of all whom a share is taken of: the group, or the group without those who stand outside the question."""
    if not without:
        return key_of(group)
    key = key_of({**group, "base": f"without {' '.join(without)}"})
    apart = [system.at[key_of({**group, outcome: v})] for v in without if key_of({**group, outcome: v}) in system.at]
    whole = system.at[key_of(group)]
    system.bind(whole, [system.add(key, system.values[whole] - sum(system.values[c] for c in apart), published=False), *apart])
    return key


def _inner_values(said: Mapping[str, Any], frame: pl.DataFrame) -> list[dict[str, str]]:
    outcome = said.get("outcome", "")
    if not outcome:
        return [{}]
    values = list(said.get("values", values_of(frame, outcome)))
    if said.get("within"):
        firsts = values_of(frame, said["within"])
        flows = [
            {said["within"]: f, outcome: v} for f in firsts if f != "no_public_college" for v in values if v != "no_public_college"
        ]
        return [*flows, *({said["within"]: f, outcome: "Total"} for f in firsts)]
    return [{outcome: v} for v in values if v != UNKNOWN]


def _medians(table: Table, frame: pl.DataFrame, rules: Rules) -> list[Cell]:
    """Medians, or quartiles with them, on a fixed grid, where enough people and employers stand behind them and no employer holds nearly all."""
    said, value = table.said, table.said["value"]
    by = (*table.dims, *((said["by"],) if said.get("by") else ()))
    some = frame.filter(pl.col(value).is_not_null())
    employer = said.get("employer")
    least, shares = (
        (rules["least_people_for_median"], {"median": 0.5})
        if table.statistic == "median"
        else (max(rules["least_people_for_median"], rules["least_people_for_quartiles"]), QUARTILES)
    )
    rows: list[Cell] = []
    named = some.with_columns((pl.col(employer) if employer else pl.lit("")).alias("_employer"))
    for values in combinations([values_of(frame, d) for d in by]):
        group = dict(zip(by, values, strict=True))
        if group.get("award_category") in ("none", UNKNOWN):
            continue
        mine = named.filter([pl.col(d) == v for d, v in group.items()]) if group else named
        n = len(mine)
        largest = int(mine["_employer"].value_counts()["count"].max() or 0)  # type: ignore[arg-type]
        enough = n >= least and (
            not employer
            or (mine["_employer"].n_unique() >= rules["least_employers"] and largest < rules["largest_employer_share"] * n)
        )
        for statistic, share in shares.items():
            row = Cell(table, group, statistic, status="c")
            if enough:
                figure = float(mine[value].quantile(share, "linear") or 0.0)
                grid = rules["money_grid"]
                row.figure, row.status = (round(figure / grid) * grid if employer else round(figure, 1)), "shown"
            rows.append(row)
    return rows
