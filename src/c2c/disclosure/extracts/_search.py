"""The recoding of least loss: every combination of steps is a full-domain recoding, and those that cannot be best are never tried.

People who look alike stay alike when anything is told more coarsely (Samarati 2001), so a recoding that leaves out too many rules out every finer one. What a
recoding loses by its steps is the least it can lose in all, so a recoding found rules out every one that loses more by its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from c2c.disclosure._rules import TooRevealing, rule_of
from c2c.disclosure.extracts._plan import Plan
from c2c.disclosure.extracts._recode import Ladder

Recoding = tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """A recoding: the step of each quasi-identifier, who stays, its loss in all and of each element, and how many recodings were looked at."""

    recoding: Recoding
    stays: np.ndarray
    loss: float
    losses: tuple[float, ...]
    tried: int


@dataclass(frozen=True)
class _Coded:
    """A ladder in numbers: the code of each person's finest word, and for each step the code and the penalty of every finest one."""

    finest: np.ndarray
    steps: tuple[np.ndarray, ...]
    penalties: tuple[np.ndarray, ...]
    weight: float


def find_recoding(plan: Plan, ladders: Sequence[Ladder], outcomes: Sequence[Ladder]) -> Found:
    """The recoding that loses least among all that leave no one among fewer people alike, and no more than one in twenty out.

    Loss is the normalised certainty penalty (Xu et al. 2006): of each element the share of its other values that a word leaves possible, the mean over
    people, weighted as the plan says; who is left out has lost everything.

    Raises:
        TooRevealing: DSC-027 an outcome has too few values, DSC-028 no recoding that the plan allows protects enough people, DSC-029 the best one
            loses more than the cap, DSC-030 there are more recodings than are searched.
    """
    coded = [_code(ladder) for ladder in ladders]
    sensitive = [_codes(ladder.words[0])[0] for ladder in outcomes]
    least_outcomes = int(rule_of("extracts", "least_outcomes"))
    for ladder, values in zip(outcomes, sensitive, strict=True):
        if len(np.unique(values)) < least_outcomes:
            raise TooRevealing(
                "DSC-027",
                where=f"plan {plan.plan}, element {ladder.element.name}",
                what=f"this outcome has fewer than {least_outcomes} values, so that no group of people could hide which is theirs",
                remedy="Tell it in more values, or make one outcome of several.",
            )
    search = _Search(plan.least_people, least_outcomes, coded, sensitive)
    found = search.best()
    if found is None:
        raise _too_many_left_out(plan, ladders, search)
    if found.loss > rule_of("extracts", "loss_cap"):
        dear = _named(ladders, [c.weight * loss for c, loss in zip(coded, found.losses, strict=True)])
        raise TooRevealing(
            "DSC-029",
            where=f"plan {plan.plan}",
            what=f"the best recoding loses {100 * found.loss:.0f} % of what the elements tell; most is lost in {dear}",
            remedy="Leave such an element out, start it at a coarser step, or ask for more people.",
        )
    return found


