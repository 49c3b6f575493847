"""Bad files are for learning and for tests: each is bad in the way it says, and the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from c2c import synthetic
from c2c.plumbing import errors

GOOD = "ssid,school_year,completion_date\n" + "".join(f"10000000{i:02d},2025-26,2026-06-09\n" for i in range(20))


@pytest.mark.parametrize("kind", [*synthetic.KINDS, *synthetic.UNUSUAL])
def test_a_kind_of_bad_file_is_the_same_each_time(tmp_path: Path, kind: str) -> None:
    """Who reports a fault found with a bad file can name it by kind and seed."""
    source = tmp_path / "good.csv"
    source.write_text(GOOD, "utf-8")
    for name in ("one", "two"):
        synthetic.spoil(source, kind, seed=3, target=tmp_path / name)
    made = (tmp_path / "one").read_bytes()
    assert made == (tmp_path / "two").read_bytes()
    assert (made == GOOD.encode()) == (kind in ("year_sent_twice", "latin_1"))


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    """A slip of the pen does not make a good file pass for a bad one."""
    source = tmp_path / "good.csv"
    source.write_text(GOOD, "utf-8")
    with pytest.raises(errors.WrongUse, match="SYN-001"):
        synthetic.spoil(source, "wrong_heading", seed=3, target=tmp_path / "bad.csv")
    assert not (tmp_path / "bad.csv").exists()
