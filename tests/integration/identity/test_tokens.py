"""From names to tokens to people, by command, with no name in what is sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from c2c import cli, identity
from c2c.identity._errors import IdentityError
from spec.identity.town import persons, townspeople


def c2c(*arguments: object) -> int:
    """The exit status of a command, run as a person would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["c2c", *map(str, arguments)])
        return cli.main()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's file, and the same with tokens instead of names, by command."""
    folder = tmp_path_factory.mktemp("tokens")
    town(folder, "names.parquet", lambda _: True)
    assert c2c("tokenise", "--new-key", folder / "key") == 0
    tokenise(folder, folder / "names.parquet", folder / "tokens.parquet")
    return folder


def town(folder: Path, name: str, of: Callable[[str], bool]) -> None:
    """Some records of the town as a people file."""
    rows = [row for row in townspeople() if of(str(row["record_id"]))]
    pl.DataFrame(rows, infer_schema_length=None).drop("person").write_parquet(folder / name)


def tokenise(folder: Path, source: Path, target: Path, *more: object) -> None:
    """A file encoded by command under the key of the folder."""
    assert c2c("tokenise", source, target, "--key-file", folder / "key", *more) == 0


def figures(people: dict[str, str]) -> dict[str, float]:
    """Pairwise figures of the town's people."""
    links = pl.DataFrame({"record_id": list(people), "person_id": list(people.values())})
    truth = pl.DataFrame([{k: row[k] for k in ("record_id", "person")} for row in townspeople()])
    return identity.evaluate(links.to_arrow(), truth.to_arrow())


def test_people_without_names_are_matched_nearly_as_well(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A partner who may not send names loses at most three points of F1."""
    capsys.readouterr()
    assert c2c("match", "file", folder / "tokens.parquet", tmp_path / "people.csv", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    out = pl.read_csv(tmp_path / "people.csv", infer_schema=False)
    assert said["rows"] == len(out) == 900
    assert out["record_id"].to_list() == [row["record_id"] for row in townspeople()]
    without = figures(dict(out.select("record_id", "person_id").iter_rows()))
    named = figures(persons(townspeople(), tmp_path))
    assert without["f1"] >= named["f1"] - 0.03
    assert without["most_people_in_one_cluster"] <= named["most_people_in_one_cluster"]


def test_two_partners_files_are_one_match(folder: Path, tmp_path: Path) -> None:
    """A school and an employer each encode at home; laid together, their files join as if made by one hand."""
    parts = []
    for name in ("work", "school", "college"):
        town(tmp_path, f"{name}.parquet", lambda record, name=name: record.startswith(name))
        tokenise(folder, tmp_path / f"{name}.parquet", tmp_path / f"{name}.tokens.csv")
        parts.append(pl.read_csv(tmp_path / f"{name}.tokens.csv", infer_schema=False))
    pl.concat(parts, how="diagonal").write_csv(tmp_path / "all.csv")
    identity.match_file(tmp_path / "all.csv", tmp_path / "apart.parquet")
    identity.match_file(folder / "tokens.parquet", tmp_path / "together.parquet")
    apart, together = (
        dict(pl.read_parquet(tmp_path / f"{n}.parquet")["record_id", "person_id"].iter_rows()) for n in ("apart", "together")
    )
    assert apart == together


def test_a_column_map_names_the_columns(folder: Path, tmp_path: Path) -> None:
    """A partner's own names for columns serve here as they do everywhere."""
    pl.read_parquet(folder / "names.parquet").rename({"last_name": "Nachname"}).write_csv(tmp_path / "names.csv")
    (tmp_path / "map.toml").write_text('[rename]\nNachname = "last_name"\n')
    tokenise(folder, tmp_path / "names.csv", tmp_path / "tokens.parquet", "--map", tmp_path / "map.toml")
    assert pl.read_parquet(tmp_path / "tokens.parquet")["token_surname"].equals(
        pl.read_parquet(folder / "tokens.parquet")["token_surname"]
    )


def refused(table: pl.DataFrame, folder: Path) -> str:
    """The code with which a match of this file is refused."""
    table.write_parquet(folder / "mixed.parquet")
    with pytest.raises(IdentityError) as refusal:
        identity.match_file(folder / "mixed.parquet", folder / "out.parquet")
    assert not (folder / "out.parquet").exists()
    assert refusal.value.remedy
    return refusal.value.code


def test_names_beside_tokens_are_refused(folder: Path, tmp_path: Path) -> None:
    """Rows in clear would match none of the others, and nobody would know."""
    names, tokens = pl.read_parquet(folder / "names.parquet"), pl.read_parquet(folder / "tokens.parquet")
    some = names.head(3).with_columns((pl.lit("x-") + pl.col("record_id")).alias("record_id"))
    assert refused(pl.concat([tokens, some], how="diagonal"), tmp_path) == "IDN-019"
    assert refused(tokens.with_columns(ssn=pl.lit("520341111")), tmp_path) == "IDN-019"
    assert refused(tokens.with_columns(key_badge=pl.lit("77")), tmp_path) == "IDN-019"
    assert refused(tokens.drop("token_scheme"), tmp_path) == "IDN-019"


def test_two_keys_or_purposes_in_one_file_are_refused(folder: Path, tmp_path: Path) -> None:
    """Tokens under two keys never agree: the match would part everybody without a word."""
    tokenise(folder, folder / "names.parquet", tmp_path / "study.parquet", "--purpose", "another_study")
    both = [pl.read_parquet(path) for path in (folder / "tokens.parquet", tmp_path / "study.parquet")]
    assert refused(pl.concat([both[0].head(9), both[1].tail(9)], how="diagonal"), tmp_path) == "IDN-020"


def test_a_damaged_token_is_refused(folder: Path, tmp_path: Path) -> None:
    """A spreadsheet that turns tokens into numbers must not make strangers of people."""
    tokens = pl.read_parquet(folder / "tokens.parquet")
    for column, value in (("token_birth", "1.2E+31"), ("clk_first", "ab"), ("near_number", "xyz" * 16)):
        damaged = tokens.with_columns(pl.when(pl.int_range(pl.len()) == 5).then(pl.lit(value)).otherwise(column).alias(column))
        assert refused(damaged, tmp_path) == "IDN-021"


def test_a_refused_command_says_what_to_do_and_writes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever gave the wrong key or file reads what would be right."""
    wrong, names, key = tmp_path / "out.parquet", folder / "names.parquet", folder / "key"
    cases = {
        "IDN-023": (1, ("tokenise", names, wrong, "--key-file", folder / "nowhere")),
        "IDN-024": (1, ("tokenise", folder / "tokens.parquet", wrong, "--key-file", key)),
        "IDN-022": (1, ("tokenise", "--new-key", key)),
        "IDN-031": (1, ("match", "prepare", folder / "tokens.parquet", wrong)),
        "USE-001": (2, ("tokenise", names, wrong)),
    }
    for code, (status, arguments) in cases.items():
        assert c2c(*arguments) == status
        assert code in capsys.readouterr().err
        assert not wrong.exists()