class _Search:
    """People as distinct combinations of codes with their number; a recoding is judged by grouping these, not the people."""

    def __init__(self, least: int, least_outcomes: int, coded: Sequence[_Coded], sensitive: Sequence[np.ndarray]) -> None:
        self._least, self._least_outcomes, self._coded = least, least_outcomes, coded
        n = len(coded[0].finest) if coded else len(sensitive[0])
        rows = {f"q{i}": c.finest for i, c in enumerate(coded)} | {f"s{i}": s for i, s in enumerate(sensitive)}
        self._people = pl.DataFrame(rows)
        self._cells = self._people.group_by(self._people.columns).agg(n=pl.len().cast(pl.Int64)).sort(self._people.columns)
        self._outcomes = [f"s{i}" for i in range(len(sensitive))]
        self._n = n
        self._mean = [[float(p[c.finest].mean()) for p in c.penalties] for c in coded]
        self._all = sum(c.weight for c in coded) or 1.0

    def best(self) -> Found | None:
        """The recoding of least loss, or nothing where each leaves out too many. Of equals, the one whose steps are finer from the left."""
        nodes = self._nodes()
        base = np.zeros(len(nodes))
        for i, c in enumerate(self._coded):
            base += c.weight * np.array(self._mean[i])[nodes[:, i]] / self._all
        # By loss of the steps; of equal loss, the finer first.
        order = np.lexsort((*(nodes[:, i] for i in reversed(range(nodes.shape[1]))), base))
        nodes, base = nodes[order], base[order]
        alive = np.ones(len(nodes), dtype=bool)
        best: tuple[float, Recoding] | None = None
        tried = 0
        while alive.any():
            waiting = np.flatnonzero(alive)
            at = int(waiting[len(waiting) // 2])
            node = tuple(int(step) for step in nodes[at])
            tried += 1
            loss = self._judge(node)
            alive[at] = False
            if loss is None:
                alive &= ~(nodes <= nodes[at]).all(axis=1)
            elif best is None or (loss, node) < best:
                best = (loss, node)
                alive &= base <= loss
        if best is None:
            return None
        loss, node = best
        return Found(node, ~self._alone(self._people, node), loss, tuple(self._mean[i][s] for i, s in enumerate(node)), tried)

    def share_left_out(self, node: Recoding, *, without: int | None = None) -> float:
        """The share of people whom a recoding leaves among too few alike, or among too few outcomes; as if one element were not told at all."""
        return float(self._cells.filter(pl.Series(self._alone(self._cells, node, without)))["n"].sum()) / self._n

    def coarsest(self) -> Recoding:
        """The last step of every element."""
        return tuple(len(c.steps) - 1 for c in self._coded)

    def _nodes(self) -> np.ndarray:
        sizes = [len(c.steps) for c in self._coded]
        if np.prod([float(s) for s in sizes]) > rule_of("extracts", "most_recodings"):
            raise TooRevealing(
                "DSC-030",
                where="the elements' steps",
                what="there are more recodings than are searched",
                remedy="Say `finest` and `coarsest` for more elements, or declare fewer of them.",
            )
        return np.indices(sizes, dtype=np.int8).reshape(len(sizes), -1).T if sizes else np.zeros((1, 0), dtype=np.int8)

    def _judge(self, node: Recoding) -> float | None:
        """The loss of a recoding in all, or nothing where it leaves out too many."""
        alone = self._alone(self._cells, node)
        n = self._cells["n"].to_numpy()
        out = n[alone].sum()
        if out > rule_of("extracts", "most_left_out") * self._n:
            return None
        each = np.zeros(len(n))
        for i, c in enumerate(self._coded):
            each += c.weight * c.penalties[node[i]][self._cells[f"q{i}"].to_numpy()] / self._all
        return float((np.where(alone, 1.0, each) * n).sum() / self._n)

    def _alone(self, rows: pl.DataFrame, node: Recoding, without: int | None = None) -> np.ndarray:
        """Which rows are of a group of too few people, or of too few outcomes. Rows are people, or combinations of them with `n`."""
        keyed = rows.select(*self._outcomes, pl.col("n") if "n" in rows.columns else pl.lit(1).alias("n"), pl.Series("key", self._keys(rows, node, without)))  # fmt: skip
        few = pl.col("n").sum() < self._least
        for outcome in self._outcomes:
            few |= pl.col(outcome).n_unique() < self._least_outcomes
        groups = keyed.group_by("key").agg(few=few)
        return keyed.join(groups, on="key", how="left", maintain_order="left")["few"].to_numpy()

    def _keys(self, rows: pl.DataFrame, node: Recoding, without: int | None) -> np.ndarray:
        """One number for each combination of words; numbered anew before it would outgrow its word."""
        key, size = np.zeros(len(rows), dtype=np.int64), 1
        for i, c in ((i, c) for i, c in enumerate(self._coded) if i != without):
            codes = c.steps[node[i]][rows[f"q{i}"].to_numpy()]
            n_codes = int(c.steps[node[i]].max(initial=0)) + 1
            if size * n_codes >= 2**62:
                key = np.unique(key, return_inverse=True)[1]
                size = int(key.max(initial=0)) + 1
            key, size = key * n_codes + codes, size * n_codes
        return key


def _code(ladder: Ladder) -> _Coded:
    finest, n_values = _codes(ladder.words[0])
    steps, penalties = [], []
    for words in ladder.words:
        codes, n_codes = _codes(words)
        of_value = np.zeros(n_values, dtype=np.int64)
        of_value[finest] = codes
        within = np.bincount(of_value, minlength=n_codes)
        steps.append(of_value)
        penalties.append((within[of_value] - 1) / max(n_values - 1, 1))
    return _Coded(finest, tuple(steps), tuple(penalties), ladder.element.weight)


def _codes(words: pl.Series) -> tuple[np.ndarray, int]:
    codes = words.rank("dense").cast(pl.Int64).to_numpy() - 1
    return codes, int(codes.max(initial=-1)) + 1


def _too_many_left_out(plan: Plan, ladders: Sequence[Ladder], search: _Search) -> TooRevealing:
    """The refusal, with the elements without which the fewest people would be alone. Told of the coarsest recoding that the plan allows."""
    coarsest = search.coarsest()
    all_in = search.share_left_out(coarsest)
    saved = [all_in - search.share_left_out(coarsest, without=i) for i in range(len(ladders))]
    named = f"; most would be kept without {_named(ladders, saved)}" if ladders else ""
    return TooRevealing(
        "DSC-028",
        where=f"plan {plan.plan}",
        what=f"{100 * all_in:.0f} % of people would have to be left out even at the coarsest steps{named}",
        remedy="Let these elements be told more coarsely (`coarsest`), leave one out, or ask for more people.",
    )


def _named(ladders: Sequence[Ladder], cost: Sequence[float]) -> str:
    dear = sorted(range(len(ladders)), key=lambda i: (-cost[i], i))[:2]
    return " and ".join(ladders[i].element.name for i in dear)
