"""Which pairs are looked at: rows that share a key, or a few parts of a name, a date and a place. No pair is dropped in silence."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from c2c.identity._arrays import among, once, ordered, starts_of
from c2c.identity._coded import Coded
from c2c.identity._cores import each
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

WINDOWS = (("surname", "first", "birth", "number"), ("birth", "first", "surname", "number"))
"""The orders in which the rows of a block too large to pair have neighbours."""

RULES = ("key", *BLOCKS)
"""In the order of the bits of a pair's mask."""

BITS = len(RULES).bit_length()

CHUNK = 1_000_000
"""Pairs, counted once for each rule that finds them, that are made at a time."""


@dataclass(frozen=True)
class Block:
    """One rule's rows in the order of their blocks: the row at place i pairs with the `after[i]` rows that follow it.

    `rows` are the same in their own order, `place` where each stands. `extra`: pairs (left x n + right) within blocks too large to pair whole;
    `sample`: some of the `lost` pairs of such blocks.
    """

    row: np.ndarray
    after: np.ndarray
    rows: np.ndarray
    place: np.ndarray
    extra: np.ndarray
    sample: np.ndarray
    lost: int


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs, left before right, each once and in order. `code`: left x n + right; `found`: how many rules found it; `rule`: which, as places
    in `RULES`, those of one pair after those of another."""

    code: np.ndarray
    left: np.ndarray
    right: np.ndarray
    found: np.ndarray
    rule: np.ndarray


class Blocks:
    """All rules over all rows. Pairs are made range by range of left rows: at no time do all of them lie in memory.

    `again`: rows of which a pair has one at least. All of them, unless only some rows are `new`: then those, the rows of blocks that new rows
    have made too large, whose pairs are others than before, and the rows whose names new rows show to be two people's.
    """

    def __init__(self, coded: Coded, new: np.ndarray | None = None) -> None:
        self.n = max(coded.n, 1)
        self._unborn = coded.code["birth"] < 0
        parts = _parts(coded)
        held = coded.keys.filter(~pl.col("shared"))

        def block(name: str) -> tuple[Block, np.ndarray]:
            found = [(held["row"].to_numpy(), held["code"].to_numpy())] if name == "key" else _found(parts, BLOCKS[name])
            own = _pool(found, self.n)
            limit = int(rule("rare_name_rows" if name == "rare_name" else "block_limit"))
            grown = own.row[:0] if new is None else _grown(own, new, limit)
            # A name of many rows is no evidence: such a block is not refined, but left out.
            return _block(own, limit, None if name == "rare_name" else parts, self.n, seed=RULES.index(name)), grown

        found = list(each(block, RULES))
        self.rules = {name: one for name, (one, _) in zip(RULES, found, strict=True)}
        self.again = np.ones(self.n, dtype=bool) if new is None else new.copy()
        for _, grown in found:
            self.again[grown] = True
        if new is not None:
            self.again |= coded.namesakes() ^ coded.namesakes(~new)
        self._all = new is None
        self.lost = {name: block.lost for name, block in self.rules.items()}
        sample = np.unique(np.concatenate([block.sample for block in self.rules.values()]))
        self.sample = sample[self._looked_at(sample)]

    def ranges(self) -> list[tuple[int, int]]:
        """Ranges of left rows, each with about `CHUNK` pairs, that together cover all rows."""
        many = np.zeros(self.n)
        for block in self.rules.values():
            many += np.bincount(block.row, weights=block.after, minlength=self.n)
            many += np.bincount(block.extra // self.n, minlength=self.n)
        until = np.cumsum(many)
        cuts = np.searchsorted(until, np.arange(CHUNK, until[-1], CHUNK)) + 1
        edges = np.unique([0, self.n, *np.minimum(cuts, self.n).tolist()]).tolist()
        return list(itertools.pairwise(edges))

    def pairs(self, low: int, high: int) -> Pairs:
        """All pairs that some rule finds and whose left row is from `low` to before `high`."""
        parts = []
        for bit, (name, block) in enumerate(self.rules.items()):
            # Asked in its own kind of number: in another, all rows would be turned into that first.
            begin, end = np.searchsorted(block.rows, np.array((low, high), dtype=block.rows.dtype))
            first, last = np.searchsorted(block.extra, (low * self.n, high * self.n))
            mine = _following(block, block.place[begin:end], self.n)
            if first < last:
                mine = np.concatenate([mine, block.extra[first:last]])
            if name == "rare_name":
                mine = mine[self._unborn[mine // self.n] | self._unborn[mine % self.n]]
            if not self._all:
                mine = mine[self._looked_at(mine)]
            # The rule stands in the last bits, so that one sort of numbers brings together all that found a pair.
            mine <<= BITS
            mine |= bit
            parts.append(mine)
        everything = np.concatenate(parts)
        # Each rule's pairs come in order, or nearly: this sort merges such runs.
        everything.sort(kind="stable")
        # Two blocks of one rule may find one pair.
        everything = everything[starts_of(everything)]
        rules = everything & ((1 << BITS) - 1)
        everything >>= BITS
        starts = starts_of(everything)
        code = everything[starts]
        left = code // self.n
        right = (code - left * self.n).astype(np.int32)
        return Pairs(code, left.astype(np.int32), right, np.diff(np.append(starts, len(everything))), rules)

    def _looked_at(self, pairs: np.ndarray) -> np.ndarray:
        return np.asarray(self.again[pairs // self.n] | self.again[pairs % self.n])

    def not_among(self, found: np.ndarray) -> np.ndarray:
        """The sampled pairs of blocks too large that no rule found. `found`: left x n + right of all pairs found that are in the sample."""
        return self.sample[~among(self.sample, ordered(found))]


def _parts(coded: Coded) -> dict[str, np.ndarray]:
    """Each part of a block as a code for every row; minus one where the row is silent."""
    first, middle, surname, birth, number = (
        coded.code["first"],
        coded.code["middle"],
        coded.code["surname"],
        coded.code["birth"],
        coded.number,
    )
    whole = (
        "first",
        "other_first",
        "surname",
        "token_1",
        "token_2",
        "other_surname",
        "sorted_name",
        "birth",
        "zip",
        "city",
        "street",
        "mail",
        "telephone",
    )
    return {column: coded.code[column] for column in whole} | {
        "number": number,
        "birth_year": coded.year_of[birth],
        "birth_day": coded.month_day_of[birth],
        "first_initial": coded.letter[first],
        "middle_initial": coded.letter[middle],
        "surname_initial": coded.letter[surname],
        "last_four": coded.last_four,
    }


def _mixed(codes: Sequence[np.ndarray]) -> np.ndarray:
    """Several codes as one number. Two that meet by chance cost a comparison, no more."""
    mixed = np.zeros(len(codes[0]), dtype=np.uint64)
    for code in codes:
        mixed = (mixed ^ code.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


@dataclass(frozen=True)
class _Pool:
    """A rule's rows in the order of their blocks, each once in a block: `starts` is where each block begins, `sizes` how many rows it has."""

    row: np.ndarray
    code: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray


