"""One pretend state of five thousand people, made once and looked at by every test."""

from __future__ import annotations

import pytest

from c2c import synthetic
from integration.synthetic.measured import State


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    """Its files, with the truth to tell who is who."""
    folder = tmp_path_factory.mktemp("state")
    truth = folder / "truth.parquet"
    synthetic.make_state(folder / "inbox", people=5_000, seed=7, truth=truth, institutions=folder / "institutions.parquet")
    return State(folder / "inbox", truth)
