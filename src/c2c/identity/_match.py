"""The match of one table of people: screen, block, compare, estimate, score, cluster.

Pairs are made and compared range by range, and people parted component by component, by a runner: this machine's cores, or Spark's.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from c2c.identity._alarms import contrary_fields, expected_matches
from c2c.identity._arrays import distinct_of, once
from c2c.identity._block import RULES, Blocks, pairs_within
from c2c.identity._cluster import Decided, Edges, join, settle
from c2c.identity._coded import FIELDS, Coded
from c2c.identity._compare import compare
from c2c.identity._estimate import Model, levels_of
from c2c.identity._pairs import Sought, weights_of
from c2c.identity._runner import Local, Looks, Runner
from c2c.identity._score import chance_of, has_twins, score, train
from c2c.identity._update import Held, as_before, touched, with_kept, within
from c2c.identity._written import Written


@dataclass(frozen=True)
class Matched:
    """One entry per row of the table: its cluster and how sure. The report holds no values.

    `edges`: all pairs that even odds or more call one person, linked or not; `vetoes`: as `Settled` has them; `agreeing`: pairs
    (left x n + right, sorted) with an unshared person key in common; `twins`: pairs that look like twins are two people here.
    """

    coded: Coded
    label: np.ndarray
    confidence: np.ndarray
    model: Model
    edges: Edges
    vetoes: np.ndarray
    agreeing: np.ndarray
    twins: bool
    report: dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What is not learnt from these rows, but was learnt before: the model; where they are given, what values are common or stand in for others, and
    whether there are twins; and what is `held` of an earlier match of most of these rows."""

    model: Model
    learnt: pl.DataFrame | None = None
    twins: bool | None = None
    held: Held | None = None


@dataclass(frozen=True)
class _Seen:
    """What all pairs of a table say. `agreeing`: pairs (left x n + right, sorted) with an unshared person key in common; `again`: rows whose pairs
    were all looked at."""

    looks: Looks
    model: Model
    twins: bool
    agreeing: np.ndarray
    again: np.ndarray
    report: dict[str, Any]


def match_people(
    people: Path,
    keys: pl.DataFrame,
    decided: Decided | None = None,
    *,
    runner: Runner | None = None,
    written: Written | None = None,
    known: Known | None = None,
) -> Matched:
    """Which rows of a folded table are one person.

    `people` and `keys` as `Tuples` has them; `decided`: what stewards settled; `runner`: where the work is done, else here; `written`: how values
    are written, where it is not as text; `known`: what was learnt elsewhere or before, else it is learnt from these rows.
    """
    runner = runner or Local(people.parent)
    coded = Coded(people, keys, known.learnt if known else None, written=written)
    at = runner.share(coded)
    seen = _look(coded, at, runner, known)
    weighted = runner.weigh(at, seen.looks, weights_of(coded, seen.looks.told.patterns, seen.model, twins=seen.twins))
    edges, held = weighted.edges, known.held if known else None
    if held:
        edges = with_kept(held, seen.again, edges)
    joined = join(coded, edges, agreeing=seen.agreeing, model=seen.model, twins=seen.twins, decided=decided)
    report = seen.report | {"large_components": joined.large, "entry_bits_in_them": joined.entry}
    if held:
        some = touched(held, seen.again, joined)
        now = settle(coded, joined, np.flatnonzero(some), within(joined.with_forced(edges), some))
        settled = as_before(held, some, now)
        report["update"] = {"rows_looked_at_again": int(seen.again.sum()), "rows_settled_again": int(some.sum())}
    else:
        settled = runner.settle(at, joined, weighted)
    label, vetoes = _in_order(settled.label), settled.vetoes
    vetoes = vetoes[np.lexsort((vetoes[:, 1], vetoes[:, 0]))]
    report = _report(coded, seen.model, label) | report
    return Matched(coded, label, settled.confidence, seen.model, edges, vetoes, seen.agreeing, seen.twins, report)


