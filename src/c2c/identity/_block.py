"""Which pairs are looked at: rows that share a key, or a few parts of a name, a date and a place. No pair is dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from c2c.identity._rules import rule

BLOCKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "number": (("number",),),
    "mail": (("mail",),),
    "telephone": (("telephone",),),
    "first_birth": (("first", "birth"), ("other_first", "birth")),
    "surname_birth": (("surname", "birth"), ("token_1", "birth"), ("token_2", "birth"), ("other_surname", "birth")),
    "names_year": (("sorted_name", "birth_year"),),
    "names_day": (("sorted_name", "birth_day"),),
    "first_surname_zip": (("first", "surname", "zip"), ("first", "token_1", "zip"), ("first", "token_2", "zip")),
    "first_surname_year": (("first", "surname", "birth_year"), ("first", "token_1", "birth_year"), ("first", "token_2", "birth_year")),
    "zip_birth": (("zip", "birth"),),
    "city_birth": (("city", "birth"),),
    "names_middle": (("first", "surname", "middle_initial"),),
    "surname_last_four": (("surname", "last_four"), ("token_1", "last_four"), ("token_2", "last_four")),
    "name_street": (("first", "street"), ("surname", "street")),
    "first_last_four": (("first", "last_four"),),
    "street_initial": (("street", "zip", "first_initial"), ("street", "zip", "surname_initial")),
    "rare_name": (("first", "surname"), ("first", "token_1"), ("first", "token_2")),
}  # fmt: skip
"""Rule to its blocks: rows that agree on all the parts of one block are a pair. Blocks of one rule share a pool, so that a surname may
meet a part of a surname. `rare_name` is for rows without a birth date: where more than a few rows bear a name, the name alone is no evidence."""

FIELDS_OF_RULE = {
    "key": ("key",), "number": ("number",), "mail": ("mail",), "telephone": ("telephone",), "first_birth": ("first", "birth"),
    "surname_birth": ("surname", "birth"), "names_year": ("first", "surname", "birth"), "names_day": ("first", "surname", "birth"),
    "first_surname_zip": ("first", "surname", "zip"), "first_surname_year": ("first", "surname", "birth"), "zip_birth": ("zip", "birth"),
    "city_birth": ("zip", "birth"), "names_middle": ("first", "surname", "middle"), "surname_last_four": ("surname", "number"),
    "name_street": ("first", "surname", "street"), "first_last_four": ("first", "number"),
    "street_initial": ("street", "zip"), "rare_name": ("first", "surname"),
}  # fmt: skip
"""The fields a rule fixes: they teach nothing where it chose the pairs."""

REFINED_BY = (("first", "birth_year"), ("surname", "birth_year"), ("birth",), ("first", "surname"), ("number",), ("surname", "zip"))
"""Within a block too large to pair, rows that agree on any of these are pairs; then neighbours in the order of names."""


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs, left before right, each once; `rules` is a mask of the rules that found it, in the order of `names`.

    `found` and `lost`: pairs per rule that were made, and that were left out of blocks too large. `sample`: some of the latter.
    """

    left: np.ndarray
    right: np.ndarray
    rules: np.ndarray
    names: tuple[str, ...]
    found: dict[str, int]
    lost: dict[str, int]
    sample: np.ndarray