def _found(parts: Mapping[str, np.ndarray], blocks: tuple[tuple[str, ...], ...]) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each block the rows with every part of it filled, and a code for the parts' values."""
    some = [(block, np.flatnonzero(np.logical_and.reduce([parts[part] >= 0 for part in block]))) for block in blocks]
    return [(rows, _mixed([parts[part][rows] for part in block])) for block, rows in some]


def _pool(found: Sequence[tuple[np.ndarray, np.ndarray]], n: int) -> _Pool:
    """All of these rows together. Code and row share one number, which is sorted many times faster than two; the code keeps 39 bits at least."""
    bits = np.uint64(n.bit_length())
    both = once(np.concatenate([code << bits | row.astype(np.uint64) for row, code in found]))
    row, code = (both & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int32), both >> bits
    starts = starts_of(code)
    return _Pool(row, code, starts, np.diff(np.append(starts, len(code))))


def _block(pool: _Pool, limit: int, parts: Mapping[str, np.ndarray] | None, n: int, *, seed: int) -> Block:
    """A rule's rows, block by block; rows alone in their block are left out. Blocks above the limit are refined, and what that loses is told;
    without `parts` they are left out."""
    place = np.arange(len(pool.row)) - np.repeat(pool.starts, pool.sizes)
    size = np.repeat(pool.sizes, pool.sizes)
    some = (size > 1) & (size <= limit)
    after, kept = (size - place - 1)[some].astype(np.int32), pool.row[some]
    by_row = ordered(kept.astype(np.int64) << 32 | np.arange(len(kept)))
    many = size > limit
    extra, sample, lost = (
        _refined(pool.row[many], pool.code[many], parts, n, seed) if parts is not None and many.any() else (NONE, NONE, 0)
    )
    return Block(kept, after, (by_row >> 32).astype(np.int32), by_row.astype(np.uint32).astype(np.int32), extra, sample, lost)


