"""A17: somebody with two projects' extracts, who knows a rare path and an exact day, looks for people. Hashed names and whole rows fall; ours hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from c2c.disclosure import extracts
from unit.disclosure.test_extracts import ELEMENTS, a_plan, students

QUASI = ["sex", "home", "started", "path"]
RARE = "s0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two extracts of the same students for two projects. One of them went a way that nobody else went."""
    folder = tmp_path_factory.mktemp("two")
    rare = [{"year": str(2019 + n), "college": c} for n, c in enumerate(("U1", "C2", "U1", "C1", "U1"))]
    sent = students().filter(pl.col("student") != RARE)
    own = students().filter(pl.col("student") == RARE).head(1).drop("year", "college").join(pl.DataFrame(rare), how="cross")
    pl.concat([sent, own.select(sent.columns)]).write_parquet(folder / "s.parquet")
    for project, elements in (
        ("one", ("sex", "home", "started", "path", "pay")),
        ("two", ("sex", "home", "started", "path", "award")),
    ):
        plan = a_plan(folder, {n: ELEMENTS[n] for n in elements})
        extracts.deidentify_file(plan, folder / "s.parquet", folder / project, secret=hashlib.sha256(project.encode()).digest())
    return folder


def naive(folder: Path, name: str, outcome: str) -> pl.DataFrame:
    """What is often called de-identified: names hashed, the rest as it was."""
    rows = pl.read_parquet(folder / "s.parquet").sort("student", "year")
    each = rows.group_by("student", maintain_order=True).agg(
        pl.col("sex", "started", outcome).first(), home=pl.col("school").first(), path=pl.col("college").str.join(">")
    )
    hashed = [hashlib.sha256(f"{s}".encode()).hexdigest() for s in each["student"]]
    return each.with_columns(pl.Series("pseudonym", hashed)).drop("student")


def pairs(one: pl.DataFrame, two: pl.DataFrame) -> pl.DataFrame:
    """For every row of one extract, how many of the other's it may be, by all they have in common."""
    return one.select(QUASI).join(two.group_by(QUASI).agg(n=pl.len()), on=QUASI, how="inner")


def test_no_pseudonym_is_in_two_projects(folder: Path) -> None:
    """Hashes of names are the same wherever they are made; the two projects' share none."""
    one, two = naive(folder, "one", "pay"), naive(folder, "two", "award")
    assert len(one.join(two, on="pseudonym")) == len(one)
    ours = [set(pl.read_parquet(folder / p / "people.parquet")["pseudonym"]) for p in ("one", "two")]
    hashes = {hashlib.sha256(f"s{n}".encode()).hexdigest()[:32] for n in range(1500)}
    assert not ours[0] & ours[1] and not (ours[0] | ours[1]) & hashes


def test_two_extracts_cannot_be_joined_by_what_they_share(folder: Path) -> None:
    """By path, day, sex and home many naive rows are one row of the other extract; each of ours may be any of eleven."""
    assert (pairs(naive(folder, "one", "pay"), naive(folder, "two", "award"))["n"] == 1).sum() > 100
    one, two = (pl.read_parquet(folder / p / "people.parquet") for p in ("one", "two"))
    met = pairs(one, two)
    assert not len(met) or met["n"].min() >= 11  # type: ignore[operator]


def test_a_rare_path_or_an_exact_day_finds_nobody(folder: Path) -> None:
    """Whoever knows the only one who went that way, or the day somebody began, finds that row in the naive table and none in ours."""
    table = naive(folder, "one", "pay")
    path = "U1>C2>U1>C1>U1"
    assert (table["path"] == path).sum() == 1
    day = table.filter(pl.col("path") == path)["started"][0]
    assert len(table.filter((pl.col("started") == day) & (pl.col("path") == path))) == 1
    for project in ("one", "two"):
        ours = pl.read_parquet(folder / project / "people.parquet")
        found = ours.filter(pl.col("path") == path.replace(">", " > "))
        assert not len(found) or len(found) >= 11
        assert not ours["started"].str.contains(day, literal=True).any()
        assert ours.group_by(QUASI).len()["len"].min() >= 11  # type: ignore[operator]
