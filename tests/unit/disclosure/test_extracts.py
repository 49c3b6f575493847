"""Research extracts: nobody is among fewer than eleven alike, what was done is said, and what cannot be protected is refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from builders import a_permit, a_site
from c2c import audit, governance
from c2c.disclosure import TooRevealing, extracts
from c2c.disclosure.extracts._codebook import _counts
from c2c.disclosure.extracts._people import people_of, read_tables
from c2c.disclosure.extracts._plan import Element
from c2c.disclosure.extracts._recode import Ladder, climb
from c2c.disclosure.extracts._recount import count_alike
from c2c.disclosure.extracts._search import _code, _codes, _Search
from c2c.plumbing import clock

SECRET = bytes(range(32))
ELEMENTS = {
    "sex": 'from = "sex"\nkind = "code"\nrole = "quasi"',
    "home": 'from = "school"\nkind = "place"\nrole = "quasi"',
    "started": 'from = "started"\nkind = "date"\nrole = "quasi"',
    "path": 'from = [{place = "college", by = "year"}]\nkind = "trajectory"\nrole = "quasi"',
    "pay": 'from = "pay"\nkind = "money"\nrole = "sensitive"',
    "award": 'from = "award"\nkind = "code"\nrole = "sensitive"',
}


def a_plan(folder: Path, elements: dict[str, str] = ELEMENTS, *, head: str = 'person = "student"') -> extracts.Plan:
    """A plan with these elements."""
    text = head + "".join(f'\n[[elements]]\nname = "{name}"\n{said}' for name, said in elements.items())
    path = folder / "plan.toml"
    path.write_text(text, "utf-8")
    return extracts.read_plan(path)


def students(n: int = 1500, seed: int = 5) -> pl.DataFrame:
    """Students with one row for each year they studied; what is theirs alone stands on each of their rows."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        own = {
            "student": f"s{i}",
            "sex": str(rng.choice(["F", "M"])),
            "school": str(rng.choice(["19647330000000", "01100170000000", "37683380000000"], p=[0.6, 0.3, 0.1])),
            "started": str(np.datetime64("2018-08-20") + rng.integers(0, 200)),
            "pay": float(np.exp(rng.normal(10.3, 0.6)).round(2)),
            "award": str(rng.choice(["none", "associate", "bachelor", "certificate"], p=[0.5, 0.2, 0.2, 0.1])),
        }
        college = rng.choice(["C1", "C2", "U1"], p=[0.6, 0.3, 0.1])
        for year in range(2019, 2019 + int(rng.integers(1, 4))):
            college = rng.choice(["C1", "C2", "U1"]) if rng.random() < 0.1 else college
            rows.append(own | {"year": str(year), "college": str(college)})
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """An extract of these students, and what its codebook says."""
    folder = tmp_path_factory.mktemp("extract")
    students().write_csv(folder / "students.csv")
    said = extracts.deidentify_file(a_plan(folder), folder / "students.csv", folder / "out", secret=SECRET)
    return folder / "out", said


def recount(data: Path, quasi: list[str], outcomes: list[str]) -> dict[str, Any]:
    """k, l and t from the file alone, in SQL, by nothing of ours."""
    by = ", ".join(quasi)
    with duckdb.connect() as engine:
        engine.execute(f"CREATE VIEW p AS SELECT * FROM '{data}'")  # noqa: S608 - our own names
        (k,) = engine.execute(f"SELECT min(n) FROM (SELECT count(*) n FROM p GROUP BY {by})").fetchall()[0]  # noqa: S608 - our own names
        found: dict[str, Any] = {"k": k}
        for o in outcomes:
            query = f"""
                WITH g AS (SELECT {by}, count(*) n, count(DISTINCT {o}) n_outcomes FROM p GROUP BY {by}),
                o AS (SELECT {o} v, count(*) / (SELECT count(*) FROM p) share FROM p GROUP BY v),
                c AS (SELECT {by}, {o} v, count(*) n_here FROM p GROUP BY {by}, v),
                d AS (SELECT g.*, abs(coalesce(c.n_here, 0) / g.n - o.share) apart FROM g CROSS JOIN o
                      LEFT JOIN c ON {" AND ".join(f"c.{q} = g.{q}" for q in quasi)} AND c.v = o.v)
                SELECT (SELECT min(n_outcomes) FROM g), max(t) FROM (SELECT sum(apart) / 2 t FROM d GROUP BY {by})
            """  # noqa: S608 - our own names
            least, apart = engine.execute(query).fetchall()[0]
            found[o] = (least, round(apart, 4))
    return found


