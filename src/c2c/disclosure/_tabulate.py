"""A whole product from facts to safe tables: count, withhold, cover, audit, and only then write. Never one query at a time."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from c2c import audit, catalog, governance
from c2c.disclosure import _audit, _ledger
from c2c.disclosure._products import Table, settings_of, tables_of
from c2c.disclosure._rules import TooRevealing, edition, rule
from c2c.disclosure._suppress import Suppressor
from c2c.disclosure._system import Key, System, add_table, key_of
from c2c.plumbing import clock, keys
from c2c.plumbing.site import Site
from c2c.vocabulary import Permit, Product, SafeTables

UNKNOWN = "unknown"
FIXED = ("release", "product", "table", "measure", "statistic", "unit")
ENDING = ("value", "low", "high", "status", "of")


@dataclass
class Cell:
    """One row to be: where it stands, the count behind it, and of which base it is a share."""

    table: Table
    coordinates: dict[str, str]
    statistic: str
    of: str = ""
    key: Key | None = None
    base: Key | None = None
    figure: float | None = None
    status: str = ""


@dataclass
class Cohort:
    """One population's year: its people, its sums, its rows, and the pattern that protects it."""

    system: System = field(default_factory=System)
    rows: list[Cell] = field(default_factory=list)
    primary: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)


def tabulate(
    site: Site,
    product: Product,
    facts: Mapping[str, Path],
    *,
    permit: Permit,
    release_id: str,
    year: int,
    earlier: Sequence[Path] = (),
) -> SafeTables:
    """Count every table of a product and let none out that, with all that was published before, shows someone.

    Small counts are withheld, and enough others that no sum gives them back; an auditor of its own then tries to work each one out. The
    release ledger is written before the tables exist. One row per cell, in the long form.

    Raises:
        NotPermitted: the permit is not for this purpose or has expired.
        TooRevealing: DSC-001 a withheld count can be worked out, DSC-002 the auditor could not tell, DSC-003 with an earlier release it shows someone.
    """
    governance.check_permit(site, permit, purpose=permit.purpose, today=clock.today())
    start = perf_counter()
    seed_key = keys.naming_key(site, "room/gate")
    cohorts, left_out = count_what_can_stand(product, facts, year)
    for (population, cohort), found in sorted(cohorts.items()):
        seed = hmac.digest(seed_key, f"{product.product_id}|{population}|{cohort}".encode(), "sha256")
        protect_system(found.system, found.primary, found.hidden, seed)
        check_system(found.system, found.hidden, where=f"{population} {cohort}")
    table = _long_form(cohorts, product, release_id)
    necessary = share_necessary(cohorts, hmac.digest(seed_key, release_id.encode(), "sha256"))
    _ledger.check_together(site, table, earlier)
    said = _said(cohorts, table, necessary, start, seed_key, release_id)
    _ledger.enter(site, table, release_id)
    audit.append(
        site,
        "disclosure:product:cleared",
        actor=permit.actor,
        permit=permit.permit_id,
        release=release_id,
        cells=len(table),
        rules=edition(),
    )
    said["tables_left_out"] = sorted(left_out)
    said["ledger_head"] = audit.head(site)
    path = next(iter(facts.values())).with_name(f"{release_id}.cells.parquet")
    table.write_parquet(path, compression="zstd")
    return SafeTables(product.product_id, path, said)


def protect_system(system: System, primary: set[int], hidden: set[int], seed: bytes) -> None:
    """Cover what must be withheld, in place: first the primary cells, then as many more as their sums ask."""
    unpublished = {c for c, seen in enumerate(system.published) if not seen}
    must = primary | {c for c in unpublished if 0 < system.values[c] < rule("least_count")}
    cover = Suppressor(
        system, must | unpublished, width=rule("least_width"), insider_width=rule("least_width_for_insiders"), seed=seed
    )
    pattern = cover.cover(must)
    hidden.clear()
    hidden.update(c for c in pattern if system.published[c])
    # Whatever the auditor still finds narrow is covered again; it has the last word.
    for _ in range(6):
        narrow = find_narrow(system, hidden)
        if not narrow:
            return
        pattern = cover.cover(narrow)
        grown = {c for c in pattern if system.published[c]}
        if grown == hidden:
            return
        hidden.update(grown)


