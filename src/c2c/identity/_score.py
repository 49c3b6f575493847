"""What each pair's evidence weighs, in bits: the prior, each field's level, and more for a rare name than for a common one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from c2c.identity._arrays import distinct_of
from c2c.identity._coded import FIELDS, TERMS, Coded
from c2c.identity._compare import AT, NULL, compare
from c2c.identity._estimate import FLOOR, Model, estimate, estimate_u
from c2c.identity._rules import rule

PIECE = 100_000
"""Random pairs that are compared together."""

QUANTUM = 1024
"""Scores are kept to 1/1024 bit, so that sums in another order give the same edge."""


def chance_of(coded: Coded) -> dict[str, np.ndarray]:
    """How often each level is seen among any two people (u): from random pairs and frequencies. It asks for no pair of a block, so that they may be
    made meanwhile."""
    # Rows lie in the order of their digests, so that the order of the file changes nothing.
    rng, n = np.random.default_rng(int(rule("seed"))), coded.n
    a, b = rng.integers(0, max(n, 1), (2, int(min(rule("random_pairs"), n * n))))
    a, b = a[a != b], b[a != b]
    seen = np.zeros((len(FIELDS), NULL + 1), dtype=np.int64)
    for begin in range(0, len(a), PIECE):
        one, other = a[begin : begin + PIECE], b[begin : begin + PIECE]
        levels = compare(coded, one, other, agreeing=np.zeros(len(one), dtype=bool))
        seen += [np.bincount(column, minlength=NULL + 1) for column in levels.T]
    return estimate_u(seen, _chance_of_agreement(coded))


def train(chance: Mapping[str, np.ndarray], distinct: np.ndarray, counts: Mapping[str, np.ndarray], total: float) -> Model:
    """The model of some rows: m from every rule's pairs, then u (`chance`) freed from the matches among random pairs.

    `distinct`: patterns met; `counts`: rule to how many of its pairs have each, and `all` for all pairs; `total`: how many pairs the rows make.
    """
    model = estimate(distinct, counts, chance, total)
    for _ in range(2):
        model = estimate(distinct, counts, _without_matches(chance, model), total)
    return model


def score(coded: Coded, left: np.ndarray, right: np.ndarray, levels: np.ndarray, model: Model) -> np.ndarray:
    """Bits for each pair, prior included. `levels`: as `compare` gives them."""
    exact = {field: levels[:, FIELDS.index(field)] == 0 for field in TERMS}
    return rarer(coded, left, plain_bits(levels, model), exact, model)


def plain_bits(levels: np.ndarray, model: Model) -> np.ndarray:
    """Bits of patterns, prior included, whatever the values."""
    bits = np.full(len(levels), np.log2(model.prior / (1 - model.prior)))
    for i, field in enumerate(FIELDS):
        table = np.zeros(NULL + 1)
        table[: len(model.m[field])] = model.bits(field)
        bits += table[levels[:, i]]
    return bits


def rarer(coded: Coded, left: np.ndarray, bits: np.ndarray, exact: Mapping[str, np.ndarray], model: Model) -> np.ndarray:
    """Bits of pairs with more for a rare value on which both agree (`exact`, by field), and less for a common one; to the quantum."""
    bits = bits.copy()
    for field, agree in exact.items():
        share = coded.shares[field]
        at = np.flatnonzero(agree)
        if field in model.terms and len(share) and len(at):
            rarity = np.log2(model.u[field][0]) - np.log2(share[coded.code[field][left[at]]])
            bits[at] += np.clip(rarity, -rule("term_bits"), model.terms[field])
    return np.asarray(np.round(bits * QUANTUM) / QUANTUM)


def differ(levels: np.ndarray) -> np.ndarray:
    """Names and birth date both disagree: even one issuer's own number asserts nothing then."""
    first, surname, birth = (levels[:, FIELDS.index(f)] for f in ("first", "surname", "birth"))
    apart = (birth >= AT["birth", "within a month"]) & (birth != NULL)
    return (first == AT["first", "other"]) & ((surname == AT["surname", "other"]) | (birth == AT["birth", "other"])) & apart


def names_only(levels: np.ndarray) -> np.ndarray:
    """Nothing but names and places speaks for one person: no birth date, number, key, mail or telephone that agrees, or nearly."""
    nearly = {
        "birth": AT["birth", "two parts"],
        "number": AT["number", "one edit"],
        "key": AT["key", "one edit"],
        "mail": 0,
        "telephone": 0,
    }
    return ~np.logical_or.reduce([levels[:, FIELDS.index(field)] <= worst for field, worst in nearly.items()])


def placeless(levels: np.ndarray) -> np.ndarray:
    """No place in common: neither a street, nor a ZIP code or town."""
    return np.logical_and.reduce(
        [levels[:, FIELDS.index(field)] >= AT[field, worst] for field, worst in (("zip", "other"), ("street", "other"))]
    )


def siblings(levels: np.ndarray) -> np.ndarray:
    """Patterns of brothers and sisters born together: one surname and birth date under two given names."""
    first, surname, birth = (levels[:, FIELDS.index(f)] for f in ("first", "surname", "birth"))
    return np.asarray((first == AT["first", "other"]) & (surname <= 1) & (birth == 0))


def has_twins(levels: np.ndarray, counts: np.ndarray) -> bool:
    """Are pairs that look like twins two people here? Told by those of them whose numbers or keys are known on both sides.

    Two given names for one person are common in some files and unknown in others; without such pairs the answer is yes, the careful one.
    """
    number, key = (levels[:, FIELDS.index(f)] for f in ("number", "key"))
    known = siblings(levels) & ((number != NULL) | (key != NULL))
    one = known & ((number <= 1) | (key <= 1))
    n_known, n_one = counts[known].sum(), counts[one].sum()
    return bool(n_known < rule("twins_least") or n_one < rule("no_twins_share") * n_known)


def never_alone(levels: np.ndarray, *, twins: bool) -> np.ndarray:
    """Patterns that are no edge without a common key: brothers and sisters born together, and one number under two names."""
    number, key = (levels[:, FIELDS.index(f)] for f in ("number", "key"))
    together = siblings(levels) & (number != 0) & twins
    return np.asarray((together | (number == AT["number", "under two names"])) & (key != 0))


def _chance_of_agreement(coded: Coded) -> dict[str, float]:
    """How likely two people agree exactly on a field by chance: from frequencies; for numbers meant to be one person's, nearly never."""
    found = {field: float((share**2).sum()) for field, share in coded.shares.items() if len(share)}
    birth = coded.code["birth"]
    whole = birth[(birth >= 0) & ~coded.is_default]
    if len(whole):
        count = np.bincount(whole).astype(np.float64)
        found["birth"] = float((count * (count - 1)).sum() / max(len(whole) * (len(whole) - 1), 1))
    n_held = {f: len(coded.values[f]) for f in ("mail", "telephone")} | {"number": len(distinct_of(coded.number)[0])}
    n_held["key"] = max((len(values) for _, values in coded.key.values()), default=0)
    return found | {field: rule("shared_by_chance") / max(n, 10) for field, n in n_held.items()}


def _without_matches(chance: Mapping[str, np.ndarray], model: Model) -> dict[str, np.ndarray]:
    """u freed from the pairs of one person among random pairs: in a small file of duplicates they are not rare."""
    found = {}
    for field, u in chance.items():
        freed = np.maximum(u - model.prior * model.m[field], u * 0.05)
        found[field] = np.maximum(freed / freed.sum(), FLOOR)
    return found