def find_pairs(people: pl.DataFrame, keys: pl.DataFrame) -> Pairs:
    """All pairs that some rule finds. `keys` is long: row, kind, value, and whether the value is shared by many."""
    names = ("key", *BLOCKS)
    table = people.select(
        "first", "other_first", "surname", "token_1", "token_2", "other_surname", "sorted_name", "birth", "zip", "city", "street", "mail",
        "telephone", "number",
        pl.int_range(pl.len()).alias("row"),
        pl.col("birth").str.slice(0, 4).alias("birth_year"),
        pl.col("birth").str.slice(4, 4).alias("birth_day"),
        pl.col("first").str.slice(0, 1).alias("first_initial"),
        pl.col("middle").str.slice(0, 1).alias("middle_initial"),
        pl.col("surname").str.slice(0, 1).alias("surname_initial"),
        pl.col("number").str.slice(5, 4).alias("last_four"),
    )  # fmt: skip
    n, unborn = max(len(people), 1), people["birth"].is_null().to_numpy()
    parts, masks, samples = [], [], []
    found, lost = {}, {}
    for bit, name in enumerate(names):
        mine = keys.filter(~pl.col("shared")).select("row", _hash("kind", "value")) if name == "key" else _pool(table, BLOCKS[name])
        if name == "rare_name":
            mine = mine.filter(pl.len().over("code") <= rule("rare_name_rows"))
        pairs, sample, gone = _pairs_of(mine, table, seed=bit)
        if name == "rare_name":
            pairs = pairs[unborn[pairs // n] | unborn[pairs % n]]
        found[name], lost[name] = len(pairs), gone
        parts.append(pairs)
        samples.append(sample)
        masks.append(np.full(len(pairs), 1 << bit, dtype=np.int32))
    everything, mask = np.concatenate(parts), np.concatenate(masks)
    order = np.argsort(everything, kind="stable")
    everything, mask = everything[order], mask[order]
    starts = _starts(everything)
    rules = np.bitwise_or.reduceat(mask, starts) if len(starts) else mask
    once = everything[starts]
    gone_pairs = np.setdiff1d(np.concatenate(samples), once)
    return Pairs((once // n).astype(np.int32), (once % n).astype(np.int32), rules, names, found, lost, gone_pairs)


def _hash(*columns: str) -> pl.Expr:
    return pl.concat_str([pl.col(c) for c in columns], separator="|").hash(seed=1).alias("code")


def _pool(table: pl.DataFrame, blocks: tuple[tuple[str, ...], ...]) -> pl.DataFrame:
    """Rows with every part of some block filled, under one code for the parts' values."""
    pools = [table.select("row", _hash(*block).alias("code"), *block).drop_nulls().select("row", "code") for block in blocks]
    return pl.concat(pools).unique() if len(pools) > 1 else pools[0]


def _pairs_of(pool: pl.DataFrame, table: pl.DataFrame, *, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Pairs of rows of equal code, as left x n + right, each once; a sample of pairs left out of blocks too large; how many were."""
    n, limit = len(table), int(rule("block_limit"))
    row, code = pool["row"].to_numpy().astype(np.int64), pool["code"].to_numpy()
    order = np.lexsort((row, code))
    row, code = row[order], code[order]
    starts = _starts(code)
    sizes = np.diff(np.append(starts, len(code)))
    large = sizes > limit
    inside = np.repeat(large, sizes)
    pairs = _within(row[~inside], code[~inside], n)
    if not large.any():
        return pairs, np.zeros(0, dtype=np.int64), 0
    members = pl.DataFrame({"row": row[inside], "block": code[inside]}).join(table, on="row", how="left")
    refined = [_windows(members, n)]
    for block in REFINED_BY:
        inner = members.select("row", pl.struct("block", *block).hash(seed=1).alias("code"), *block).drop_nulls()
        inner = inner.filter(pl.len().over("code") <= limit)
        refined.append(_within(*_sorted(inner), n))
    extra = np.unique(np.concatenate(refined))
    total = int((sizes[large].astype(np.int64) * (sizes[large] - 1) // 2).sum())
    rng = np.random.default_rng(seed)
    share = sizes[large] / sizes[large].sum()
    chosen = rng.choice(np.flatnonzero(large), int(rule("lost_sample")), p=share)
    a = row[starts[chosen] + (rng.random(len(chosen)) * sizes[chosen]).astype(np.int64)]
    b = row[starts[chosen] + (rng.random(len(chosen)) * sizes[chosen]).astype(np.int64)]
    sample = np.unique(np.minimum(a, b)[a != b] * n + np.maximum(a, b)[a != b])
    return np.union1d(pairs, extra), sample, max(total - len(extra), 0)


def _sorted(pool: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    row, code = pool["row"].to_numpy().astype(np.int64), pool["code"].to_numpy()
    order = np.lexsort((row, code))
    return row[order], code[order]


def _windows(members: pl.DataFrame, n: int) -> np.ndarray:
    """Each row of a large block with its nearest neighbours in the order of names and dates, and of dates and names."""
    found = []
    for by in (("surname", "first", "birth", "number"), ("birth", "first", "surname", "number")):
        near = members.sort("block", *by, "row")
        row, block = near["row"].to_numpy().astype(np.int64), near["block"].to_numpy()
        for step in range(1, int(rule("window")) + 1):
            same = block[:-step] == block[step:]
            a, b = row[:-step][same], row[step:][same]
            found.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.concatenate(found)


def _within(row: np.ndarray, code: np.ndarray, n: int) -> np.ndarray:
    """All pairs of rows of equal code; both sorted by code, then row."""
    starts = _starts(code)
    sizes = np.diff(np.append(starts, len(code)))
    place = np.arange(len(code)) - np.repeat(starts, sizes)
    after = np.repeat(sizes, sizes) - place - 1
    left = np.repeat(np.arange(len(code)), after)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(after) - after, after)
    pairs = row[left] * n + row[right]
    return pairs[row[left] != row[right]]


def _starts(code: np.ndarray) -> np.ndarray:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]])) if len(code) else np.zeros(0, dtype=np.int64)
