"""The match of one table of people on one machine: screen, block, compare, estimate, score, cluster.

Pairs are made and compared range by range on all cores; what is kept of each is its two rows and the number of its pattern.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl

from c2c.identity._block import RULES, Blocks
from c2c.identity._cluster import Decided, Edges, cluster, confidence
from c2c.identity._coded import FIELDS, TERMS, Coded
from c2c.identity._compare import among, compare, distinct_of
from c2c.identity._estimate import Model, levels_of, patterns_of
from c2c.identity._rules import rule
from c2c.identity._score import differ, has_twins, names_only, never_alone, plain_bits, rarer, score, train

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True)
class Matched:
    """One entry per row of the table: its cluster and how sure. The report holds no values.

    `edges`: all pairs that even odds or more call one person, linked or not; `vetoes`: pairs of rows that cannot be one person; `agreeing`: pairs
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
class _Weighed:
    """What all pairs of a table say. `agreeing`: pairs (left x n + right, sorted) with an unshared person key in common."""

    edges: Edges
    model: Model
    twins: bool
    agreeing: np.ndarray
    report: dict[str, Any]


@dataclass(frozen=True)
class _Looked:
    """The pairs of one range: rows, the patterns met and which of them each pair has, how many of each rule's pairs have which."""

    left: np.ndarray
    right: np.ndarray
    asserted: np.ndarray
    patterns: np.ndarray
    which: np.ndarray
    counts: np.ndarray
    sampled: np.ndarray


def match_people(people: Path, keys: pl.DataFrame, decided: Decided | None = None) -> Matched:
    """Which rows of a folded table are one person. `people` and `keys` as `Tuples` has them; `decided`: what stewards settled."""
    coded = Coded(people, keys)
    weighed = _weigh(coded)
    label, vetoes = cluster(
        coded, weighed.edges, agreeing=weighed.agreeing, model=weighed.model, twins=weighed.twins, decided=decided
    )
    sure = confidence(label, coded.weight, weighed.edges, decided)
    report = _report(coded, weighed.model, label) | weighed.report
    return Matched(coded, label, sure, weighed.model, weighed.edges, vetoes, weighed.agreeing, weighed.twins, report)


def _weigh(coded: Coded) -> _Weighed:
    """Every pair made, compared and weighed. What is needed for that alone goes when it is done: a state's pairs fill the memory."""
    blocks = Blocks(coded)
    agreeing, asserted = _agreeing(coded.keys, blocks.n)
    looked = _each(lambda span: _look(coded, blocks, agreeing, asserted, *span), blocks.ranges())
    patterns = np.unique(np.concatenate([part.patterns for part in looked]))
    counts = np.zeros((len(RULES) + 1, len(patterns)))
    for part in looked:
        counts[:, np.searchsorted(patterns, part.patterns)] += part.counts
    model = train(coded, patterns, dict(zip((*RULES, "all"), counts, strict=True)))
    twins = has_twins(levels_of(patterns), counts[-1])
    found = {name: int(n) for name, n in zip(RULES, counts[:-1].sum(axis=1).tolist(), strict=True)}
    report = {"pairs_compared": int(counts[-1].sum()), "pairs_by_rule": found} | _lost(coded, blocks, looked, model)
    return _Weighed(_edges(coded, looked, patterns, model, twins=twins), model, twins, agreeing, report)


def _each(act: Callable[[S], T], over: Iterable[S]) -> list[T]:
    """The act on each, on all cores, in order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(act, over))


def _look(coded: Coded, blocks: Blocks, agreeing: np.ndarray, asserted: np.ndarray, low: int, high: int) -> _Looked:
    """Make and compare the pairs of one range of left rows."""
    pairs, n = blocks.pairs(low, high), blocks.n
    code = pairs.left.astype(np.int64) * n + pairs.right
    alike, said, sampled = (_among_range(code, known, low * n, high * n) for known in (agreeing, asserted, blocks.sample))
    patterns, which = distinct_of(patterns_of(compare(coded, pairs.left, pairs.right, agreeing=alike)))
    counts = np.empty((len(RULES) + 1, len(patterns)))
    for bit in range(len(RULES)):
        counts[bit] = np.bincount(which[(pairs.rules >> bit) & 1 == 1], minlength=len(patterns))
    counts[-1] = np.bincount(which, minlength=len(patterns))
    return _Looked(pairs.left, pairs.right, said, patterns, which, counts, code[sampled])


def _among_range(code: np.ndarray, known: np.ndarray, low: int, high: int) -> np.ndarray:
    begin, end = np.searchsorted(known, (low, high))
    return among(code, known[begin:end])


def _edges(coded: Coded, looked: list[_Looked], patterns: np.ndarray, model: Model, *, twins: bool) -> Edges:
    """The pairs that even odds or more call one person, and which of them link."""
    levels = levels_of(patterns)
    plain = plain_bits(levels, model)
    exact = {field: levels[:, FIELDS.index(field)] == 0 for field in TERMS}
    least = np.where(names_only(levels), rule("names_only_from"), rule("link_from"))
    unlike, barred = differ(levels), never_alone(levels, twins=twins)
    even = rule("even_odds")

    def weigh(part: _Looked) -> Edges:
        which = np.searchsorted(patterns, part.patterns)[part.which]
        bits = rarer(coded, part.left, plain[which], {field: agree[which] for field, agree in exact.items()}, model)
        bits = np.where(part.asserted & ~unlike[which], np.maximum(bits, rule("asserted_bits")), bits)
        probability = 1 / (1 + np.exp2(-np.clip(bits, -60, 60)))
        linked = (probability >= least[which]) & ~barred[which]
        kept = linked | (probability >= even)
        return Edges(part.left[kept], part.right[kept], bits[kept].astype(np.float32), linked[kept])

    return Edges.joined(_each(weigh, looked))


def _agreeing(keys: pl.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows with an unshared person key in common, and those among them where one issuer's own number says so."""
    usable = keys.filter(~pl.col("shared")).select("row", "code", "asserts")
    both = usable.join(usable, on="code", suffix="_b").filter(pl.col("row") < pl.col("row_b"))
    code = both["row"].to_numpy().astype(np.int64) * n + both["row_b"].to_numpy()
    return np.unique(code), np.unique(code[(both["asserts"] & both["asserts_b"]).to_numpy()])


def _lost(coded: Coded, blocks: Blocks, looked: list[_Looked], model: Model) -> dict[str, Any]:
    """Matches expected among pairs left out of blocks too large, from a sample of them."""
    gone = blocks.not_among(np.concatenate([part.sampled for part in looked]))
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