def test_k_l_and_t_are_what_another_count_finds(made: tuple[Path, dict[str, Any]]) -> None:
    """A researcher's privacy office counts the file itself: it comes to the figures of the codebook, and eleven, three and one row a person hold."""
    folder, said = made
    counted = recount(folder / "people.parquet", ["sex", "home", "started", "path"], ["pay", "award"])
    proof = said["proof"]
    assert counted["k"] == proof["k"] >= 11
    assert {o: counted[o][0] for o in ("pay", "award")} == {o: said["proof"]["outcomes"][o]["l"] for o in ("pay", "award")}
    assert min(counted["pay"][0], counted["award"][0]) >= 3
    assert counted["award"][1] == pytest.approx(proof["outcomes"]["award"]["t"], abs=1e-4)
    table = pl.read_parquet(folder / "people.parquet")
    assert table["pseudonym"].is_sorted(), "a row's place says whose it is"
    assert table["pseudonym"].n_unique() == len(table) == said["people"] >= 0.95 * 1500


def test_bands_next_to_each_other_are_nearer_than_bands_apart() -> None:
    """Of outcomes that have an order, t counts how far they would have to be moved; worked out by hand."""
    pay = Ladder(Element("pay", (), "money", "sensitive"), (), (), order=("low", "middle", "high"))
    table = pl.DataFrame({"sex": ["F", "F", "M", "M"], "pay": ["low", "low", "middle", "high"]})
    assert count_alike(table, ["sex"], [pay])["outcomes"]["pay"] == {"l": 1, "t": 0.375}


def test_one_small_count_in_a_codebook_is_not_the_total_minus_the_rest() -> None:
    """The extract's size is told, so that a blank alone would give itself away."""
    told = {c["value"]: c["people"] for c in _counts({"a": 4, "b": 30, "c": 60, "d": 80})}
    assert told["a"] is None and list(told.values()).count(None) == 2


def test_the_recoding_found_is_the_one_of_least_loss(tmp_path: Path) -> None:
    """No recoding that would protect as well tells more: every one of them is tried here."""
    students(400).write_csv(tmp_path / "s.csv")
    plan = a_plan(tmp_path)
    tables = read_tables(plan, {"": tmp_path / "s.csv"})
    people = people_of(plan, tables)
    ladders = {e.name: climb(e, people, tables) for e in plan.elements}
    coded = [_code(ladders[e.name]) for e in plan.of("quasi")]
    search = _Search(11, 3, coded, [_codes(ladders[e.name].words[0])[0] for e in plan.of("sensitive")])
    every = {n: search._judge(n) for n in itertools.product(*(range(len(c.steps)) for c in coded))}
    least = min((loss, node) for node, loss in every.items() if loss is not None)
    found = search.best()
    assert found and (found.loss, found.recoding) == least
    assert found.tried < len(every) / 3


