"""A model written as Splink's settings and read back; another's model, read by its conditions; what is not known, refused by name."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from c2c import identity
from c2c.cli._main import app
from c2c.identity._collapse import fold
from c2c.identity._compare import compare
from c2c.identity._file import read_people
from c2c.identity._match import Known, Matched, match_people
from c2c.identity._score import QUANTUM, plain_bits
from c2c.identity._settings import read_model, write_model
from c2c.plumbing import errors
from spec.identity.town import GIVEN, townspeople

LIBRARY: dict[str, Any] = {
    "link_type": "dedupe_only",
    "probability_two_random_records_match": 0.001,
    "comparisons": [
        {
            "output_column_name": "first_name",
            "comparison_levels": [
                {"sql_condition": '"first_name_l" IS NULL OR "first_name_r" IS NULL', "is_null_level": True},
                {"sql_condition": '"first_name_l" = "first_name_r"', "label_for_charts": "Exact match on first_name", "m_probability": 0.9,
                 "u_probability": 0.01, "tf_adjustment_column": "first_name", "tf_adjustment_weight": 1.0},
                {"sql_condition": 'jaro_winkler_similarity("first_name_l", "first_name_r") >= 0.92', "label_for_charts": "JW 0.92",
                 "m_probability": 0.06, "u_probability": 0.02},
                {"sql_condition": "ELSE", "label_for_charts": "All other comparisons", "m_probability": 0.04, "u_probability": 0.97},
            ],
        },
        {
            "output_column_name": "dob",
            "comparison_levels": [
                {"sql_condition": "try_strptime(\"dob_l\", '%Y-%m-%d') IS NULL OR try_strptime(\"dob_r\", '%Y-%m-%d') IS NULL", "is_null_level": True},
                {"sql_condition": '"dob_l" = "dob_r"', "label_for_charts": "Exact match on date of birth", "m_probability": 0.95, "u_probability": 0.0001},
                {"sql_condition": 'levenshtein("dob_l", "dob_r") <= 1', "label_for_charts": "Levenshtein distance <= 1", "m_probability": 0.03,
                 "u_probability": 0.002},
                {"sql_condition": "ABS(EPOCH(try_strptime(\"dob_l\", '%Y-%m-%d')) - EPOCH(try_strptime(\"dob_r\", '%Y-%m-%d'))) <= 31557600.0",
                 "label_for_charts": "Abs date difference <= 1 year", "m_probability": 0.01, "u_probability": 0.03},
                {"sql_condition": "ELSE", "label_for_charts": "All other comparisons", "m_probability": 0.01, "u_probability": 0.96},
            ],
        },
    ],
    "blocking_rules_to_generate_predictions": [{"blocking_rule": 'l."dob" = r."dob"', "sql_dialect": "duckdb"}],
    "sql_dialect": "duckdb",
}  # fmt: skip
"""What Splink 5 writes of `NameComparison` and `DateOfBirthComparison`, cut short."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town as a people file."""
    path = tmp_path_factory.mktemp("town") / "people.parquet"
    pl.DataFrame(townspeople(), infer_schema_length=None).drop("person").write_parquet(path)
    return path


