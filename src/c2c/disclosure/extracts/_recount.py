"""How alike the people of a finished extract are, counted from its own columns and nothing else: k, l and t; and the intruder who tries them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from c2c.disclosure._rules import rule, rule_of
from c2c.disclosure.extracts._recode import Ladder, ordered_ranks

ROW, N = "row_", "n_people_"


def count_alike(table: pl.DataFrame, quasi: Sequence[str], outcomes: Sequence[Ladder]) -> dict[str, Any]:
    """k: people in the smallest group alike in every quasi-identifier. For each outcome l, its fewest values within a group, and t.

    t is the greatest distance between a group's outcomes and everybody's (Li et al. 2007), from 0 to 1: between ranks where they have an order, else
    half the sum of differences.
    """
    grouped = table.group_by(quasi or pl.lit(1)).agg(pl.len().alias(N), *(pl.col(o.element.name).n_unique() for o in outcomes))
    said = {o.element.name: {"l": int(grouped[o.element.name].min()), "t": round(_closeness(table, quasi, o), 4)} for o in outcomes}  # type: ignore[arg-type]
    return {"k": int(grouped[N].min()), "groups": len(grouped), "outcomes": said}  # type: ignore[arg-type]


def _closeness(table: pl.DataFrame, quasi: Sequence[str], outcome: Ladder) -> float:
    name = outcome.element.name
    ranks = ordered_ranks(outcome, table[name])
    codes = np.unique(ranks if ranks is not None else table[name].to_numpy(), return_inverse=True)[1]
    alike = table.select(pl.struct(quasi).rank("dense") - 1).to_series().to_numpy() if quasi else np.zeros(len(table))
    groups = alike.astype(np.int64)
    n_codes, n_groups = int(codes.max()) + 1, int(groups.max()) + 1
    counts = np.zeros((n_groups, n_codes))
    np.add.at(counts, (groups, codes), 1)
    apart = counts / counts.sum(axis=1, keepdims=True) - counts.sum(axis=0) / len(table)
    if ranks is None:
        return float(np.abs(apart).sum(axis=1).max() / 2)
    return float(np.abs(np.cumsum(apart, axis=1)).sum(axis=1).max() / max(n_codes - 1, 1))


def attack(
    table: pl.DataFrame, collected: Mapping[str, pl.Series], recoded: pl.DataFrame, outcomes: Sequence[str], seed: bytes
) -> dict[str, Any]:
    """Look for people who are alone before anything is recoded, knowing of each what an outsider may know: one element, two, or all of them.

    `collected`: every quasi-identifier at its finest, person by person; `recoded`: the same people's words as the codebook tells how to say them. `table` is
    the extract. A success is one candidate, or candidates who all share one outcome.
    """
    names = list(collected)
    if not names:
        return {
            "people": 0,
            "known_sets": 0,
            "singled_out": 0,
            "outcome_certain": 0,
            "fewest_candidates": len(table),
            "best_guess": 0.0,
        }
    finest = pl.DataFrame(collected)
    alone = np.flatnonzero(finest.select(pl.struct(names).is_duplicated().not_()).to_series().to_numpy())
    rng = np.random.default_rng(np.frombuffer(seed[:16], dtype=np.uint32))
    chosen = np.sort(rng.permutation(alone)[: int(rule_of("extracts", "people_attacked"))])
    known = recoded[chosen].with_row_index(ROW)
    sets = [*((n,) for n in names), *itertools.combinations(names, 2), *([tuple(names)] if len(names) > 2 else [])]
    fewest, singled, certain, guess = len(table), 0, 0, 0.0
    for some in sets:
        groups = table.group_by(some).agg(pl.len().alias(N), *(pl.col(o).n_unique() for o in outcomes))
        met = known.select(ROW, *some).join(groups, on=some, how="inner")
        if len(met):
            fewest = min(fewest, int(met[N].min()))  # type: ignore[arg-type]
            singled += int((met[N] == 1).sum())
            certain += sum(int((met[o] == 1).sum()) for o in outcomes)
            guess = max(guess, float((1 / met[N]).max()))  # type: ignore[arg-type]
    n_chosen = len(chosen) if not len(chosen) or len(chosen) >= rule("least_count") else None
    said = {"people": n_chosen, "share_alone_before": round(len(alone) / len(finest), 4), "known_sets": len(sets)}
    return said | {"singled_out": singled, "outcome_certain": certain, "fewest_candidates": fewest, "best_guess": round(guess, 4)}