def test_fewer_than_eleven_alike_are_refused_and_recoded_they_pass(tmp_path: Path) -> None:
    """As collected the table is refused, with the elements that cost most and no value; with steps to take, it is made."""
    students().write_csv(tmp_path / "s.csv")
    exact = {n: said + (f'\ncoarsest = "{step}"' if (step := {"started": "month", "path": "places", "sex": "as_is"}.get(n)) else "") for n, said in ELEMENTS.items()}  # fmt: skip
    with pytest.raises(TooRevealing, match="DSC-028") as refused:
        extracts.deidentify_file(a_plan(tmp_path, exact), tmp_path / "s.csv", tmp_path / "out", secret=SECRET)
    assert "started" in refused.value.what and "path" in refused.value.what and "2018" not in str(refused.value)
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*.part"))
    assert extracts.deidentify_file(a_plan(tmp_path), tmp_path / "s.csv", tmp_path / "out", secret=SECRET)["proof"]["k"] >= 11


def test_persons_are_counted_and_not_their_rows(tmp_path: Path) -> None:
    """Four people of three rows each are twelve rows and four people: they are not enough."""
    rows = [{"student": f"s{i}", "sex": "F", "year": str(y), "award": f"a{i}"} for i in range(4) for y in range(3)]
    pl.DataFrame(rows).write_csv(tmp_path / "s.csv")
    with pytest.raises(TooRevealing, match="DSC-028"):
        extracts.deidentify_file(a_plan(tmp_path, {n: ELEMENTS[n] for n in ("sex", "award")}), tmp_path / "s.csv", tmp_path / "out")


def test_people_alike_of_whom_an_outcome_is_certain_are_refused(tmp_path: Path) -> None:
    """A hundred women who all have one award are many, and everybody knows which: eleven alike are not enough."""
    rows = [{"student": f"s{i}", "sex": "F" if i % 2 else "M", "award": "none" if i % 2 else f"a{i % 6}"} for i in range(200)]
    pl.DataFrame(rows).write_csv(tmp_path / "s.csv")
    plan = {"sex": ELEMENTS["sex"] + '\ncoarsest = "as_is"', "award": ELEMENTS["award"]}
    with pytest.raises(TooRevealing, match="DSC-028"):
        extracts.deidentify_file(a_plan(tmp_path, plan), tmp_path / "s.csv", tmp_path / "out")


def test_too_much_lost_is_refused(tmp_path: Path) -> None:
    """An extract that would tell next to nothing is not worth its risk; what cost most is named."""
    rows = [{"student": f"s{i}", "sex": f"x{i}", "award": f"a{i % 5}"} for i in range(200)]
    pl.DataFrame(rows).write_csv(tmp_path / "s.csv")
    with pytest.raises(TooRevealing, match="DSC-029") as refused:
        extracts.deidentify_file(a_plan(tmp_path, {n: ELEMENTS[n] for n in ("sex", "award")}), tmp_path / "s.csv", tmp_path / "out")
    assert "sex" in refused.value.what


def test_the_same_people_give_the_same_bytes(tmp_path: Path, made: tuple[Path, dict[str, Any]]) -> None:
    """In whatever order the rows come, every file of the extract is the same under the same key."""
    students().sample(fraction=1, shuffle=True, seed=9).write_csv(tmp_path / "students.csv")
    extracts.deidentify_file(a_plan(tmp_path), tmp_path / "students.csv", tmp_path / "out", secret=SECRET)
    for name in ("people.parquet", "codebook.json", "codebook.md", "croissant.json"):
        assert (tmp_path / "out" / name).read_bytes() == (made[0] / name).read_bytes()


