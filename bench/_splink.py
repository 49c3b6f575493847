"""Splink 5 on a people file, tuned as its guides advise: run by the peers' interpreter. Prints its best pairwise F1 after clustering.

Names, dates and numbers are cleaned first. Columns that a file leaves out are left out. Term frequencies on names, street and ZIP; u from a
million random pairs; m by EM over four blockings of at most a million pairs each; then every threshold is tried and the best F1 against the truth is
kept: what no user knows. The clusters at that threshold are written beside the people file, with `.splink` before its ending. With more than half
a million rows, pairs below even odds are not kept, as no user would.

With a settings file as third argument nothing is cleaned or trained: the table is scored by that model.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from pathlib import Path
from time import time
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink import comparison_library as cl

TEXTS = ("first_name", "middle_name", "last_name", "street", "city", "zip", "ssn", "sex", "email", "phone")
START = float(os.environ.get("STARTED", time()))
"""When it was started: loading what it needs counts, as it does for the command it stands beside."""

THRESHOLDS = np.arange(-6, 30, 1.0)
MANY = 500_000

ROUNDS = 4
"""Rounds of EM. With 12, the odds of a level that no match shows sink below what Splink 5 takes: it gives up, and what it had learnt by then is worth far
less where there are many kinds of keys (F1 .957 and not .984 at a million records); elsewhere it comes to the same."""


def main() -> None:
    """Read the people file and the truth named on the command line; print one JSON document."""
    thresholds = THRESHOLDS[THRESHOLDS >= 0] if pq.read_metadata(sys.argv[1]).num_rows > MANY else THRESHOLDS
    linker = given(sys.argv[1], sys.argv[3]) if len(sys.argv) > 3 else trained(cleaned(pd.read_parquet(sys.argv[1])))
    api_pairs = linker.inference.predict(threshold_match_weight=float(thresholds[0]))
    linker.clustering.cluster_pairwise_predictions_at_threshold(api_pairs, threshold_match_weight=5.0)
    seconds, peak = time() - START, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pairs = numbered(api_pairs.as_pandas_dataframe(), sys.argv[1]) if len(sys.argv) > 3 else api_pairs.as_pandas_dataframe()
    truth = pd.read_parquet(sys.argv[2])["person"].to_numpy()
    best = max((judged(pairs, truth, w) for w in thresholds), key=lambda row: row["f1"])
    best |= {"pairs": int((pairs["match_weight"] >= 0).sum())}
    table = pd.read_parquet(sys.argv[2], columns=["record_id"]).assign(person_id=clusters(pairs, len(truth), best["weight"]))
    table.astype({"person_id": "string"}).to_parquet(Path(sys.argv[1]).with_suffix(".splink.parquet"), index=False)
    print(json.dumps(best | {"seconds": seconds, "peak_mib": peak}))


def given(table: str, settings: str) -> Linker:
    """A linker with a model that was trained elsewhere, on a table made ready for it."""
    engine = duckdb.connect()
    engine.read_parquet(table).to_table("people")
    return Linker(DuckDBAPI(engine).register(engine.table("people")), settings, log_level=40)


def numbered(pairs: pd.DataFrame, table: str) -> pd.DataFrame:
    """The pairs by their records' places in the table, which are those of the truth."""
    place = {record: n for n, record in enumerate(pd.read_parquet(table, columns=["unique_id"])["unique_id"])}
    return pairs.assign(unique_id_l=pairs["unique_id_l"].map(place), unique_id_r=pairs["unique_id_r"].map(place))


def cleaned(sent: pd.DataFrame) -> pd.DataFrame:
    """Lower case, no signs, dates as ISO, numbers as digits; blanks as null. One row per record, in the file's order."""
    table = pd.DataFrame({"unique_id": range(len(sent))})
    for column in TEXTS:
        if column in sent:
            text = sent[column].astype("string").str.lower().str.strip()
            form = r"[^0-9]" if column in ("ssn", "phone", "zip") else r"[^a-z0-9@. ]"
            table[column] = text.str.replace(form, "", regex=True).replace("", pd.NA)
    if "middle_name" in table:
        table["middle"] = table.pop("middle_name").str[:1]
    if "birth_date" in sent:
        table["birth_date"] = dates(sent["birth_date"].astype("string"))
        table["birth_year"] = table["birth_date"].str[:4]
    for column in sent:
        if column.startswith("key_"):
            table[column] = sent[column].astype("string").replace("", pd.NA)
    return table.astype(object).where(table.notna(), None)


