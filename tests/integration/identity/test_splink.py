"""Splink itself: it loads our models and weighs as we do, and we read the models that it trains and saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink import comparison_library as cl

from builders import a_site
from c2c import audit, identity
from c2c.identity import splink
from c2c.identity._collapse import fold
from c2c.identity._file import read_people
from c2c.identity._match import match_people
from c2c.identity._settings import read_model, write_model
from c2c.plumbing import errors
from c2c.plumbing.site import Site
from integration.identity.test_runs import resolve
from spec.identity.town import townspeople


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """The town as a people file."""
    path = tmp_path / "people.parquet"
    pl.DataFrame(townspeople(), infer_schema_length=None).drop("person").write_parquet(path)
    return path


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with the shipped terms."""
    return a_site(tmp_path)


def a_linker(table: Path | pl.DataFrame, settings: Any) -> Linker:
    """Splink on a table."""
    engine = duckdb.connect()
    engine.register("sent", (table if isinstance(table, pl.DataFrame) else pl.read_parquet(table)).to_arrow())
    engine.sql("create table people as select * from sent")
    return Linker(DuckDBAPI(engine).register(engine.table("people")), settings, log_level=40)


def test_splink_weighs_every_pair_as_the_match_does(people: Path, tmp_path: Path) -> None:
    """Who takes our model to Splink gets our answers, to a thousandth of a bit."""
    sent = read_people(people, {}, tmp_path)
    tuples = fold(sent.records, sent.id_columns, tmp_path)
    ours = match_people(tuples.people, tuples.keys)
    write_model(ours.model, ours.coded.key, tmp_path / "model.json")
    splink.prepare_file(people, tmp_path / "ready.parquet")
    linker = a_linker(tmp_path / "ready.parquet", str(tmp_path / "model.json"))
    predicted = pl.DataFrame(linker.inference.predict(threshold_match_weight=-5).as_pyarrow_table())
    theirs = {frozenset((a, b)): bits for a, b, bits in predicted.select("unique_id_l", "unique_id_r", "match_weight").iter_rows()}
    name = dict(tuples.records.select("row", "record_key").iter_rows())
    bits = {
        frozenset((name[a], name[b])): bits
        for a, b, bits in zip(ours.edges.left.tolist(), ours.edges.right.tolist(), ours.edges.bits.tolist(), strict=True)
    }
    assert len(bits) > 500
    assert set(bits) <= set(theirs)
    assert max(abs(theirs[pair] - ours_of_pair) for pair, ours_of_pair in bits.items()) < 0.001
    likely = {pair for pair, weight in theirs.items() if weight > 0.01}
    assert likely <= set(bits)


def test_a_model_of_ours_saved_again_by_splink_is_the_same_model(people: Path, tmp_path: Path) -> None:
    """An analyst may look into it there, train it on, save it, and bring it back."""
    identity.match_file(people, tmp_path / "out.parquet", save_model=tmp_path / "model.json")
    splink.prepare_file(people, tmp_path / "ready.parquet")
    linker = a_linker(tmp_path / "ready.parquet", str(tmp_path / "model.json"))
    linker.misc.save_model_to_json(str(tmp_path / "again.json"))
    one, two = (read_model(tmp_path / name) for name in ("model.json", "again.json"))
    assert (one.levels_read, two.silent, two.instead, two.set_aside) == (two.levels_read, (), (), ())
    assert one.model.prior == two.model.prior and one.model.terms == two.model.terms
    assert all(
        np.array_equal(one.model.m[f], two.model.m[f]) and np.array_equal(one.model.u[f], two.model.u[f]) for f in one.model.m
    )


def test_a_model_trained_in_splink_matches_a_town(people: Path, tmp_path: Path) -> None:
    """An analyst who has a Splink model of Splink's own comparisons need not train another."""
    comparisons = [
        cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("last_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True, datetime_format="%Y-%m-%d"),
        cl.DamerauLevenshteinAtThresholds("ssn", [1]),
        cl.ExactMatch("street_address"),
        cl.ExactMatch("key_ssid"),
    ]
    rules = [block_on("first_name", "last_name"), block_on("ssn"), block_on("birth_date")]
    creator = SettingsCreator(link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules)
    linker = a_linker(pl.read_parquet(people).rename({"record_id": "unique_id"}), creator)
    linker.training.estimate_probability_two_random_records_match([block_on("first_name", "last_name")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e5, seed=1)
    for rule in (block_on("first_name", "last_name"), block_on("birth_date")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    said = linker.misc.save_model_to_json(str(tmp_path / "theirs.json"))
    # Splink writes no m or u for a level that no pair of so small a town showed it: an analyst fills them in.
    for comparison in said["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                level.setdefault("m_probability", 0.01)
                level.setdefault("u_probability", 0.001)
    (tmp_path / "theirs.json").write_text(json.dumps(said))
    told = identity.match_file(people, tmp_path / "out.parquet", model=tmp_path / "theirs.json")
    person = dict(pl.read_parquet(tmp_path / "out.parquet").select("record_id", "person_id").iter_rows())
    whole = sum(person[f"school-{n}"] == person[f"college-{n}"] == person[f"work-{n}"] for n in range(300))
    assert whole >= 270
    assert told["model"]["silent"] == ("middle", "suffix", "sex", "zip", "mail", "telephone", "source")


def test_the_model_of_the_run_in_force_goes_out_and_is_written_down(site: Site, tmp_path: Path) -> None:
    """Whoever asks later who took the model, and of which run, finds it in the ledger; Splink takes the file as it is."""
    resolve(site)
    told = splink.export_model(site, tmp_path / "model.json", actor="ada")
    last = list(audit.entries(site))[-1]
    assert (last["event"], last["actor"], last["run"]) == ("identity:model:exported", "ada", told["run"])
    model = read_model(tmp_path / "model.json").model
    report = identity.report(site)
    assert [(row["field"], row["level"], row["bits"]) for row in model.told()] == [
        (row["field"], row["level"], row["bits"]) for row in report["weights"]
    ]
    pl.DataFrame({"record_id": ["1", "2"], "first_name": ["Ana", "Ana"], "last_name": ["Solano", "Solano"]}).write_csv(
        tmp_path / "two.csv"
    )
    splink.prepare_file(tmp_path / "two.csv", tmp_path / "ready.parquet")
    linker = a_linker(tmp_path / "ready.parquet", str(tmp_path / "model.json"))
    assert len(linker.inference.predict().as_pyarrow_table()) == 1


def test_a_run_from_before_models_were_kept_is_told_apart(site: Site, tmp_path: Path) -> None:
    """A model made up from a rounded report would score otherwise than the run did."""
    resolve(site)
    (next(site.folder("identity", "runs").iterdir()) / "model.json").unlink()
    with pytest.raises(errors.CodedError, match="IDN-030"):
        splink.export_model(site, tmp_path / "model.json", actor="ada")
    assert not (tmp_path / "model.json").exists()
