"""Which pairs a steward should see, and what of each: doubtful links, refused ones, contradictions inside a person, and a fair sample of all.

Most valuable first: how likely the match is wrong about the pair, times the records that would move.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from c2c.identity._arrays import among
from c2c.identity._cluster import Decided, Edges
from c2c.identity._coded import FIELDS
from c2c.identity._collapse import Tuples
from c2c.identity._compare import LEVEL_NAMES, NULL, compare
from c2c.identity._decisions import case_id_of
from c2c.identity._estimate import Model
from c2c.identity._match import Matched
from c2c.identity._rules import rule
from c2c.identity._score import score
from c2c.identity._two_people import cannot_be_one

SHOWN = {"first_name": ("first", "first"), "middle_name": ("middle", "middle"), "last_name": ("surname", "surname"),
         "other_first_name": ("other_first", ""), "other_last_name": ("other_surname", ""), "name_suffix": ("suffix", "suffix"),
         "birth_date": ("birth", "birth"), "gender": ("sex", "sex"), "ssn": ("number", "number"), "street_address": ("street", "street"),
         "address_city": ("city", ""), "address_zip": ("zip", "zip"), "email": ("mail", "mail"), "phone": ("telephone", "telephone")}  # fmt: skip
"""What a steward sees of a record: catalog element to the column it is read from, and the field of the match it speaks in, if any."""

NEAR = frozenset({"nickname", "very close", "close", "initial", "swapped", "one of its parts", "one edit or swapped", "two parts",
                  "within a month", "one edit", "compatible", "near"})  # fmt: skip
"""Levels that a person would call nearly the same."""

SAMPLED = "sample"
STRATA = ((True, 0.0, 0.95), (True, 0.95, 0.999), (True, 0.999, 1.01), (False, 0.0, 0.8), (False, 0.8, 1.01))
"""Linked or not, and from which probability to which: pairs are sampled apart from each, so that rare kinds of error are seen too."""

CASE_SCHEMA = {"case_id": pl.String, "a": pl.String, "b": pl.String, "reason": pl.String, "n_records": pl.Int64, "value": pl.Float64,
               "stratum": pl.Int64, "evidence": pl.String, "view": pl.String}  # fmt: skip
NEIGHBOURS = 6
"""Rows of each of the two people that the picture of a case shows beside its own two."""


def find_cases(
    matched: Matched, tuples: Tuples, settled: Iterable[tuple[str, str]], decided: Decided | None
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """The stewards' cases, one row each (`CASE_SCHEMA`, most valuable first), and how many pairs each stratum of the sample stands for.

    `settled`: pairs of record keys already decided; they stay on the list, so that a decision can be looked at and undone; `decided`: the same as
    rows of this run.
    """
    chosen = pl.concat([_doubtful(matched), _sampled(matched)]).with_row_index("order")
    first = tuples.records.group_by("row").agg(pl.col("record_key").min(), pl.col("seen_in").min())
    cases = chosen.join(first, left_on="left", right_on="row").join(first, left_on="right", right_on="row", suffix="_b")
    cases = cases.rename({"record_key": "a", "record_key_b": "b", "seen_in": "seen_a", "seen_in_b": "seen_b"})
    known = pl.DataFrame(list(settled), schema={"a": pl.String, "b": pl.String}, orient="row")
    key = tuples.records.select("record_key", "row", "seen_in")
    known = known.join(key, left_on="a", right_on="record_key").join(key, left_on="b", right_on="record_key", suffix="_b")
    old = known.select(
        pl.lit(2**32 - 1, dtype=pl.UInt32).alias("order"), pl.col("row").cast(pl.Int32).alias("left"), pl.col("row_b").cast(pl.Int32).alias("right"),
        pl.lit("decided").alias("reason"), pl.lit(0.0).alias("error"), pl.lit(0, dtype=pl.Int64).alias("n_records"), pl.lit(-1, dtype=pl.Int64).alias("stratum"),
        "a", pl.col("seen_in").alias("seen_a"), "b", pl.col("seen_in_b").alias("seen_b"),
    )  # fmt: skip
    cases = pl.concat([cases.select(old.columns), old])
    cases = cases.with_columns(
        pl.Series("case_id", [case_id_of(a, b) for a, b in cases.select("a", "b").iter_rows()], dtype=pl.String)
    )
    # A pair that is both doubtful and drawn counts in the sample: without the doubtful ones it would flatter the match.
    cases = cases.with_columns(pl.col("stratum").max().over("case_id"))
    cases = cases.sort("order").unique("case_id", keep="first").with_columns((pl.col("error") * pl.col("n_records")).alias("value"))
    cases = cases.sort(["value", "case_id"], descending=[True, False])
    views = _views(matched, tuples, cases, decided)
    evidence = [hashlib.blake2b(json.dumps(view["fields"]).encode(), digest_size=8).hexdigest() for view in views]
    texts = [json.dumps(view, ensure_ascii=False) for view in views]
    cases = cases.with_columns(pl.Series("evidence", evidence, dtype=pl.String), pl.Series("view", texts, dtype=pl.String))
    return cases.select(*CASE_SCHEMA), _strata(matched)


def _doubtful(matched: Matched) -> pl.DataFrame:
    """Pairs the match may be wrong about: left, right, reason, error (how likely), n_records (that would move), stratum (none)."""
    coded, label, edges = matched.coded, matched.label, matched.edges
    weight = np.bincount(label, weights=coded.weight)
    p, same = edges.probability, label[edges.left] == label[edges.right]
    least = np.minimum(matched.confidence[edges.left], matched.confidence[edges.right])
    # Within a person: the edge that holds a row, where it is weak.
    weak = same & edges.linked & (p < rule("automatic_from")) & (p <= least + 1e-6)
    found = [
        _rows(
            edges.left[weak],
            edges.right[weak],
            "provisional",
            1 - p[weak],
            np.minimum(coded.weight[edges.left[weak]], coded.weight[edges.right[weak]]),
        )
    ]
    # Between two persons: strong evidence that was refused, and evidence somewhat short of a link.
    between = np.flatnonzero(~same)
    best = pl.DataFrame({"at": between, "p": p[between], "low": np.minimum(label[edges.left[between]], label[edges.right[between]]),
                         "high": np.maximum(label[edges.left[between]], label[edges.right[between]])})  # fmt: skip
    at = (
        best.sort(["p", "at"], descending=[True, False]).unique(["low", "high"], keep="first", maintain_order=True)["at"].to_numpy()
    )
    left, right = edges.left[at], edges.right[at]
    moved = np.minimum(weight[label[left]], weight[label[right]])
    refused = edges.linked[at]
    error = np.where(refused, rule("refused_error"), np.where(p[at] >= rule("link_from"), rule("barred_error"), p[at]))
    reason = np.where(refused, "refused", "possible")
    # What no evidence can make one person (a parent and a child at one address) is no question for people.
    asked = refused | ~_contradict(matched, left, right)
    found.append(_rows(left[asked], right[asked], reason[asked], error[asked], moved[asked]))
    # Within a person: rows that cannot be one.
    inside = matched.vetoes
    one = pl.DataFrame({"left": inside[:, 0], "right": inside[:, 1], "label": label[inside[:, 0]]}).unique(
        "label", keep="first", maintain_order=True
    )
    a, b = one["left"].to_numpy(), one["right"].to_numpy()
    found.append(_rows(a, b, "contradiction", np.full(len(a), rule("refused_error")), np.minimum(coded.weight[a], coded.weight[b])))
    together = pl.concat(found).with_columns((pl.col("error") * pl.col("n_records")).alias("value"))
    return together.sort(["value", "left", "right"], descending=[True, False, False]).head(int(rule("queue_limit"))).drop("value")


def _rows(
    left: np.ndarray, right: np.ndarray, reason: str | np.ndarray, error: np.ndarray, n_records: np.ndarray, stratum: int = -1
) -> pl.DataFrame:
    return pl.DataFrame({"left": left.astype(np.int32), "right": right.astype(np.int32), "error": error, "n_records": n_records.astype(np.int64)}).select(
        "left", "right", pl.Series("reason", reason if isinstance(reason, np.ndarray) else [reason] * len(left), dtype=pl.String), "error", "n_records",
        pl.lit(stratum, dtype=pl.Int64).alias("stratum"),
    )  # fmt: skip


def _in_stratum(matched: Matched, edges: Edges) -> list[np.ndarray]:
    p, same = edges.probability, matched.label[edges.left] == matched.label[edges.right]
    return [np.flatnonzero((same == linked) & (p >= low) & (p < high)) for linked, low, high in STRATA]


def _sampled(matched: Matched) -> pl.DataFrame:
    """Pairs drawn from each stratum, to tell how often the match is right: they look like any other case."""
    rng, edges, parts = np.random.default_rng(int(rule("seed"))), matched.edges, []
    for number, at in enumerate(_in_stratum(matched, edges)):
        some = np.sort(rng.choice(at, min(len(at), int(rule("sample_of_stratum"))), replace=False))
        parts.append(
            _rows(
                edges.left[some], edges.right[some], SAMPLED, np.full(len(some), rule("sample_error")), np.ones(len(some)), number
            )
        )
    return pl.concat(parts)


def _strata(matched: Matched) -> list[dict[str, Any]]:
    sizes = [len(at) for at in _in_stratum(matched, matched.edges)]
    return [
        {"linked": linked, "from": low, "to": min(high, 1.0), "pairs": n}
        for (linked, low, high), n in zip(STRATA, sizes, strict=True)
    ]


def _views(matched: Matched, tuples: Tuples, cases: pl.DataFrame, decided: Decided | None) -> list[dict[str, Any]]:
    """For each case what a steward sees: fields side by side, the steps of the evidence, the two people's rows and what joins them."""
    coded, model = matched.coded, matched.model
    left, right = cases["left"].to_numpy(), cases["right"].to_numpy()
    low, high = np.minimum(left, right), np.maximum(left, right)
    usable = coded.keys.filter(~pl.col("shared"))
    levels = compare(coded, low, high, agreeing=_with_key(usable, low, high, coded.n))
    total = score(coded, low, high, levels, model)
    rows = np.unique(np.concatenate([left, right])).tolist()
    shown = pl.scan_parquet(tuples.people).with_row_index("row").filter(pl.col("row").is_in(rows)).collect()
    value = {row["row"]: row for row in shown.iter_rows(named=True)}
    held = (
        tuples.keys.filter(pl.col("row").is_in(rows))
        .group_by("row")
        .agg(pl.concat_str(pl.col("kind").str.strip_prefix("key_"), pl.lit(" "), pl.col("value")).sort())
    )
    keys = {row: "; ".join(texts) for row, texts in held.iter_rows()}
    pictures = _pictures(matched, tuples, cases, decided)
    views = []
    for i, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        of = dict(zip(FIELDS, levels[i].tolist(), strict=True))
        fields = [
            _field(element, value[a][column], value[b][column], of.get(field, NULL), field)
            for element, (column, field) in SHOWN.items()
        ]
        fields.append(_field("person_keys", keys.get(a), keys.get(b), of["key"], "key"))
        views.append(
            {
                "fields": [f for f in fields if f["left"] or f["right"]],
                "seen_by": [cases["seen_a"][i], cases["seen_b"][i]],
                "steps": _steps(model, of, float(total[i])),
                "total_bits": round(float(total[i]), 2),
                "nodes": pictures[i]["nodes"],
                "edges": pictures[i]["edges"],
            }
        )
    return views


