"""A whole product from facts to safe tables: count, withhold, cover, audit, and only then write. Never one query at a time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from c2c import audit, catalog, governance
from c2c.disclosure import _audit, _ledger
from c2c.disclosure._account import account
from c2c.disclosure._cohort import Cell, Cohort, Cohorts
from c2c.disclosure._count import count_what_can_stand, lost_tables
from c2c.disclosure._ends import print_ends
from c2c.disclosure._percents import Shown, share_shown
from c2c.disclosure._protect import audited, covering_loss, exposed, find_narrow, is_necessary, out_before, protect_system
from c2c.disclosure._rounding import Rounding, rounding_of
from c2c.disclosure._rules import Rules, TooRevealing, rules_in_force
from c2c.disclosure._score import publication_scores, too_detailed
from c2c.disclosure._system import key_of
from c2c.plumbing import clock, keys
from c2c.plumbing.site import Site
from c2c.vocabulary import Permit, Product, SafeTables

RACE = "race_ethnicity"
"""The dimension whose groups shall lose no more to covering cells than others."""

FIXED = ("release", "product", "table", "measure", "statistic", "unit")
ENDING = ("value", "low", "high", "status", "of")


def tabulate(site: Site, product: Product, facts: Mapping[str, Path], *, permit: Permit, release_id: str, year: int) -> SafeTables:
    """Count every table of a product and let none out that, with all that was published before, shows someone.

    Small counts are withheld, and enough others that no sum gives them back; an auditor of its own then tries to work each one out. The
    release ledger is written before the tables exist. One row per cell, in the long form. The rules are those in force on the day, the site's own
    among them.

    Raises:
        NotPermitted: the permit is not for this purpose or has expired.
        TooRevealing: DSC-001 a withheld count can be worked out, DSC-002 the auditor could not tell, DSC-003 beside earlier releases too little
            could be shown, DSC-041 to DSC-044 the rules contradict one another, are laxer than shipped, or none is in force.
    """
    governance.check_permit(site, permit, purpose=permit.purpose, today=clock.today())
    rules = rules_in_force(clock.today(), site)
    table, said = _cleared(site, product, facts, rules, release_id=release_id, year=year)
    _ledger.refuse_if_little_is_left(said, rules)
    _ledger.enter(site, table, release_id, product=product, year=year, rounded="rounding" in said)
    audit.append(
        site,
        "disclosure:product:cleared",
        actor=permit.actor,
        permit=permit.permit_id,
        release=release_id,
        cells=len(table),
        rules=rules.edition,
    )
    said["ledger_head"] = audit.head(site)
    return SafeTables(product.product_id, _written(table, facts, release_id), said)


def plan(
    site: Site, product: Product, facts: Mapping[str, Path], *, permit: Permit, release_id: str, year: int, standing: Product
) -> SafeTables:
    """What a release would show, hide and cost, before anyone makes it: protected and audited like one, and entered nowhere but in the ledger of acts.

    `audit["beside"]` sets its figures against all that was published; `audit["instead"]`, where the product is not the standing one, against the
    same year under that one: what the change adds, and what it takes from view elsewhere.

    Raises:
        NotPermitted: the permit is not for this purpose or has expired.
        TooRevealing: DSC-001 to DSC-003, as the release itself would be refused.
    """
    governance.check_permit(site, permit, purpose=permit.purpose, today=clock.today())
    rules = rules_in_force(clock.today(), site)
    audit.append(
        site, "disclosure:product:planned", actor=permit.actor, permit=permit.permit_id, release=release_id, rules=rules.edition
    )
    table, said = _cleared(site, product, facts, rules, release_id=release_id, year=year)
    _ledger.refuse_if_little_is_left(said, rules)
    if standing.tables != product.tables:
        other, of_other = _cleared(site, standing, facts, rules, release_id=release_id, year=year)
        figures = ("withheld", "primary", "complementary", "audit_seconds")
        said["instead"] = _ledger.beside(_ledger.figures(other), _ledger.figures(table)) | {
            "standing": {k: of_other[k] for k in ("cells", *figures)},
            "tables_lost": sorted(set(other["table"]) - set(table["table"])),
            "tables_added": sorted(set(table["table"]) - set(other["table"])),
        }
    return SafeTables(product.product_id, _written(table, facts, release_id), said)


def _cleared(
    site: Site, product: Product, facts: Mapping[str, Path], rules: Rules, *, release_id: str, year: int
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """A product counted, protected and audited: its rows as they may be seen, and what is told of the protection."""
    start = perf_counter()
    seed_key = keys.naming_key(site, "room/gate")
    rounding = rounding_of(site, product, day=rules.day, least=rules["least_count"], seed=seed_key)
    _ledger.check_form(site, product.product_id, release_id, rounded=rounding is not None)
    earlier = _ledger.tables_before(site, release_id)
    left_out = too_detailed(product, year, rules)
    protected: dict[tuple[str, int], tuple[frozenset[str], Cohort]] = {}
    while True:
        cohorts, left_out = count_what_can_stand(product, facts, year, rules, without=left_out, rounding=rounding, earlier=earlier)
        joint = _ledger.join_earlier(site, release_id, cohorts, rules)
        gone: set[str] = set()
        for (population, cohort), found in sorted(cohorts.items()):
            names = frozenset(row.table.name for row in found.rows)
            known = protected.get((population, cohort))
            if known and known[0] == names:
                cohorts[population, cohort] = known[1]
                continue
            seed = hmac.digest(seed_key, f"{product.product_id}|{population}|{cohort}".encode(), "sha256")
            dearer = _dearer(c for key, (_, c) in sorted(protected.items()) if key != (population, cohort))
            where = f"{population} {cohort}"
            lost = (
                _stand_rounded(found, rules, rounding, where)
                if rounding
                else _protect_cohort(found, seed, rules, dearer, where=where)
            )
            gone |= {f"{name} {cohort}" for name in lost}
            if not lost:
                protected[population, cohort] = names, found
        # What is counted for a table that goes is asked about no more: so the cohort is counted again without it.
        gone |= lost_tables(cohorts, rules)
        if not gone:
            break
        left_out |= gone
    table = _long_form(cohorts, product, release_id, rules)
    if rounding:
        table = _ledger.keep_rounded(site, table, product, release_id)
    necessary = share_necessary(cohorts, hmac.digest(seed_key, release_id.encode(), "sha256"), rules)
    said = _said(cohorts, table, rules, start) | account(table, product) | {
        "joint": joint,
        "beside": _ledger.beside(_ledger.published(site, release_id), _ledger.figures(table)),
        "attacks": _attacks(cohorts, joint, rules),
        "necessary": necessary,
        "covering_loss": _loss_of(cohorts.values()),
        "scores": publication_scores(table, product, year),
        "tables_left_out": sorted(left_out),
        "seed_id": hashlib.sha256(seed_key + release_id.encode()).hexdigest()[:12],
    }  # fmt: skip
    if rounding:
        said["rounding"] = {
            "base": rounding.base,
            "signed_by": rounding.signed_by,
            "mean_change": round(float(np.mean([f.mean_change for f in cohorts.values()])), 2),
        }
    return table, said


def _attacks(cohorts: Cohorts, joint: Mapping[str, int], rules: Rules) -> list[dict[str, Any]]:
    """What was tried on the release, on how many figures, and how many it found. `small_cells_alone` is the release as it would be had only the small
    counts been withheld: what the rest of the protection is for. Whatever else is found here stops the release."""
    asked = sum(len(f.hidden) for f in cohorts.values())
    alone = sum(len(_audited_or_all(f, rules)) for f in cohorts.values())
    return [
        {"attack": "small_cells_alone", "asked": sum(len(f.primary | f.kept_withheld) for f in cohorts.values()), "found": alone},
        {"attack": "outsider", "asked": asked, "found": 0},
        {"attack": "insider", "asked": asked, "found": 0},
        {"attack": "earlier_releases", "asked": sum(joint[k] for k in ("same", "moved", "kept_withheld", "revised")), "found": 0},
    ]  # fmt: skip


def _audited_or_all(found: Cohort, rules: Rules) -> set[int]:
    """The cells that an outsider would find had only those that must be withheld been withheld."""
    must = found.primary | found.kept_withheld
    try:
        return find_narrow(found.system, must, rules) if must else set()
    except _audit.CannotTell:
        return must


def _written(table: pl.DataFrame, facts: Mapping[str, Path], release_id: str) -> Path:
    """The safe tables as a file beside the facts they were counted from."""
    path = next(iter(facts.values())).with_name(f"{release_id}.cells.parquet")
    table.write_parquet(path, compression="zstd")
    return path


def _dearer(done: Iterable[Cohort]) -> dict[tuple[str, str], float]:
    """What a covering cell of each race group costs more, for what the group lost in earlier cohorts beyond what all did."""
    return {(RACE, group): max(1.0, loss) for group, loss in _loss_of(done).items()}


def _loss_of(cohorts: Iterable[Cohort]) -> dict[str, float]:
    return covering_loss(((f.system, f.hidden, f.primary | f.kept_withheld) for f in cohorts), RACE)


def _protect_cohort(found: Cohort, seed: bytes, rules: Rules, dearer: Mapping[tuple[str, str], float], *, where: str) -> set[str]:
    """Protect a cohort in place. Where no pattern can protect a cell, returns the names of the tables it stands in, or else of those that stand in its sums: they
    have to go.

    Raises:
        TooRevealing: DSC-001 no table but those of the whole state has to do with the cell.
    """
    if found.left_out:
        found.system.unasked = out_before(found.system, found.kept_withheld, rules, where=where)
        found.kept_withheld -= found.system.unasked
    found.hidden = protect_system(found.system, found.primary | found.kept_withheld, seed, rules, where=where, dearer=dearer)
    narrow = audited(found.system, found.hidden, rules, where=where)
    if not narrow:
        before = len(found.hidden)
        print_ends(found, rules, lambda system, hidden: audited(system, hidden, rules, where=where))
        if len(found.hidden) < before:
            _show_needless(found, rules)
        return set()
    # A cell that no table shows is given away by what stands in its sums.
    beside = {c for total, parts in found.system.relations if not narrow.isdisjoint((total, *parts)) for c in (total, *parts)}
    for cells in (narrow, beside):
        keys = {found.system.keys[c] for c in cells}
        tables = {row.table.name for row in found.rows if row.key in keys and row.table.dims}
        if tables:
            return tables
    raise exposed(where, len(narrow))


def _show_needless(found: Cohort, rules: Rules) -> None:
    """Show, dearest first, the covering cells that nothing needs any more once ends are printed: what was covered may now be known to be in a band."""
    cover = found.hidden - found.primary - found.kept_withheld
    for cell in sorted(cover, key=lambda c: (-found.system.values[c], c))[: int(rules["cells_to_print_again"])]:
        if not is_necessary(found.system, found.hidden, cell, rules):
            found.hidden.discard(cell)


def _stand_rounded(found: Cohort, rules: Rules, rounding: Rounding, where: str) -> set[str]:
    """Let a rounded cohort stand as it is: nothing is withheld but shares of groups too small for any. No table has to go.

    Raises:
        TooRevealing: DSC-048 a count is neither nobody nor enough people.
    """
    system = found.system
    if any(seen and 0 < n < rounding.base for n, seen in zip(system.values, system.published, strict=True)):
        raise TooRevealing(
            "DSC-048",
            where=where,
            what="rounding left a small count",
            remedy="Nothing was published. This is a fault of ours; report it with the product.",
        )
    for row in found.rows:
        if row.statistic == "percent" and not row.status and row.n < rules["least_group_for_percent"]:
            row.status = "c"
    found.primary, found.hidden, found.kept_withheld = set(), set(), set()
    return set()


def share_necessary(cohorts: Cohorts, seed: bytes, rules: Rules, sample: int = 60) -> dict[str, float]:
    """Of the cells withheld only to cover others, the share without which the attack would succeed, from a sample."""
    cover = [(key, c) for key, found in sorted(cohorts.items()) for c in sorted(found.hidden - found.primary - found.kept_withheld)]
    rng = np.random.default_rng(np.frombuffer(seed[:16], dtype=np.uint32))
    chosen = [cover[i] for i in rng.permutation(len(cover))[:sample]]
    flagged = sum(is_necessary(cohorts[key].system, cohorts[key].hidden, c, rules) for key, c in chosen)
    return {"sampled": len(chosen), "necessary": flagged, "share": round(flagged / len(chosen), 4) if chosen else 1.0}


def _long_form(cohorts: Cohorts, product: Product, release_id: str, rules: Rules) -> pl.DataFrame:
    """Every row as it may be seen. Only here does a count become a figure, and only where nothing withholds it."""
    measures = catalog.load().measures
    dims = sorted({d for found in cohorts.values() for row in found.rows for d in row.coordinates} - {"outcome"})
    columns = [*FIXED, "academic_year", *dims, "outcome", *ENDING]
    rows = []
    for (_, cohort), found in sorted(cohorts.items()):
        for row in found.rows:
            value, low, high, status = _figure(row, found, rules)
            unit = row.table.said.get("unit", "people") if row.statistic == "count" else measures[row.table.measure]["unit"]
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


def _figure(row: Cell, found: Cohort, rules: Rules) -> Shown:
    """A row as it may be seen. A share, median or quartile is withheld wherever the size of its group is."""
    system = found.system
    group = row.base if row.statistic == "percent" else key_of(row.coordinates)
    if row.status in ("x", "z"):
        return None, None, None, row.status
    if row.status == "c" or any(key in system.at and system.at[key] in found.hidden for key in (row.key or group, group)):
        return None, None, None, "c"
    if row.key is None:
        return row.figure, None, None, "shown"
    at = system.at[row.key]
    if row.statistic == "count":
        return float(system.values[at]), None, None, "shown"
    return share_shown(system.values[at], row.n, rules)


def _said(cohorts: Cohorts, table: pl.DataFrame, rules: Rules, start: float) -> dict[str, Any]:
    """What the public is told of the protection: shares, never a cell."""
    primary = sum(len(f.primary) for f in cohorts.values())
    cover = sum(len(f.hidden - f.primary - f.kept_withheld) for f in cohorts.values())
    state = table.filter(
        pl.all_horizontal(
            pl.lit(True),
            *(pl.col(c).is_null() for c in ("county", "school_district", "legislative_district") if c in table.columns),
        )
    )
    shown = pl.col("status").is_in(["shown", "banded"])
    # Whatever the auditor found left with its table or refused the release: none comes as far as this.
    return {
        "cells": len(table), "withheld": int((table["status"] == "c").sum()), "primary": primary, "complementary": cover,
        "complementary_to_primary": round(cover / primary, 3) if primary else 0.0,
        "share_of_state_cells_shown": round(state.filter(pl.col("status") != "x").select(shown.mean()).item() or 0.0, 4),
        "pinned_or_narrow": 0, "rule_edition": rules.edition, "audit_seconds": round(perf_counter() - start, 1),
    }  # fmt: skip
