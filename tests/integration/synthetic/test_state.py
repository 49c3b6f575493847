"""The pretend state is for everybody who has no real one: whole for any seed, the same for the same seed, as large as asked."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from c2c import catalog, synthetic
from c2c.synthetic import _state
from c2c.synthetic._lives import Lives
from c2c.synthetic._map import draw_map
from c2c.synthetic._people import draw_people, write_people

PROGRAM = """
import sys
from pathlib import Path
from c2c import synthetic
folder = Path(sys.argv[1])
synthetic.make_state(folder / "inbox", people=1000, seed=3, truth=folder / "truth.parquet", institutions=folder / "places.parquet")
"""


@pytest.mark.parametrize("seed", [0, 3, 20_261])
def test_any_seed_makes_every_file(tmp_path: Path, seed: int) -> None:
    """All 41 files, each with the columns of its contract, and a truth for each row."""
    rows = synthetic.make_state(
        tmp_path / "inbox", people=1_000, seed=seed, truth=tmp_path / "truth.parquet", institutions=tmp_path / "places.parquet"
    )
    assert set(rows) == set(catalog.load().files)
    truth = pl.read_parquet(tmp_path / "truth.parquet").group_by("file").len()
    assert dict(truth.rows()) == rows
    assert len(pl.read_parquet(tmp_path / "truth.people.parquet")) == 1_000
    for path in (tmp_path / "inbox").rglob("*.csv"):
        layout = catalog.load().files[path.parent.name]
        assert path.read_text("utf-8").split("\n", 1)[0].split(",") == [e.element for e in layout.elements]


def test_the_truth_tells_who_is_whose_twin_and_who_bears_his_fathers_name(tmp_path: Path) -> None:
    """Whoever judges a match counts the families it mistakes: twins of one birth date, a son and a father of one name, never two brothers of one."""
    drawn = draw_map(_state.graduates_per_class(4_000), 4_000)
    people = draw_people(4_000, 1, drawn, twins=0.2, juniors=0.5)
    write_people(people, tmp_path / "truth.people.parquet")
    said = pl.read_parquet(tmp_path / "truth.people.parquet")
    assert said["person"].to_list() == list(range(4_000))
    assert set(said["race_ethnicity"]) <= set(catalog.load().code_sets["race_ethnicity"]) and set(said["gender"]) == {"F", "M"}
    twin, other = said.drop_nulls("twin_of").select("person", "twin_of").to_numpy().T
    assert (
        len(twin) > 200 and (people.birth[twin] == people.birth[other]).all() and (people.first[twin] != people.first[other]).all()
    )
    son, father = said.drop_nulls("junior_of").select("person", "junior_of").to_numpy().T
    assert len(son) > 50 and set(np.flatnonzero(people.suffix == "Jr")) <= set(son)
    assert (people.first[son] == people.first[father]).all() and (people.last[son] == people.last[father]).all()
    juniors = people.household[people.suffix == "Jr"]
    assert len(set(juniors)) == len(juniors)


def test_the_same_seed_makes_the_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    """Two people who name a seed speak of one state, whatever machines they have."""
    made = []
    for threads in ("1", "3"):
        folder = tmp_path / threads
        environment = os.environ | {"POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        environment["PYTHONPATH"] = str(Path(synthetic.__file__).resolve().parents[2])
        subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], check=True, env=environment)
        made.append({p.relative_to(folder): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.*"))})
    assert len(made[0]) > 41 and made[0] == made[1]


def test_another_seed_makes_another_state(tmp_path: Path) -> None:
    """The seed is heard: a second state has other people."""
    names = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        synthetic.make_state(folder, people=300, seed=seed, truth=folder / "t.parquet", institutions=folder / "p.parquet")
        names.append(pl.read_csv(folder / "cde" / "k12_person" / "2020.csv", infer_schema=False)["last_name"].to_list())
    assert names[0] != names[1]


def test_every_district_has_a_class_that_can_be_shown() -> None:
    """A district page without figures teaches nobody: 150 graduates in every class, also of the demo's smallest district."""
    people = 20_000
    drawn = draw_map(_state.graduates_per_class(people), people)
    lives = Lives(draw_people(people, 7, drawn), drawn, 7)
    for closing_year in _state.YEARS:
        year = lives.live(closing_year)
        classes = np.bincount(lives.district[year.graduated], minlength=drawn.n_districts)
        assert drawn.n_districts == 3 and classes.min() >= 150


def test_the_map_grows_with_the_people() -> None:
    """Real county codes alone, all 58 from a million people; districts of many sizes, none too small."""
    small, large = (draw_map(_state.graduates_per_class(n), n) for n in (20_000, 1_000_000))
    counties = {c for c in catalog.load().code_sets["county"] if c.startswith("06") and c != "06999"}
    assert len(counties) == 58 and set(large.district_county) == counties
    assert set(small.district_county) < counties
    sizes = large.weights * _state.graduates_per_class(1_000_000)
    assert large.n_districts > 80 and sizes.min() >= 165 and sizes.max() > 4 * sizes.min()
    assert len(large.ccc) > 50 and len(large.csu) == 23 and len(large.uc) == 9