def find_narrow(system: System, hidden: set[int]) -> set[int]:
    """The withheld cells, and small cells that no table shows, which the public could work out too closely."""
    known = {c: float(v) for c, v in enumerate(system.values) if system.published[c] and c not in hidden}
    small = {c for c, v in enumerate(system.values) if not system.published[c] and 0 < v < rule("least_count")}
    ask = np.array(sorted(hidden | small), dtype=np.int64)
    if not len(ask):
        return set()
    judged = _audit.judge(len(system.values), system.relations, known, ask, width=rule("least_width"))
    return {int(c) for c in judged.narrow(rule("least_width"))}


def check_system(system: System, hidden: set[int], *, where: str) -> None:
    """Audit a protected system. Raises DSC-001 or DSC-002."""
    try:
        narrow = find_narrow(system, hidden)
    except _audit.CannotTell as why:
        raise TooRevealing(
            "DSC-002",
            where=where,
            what=f"the auditor could not tell: {why}",
            remedy="Nothing was published; look at the facts, then run the year again.",
        ) from None
    if narrow:
        raise TooRevealing(
            "DSC-001",
            where=where,
            what=f"{len(narrow)} withheld counts could be worked out",
            remedy="Declare fewer or coarser tables for this cohort.",
        )


def share_necessary(cohorts: Mapping[Any, Cohort], seed: bytes, sample: int = 60) -> dict[str, float]:
    """Of the cells withheld only to cover others, the share without which the attack would succeed, from a sample."""
    cover = [(key, c) for key, found in sorted(cohorts.items()) for c in sorted(found.hidden - found.primary)]
    rng = np.random.default_rng(np.frombuffer(seed[:16], dtype=np.uint32))
    chosen = [cover[i] for i in rng.permutation(len(cover))[:sample]]
    flagged = sum(bool(find_narrow(cohorts[key].system, cohorts[key].hidden - {c})) for key, c in chosen)
    return {"sampled": len(chosen), "necessary": flagged, "share": round(flagged / len(chosen), 4) if chosen else 1.0}


def count_what_can_stand(product: Product, facts: Mapping[str, Path], year: int) -> tuple[dict[tuple[str, int], Cohort], set[str]]:
    """Count the product's tables, without those that would be mostly withheld: they leave the lattice whole, for all cohorts.

    Small categories are counted together first, so that a group stands in every table and year or in none.
    """
    people = {name: _merge_small(pl.read_parquet(path), product) for name, path in facts.items()}
    everything = list(tables_of(product, year))
    first = _count(product, people, everything)
    lost: dict[str, list[bool]] = defaultdict(list)
    for found in first.values():
        for row in found.rows:
            if row.statistic == "median" or row.key is not None:
                lost[row.table.name].append(
                    row.status == "c" or (row.key is not None and found.system.at[row.key] in found.primary)
                )
    always = {t.name for t in everything if t.said.get("keep") and not t.groups}
    left_out = {name for name, small in lost.items() if np.mean(small) > rule("loss_cap")} - always
    return _count(product, people, [t for t in everything if t.name not in left_out]), left_out


def _merge_small(frame: pl.DataFrame, product: Product) -> pl.DataFrame:
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
            if n < rule("least_category") or (merged and held < rule("least_category")):
                merged.append(code)
                held += n
        if len(merged) > 1 or (merged and held < rule("least_category")):
            out = out.with_columns(
                pl.when(pl.col(dim).fill_null(UNKNOWN).is_in(merged)).then(pl.lit("other")).otherwise(pl.col(dim)).alias(dim)
            )
    return out