def _with_key(usable: pl.DataFrame, low: np.ndarray, high: np.ndarray, n: int) -> np.ndarray:
    pairs = pl.DataFrame({"row": low, "row_b": high})
    both = pairs.join(usable.select("row", "code"), on="row").join(
        usable.select(pl.col("row").alias("row_b"), "code"), on=["row_b", "code"]
    )
    known = np.unique(both["row"].to_numpy().astype(np.int64) * n + both["row_b"].to_numpy())
    return among(low.astype(np.int64) * n + high, known)


def _field(element: str, left: str | None, right: str | None, level: int, field: str) -> dict[str, str]:
    """One line of the side-by-side view. `sign`: same, near, different or missing."""
    if not left or not right:
        sign = "missing"
    elif left == right or level == 0:
        sign = "same"
    else:
        sign = "near" if field and level != NULL and LEVEL_NAMES[field][level] in NEAR else "different"
    return {"name": element, "left": left or "", "right": right or "", "sign": sign}


def _steps(model: Model, level: Mapping[str, int], total: float) -> list[dict[str, Any]]:
    """The evidence, field by field, as bits that add up to the total."""
    steps: list[dict[str, Any]] = [
        {"name": "before any evidence", "level": "", "bits": round(float(np.log2(model.prior / (1 - model.prior))), 2)}
    ]
    steps += [
        {"name": field, "level": LEVEL_NAMES[field][at], "bits": round(float(model.bits(field)[at]), 2)}
        for field, at in level.items()
        if at != NULL
    ]
    return [*steps, {"name": "rarer or commoner values", "level": "", "bits": round(total - sum(s["bits"] for s in steps), 2)}]


