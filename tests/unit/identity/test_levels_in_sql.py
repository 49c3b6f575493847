"""The levels of the match as SQL, beside the match's own comparison of the same pairs."""

from __future__ import annotations

import random

import duckdb
import numpy as np
import polars as pl
import pytest

from c2c.identity._arrays import among
from c2c.identity._coded import FIELDS, TERMS, Coded
from c2c.identity._collapse import fold
from c2c.identity._compare import LEVEL_NAMES, NULL, compare
from c2c.identity._settings import conditions
from c2c.identity.splink._prepare import comparison_copy

GIVEN = (
    "Ana",
    "Ava",
    "Anna",
    "William",
    "Bill",
    "Maria",
    "Marla",
    "Mary",
    "J",
    "Julia",
    "Daniel",
    "Daniela",
    "Xicara",
    "Weber",
    "José",
    None,
)
FAMILY = (
    "Quintero",
    "Quintera",
    "Weber Zapata",
    "Weber",
    "Zapata",
    "Solano",
    "Julia",
    "Daniel",
    "Xicara",
    "de la Cruz",
    "Gonzales",
    "Gonzalez",
    "Solis",
    "Solos",
    "Quiroga",
    None,
)
MIDDLE = ("Lee", "L", "Ann", "Anne", "Maria", "Bill", None, None)
BIRTHS = ("2001-05-04", "2001-04-05", "2001-05-14", "2001-05-29", "2001-06-13", "2002-01-30", "2009-05-04", "1969-11-13", "1994-01-01", "20O1-0?-04",
          "2001-05-40", None)  # fmt: skip
NUMBERS = ("520341111", "520341112", "520341121", "637219845", "530441234", None, None)
STREETS = ("12 Fig Street", "12 Figg St", "9 Oak St", None)
TOWNS = (
    ("90001", "Los Angeles"),
    ("90002", "Los Angeles"),
    ("95814", "Sacramento"),
    (None, "Sacramento"),
    ("90001", None),
    (None, None),
)


def a_mixed_crowd(n: int = 900) -> pl.DataFrame:
    """Rows that share names, dates, numbers and places in every way."""
    dice = random.Random(3)
    rows = []
    for i in range(n):
        place = dice.choice(TOWNS)
        rows.append(
            {"record_key": f"r{i:04d}", "n_records": 1, "first_name": dice.choice(GIVEN), "last_name": dice.choice(FAMILY),
             "middle_name": dice.choice(MIDDLE), "birth_date": dice.choice(BIRTHS), "ssn": dice.choice(NUMBERS), "street_address": dice.choice(STREETS),
             "address_zip": place[0], "address_city": place[1], "gender": dice.choice("FM"), "name_suffix": dice.choice(("Jr", "Sr", None, None)),
             "former_last_name": dice.choice((None, None, "Solano")), "alias_first_name": dice.choice((None, None, "Bill")),
             "email": dice.choice((None, "a@b.org", "c@d.org")), "phone": dice.choice((None, "9165550100", "9165550101")), "source": dice.choice("ab"),
             "id:key_a:01": dice.choice((None, None, "4471", "4472", "9999")), "id:key_b:01": dice.choice((None, None, None, "771", "885"))}
        )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Coded, pl.DataFrame]:
    """The crowd as the match reads it, and as the table for Splink."""
    tuples = fold(a_mixed_crowd(), ["id:key_a:01", "id:key_b:01"], tmp_path_factory.mktemp("crowd"))
    # Nearly all here is held by many: what the screens would say is said for them, so that every level is met.
    learnt = Coded(tuples.people, tuples.keys).learnt().drop_nulls("share")
    stand_ins = pl.DataFrame({"field": ["default", "shared number"], "value": ["19940101", "530441234"]})
    coded = Coded(tuples.people, tuples.keys, pl.concat([learnt, stand_ins], how="diagonal"))
    return coded, comparison_copy(coded, pl.read_parquet(tuples.people))


@pytest.mark.parametrize("field", FIELDS)
def test_a_level_said_in_sql_is_the_level_of_the_match(crowd: tuple[Coded, pl.DataFrame], field: str) -> None:
    """An analyst who scores in Splink must weigh what the match weighs, pair by pair."""
    coded, table = crowd
    left, right = (x.astype(np.int64) for x in np.triu_indices(coded.n, 1))
    some = np.random.default_rng(5).permutation(len(left))[:120_000]
    left, right = left[some], right[some]
    held = coded.keys.filter(~pl.col("shared")).select("row", "code")
    both = held.join(held, on="code", suffix="_b").filter(pl.col("row") < pl.col("row_b"))
    agreeing = np.unique(both["row"].to_numpy().astype(np.int64) * coded.n + both["row_b"].to_numpy())
    ours = compare(coded, left, right, agreeing=among(left * coded.n + right, agreeing))[:, FIELDS.index(field)]
    pairs = pl.DataFrame({"place": np.arange(len(left)), "i": left, "j": right})
    rows = table.with_row_index("row")
    sides = [rows.select(pl.all().name.suffix(s)) for s in ("_l", "_r")]
    cases = " ".join(
        f"else {code}" if sql == "ELSE" else f"when {sql} then {code}"
        for name, sql in conditions(field, ["key_a", "key_b"]).items()
        for code in [NULL if name == "silent" else LEVEL_NAMES[field].index(name)]
    )
    engine = duckdb.connect()
    for name, frame in (("pairs", pairs), ("lefts", sides[0]), ("rights", sides[1])):
        engine.register(name, frame.to_arrow())
    engine.sql("create view both_sides as select * from pairs join lefts on i = row_l join rights on j = row_r")
    said = engine.view("both_sides").project(f"place, case {cases} end as level").order("place").pl()["level"]
    assert said.to_list() == ours.tolist()
    seen = {LEVEL_NAMES[field][level] for level in set(ours.tolist()) - {NULL}}
    assert seen == set(LEVEL_NAMES[field]), "a level that no pair shows is not tested"


def test_the_table_for_splink_says_how_common_each_value_is(crowd: tuple[Coded, pl.DataFrame]) -> None:
    """Splink would count rows, and a person of many rows would make a name look common."""
    coded, table = crowd
    for field in TERMS:
        known = table.filter(pl.col(field).is_not_null())
        assert known[f"tf_{field}"].to_list() == pytest.approx(
            coded.shares[field][coded.code[field][coded.code[field] >= 0]].tolist()
        )