def _count(product: Product, people: Mapping[str, pl.DataFrame], tables: Sequence[Table]) -> dict[tuple[str, int], Cohort]:
    """Count each table: the cells of each cohort's system, and the rows to be written of them."""
    cohorts: dict[tuple[str, int], Cohort] = defaultdict(Cohort)
    by_year: dict[tuple[str, int], pl.DataFrame] = {}
    for table in tables:
        where = (table.population, table.year)
        if where not in by_year:
            frame = people[table.population].filter(pl.col("academic_year") == table.year)
            texts = [c for c, t in frame.schema.items() if t == pl.String and c != "pseudonym"]
            by_year[where] = frame.with_columns(
                pl.col(c).fill_null("no_public_college" if c in ("last_node", "left_without_award") else UNKNOWN) for c in texts
            )
        frame, found = by_year[where], cohorts[where]
        if table.said.get("waits_for"):
            found.rows.append(Cell(table, {"outcome": "yes"}, "percent", "outcome", status="x"))
        elif table.statistic == "median":
            found.rows += _medians(table, frame)
        else:
            _counts(table, frame, found)
    for (population, _), found in cohorts.items():
        _identities(found.system, [i for i in settings_of(product)["identities"] if i["population"] == population])
    _places(product, by_year, cohorts)
    return cohorts


def _counts(table: Table, frame: pl.DataFrame, found: Cohort) -> None:
    """A table of counts or percents: its cells in the system, its rows, and which cells are too small to stand."""
    said, system = table.said, found.system
    outcome = said.get("outcome", "")
    inner = tuple(d for d in (said.get("within", ""), outcome) if d)
    add_table(system, frame, (*table.dims, *inner), published=False)
    shown_inner = _inner_values(said, frame)
    for values in _combinations(frame, table.dims):
        group = dict(zip(table.dims, values, strict=True))
        base = key_of(group)
        if table.statistic == "count":
            for coordinates in shown_inner:
                key = key_of(group | coordinates)
                found.rows.append(Cell(table, group | coordinates, "count", key=key))
                _publish(system, key)
                if 0 < system.values[system.at[key]] < rule("least_count"):
                    found.primary.add(system.at[key])
            continue
        if said.get("own_base"):
            found.rows.append(Cell(table, group | {"outcome": "Total"}, "count", key=base))
            _publish(system, base)
            if 0 < system.values[system.at[base]] < rule("least_count"):
                found.primary.add(system.at[base])
        n = system.values[system.at[base]] - sum(
            system.values[system.at[key_of(group | {outcome: v})]]
            for v in said.get("base_without", ())
            if key_of(group | {outcome: v}) in system.at
        )
        for coordinates in shown_inner:
            key = key_of(group | coordinates)
            if key not in system.at:
                continue
            x = system.values[system.at[key]]
            binary = outcome not in ("first_node", "award_category") or said.get("as_outcome")
            row = Cell(
                table,
                group | ({"outcome": "yes"} if binary else coordinates),
                "percent",
                "outcome" if binary else outcome,
                key,
                base,
                figure=float(n),
            )
            found.rows.append(row)
            _publish(system, key)
            if n == 0:
                row.status = "z"
            elif n < rule("least_group_for_percent") or x < rule("least_count") or n - x < rule("least_count"):
                found.primary.add(system.at[key])


def _inner_values(said: Mapping[str, Any], frame: pl.DataFrame) -> list[dict[str, str]]:
    outcome = said.get("outcome", "")
    if not outcome:
        return [{}]
    values = list(said.get("values", sorted(frame[outcome].unique().to_list())))
    if said.get("within"):
        firsts = sorted(frame[said["within"]].unique().to_list())
        flows = [
            {said["within"]: f, outcome: v} for f in firsts if f != "no_public_college" for v in values if v != "no_public_college"
        ]
        return [*flows, *({said["within"]: f, outcome: "Total"} for f in firsts)]
    return [{outcome: v} for v in values if v != UNKNOWN]


