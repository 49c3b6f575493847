"""For any small file of people, in any order: the match is the same."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from c2c import identity
from c2c.identity import _cluster
from spec.identity.town import persons, townspeople

PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "first_name": st.sampled_from(["Ana", "Ava", "Maria", "Mary", "Jose", "Pepe", None]),
            "last_name": st.sampled_from(["Quintero", "Quintera", "Quintero Solano", "Solano", "Unknown", None]),
            "birth_date": st.sampled_from(["2001-05-04", "2001-04-05", "2001-01-01", "1979-05-04", None]),
            "ssn": st.sampled_from(["520341111", "520341112", "637219845", "123456789", None]),
            "street_address": st.sampled_from(["12 Fig St", "12 Figg St", None]),
        }
    ),
    min_size=1,
    max_size=14,
)


# Not shrunk: each step of shrinking matches two files, and takes minutes where the failing rows say enough.
@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.too_slow])
@given(PEOPLE, st.randoms(use_true_random=False))
def test_row_order_never_changes_a_match(people: list[dict[str, str | None]], dice: random.Random) -> None:
    """A partner who sorts a file differently next year must not give anybody another's history."""
    rows = [{"record_id": f"r{n:02d}", **row} for n, row in enumerate(people)]
    shuffled = dice.sample(rows, len(rows))
    with tempfile.TemporaryDirectory() as folder:
        assert persons(rows, Path(folder)) == persons(shuffled, Path(folder))


def test_a_shuffled_town_is_matched_the_same(tmp_path: Path) -> None:
    """Many rows, so that ties, models and blocks all have a say."""
    rows = townspeople(seed=11)
    assert persons(rows, tmp_path) == persons(random.Random(3).sample(rows, len(rows)), tmp_path)


def test_people_are_the_same_in_however_many_buckets_they_are_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket is what a core takes at a time: it cuts no person in two, and leaves nobody out."""
    rows = townspeople(seed=11)
    whole = persons(rows, tmp_path)
    monkeypatch.setattr(_cluster, "BUCKET", 40)
    assert persons(rows, tmp_path) == whole


def test_a_placeholder_number_shared_by_ten_thousand_joins_nobody(tmp_path: Path) -> None:
    """An office that writes one number for want of another must not make one person of a city."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    n = 10_000
    table = pl.DataFrame(
        {
            "record_id": [str(i) for i in range(n)],
            "first_name": [letters[i % 26] + letters[i // 26 % 26] + letters[i // 676 % 26] * 2 + "el" for i in range(n)],
            "last_name": [letters[i // 7 % 26] + "o" + letters[i // 182 % 26] + letters[i * 11 % 26] + "ez" for i in range(n)],
            "birth_date": [f"{1940 + i * 7 % 70}-{1 + i % 12:02d}-{2 + i * 5 % 27:02d}" for i in range(n)],
            "ssn": ["520347777"] * n,
        }
    )
    table.write_parquet(tmp_path / "people.parquet")
    identity.match_file(tmp_path / "people.parquet", tmp_path / "persons.parquet")
    sizes = pl.read_parquet(tmp_path / "persons.parquet").group_by("person_id").len()["len"]
    assert sizes.max() == 1