def _look(coded: Coded, at: Any, runner: Runner, known: Known | None) -> _Seen:
    """Every pair made and compared, and the model of what was seen. The blocks go when it is done: a state's fill half of what the match may take."""
    # Random pairs are compared beside: what is done on one core alone then leaves none idle.
    with ThreadPoolExecutor(1) as beside:
        chance = beside.submit(lambda: {} if known else chance_of(coded))
        blocks = Blocks(coded, known.held.new if known and known.held else None)
        agreeing, asserted = _agreeing(coded.keys, blocks.n)
        looks = runner.look(at, Sought(blocks, blocks.ranges(), agreeing, asserted))
        patterns, counts = looks.told.patterns, looks.told.counts
        by_rule = dict(zip((*RULES, "all"), counts, strict=True))
        model = known.model if known else train(chance.result(), patterns, by_rule, coded.n * (coded.n - 1) / 2)
    twins = known.twins if known and known.twins is not None else has_twins(levels_of(patterns), counts[-1])
    found = {name: int(n) for name, n in zip(RULES, counts[:-1].sum(axis=1).tolist(), strict=True)}
    report = {"pairs_compared": int(counts[-1].sum()), "pairs_by_rule": found} | _lost(coded, blocks, looks.told.sampled, model)
    report["expected_matches_found"] = round(expected_matches(patterns, counts[-1], model), 2)
    report["contrary_fields"] = [] if known else contrary_fields(patterns, counts[-1], model)
    return _Seen(looks, model, twins, agreeing, blocks.again, report)


def _in_order(label: np.ndarray) -> np.ndarray:
    """People numbered in the order of their first rows, whatever they were called where they were found."""
    return distinct_of(label)[1].astype(np.int64)


def _agreeing(keys: pl.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows with an unshared person key in common, and those among them where one issuer's own number says so."""
    usable = keys.filter(~pl.col("shared"))
    # Keys lie in the order of their rows, and so they stay within a code.
    order = np.argsort(usable["code"].to_numpy(), kind="stable")
    row, code, asserts = (usable[name].to_numpy()[order] for name in ("row", "code", "asserts"))
    first = np.flatnonzero(np.concatenate([[True], (code[1:] != code[:-1]) | (row[1:] != row[:-1])])) if len(row) else order
    row, code, asserts = row[first], code[first], np.logical_or.reduceat(asserts, first) if len(first) else asserts
    found, asserted = (once(pairs_within(row[some], code[some], n)) for some in (slice(None), asserts))
    return found, asserted


def _lost(coded: Coded, blocks: Blocks, sampled: np.ndarray, model: Model) -> dict[str, Any]:
    """Matches expected among pairs left out of blocks too large, from a sample of them. `sampled`: those that were met after all."""
    gone = blocks.not_among(sampled)
    a, b = gone // blocks.n, gone % blocks.n
    none = np.zeros(len(a), dtype=bool)
    bits = score(coded, a, b, compare(coded, a, b, agreeing=none), model)
    share = float((1 / (1 + np.exp2(-np.clip(bits, -60, 60)))).mean()) if len(a) else 0.0
    return {"pairs_lost": blocks.lost, "expected_matches_lost": round(share * sum(blocks.lost.values()), 2)}


def _report(coded: Coded, model: Model, label: np.ndarray) -> dict[str, Any]:
    sizes = np.bincount(label, weights=coded.weight)
    return {
        "tuples": coded.n,
        "people": len(sizes),
        "default_dates": int(coded.default.sum()),
        "shared_keys": coded.keys.filter(pl.col("shared"))["code"].n_unique(),
        "shared_numbers": len(np.unique(coded.number[coded.shared])),
        "largest_cluster": int(sizes.max()) if len(sizes) else 0,
        "prior": model.prior,
        "weights": model.told(),
        "fields": list(FIELDS),
    }