def _contradict(matched: Matched, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which pairs of rows cannot be one person."""
    known = among(left.astype(np.int64) * matched.coded.n + right, matched.agreeing)
    return cannot_be_one(matched.coded, left, right, agreeing=known, model=matched.model, twins=matched.twins)


def _pictures(matched: Matched, tuples: Tuples, cases: pl.DataFrame, decided: Decided | None) -> list[dict[str, Any]]:
    """For each case some rows of its two people, the edges that hold them together, what people joined, and the vetoes."""
    label, weight = matched.label, matched.coded.weight
    own = pl.DataFrame({"case": np.arange(len(cases)), "left": cases["left"], "right": cases["right"]})
    ends = pl.concat([own.select("case", pl.col(c).alias("row")) for c in ("left", "right")])
    ends = ends.with_columns(pl.Series("label", label[ends["row"].to_numpy()]))
    asked = np.isin(label, ends["label"].unique().to_numpy())
    members = pl.DataFrame({"row": np.flatnonzero(asked).astype(np.int32), "label": label[asked], "weight": weight[asked]})
    members = members.sort(["weight", "row"], descending=[True, False]).group_by("label", maintain_order=True).head(NEIGHBOURS)
    nodes = pl.concat(
        [ends.select("case", "row"), ends.select("case", "label").unique().join(members, on="label").select("case", "row")]
    )
    nodes = nodes.unique(maintain_order=True).with_columns(pl.int_range(pl.len()).over("case").alias("place"))
    edges = matched.edges
    kept = asked[edges.left] & asked[edges.right]
    lines = pl.DataFrame(
        {
            "left": edges.left[kept],
            "right": edges.right[kept],
            "bits": edges.bits[kept].astype(np.float64),
            "same": (label[edges.left] == label[edges.right])[kept],
        }
    )
    drawn = _between(nodes, lines)
    both = nodes.join(nodes, on="case", suffix="_b").filter(pl.col("row") < pl.col("row_b"))
    barred = both.filter(pl.Series(_contradict(matched, both["row"].to_numpy(), both["row_b"].to_numpy())))
    seen = dict(
        tuples.records.filter(pl.col("row").is_in(nodes["row"].unique().implode()))
        .group_by("row")
        .agg(pl.col("seen_in").min())
        .iter_rows()
    )
    found: list[dict[str, Any]] = [{"nodes": [], "edges": []} for _ in range(len(cases))]
    for case, row, _ in nodes.iter_rows():
        found[case]["nodes"].append({"seen_in": seen.get(row, ""), "n_records": int(weight[row]), "person": int(label[row])})
    for of_case in drawn.filter("same").partition_by("case"):
        found[of_case["case"][0]]["edges"] = _spanning(of_case)
    for case, a, b in barred.select("case", "place", "place_b").iter_rows():
        found[case]["edges"].append({"left": a, "right": b, "bits": 0.0, "kind": "veto"})
    if decided is not None:
        joined = {"left": decided.left[decided.same].astype(np.int32), "right": decided.right[decided.same].astype(np.int32)}
        for case, a, b in _between(nodes, pl.DataFrame(joined)).select("case", "place", "place_b").iter_rows():
            found[case]["edges"].append({"left": a, "right": b, "bits": 0.0, "kind": "decided"})
    for picture in found:
        persons = {p: n for n, p in enumerate(dict.fromkeys(node["person"] for node in picture["nodes"]))}
        picture["nodes"] = [node | {"person": persons[node["person"]]} for node in picture["nodes"]]
    return found


def _between(nodes: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Lines whose both ends stand in the picture of one case."""
    return lines.join(nodes, left_on="left", right_on="row").join(
        nodes, left_on=["right", "case"], right_on=["row", "case"], suffix="_b"
    )


def _spanning(lines: pl.DataFrame) -> list[dict[str, Any]]:
    """The strongest edges that hold the rows of one picture together."""
    parent: dict[int, int] = {}

    def root(i: int) -> int:
        while parent.setdefault(i, i) != i:
            i = parent[i]
        return i

    found = []
    for a, b, bits in (
        lines.sort(["bits", "place", "place_b"], descending=[True, False, False]).select("place", "place_b", "bits").iter_rows()
    ):
        if root(a) != root(b):
            parent[root(a)] = root(b)
            found.append({"left": a, "right": b, "bits": round(bits, 2), "kind": "spanning"})
    return found


def quality(strata: Sequence[Mapping[str, Any]], labelled: Sequence[tuple[int, bool]]) -> dict[str, Any]:
    """Precision and recall among pairs that even odds or more call one person, with 95 % intervals, from what stewards said of the sample.

    `labelled`: stratum and whether the pair is one person. Each stratum's share of matches has Jeffreys' prior (a half and a half), drawn ten
    thousand times; recall does not see pairs that blocking or odds below even left out: their number is told apart. None while a stratum is
    unlabelled.
    """
    rng, total = np.random.default_rng(int(rule("seed"))), 10_000
    linked, missed, said = np.zeros(total), np.zeros(total), 0
    n_linked = 0
    for number, stratum in enumerate(strata):
        mine = [one for at, one in labelled if at == number]
        if not stratum["pairs"]:
            continue
        if not mine:
            return {"labelled": len(labelled)}
        share = rng.beta(sum(mine) + 0.5, len(mine) - sum(mine) + 0.5, total)
        if stratum["linked"]:
            linked += share * stratum["pairs"]
            n_linked += stratum["pairs"]
        else:
            missed += share * stratum["pairs"]
        said += len(mine)
    if not n_linked:
        return {"labelled": len(labelled)}
    found: dict[str, Any] = {"labelled": said}
    for name, values in (("precision", linked / n_linked), ("recall", linked / np.maximum(linked + missed, 1e-9))):
        low, middle, high = np.quantile(values, (0.025, 0.5, 0.975)).tolist()
        found[name] = {"low": round(low, 4), "middle": round(middle, 4), "high": round(high, 4)}
    return found