def _publish(system: System, key: Key) -> None:
    system.published[system.at[key]] = True


def _combinations(frame: pl.DataFrame, dims: tuple[str, ...]) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = [()]
    for d in dims:
        out = [(*row, v) for row in out for v in sorted(map(str, frame[d].unique().to_list()))]
    return out


def _medians(table: Table, frame: pl.DataFrame) -> list[Cell]:
    """Medians on a fixed grid, shown where enough people and employers stand behind them and no employer holds nearly all."""
    said, value = table.said, table.said["value"]
    by = (*table.dims, *((said["by"],) if said.get("by") else ()))
    some = frame.filter(pl.col(value).is_not_null())
    employer = said.get("employer")
    rows: list[Cell] = []
    named = some.with_columns((pl.col(employer) if employer else pl.lit("")).alias("_employer"))
    for values in _combinations(frame, by):
        group = dict(zip(by, values, strict=True))
        if group.get("award_category") in ("none", UNKNOWN):
            continue
        mine = named.filter([pl.col(d) == v for d, v in group.items()]) if group else named
        n = len(mine)
        row = Cell(table, group, "median", status="c")
        if n >= rule("least_people_for_median"):
            largest = int(mine["_employer"].value_counts()["count"].max() or 0)  # type: ignore[arg-type]
            enough = not employer or (
                mine["_employer"].n_unique() >= rule("least_employers") and largest < rule("largest_employer_share") * n
            )
            if enough:
                middle = float(mine[value].median() or 0.0)
                grid = rule("money_grid")
                row.figure, row.status = (round(middle / grid) * grid if employer else round(middle, 1)), "shown"
        rows.append(row)
    return rows


def _identities(system: System, identities: Sequence[Mapping[str, Any]]) -> None:
    """Sums that hold by definition, on every group and place where both sides are cells: what the public knows, the auditor knows."""
    for said in identities:
        (dim, value), parts = said["left"][0], said["right"]
        for key in [k for k in system.keys if (dim, value) in k and not any(d in dict(k) for d, _ in parts if d != dim)]:
            rest = {d: v for d, v in key if d != dim}
            others = [key_of(rest | {d: v}) for d, v in parts]
            held = [system.at[o] for o in others if o in system.at]
            if held and sum(system.values[c] for c in held) == system.values[system.at[key]]:
                system.bind(system.at[key], held)


def _places(product: Product, by_year: Mapping[tuple[str, int], pl.DataFrame], cohorts: Mapping[tuple[str, int], Cohort]) -> None:
    """Bind families of places: a county is its districts; a district and an Assembly district share pieces that nobody publishes."""
    hierarchy = settings_of(product)["hierarchies"]
    for where, found in cohorts.items():
        frame, system = by_year[where], found.system
        if "school_district" not in frame.columns:
            continue
        for child, parent in hierarchy.items():
            belongs = dict(frame.select(child, parent).unique().iter_rows())
            for key in [k for k in system.keys if parent in dict(k)]:
                rest = {d: v for d, v in key if d != parent}
                parts = [key_of(rest | {child: c}) for c, p in belongs.items() if p == dict(key)[parent]]
                if parts and all(p in system.at for p in parts):
                    system.bind(system.at[key], [system.at[p] for p in parts])
        _pieces(system, frame, "school_district", "legislative_district")