def _grown(pool: _Pool, new: np.ndarray, limit: int) -> np.ndarray:
    """Rows of blocks above the limit that hold a new row."""
    if not len(pool.row):
        return pool.row
    grown = (pool.sizes > limit) & np.logical_or.reduceat(new[pool.row], pool.starts)
    return pool.row[np.repeat(grown, pool.sizes)]


def _refined(
    row: np.ndarray, code: np.ndarray, parts: Mapping[str, np.ndarray], n: int, seed: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Pairs within blocks too large, a sample of those left out, and how many were."""
    found = [_windows(row, code, parts, n)]
    for block in REFINED_BY:
        known = np.logical_and.reduce([parts[part][row] >= 0 for part in block])
        inner = pl.DataFrame({"row": row[known], "code": _mixed([code[known], *(parts[part][row[known]] for part in block)])})
        inner = inner.filter(pl.len().over("code") <= int(rule("block_limit"))).sort("code", "row")
        found.append(pairs_within(inner["row"].to_numpy(), inner["code"].to_numpy(), n))
    extra = once(np.concatenate(found))
    # Two names of one row may meet by chance.
    extra = extra[extra // n != extra % n]
    starts = starts_of(code)
    sizes = np.diff(np.append(starts, len(code)))
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(sizes), int(rule("lost_sample")), p=sizes / sizes.sum())
    a, b = (row[starts[chosen] + (rng.random(len(chosen)) * sizes[chosen]).astype(np.int64)].astype(np.int64) for _ in range(2))
    sample = np.unique(np.minimum(a, b)[a != b] * n + np.maximum(a, b)[a != b])
    total = int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())
    return extra, sample, max(total - len(extra), 0)


def _windows(row: np.ndarray, code: np.ndarray, parts: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """Each row of a large block with its nearest neighbours in the order of names and dates, and of dates and names."""
    found = []
    for by in WINDOWS:
        near = pl.DataFrame({"block": code, **{part: parts[part][row] for part in by}, "row": row}).sort("block", *by, "row")
        ordered, block = near["row"].to_numpy().astype(np.int64), near["block"].to_numpy()
        for step in range(1, int(rule("window")) + 1):
            same = block[:-step] == block[step:]
            a, b = ordered[:-step][same], ordered[step:][same]
            found.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.concatenate(found)


def pairs_within(row: np.ndarray, code: np.ndarray, n: int) -> np.ndarray:
    """All pairs of rows of equal code; both sorted by code, then row."""
    starts = starts_of(code)
    sizes = np.diff(np.append(starts, len(code)))
    after = np.repeat(sizes, sizes) - (np.arange(len(code)) - np.repeat(starts, sizes)) - 1
    whole = Block(row, after, row, np.arange(len(row)), NONE, NONE, 0)
    return _following(whole, whole.place, n)


def _following(block: Block, place: np.ndarray, n: int) -> np.ndarray:
    """The pairs of the rows at these places, as left x n + right: each with the rows of its block that follow it."""
    count = block.after[place].astype(np.int64)
    until = np.cumsum(count)
    at = np.repeat(place + 1 - (until - count), count)
    at += np.arange(len(at))
    pairs = np.repeat(block.row[place] * np.int64(n), count)
    pairs += block.row[at]
    return pairs


NONE = np.zeros(0, dtype=np.int64)
