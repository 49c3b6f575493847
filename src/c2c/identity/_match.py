"""The match of one table of people on one machine: screen, block, compare, estimate, score, cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from c2c.identity._block import Pairs, find_pairs
from c2c.identity._cluster import cluster, confidence
from c2c.identity._compare import FIELDS, Coded, among, compare
from c2c.identity._estimate import Model, levels_of, patterns_of
from c2c.identity._rules import rule
from c2c.identity._score import differ, has_twins, names_only, never_alone, score, train
from c2c.identity._screen import default_dates, screen_contacts, screen_keys

CHUNK = 2_000_000


@dataclass(frozen=True)
class Matched:
    """One entry per row of the table: its cluster and how sure. The report holds no values."""

    label: np.ndarray
    confidence: np.ndarray
    model: Model
    report: dict[str, Any]


def match_people(people: pl.DataFrame, keys: pl.DataFrame) -> Matched:
    """Which rows of a folded table are one person. `people` and `keys` as `Tuples` has them, in the order of digests."""
    n, weight = len(people), people["weight"].to_numpy().astype(np.float64)
    keys, defaults, people = screen_keys(people, keys), default_dates(people), screen_contacts(people)
    source = people["source"].rank("dense").fill_null(0).to_numpy() if "source" in people.columns else None
    coded = Coded(people, keys, defaults, source)
    pairs = find_pairs(people, keys)
    agreeing, asserted = _agreeing(keys, n)

    pattern = np.empty(len(pairs.left), dtype=np.int64)
    for low in range(0, len(pairs.left), CHUNK):
        a, b = pairs.left[low : low + CHUNK], pairs.right[low : low + CHUNK]
        alike = among(a.astype(np.int64) * n + b, agreeing)
        pattern[low : low + CHUNK] = patterns_of(compare(coded, a, b, agreeing=alike))
    distinct, which = np.unique(pattern, return_inverse=True)
    model = train(coded, pairs, distinct, which)

    levels = levels_of(distinct)
    twins = has_twins(levels, np.bincount(which, minlength=len(distinct)))
    bits = np.empty(len(pairs.left))
    for low in range(0, len(pairs.left), CHUNK):
        here = slice(low, low + CHUNK)
        bits[here] = score(coded, pairs.left[here], pairs.right[here], levels[which[here]], model)
    said = among(pairs.left.astype(np.int64) * n + pairs.right, asserted)
    bits = np.where(said & ~differ(levels)[which], np.maximum(bits, rule("asserted_bits")), bits)
    probability = 1 / (1 + np.exp2(-np.clip(bits, -60, 60)))
    least = np.where(names_only(levels), rule("names_only_from"), rule("link_from"))[which]
    kept = (probability >= least) & ~never_alone(levels, twins=twins)[which]
    left, right = pairs.left[kept], pairs.right[kept]
    held = np.isin(np.arange(n), keys.filter(~pl.col("shared"))["row"].to_numpy())
    loose = people["birth"].is_null().to_numpy() & people["number"].is_null().to_numpy() & ~held
    label = cluster(coded, weight, left, right, bits[kept], loose=loose, agreeing=agreeing, model=model, twins=twins)
    sure = confidence(label, weight, left, right, probability[kept])
    report = _report(people, keys, pairs, model, label, weight, len(defaults)) | _lost(coded, pairs, model)
    return Matched(label, sure, model, report)


def _agreeing(keys: pl.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows with an unshared person key in common, and those among them where one issuer's own number says so."""
    usable = keys.filter(~pl.col("shared")).select("row", "kind", "value", "asserts")
    both = usable.join(usable, on=["kind", "value"], suffix="_b").filter(pl.col("row") < pl.col("row_b"))
    code = (both["row"] * n + both["row_b"]).to_numpy()
    return np.unique(code), np.unique(code[(both["asserts"] & both["asserts_b"]).to_numpy()])


def _lost(coded: Coded, pairs: Pairs, model: Model) -> dict[str, Any]:
    """Matches expected among pairs left out of blocks too large, from a sample of them."""
    n = len(coded.known_birth)
    a, b = pairs.sample // n, pairs.sample % n
    none = np.zeros(len(a), dtype=bool)
    bits = score(coded, a, b, compare(coded, a, b, agreeing=none), model)
    share = float((1 / (1 + np.exp2(-np.clip(bits, -60, 60)))).mean()) if len(a) else 0.0
    lost = sum(pairs.lost.values())
    return {"pairs_lost": pairs.lost, "expected_matches_lost": round(share * lost, 2)}


def _report(
    people: pl.DataFrame, keys: pl.DataFrame, pairs: Pairs, model: Model, label: np.ndarray, weight: np.ndarray, n_defaults: int
) -> dict[str, Any]:
    sizes = np.bincount(label, weights=weight)
    return {
        "tuples": len(people),
        "people": len(sizes),
        "pairs_compared": len(pairs.left),
        "pairs_by_rule": pairs.found,
        "default_dates": n_defaults,
        "shared_keys": keys.filter(pl.col("shared")).select("kind", "value").n_unique(),
        "shared_numbers": people.filter("number_shared")["number"].n_unique(),
        "largest_cluster": int(sizes.max()) if len(sizes) else 0,
        "prior": model.prior,
        "weights": model.told(),
        "fields": list(FIELDS),
    }