def test_the_codebook_says_what_was_done_and_no_small_count(made: tuple[Path, dict[str, Any]]) -> None:
    """For each element its step, loss and words; a count below eleven is blank, and so is enough beside it; no exact value is in any file."""
    folder, _ = made
    said = json.loads((folder / "codebook.json").read_text("utf-8"))
    for element in said["elements"]:
        counts = [c["people"] for c in element["categories"]]
        known = [n for n in counts if n is not None]
        assert element["done"] and min(known, default=11) >= 11
        assert counts.count(None) != 1 and (None not in counts or said["people"] - sum(known) >= 11)
    pay = next(e for e in said["elements"] if e["name"] == "pay")
    assert None in [c["people"] for c in pay["categories"]] and "or more is one band" in pay["done"]
    told = (folder / "codebook.md").read_text("utf-8") + pl.read_parquet(folder / "people.parquet").write_csv()
    sent = students()
    assert not [v for c in ("student", "started", "school") for v in sent[c].unique() if v in told.replace("\n", ",").split(",")]
    croissant = json.loads((folder / "croissant.json").read_text("utf-8"))
    assert [f["name"] for f in croissant["recordSet"][0]["field"]] == pl.read_parquet(folder / "people.parquet").columns
    assert said["intruder"]["people"] >= 11 and said["intruder"]["singled_out"] == 0 and said["intruder"]["fewest_candidates"] >= 11


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"head": 'person = "nobody"'}, "DSC-022"),
        ({"sex": 'from = "gone"\nkind = "code"\nrole = "quasi"'}, "DSC-022"),
        ({"sex": 'from = "sex"\nkind = "colour"\nrole = "quasi"'}, "DSC-020"),
        ({"sex": 'from = "sex"\nkind = "code"\nrole = "plain"'}, "DSC-020"),
        ({"sex": 'from = "sex"\nkind = "code"\nrole = "quasi"\ncoarsest = "county"'}, "DSC-020"),
        ({"started": 'from = "started"\nkind = "date"\nrole = "sensitive"'}, "DSC-020"),
        ({"head": 'person = "student"\nleast_people = 5'}, "DSC-020"),
        ({"head": 'person = "student"\nshow_all = true'}, "DSC-020"),
        ({"pay": 'from = "award"\nkind = "money"\nrole = "sensitive"'}, "DSC-025"),
        ({"award": 'from = "sex"\nkind = "code"\nrole = "sensitive"'}, "DSC-027"),
        ({"started": 'from = "started"\nkind = "code"\nrole = "quasi"\nlevels = "none.csv"'}, "DSC-026"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_by_its_code(tmp_path: Path, change: dict[str, str], code: str) -> None:
    """Missing columns, unknown keys, loosened rules and values of another kind are said before anything is written."""
    students(60).write_csv(tmp_path / "s.csv")
    with pytest.raises(TooRevealing, match=code):
        plan = a_plan(tmp_path, ELEMENTS | {k: v for k, v in change.items() if k != "head"}, head=change.get("head", 'person = "student"'))  # fmt: skip
        extracts.deidentify_file(plan, tmp_path / "s.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_empty_file_and_a_folder_that_is_there_are_refused(tmp_path: Path) -> None:
    """Nobody in the table makes no extract, and no extract is written over another."""
    students(60).clear().write_csv(tmp_path / "s.csv")
    with pytest.raises(TooRevealing, match="DSC-023"):
        extracts.deidentify_file(a_plan(tmp_path), tmp_path / "s.csv", tmp_path / "out")
    (tmp_path / "out").mkdir()
    with pytest.raises(TooRevealing, match="DSC-033"):
        extracts.deidentify_file(a_plan(tmp_path), tmp_path / "s.csv", tmp_path / "out")
    (tmp_path / "nothing.csv").write_text("", "utf-8")
    with pytest.raises(TooRevealing, match="DSC-022"):
        extracts.deidentify_file(a_plan(tmp_path), tmp_path / "nothing.csv", tmp_path / "other")


SITE = {
    "campus": 'from = [{place = "csu.csu_enrollment.campus_code", by = "academic_year", sort = "CSU"}]\nkind = "trajectory"\nrole = "quasi"',
    "award": 'from = "csu.csu_award.award_type"\nkind = "code"\nrole = "sensitive"',
}
HEAD = 'people = "csu.csu_enrollment"\nyears = [2019, 2026]'


def of_a_pull(folder: Path) -> dict[str, Path]:
    """Two tables as a pull has them."""
    people = [f"{n:032x}" for n in range(300)]
    pl.DataFrame({"pseudonym": people, "campus_code": ["01", "02", "03"] * 100, "academic_year": "2019-20", "period": 2020}).write_parquet(folder / "e.parquet")  # fmt: skip
    pl.DataFrame({"pseudonym": people, "award_type": [f"a{n % 4}" for n in range(300)], "period": 2020}).write_parquet(folder / "a.parquet")  # fmt: skip
    return {"csu.csu_enrollment": folder / "e.parquet", "csu.csu_award": folder / "a.parquet"}


def test_a_sites_extract_is_in_ledger_and_record_and_its_projects_end_is_final(tmp_path: Path) -> None:
    """What left is written down before it leaves. Closed, a project's pseudonyms cannot be made again, under its name or any."""
    site, permit = a_site(tmp_path), None
    plan = a_plan(tmp_path, SITE, head=HEAD)
    permit = a_permit(site, "research")
    tables = of_a_pull(tmp_path)
    made = [extracts.deidentify(site, plan, tables, tmp_path / f"out{n}", permit=permit, project=p, receipt={"pull": "research-1"}) for n, p in enumerate(("one", "one", "two"))]  # fmt: skip
    first, again, other = (pl.read_parquet(tmp_path / f"out{n}" / "people.parquet")["pseudonym"] for n in range(3))
    assert set(first) == set(again) and not set(first) & set(other) and not set(first) & {f"{n:032x}" for n in range(300)}
    entries = [e for e in audit.entries(site) if e["event"] == "disclosure:extract:cleared"]
    assert [e["sha256"] for e in entries] == [m["sha256"] for m in made] and entries[0]["pull"] == "research-1"
    assert sorted(p.stem for p in (site.root / "ledger" / "extracts").glob("*.json")) == sorted({m["extract"] for m in made})
    assert extracts.close_project(site, "one", actor="operator") and not (site.root / "keys" / "project" / "one.key").exists()
    assert not extracts.close_project(site, "one", actor="operator")
    for project, code in (("one", "closed"), ("../one", "named by"), ("three", "no such")):
        with pytest.raises(TooRevealing, match="DSC-032") as refused:
            if code == "no such":
                extracts.close_project(site, project, actor="operator")
            extracts.deidentify(site, plan, tables, tmp_path / "late", permit=permit, project=project, receipt={})
        assert code in refused.value.what
    assert not (tmp_path / "late").exists()


def test_what_nobody_approved_is_in_no_extract(tmp_path: Path) -> None:
    """A plan that names an element beyond the permit, a person's number, or takes a known thing lightly is refused before data are read."""
    site = a_site(tmp_path)
    approved = a_plan(tmp_path, SITE, head=HEAD).paths
    permit = governance.permit(site, "research", actor="operator", elements=approved, years=(2019, 2026), today=clock.today())
    gpa = {"gpa": 'from = "csu.csu_enrollment.pell_recipient"\nkind = "code"\nrole = "sensitive"'}
    with pytest.raises(governance.NotPermitted, match="GOV-007"):
        extracts.deidentify(site, a_plan(tmp_path, SITE | gpa, head=HEAD), {}, tmp_path / "out", permit=permit, project="one", receipt={})  # fmt: skip
    with pytest.raises(governance.NotPermitted, match="GOV-007"):
        extracts.deidentify(site, a_plan(tmp_path, SITE, head=HEAD), {}, tmp_path / "out", permit=a_permit(site), project="one", receipt={})  # fmt: skip
    for column, role in (("csu_student_id", "quasi"), ("campus_code", "sensitive")):
        light = {"light": f'from = "csu.csu_enrollment.{column}"\nkind = "code"\nrole = "{role}"'}
        with pytest.raises(TooRevealing, match="DSC-021"):
            extracts.deidentify(site, a_plan(tmp_path, SITE | light, head=HEAD), {}, tmp_path / "out", permit=permit, project="one", receipt={})  # fmt: skip
    assert not (tmp_path / "out").exists()
