"""The match spread over Spark's workers: the same people, the same confidence, to the last digit."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from builders import a_permit, a_site
from c2c import identity
from c2c.identity import _block, tokens
from c2c.identity._cluster import Decided
from c2c.identity._coded import Coded
from c2c.identity._collapse import Tuples, fold
from c2c.identity._compare import compare
from c2c.identity._encoded import Encoded, comparison_copy
from c2c.identity._file import read_table
from c2c.identity._match import Matched, match_people
from c2c.identity._runner import Runner, open_runner
from c2c.identity._shared import open_shared, write_shared
from c2c.plumbing import errors
from c2c.plumbing.site import scratch
from integration.identity.test_runs import trays
from spec.identity.town import townspeople

QUICK = "-XX:TieredStopAtLevel=1"
SPARK = {"memory": "1GB", "threads": 2, "spark": {"driver.extraJavaOptions": QUICK}}
"""Spark as small as a test needs it."""
CLUSTER = {
    "master": "local-cluster[2,1,512]",
    "executor.memory": "512m",
    "driver.extraJavaOptions": QUICK,
    "executor.extraJavaOptions": QUICK,
    "driver.host": "127.0.0.1",
    "driver.bindAddress": "127.0.0.1",
}
"""Two workers in processes of their own, to which files must be sent as to other machines."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """One Spark for the tests of this file."""
    with open_runner("spark", tmp_path_factory.mktemp("spark"), SPARK) as runner:
        yield runner


@pytest.fixture
def many_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few pairs to a range that the town's make several tasks."""
    monkeypatch.setattr(_block, "CHUNK", 150)


def a_town(folder: Path, dice: random.Random | None = None) -> Tuples:
    """The town with twins in it, a father and his junior, people of whom only a name is known, and one school number given to two; `dice`: in any order."""
    rows = townspeople()
    for n in range(0, 240, 8):
        twin = {
            **rows[3 * n],
            "record_id": f"twin-{n}",
            "first_name": "Ava" if n % 16 else "Ana",
            "key_ssid": f"{2 * 10**9 + 7919 * n}",
        }
        rows.append(twin)
        rows.append({"record_id": f"name-{n}", "first_name": rows[3 * n]["first_name"], "last_name": rows[3 * n]["last_name"]})
        rows.append(
            {**rows[3 * n + 1], "record_id": f"junior-{n}", "birth_date": "2019-03-04", "ssn": None, "street_address": None}
        )
        for again, birth in enumerate((f"1961-11-{1 + n // 9:02d}", f"{1970 + n // 8}-02-17")):
            clash = {"record_id": f"clash-{n}-{again}", "birth_date": birth, "ssn": f"{400 + n // 2}{20 + 31 * again}{7777 - n}"}
            rows.append({**rows[3 * n], **clash, "street_address": None})
    if dice:
        dice.shuffle(rows)
    names = ("first_name", "last_name", "birth_date", "street_address", "ssn")
    sent = pl.DataFrame(
        [
            {"record_key": r["record_id"], "n_records": 1, "id:key_ssid:11": r.get("key_ssid")} | {c: r.get(c) for c in names}
            for r in rows
        ],
        schema_overrides=dict.fromkeys(("id:key_ssid:11", *names), pl.String),
    )
    folder.mkdir(exist_ok=True)
    return fold(sent, ["id:key_ssid:11"], folder)


def settled(matched: Matched) -> Decided:
    """What stewards might say: two people are one, an edge is one person, an edge is two."""
    edges, label = matched.edges, matched.label
    first, last = int(np.flatnonzero(label == label[0])[0]), int(np.flatnonzero(label != label[0])[-1])
    pairs = [(first, last, True), (edges.left[3], edges.right[3], True), (edges.left[-1], edges.right[-1], False)]
    left, right, same = zip(*pairs, strict=True)
    return Decided(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), np.array(same))


def all_of(matched: Matched) -> dict[str, Any]:
    """Everything a match says, to be compared to the last digit."""
    edges = {name: getattr(matched.edges, name).tolist() for name in ("left", "right", "bits", "linked")}
    arrays = {name: getattr(matched, name).tolist() for name in ("label", "confidence", "vetoes")}
    return {**edges, **arrays, "report": matched.report}