def a_model(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Path:
    """The library's model as a file, changed."""
    said = json.loads(json.dumps(LIBRARY))
    change(said)
    (folder / "model.json").write_text(json.dumps(said))
    return folder / "model.json"


def test_a_model_written_and_read_gives_every_pair_the_same_score(town: Path, tmp_path: Path) -> None:
    """A frozen model is worth nothing if the pairs of next year are weighed otherwise, by however little."""
    people = read_people(town, {}, tmp_path)
    tuples = fold(people.records, people.id_columns, tmp_path)
    first = match_people(tuples.people, tuples.keys)
    write_model(first.model, first.coded.key, tmp_path / "model.json")
    again = match_people(tuples.people, tuples.keys, known=Known(read_model(tmp_path / "model.json").model))
    for name in ("left", "right", "bits", "linked"):
        assert np.array_equal(getattr(first.edges, name), getattr(again.edges, name))
    assert len(first.edges.bits) > 500
    assert np.array_equal(first.label, again.label)


def test_a_given_model_is_not_trained_further(town: Path, tmp_path: Path) -> None:
    """Two offices that use one model must weigh alike, whatever file each of them has."""
    identity.match_file(town, tmp_path / "out.parquet", save_model=tmp_path / "one.json")
    pl.read_parquet(town).head(200).write_parquet(tmp_path / "few.parquet")
    identity.match_file(
        tmp_path / "few.parquet", tmp_path / "out.parquet", model=tmp_path / "one.json", save_model=tmp_path / "two.json"
    )
    one, two = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two"))
    assert one == two


def test_a_model_file_holds_nobodys_name(town: Path, tmp_path: Path) -> None:
    """It leaves the house: levels and probabilities may, a person may not."""
    identity.match_file(town, tmp_path / "out.parquet", save_model=tmp_path / "model.json")
    text = (tmp_path / "model.json").read_text().lower()
    values = [
        str(v).lower() for row in townspeople() for k, v in row.items() if k in ("last_name", "birth_date", "ssn", "key_ssid") and v
    ]
    assert not [v for v in {*values, *(g.lower() for g in GIVEN)} if f'"{v}"' in text or f"'{v}'" in text]


def test_another_s_model_is_read_level_by_level_and_what_it_lacks_is_told(tmp_path: Path) -> None:
    """An analyst sees how each level was understood, what stands in for a level of ours, and which settings are not followed."""
    given = read_model(a_model(tmp_path))
    assert given.levels_read == 7
    assert given.model.prior == 0.001
    assert given.model.bits("first")[0] == pytest.approx(np.log2(90))
    # A nickname would have been left over in Splink; no weight is made up for it.
    assert given.model.bits("first")[1] == pytest.approx(np.log2(0.04 / 0.97))
    assert given.model.bits("birth")[5] == pytest.approx(np.log2(1 / 3))
    assert {"first: nickname as other", "birth: within a month as within a year"} <= set(given.instead)
    assert not given.model.bits("surname").any() and "surname" in given.silent
    assert dict(given.model.terms) == {"first": np.inf}
    assert given.set_aside == ("blocking_rules_to_generate_predictions",)


def test_a_model_without_term_frequencies_gives_a_rare_name_no_more_than_a_common_one(town: Path, tmp_path: Path) -> None:
    """Whoever switched them off in Splink did so for a reason."""
    people = read_people(town, {}, tmp_path)
    tuples = fold(people.records, people.id_columns, tmp_path)
    trained = match_people(tuples.people, tuples.keys).model
    weighed = []
    for terms in (trained.terms, {}):
        write_model(dataclasses.replace(trained, terms=terms), ["key_ssid"], tmp_path / "model.json")
        matched = match_people(tuples.people, tuples.keys, known=Known(read_model(tmp_path / "model.json").model))
        plain = plain_bits(compare_edges(matched), matched.model)
        weighed.append(np.abs(matched.edges.bits - plain).max())
    assert weighed[0] > 1
    assert weighed[1] <= 1 / QUANTUM


def compare_edges(matched: Matched) -> np.ndarray:
    """The levels of the pairs of a match. The town has one kind of key, and no two rows hold one."""
    none = np.zeros(len(matched.edges.left), dtype=bool)
    return compare(matched.coded, matched.edges.left, matched.edges.right, agreeing=none)


def test_a_level_that_splink_never_saw_weighs_as_it_does_there(tmp_path: Path) -> None:
    """Splink writes a sentence in place of a number, and reckons with one in a million."""
    path = a_model(tmp_path, lambda s: first(s)[2].update(m_probability="level not observed in training dataset"))
    assert read_model(path).model.m["first"][2] == 1e-6


def first(said: dict[str, Any]) -> list[dict[str, Any]]:
    """The levels of the first comparison."""
    return list(said["comparisons"][0]["comparison_levels"])


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "a likeness of ours at another limit": (
        lambda s: first(s)[2].update(sql_condition='jaro_winkler_similarity("first_name_l", "first_name_r") >= 0.8'), "IDN-027", "JW 0.92"),
    "another way to compare": (lambda s: first(s)[2].update(sql_condition='soundex("first_name_l") = soundex("first_name_r")'), "IDN-027", "JW 0.92"),
    "a column that is none of ours": (
        lambda s: first(s)[1].update(sql_condition='"occupation_l" = "occupation_r"'), "IDN-027", "Exact match on first_name"),
    "two columns crossed": (lambda s: first(s)[1].update(sql_condition='"first_name_l" = "last_name_r"'), "IDN-027", "Exact match on first_name"),
    "levels of two fields": (lambda s: first(s)[1].update(sql_condition='"last_name_l" = "last_name_r"'), "IDN-027", "several fields"),
    "a field compared twice": (lambda s: s["comparisons"].append(s["comparisons"][0]), "IDN-027", "second comparison of first"),
    "half the weight of rarity": (lambda s: first(s)[1].update(tf_adjustment_weight=0.5), "IDN-027", "term frequencies"),
    "rarity where names differ": (lambda s: first(s)[2].update(tf_adjustment_column="first_name"), "IDN-027", "term frequencies"),
    "a setting of another version": (lambda s: s.update(additional_rules=[]), "IDN-027", "additional_rules"),
    "a setting of a level": (lambda s: first(s)[1].update(clip=2), "IDN-027", "clip"),
    "silence that is a level": (lambda s: first(s)[0].update(is_null_level=False), "IDN-027", "saying nothing"),
    "a later way of writing": (lambda s: s.update(linker_uid="c2c_9_0123"), "IDN-027", "c2c_9"),
    "a level that was not trained": (lambda s: first(s)[2].pop("u_probability"), "IDN-028", "u_probability"),
    "a probability of two": (lambda s: first(s)[2].update(m_probability=2), "IDN-028", "m_probability"),
    "certainty before any evidence": (
        lambda s: s.update(probability_two_random_records_match=1), "IDN-028", "probability_two_random_records_match"),
    "no level for the rest": (lambda s: s["comparisons"][0]["comparison_levels"].pop(), "IDN-029", "other"),
    "no level for blanks": (lambda s: s["comparisons"][0]["comparison_levels"].pop(0), "IDN-029", "silent"),
    "no comparisons": (lambda s: s.pop("comparisons"), "IDN-026", "no settings file"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_known_is_refused_by_name(tmp_path: Path, case: str) -> None:
    """A level dropped in silence would shift every score, and nobody would know why."""
    change, code, named = REFUSED[case]
    with pytest.raises(errors.CodedError) as refusal:
        read_model(a_model(tmp_path, change))
    assert refusal.value.code == code
    assert named in f"{refusal.value.where} {refusal.value.what}"


def test_a_level_of_ours_whose_condition_was_changed_is_not_taken_for_ours(town: Path, tmp_path: Path) -> None:
    """The name says nickname; what it weighs is something else."""
    identity.match_file(town, tmp_path / "out.parquet", save_model=tmp_path / "model.json")
    said = json.loads((tmp_path / "model.json").read_text())
    level = next(x for x in first(said) if x["label_for_charts"] == "nickname")
    level["sql_condition"] = 'list_contains("known_as_l", "surname_r")'
    (tmp_path / "model.json").write_text(json.dumps(said))
    with pytest.raises(errors.CodedError, match=r"IDN-027.*nickname"):
        read_model(tmp_path / "model.json")


def test_the_command_line_saves_a_model_and_matches_by_it(town: Path, tmp_path: Path) -> None:
    """An analyst trains once, on a large file, and matches small ones by the same weights."""
    out, again, model = (str(tmp_path / name) for name in ("out.parquet", "again.parquet", "model.json"))
    run = CliRunner()
    assert run.invoke(app(), ["match", "file", str(town), out, "--save-model", model]).exit_code == 0
    said = run.invoke(app(), ["match", "file", str(town), again, "--model", model, "--json"])
    assert json.loads(said.stdout)["model"] == {"levels_read": 49, "silent": [], "instead": [], "set_aside": []}
    assert pl.read_parquet(out).equals(pl.read_parquet(again))
    table = run.invoke(app(), ["match", "file", str(town), again, "--model", str(a_model(tmp_path))])
    assert "nickname as other" in " ".join(table.stdout.split())