def _pieces(system: System, frame: pl.DataFrame, one: str, other: str) -> None:
    """The overlaps of two families, as cells that no table shows, for everything that is published of both."""
    overlaps = sorted((str(a), str(b)) for a, b in frame.select(one, other).unique().iter_rows())
    inner = sorted({tuple(sorted(d for d, _ in k if d != one)) for k in system.keys if one in dict(k) and other not in dict(k)})
    for dims in inner:
        if not all(d in frame.columns for d in dims):
            continue
        pieces: dict[Key, list[int]] = defaultdict(list)
        counted = {tuple(map(str, row[:-1])): int(row[-1]) for row in frame.group_by(one, other, *dims).len().iter_rows()}
        for a, b in overlaps:
            for values in _combinations(frame, dims):
                rest = dict(zip(dims, values, strict=True))
                cell = system.add(key_of(rest | {one: a, other: b}), counted.get((a, b, *values), 0), published=False)
                pieces[key_of(rest | {one: a})].append(cell)
                pieces[key_of(rest | {other: b})].append(cell)
        for whole, parts in sorted(pieces.items()):
            if whole in system.at and sum(system.values[p] for p in parts) == system.values[system.at[whole]]:
                system.bind(system.at[whole], parts)


def _long_form(cohorts: Mapping[tuple[str, int], Cohort], product: Product, release_id: str) -> pl.DataFrame:
    """Every row as it may be seen. Only here does a count become a figure, and only where nothing withholds it."""
    measures = catalog.load().measures
    dims = sorted({d for found in cohorts.values() for row in found.rows for d in row.coordinates} - {"outcome"})
    columns = [*FIXED, "academic_year", *dims, "outcome", *ENDING]
    rows = []
    for (_, cohort), found in sorted(cohorts.items()):
        for row in found.rows:
            value, low, high, status = _figure(row, found)
            unit = measures[row.table.measure]["unit"] if row.statistic != "count" else "people"
            rows.append(
                {"release": release_id, "product": product.product_id, "table": row.table.name, "measure": row.table.measure, "statistic": row.statistic, "unit": unit,
                 "academic_year": str(cohort), **row.coordinates, "value": value, "low": low, "high": high, "status": status, "of": row.of}
            )  # fmt: skip
    schema = {c: (pl.Float64 if c in ("value", "low", "high") else pl.String) for c in columns}
    return (
        pl.DataFrame(rows, schema=schema)
        .unique([c for c in columns if c not in ENDING], keep="first")
        .sort([c for c in columns if c not in ENDING])
    )


def _figure(row: Cell, found: Cohort) -> tuple[float | None, float | None, float | None, str]:
    if row.statistic == "median" or row.status in ("x", "z"):
        return row.figure if row.status == "shown" else None, None, None, row.status
    system = found.system
    if row.key is None or system.at[row.key] in found.hidden:
        return None, None, None, "c"
    x = system.values[system.at[row.key]]
    if row.statistic == "count":
        return float(x), None, None, "shown"
    n = row.figure or 0.0
    share = 100 * x / n
    if n < rule("least_group_for_whole_percent"):
        low = float(np.floor(share / 10) * 10)
        return None, low, min(low + 10, 100.0), "banded"
    return float(round(share)), None, None, "shown"


def _said(
    cohorts: Mapping[tuple[str, int], Cohort],
    table: pl.DataFrame,
    necessary: Mapping[str, float],
    start: float,
    seed_key: bytes,
    release_id: str,
) -> dict[str, Any]:
    """What the public is told of the protection: shares, never a cell."""
    primary = sum(len(f.primary) for f in cohorts.values())
    cover = sum(len(f.hidden - f.primary) for f in cohorts.values())
    state = table.filter(
        pl.all_horizontal(pl.col(c).is_null() for c in ("county", "school_district", "legislative_district") if c in table.columns)
    )
    shown = pl.col("status").is_in(["shown", "banded"])
    return {
        "cells": len(table), "withheld": int((table["status"] == "c").sum()), "primary": primary, "complementary": cover,
        "complementary_to_primary": round(cover / primary, 3) if primary else 0.0,
        "share_of_state_cells_shown": round(state.filter(pl.col("status") != "x").select(shown.mean()).item() or 0.0, 4),
        "pinned_or_narrow": 0, "necessary": dict(necessary), "rule_edition": edition(), "audit_seconds": round(perf_counter() - start, 1),
        "seed_id": hashlib.sha256(seed_key + release_id.encode()).hexdigest()[:12],
    }  # fmt: skip