def test_a_site_matches_its_year_on_the_cluster_it_names(tmp_path: Path) -> None:
    """The operator names a cluster in the settings, and nobody moves to another person, nor is any link surer or less sure."""
    people = {}
    for engine in ("duckdb", "spark"):
        folder = tmp_path / engine
        folder.mkdir()
        site = a_site(folder)
        toml = site.root / "c2c.toml"
        said = "\n".join(f'"spark.{name}" = "{value}"' for name, value in CLUSTER.items())
        settings = toml.read_text("utf-8").replace("[spark]\n", f"[spark]\n{said}\n")
        toml.write_text(f'engine = "{engine}"\n{settings}', "utf-8")
        permit = a_permit(site, "identity_match")
        with scratch(site) as private:
            identity.resolve(site, trays(private, later=False), permit=permit, year=2025)
            opened = identity.open_links(site, private, permit=permit)
            # Ids are each site's own: a person is known here by the first of their records.
            first = pl.col("record_key").min().over("person_id").alias("person_id")
            people[engine] = pl.read_parquet(opened.path).with_columns(first), identity.report(site)
    assert people["spark"][0].equals(people["duckdb"][0])
    assert people["spark"][1] | {"made": ""} == people["duckdb"][1] | {"made": ""}


@pytest.mark.usefixtures("many_ranges")
def test_spark_says_what_one_machine_says_in_any_order(spark: Runner, tmp_path: Path) -> None:
    """A state that moves to more machines must not find that people moved too, nor how sure the match is of them."""
    town = a_town(tmp_path / "town")
    here = all_of(match_people(town.people, town.keys))
    assert len(set(here["label"])) > 20 and len(set(here["confidence"])) > 20
    other = a_town(tmp_path / "other", random.Random(11))
    assert all_of(match_people(other.people, other.keys, runner=spark)) == here


@pytest.mark.usefixtures("many_ranges")
def test_what_stewards_decided_holds_on_spark(spark: Runner, tmp_path: Path) -> None:
    """A decision is absolute wherever the match is made: also one that alone holds two people together."""
    town = a_town(tmp_path / "town")
    said = settled(match_people(town.people, town.keys))
    here = match_people(town.people, town.keys, said)
    there = match_people(town.people, town.keys, said, runner=spark)
    assert all_of(there) == all_of(here)
    assert all((there.label[a] == there.label[b]) == same for a, b, same in zip(said.left, said.right, said.same, strict=True))


def test_an_engine_that_is_not_there_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An operator without Java reads one line and knows what to install."""
    with pytest.raises(errors.CodedError, match=r"IDN-016.*--engine local or spark"), open_runner("flink", tmp_path):
        pass
    with monkeypatch.context() as bare:
        bare.setenv("JAVA_HOME", str(tmp_path))
        with pytest.raises(errors.CodedError, match=r"IDN-018.*openjdk-17"), open_runner("spark", tmp_path):
            pass
    with monkeypatch.context() as bare:
        bare.setitem(sys.modules, "pyspark.errors", None)
        with pytest.raises(errors.CodedError, match=r"IDN-017.*c2c install scale"), open_runner("spark", tmp_path):
            pass


def test_what_workers_share_lies_in_one_file_and_is_not_copied(tmp_path: Path) -> None:
    """Four workers on a machine must not hold a state's rows four times; nor may one of them change what another reads."""
    rows, names = np.arange(100_000), pl.Series("first", ["Ana", "Ava", "Maria Guadalupe de la Cruz"])
    path = write_shared({"rows": rows, "names": names, "keys": pl.DataFrame({"row": [1, 2]})}, tmp_path / "shared")
    found = open_shared(path)
    assert (found["rows"] == rows).all() and found["names"].equals(names) and found["keys"]["row"].to_list() == [1, 2]
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(ValueError, match="read-only"):
        found["rows"][0] = 1


def test_tokens_are_judged_on_workers_as_here(tmp_path: Path) -> None:
    """A file without names is compared on Spark too: what tells alike tokens apart must survive the way there."""
    town = pl.DataFrame(townspeople(), infer_schema_length=None).drop("person")
    town.write_parquet(tmp_path / "names.parquet")
    tokens.tokenise_file(tmp_path / "names.parquet", tmp_path / "tokens.parquet", secret=bytes(range(32)), purpose="study")
    table = read_table(tmp_path / "tokens.parquet", {}, tmp_path).collect()
    records = table.with_columns(pl.col("record_id").alias("record_key"), pl.lit(1).alias("n_records"))
    folded = fold(records, [], tmp_path, copy=comparison_copy)
    coded = Coded(folded.people, folded.keys, written=Encoded(table))
    sent = open_shared(write_shared(coded, tmp_path / "shared"))
    left, right = np.random.default_rng(5).integers(0, coded.n, (2, 5000))
    none = np.zeros(len(left), dtype=bool)
    assert (compare(sent, left, right, agreeing=none) == compare(coded, left, right, agreeing=none)).all()
