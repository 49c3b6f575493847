"""What is done to the pairs of one range of rows, wherever it is done: made, compared, and, once the model is known, weighed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from c2c.identity._arrays import distinct_of
from c2c.identity._block import RULES, Blocks
from c2c.identity._cluster import Edges
from c2c.identity._coded import FIELDS, TERMS, Coded
from c2c.identity._compare import compare
from c2c.identity._estimate import Model, levels_of, patterns_of
from c2c.identity._rules import rule
from c2c.identity._score import differ, names_only, never_alone, placeless, plain_bits, rarer

WAITING = 500_000
"""Patterns of ranges that wait to be added up together."""


@dataclass(frozen=True)
class Sought:
    """What pairs are made from: the blocks and the ranges they fall into, and the pairs (left x n + right, sorted) with an unshared person key in
    common, and those among them where one issuer's own number says so."""

    blocks: Blocks
    ranges: list[tuple[int, int]]
    agreeing: np.ndarray
    asserted: np.ndarray


@dataclass(frozen=True)
class Told:
    """What ranges of pairs tell: the patterns met, sorted where they are of more than one range; how many of each rule's pairs, and of all, have which;
    and the pairs met of the blocks' sample."""

    patterns: np.ndarray
    counts: np.ndarray
    sampled: np.ndarray

    @staticmethod
    def joined(parts: Iterable[Told]) -> Told:
        """What all ranges told, together. They are added up as they come: side by side, a state's would fill the memory."""
        none = np.zeros(0, dtype=np.int64)
        whole, waiting = Told(none, np.zeros((len(RULES) + 1, 0), dtype=np.int64), none), []
        for part in parts:
            waiting.append(part)
            if sum(len(told.patterns) for told in waiting) > max(len(whole.patterns), WAITING):
                whole, waiting = _added([whole, *waiting]), []
        return _added([whole, *waiting])


def _added(parts: Sequence[Told]) -> Told:
    patterns = np.unique(np.concatenate([told.patterns for told in parts]))
    counts = np.zeros((len(RULES) + 1, len(patterns)), dtype=np.int64)
    for told in parts:
        counts[:, np.searchsorted(patterns, told.patterns)] += told.counts
    return Told(patterns, counts, np.concatenate([told.sampled for told in parts]))


@dataclass(frozen=True)
class Looked:
    """The pairs of one range: rows, whether an issuer says they are one, the patterns met and which of them each pair has."""

    left: np.ndarray
    right: np.ndarray
    asserted: np.ndarray
    patterns: np.ndarray
    which: np.ndarray


@dataclass(frozen=True)
class Weights:
    """What each pattern weighs, the same for every range. `least`: the probability from which it links; `barred`: it never does; `bare`: nothing but
    names speaks, and no place. `namesakes`: rows whose name is known to be two people's."""

    patterns: np.ndarray
    plain: np.ndarray
    exact: Mapping[str, np.ndarray]
    least: np.ndarray
    unlike: np.ndarray
    barred: np.ndarray
    bare: np.ndarray
    namesakes: np.ndarray
    model: Model


def look(coded: Coded, sought: Sought, place: int) -> tuple[Told, Looked]:
    """Make and compare the pairs of one range of left rows."""
    low, high = sought.ranges[place]
    blocks = sought.blocks
    pairs, n = blocks.pairs(low, high), blocks.n
    alike, said, sampled = (
        _among_range(pairs.code, known, low * n, high * n) for known in (sought.agreeing, sought.asserted, blocks.sample)
    )
    patterns, which = distinct_of(patterns_of(compare(coded, pairs.left, pairs.right, agreeing=alike)))
    of_rule = pairs.rule * len(patterns)
    of_rule += np.repeat(which, pairs.found)
    counts = np.empty((len(RULES) + 1, len(patterns)), dtype=np.int32)
    counts[:-1] = np.bincount(of_rule, minlength=len(RULES) * len(patterns)).reshape(len(RULES), -1)
    counts[-1] = np.bincount(which, minlength=len(patterns))
    return Told(patterns, counts, pairs.code[sampled]), Looked(pairs.left, pairs.right, said, patterns, which)


def weights_of(coded: Coded, patterns: np.ndarray, model: Model, *, twins: bool) -> Weights:
    """What the model says of each pattern. `patterns`: all that were met, sorted."""
    levels = levels_of(patterns)
    exact = {field: levels[:, FIELDS.index(field)] == 0 for field in TERMS}
    only = names_only(levels)
    least = np.where(only, rule("names_only_from"), rule("link_from"))
    barred = never_alone(levels, twins=twins)
    return Weights(
        patterns,
        plain_bits(levels, model),
        exact,
        least,
        differ(levels),
        barred,
        only & placeless(levels),
        coded.namesakes(),
        model,
    )


def weigh(coded: Coded, weights: Weights, looked: Looked) -> Edges:
    """The pairs of one range that even odds or more call one person, and which of them link."""
    even = rule("even_odds")
    which = np.searchsorted(weights.patterns, looked.patterns)[looked.which]
    exact = {field: agree[which] for field, agree in weights.exact.items()}
    bits = rarer(coded, looked.left, weights.plain[which], exact, weights.model)
    bits = np.where(looked.asserted & ~weights.unlike[which], np.maximum(bits, rule("asserted_bits")), bits)
    probability = 1 / (1 + np.exp2(-np.clip(bits, -60, 60)))
    linked = (probability >= weights.least[which]) & ~weights.barred[which]
    linked &= ~(weights.bare[which] & (weights.namesakes[looked.left] | weights.namesakes[looked.right]))
    kept = linked | (probability >= even)
    return Edges(looked.left[kept], looked.right[kept], bits[kept].astype(np.float32), linked[kept])


def _among_range(code: np.ndarray, known: np.ndarray, low: int, high: int) -> np.ndarray:
    """Which codes, each once and in order, are among the known ones from `low` to before `high`: those are few, and looked for among the codes."""
    known = known[slice(*np.searchsorted(known, (low, high)))]
    found = np.zeros(len(code), dtype=bool)
    if len(code):
        at = np.minimum(np.searchsorted(code, known), len(code) - 1)
        found[at[code[at] == known]] = True
    return found