def dates(text: pd.Series) -> pd.Series:
    """Birth dates as ISO text, from the three ways the files write them; null where it is no date."""
    found = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    for form in ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y"):
        found = found.fillna(pd.to_datetime(text, format=form, errors="coerce"))
    return found.dt.strftime("%Y-%m-%d").astype("string")


def trained(people: pd.DataFrame) -> Linker:
    """A linker with every comparison the file allows, trained."""
    has = set(people.columns)
    keys = [c for c in people if c.startswith("key_")]
    comparisons: list[Any] = [
        cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("last_name").configure(term_frequency_adjustments=True),
    ]
    choices = {
        "middle": lambda: cl.ExactMatch("middle"),
        "birth_date": lambda: cl.DateOfBirthComparison("birth_date", input_is_string=True, datetime_format="%Y-%m-%d"),
        "ssn": lambda: cl.DamerauLevenshteinAtThresholds("ssn", [1, 2]),
        "sex": lambda: cl.ExactMatch("sex"),
        "zip": lambda: cl.DamerauLevenshteinAtThresholds("zip", [1]).configure(term_frequency_adjustments=True),
        "street": lambda: cl.JaroWinklerAtThresholds("street", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        "email": lambda: cl.ExactMatch("email"),
        "phone": lambda: cl.ExactMatch("phone"),
    }
    comparisons += [make() for name, make in choices.items() if name in has]
    comparisons += [cl.DamerauLevenshteinAtThresholds(key, [1]) for key in keys]
    rules = [
        ("ssn",),
        ("email",),
        ("phone", "first_name"),
        ("first_name", "birth_date"),
        ("last_name", "birth_date"),
        ("zip", "birth_date"),
        ("first_name", "last_name", "zip"),
        ("first_name", "last_name", "birth_year"),
        ("first_name", "last_name", "middle"),
        ("first_name", "street"),
        ("last_name", "street"),
        *((key,) for key in keys),
    ]
    blocking = [block_on(*rule) for rule in rules if set(rule) <= has]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocking,
        retain_matching_columns=False,
        max_iterations=ROUNDS,
    )
    api = DuckDBAPI()
    linker = Linker(api.register(people), settings, log_level=40)
    certain = [block_on(*rule) for rule in (("first_name", "last_name", "birth_date"), ("ssn", "last_name")) if set(rule) <= has]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=7)
    for rule in (("first_name", "last_name"), ("birth_date",), ("ssn",), ("street",)):
        if set(rule) <= has:
            # See ROUNDS: where a blocking fails all the same, the others train what it would have.
            with contextlib.suppress(ValueError):
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule), max_pairs=1e6)
    return linker


def judged(pairs: pd.DataFrame, truth: np.ndarray, weight: float) -> dict[str, float]:
    """Pairwise precision, recall and F1 of the clusters at one threshold."""
    label = clusters(pairs, len(truth), weight)
    person = pd.factorize(truth)[0].astype(np.int64)
    said, true, both = (n_pairs(x) for x in (label, person, label * len(truth) + person))
    precision, recall = both / max(said, 1), both / max(true, 1)
    return {
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "precision": precision,
        "recall": recall,
        "weight": weight,
    }


def clusters(pairs: pd.DataFrame, n: int, weight: float) -> np.ndarray:
    """The cluster of each of `n` rows at one threshold."""
    kept = pairs[pairs["match_weight"] >= weight]
    left, right = kept["unique_id_l"].to_numpy(int), kept["unique_id_r"].to_numpy(int)
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def n_pairs(label: np.ndarray) -> int:
    """Pairs of rows under one label."""
    counts = np.unique(label, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


if __name__ == "__main__":
    main()
