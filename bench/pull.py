"""A pull and all public measures of Student Pathways against one hand-written set of DuckDB queries over the same opened trays, at three sizes.

`--sizes=2000,5000,20000`. Both write the pull's tables in the order of people and count the same figures, which are compared. Ours also seals the
pull, opens it again, writes the ledger and works out every split that the gate may be asked for.
"""

from __future__ import annotations

import itertools
import json
import pickle
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from _report import ROOT, Row, c2c, finish, run

YEAR = 2026
BAR = 1.5
QUERIES = Path(__file__).resolve().parent / "pull.sql"
FIGURES = """
    SELECT '{measure}' AS measure, academic_year, {group} AS of_group, '{dim}' AS dim, {category} AS category,
           count(*) AS n, {figure} AS figure
    FROM {table} WHERE {where} AND academic_year <= {newest} GROUP BY ALL
"""
# Measure, facts, base, figure, the newest cohort counted, and what else it is told by.
PERCENT, MEDIAN = "count(*) FILTER ({0})", "round(median({0}), 2)"
MEASURES = (
    ("hs_graduates", "hs_graduates", "true", "count(*)", 0, "''"),
    ("public_college_enrolled_1yr", "hs_graduates", "true", PERCENT.format("enrolled_public_1yr = 'yes'"), 1, "''"),
    ("not_seen_public_college_8yr", "hs_graduates", "true", PERCENT.format("not_seen_8yr = 'yes'"), 8, "''"),
    ("first_college_system", "hs_graduates", "first_system IS NOT NULL", "count(*)", 8, "first_system"),
    ("highest_award_8yr", "hs_graduates", "true", "count(*)", 8, "award_category"),
    ("left_without_award", "hs_graduates", "left_without_award IS NOT NULL", PERCENT.format("left_without_award = 'yes'"), 8, "''"),
    ("earnings_no_college", "hs_graduates", "earnings_no_college IS NOT NULL", MEDIAN.format("earnings_no_college"), 9, "''"),
    ("years_to_award", "graduate_awards", "true", MEDIAN.format("years_to_award"), 8, "award_category"),
    ("transfer_rate_6yr", "college_entrants", "true", PERCENT.format("transferred_6yr = 'yes'"), 6, "''"),
    ("transfer_bachelors_3yr", "transfers", "true", PERCENT.format("bachelor_3yr = 'yes'"), 3, "''"),
    ("employed_while_enrolled", "student_terms", "true", PERCENT.format("employed = 'yes'"), 0, "''"),
    ("earnings_while_enrolled", "student_years", "true", MEDIAN.format("earnings"), 0, "''"),
    ("earnings_1yr_after_award", "awards", "earnings_1yr IS NOT NULL", MEDIAN.format("earnings_1yr"), 2, "''"),
    ("earnings_3yr_after_award", "awards", "earnings_3yr IS NOT NULL", MEDIAN.format("earnings_3yr"), 4, "''"),
    ("employed_in_california_1yr", "awards", "employed IS NOT NULL", PERCENT.format("employed = 'yes'"), 2, "''"),
    ("earnings_left_without_award", "leavers", "true", MEDIAN.format("earnings"), 2, "''"),
)
PULLED = """
    SELECT person_id, filename, {columns} FROM sent_{file} JOIN links USING (record_key) WHERE person_id IS NOT NULL ORDER BY person_id
"""
DIMS = ("", "race_ethnicity", "gender")


def main() -> int:
    """Run both at each size, in processes of their own, and compare every figure."""
    asked = next((a.split("=", 1)[1] for a in sys.argv if a.startswith("--sizes=")), "2000,5000,20000")
    rows, timed = [], []
    for people in map(int, asked.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            site, trays = Path(folder) / "site", Path(folder) / "trays"
            c2c("demo", "--people", str(people), "--no-serve", "--json", "--site", str(site))
            _, _, out = run(sys.executable, __file__, "--open", str(site), str(trays))
            n_rows = json.loads(out)["rows"]
            said, theirs = (json.loads(run(sys.executable, __file__, how, str(site), str(trays))[2]) for how in ("--ours", "--sql"))
        _check_equal(said["figures"], theirs["figures"])
        ratio = said["seconds"] / theirs["seconds"]
        timed.append((people, said["seconds"], theirs["seconds"]))
        rows += [
            Row(f"{people:,} people: rows in the trays", n_rows, "rows"),
            Row(f"{people:,} people: figures, all equal", len(said["figures"]), "figures"),
            Row(f"{people:,} people: pull and measures", said["seconds"], "s", "DuckDB SQL", theirs["seconds"], ratio),
            Row(f"{people:,} people: of it, assembling and sealing", said["assembled"], "s"),
            Row(
                f"{people:,} people: peak memory", said["peak"], "MiB", "DuckDB SQL", theirs["peak"], said["peak"] / theirs["peak"]
            ),
        ]
    for (fewer, s1, t1), (more, s2, t2) in itertools.pairwise(timed):
        rows.append(
            Row(f"cost grows from {fewer:,} to {more:,} people by", s2 / s1, "times", "DuckDB SQL", t2 / t1, s2 / s1 * t1 / t2)
        )
    if len(timed) > 1:
        # Building the expressions takes the same second at any size. The bar is for a million people, where only what each person adds counts.
        (fewer, s1, t1), (more, s2, t2) = timed[0], timed[-1]
        added = (s2 - s1) / (t2 - t1)
        rows.append(Row(f"{fewer:,} to {more:,} people: each added costs", added, "times", bar=f"≤ {BAR}", holds=added <= BAR))
    return finish("pull", rows)


def open_trays(site_path: Path, folder: Path) -> dict[str, object]:
    """Open the records trays and the links once, for both."""
    from c2c import identity, vault
    from c2c.cycle._pulls import match_permit, purpose_permit
    from c2c.plumbing.site import open_site, scratch

    site, rows = open_site(site_path), 0
    leave = purpose_permit(site, "public_tools", year=YEAR, actor="operator")
    kept = []
    with scratch(site) as private:
        links = identity.open_links(site, private, permit=match_permit(site, year=YEAR, actor="operator"))
        folder.mkdir(parents=True)
        shutil.copyfile(links.path, folder / "links.parquet")
        for tray in vault.open_trays(site, "records", permit=leave, scratch=private):
            place = folder / tray.submission.file / f"{tray.submission.period}.parquet"
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(tray.path, place)
            kept.append((tray.submission, place, tray.rows))
            rows += tray.rows
    (folder / "kept.pickle").write_bytes(pickle.dumps((links.run_id, links.rows, kept)))
    wanted: dict[str, set[str]] = {}
    for path in leave.elements:
        _, file, element = path.split(".")
        wanted.setdefault(file, {"age_bracket", "has_ssn"}).add(element)
    (folder / "wanted.pickle").write_bytes(pickle.dumps(wanted))
    return {"rows": rows}


def ours(site_path: Path, folder: Path) -> dict[str, object]:
    """The product's way: assemble, seal, open, work out the facts, count."""
    import duckdb

    from c2c import linkage
    from c2c.cycle._pulls import purpose_permit
    from c2c.plumbing.site import open_site, scratch
    from c2c.vocabulary import Links, Records

    site = open_site(site_path)
    shutil.rmtree(site.root / "pulls")
    run_id, n_links, kept = pickle.loads((folder / "kept.pickle").read_bytes())  # noqa: S301 - written by this very benchmark
    links = Links(run_id, folder / "links.parquet", n_links)
    leave = purpose_permit(site, "public_tools", year=YEAR, actor="operator")
    start = perf_counter()
    pull = linkage.assemble(site, "public_tools", records=(Records(*row) for row in kept), links=links, permit=leave)
    assembled = perf_counter() - start
    with scratch(site) as private, duckdb.connect() as engine:
        for name, path in linkage.facts(site, pull.pull_id, private, permit=leave, year=YEAR).items():
            engine.read_parquet(str(path)).create_view(name)
        figures = count(engine)
    return {"assembled": assembled, "seconds": perf_counter() - start, "figures": figures, "peak": _peak()}


def by_sql(site_path: Path, folder: Path) -> dict[str, object]:
    """The same figures by hand-written queries over the opened trays."""
    import duckdb

    start = perf_counter()
    with duckdb.connect() as engine:
        engine.read_parquet(str(folder / "links.parquet")).create_view("links")
        wanted = pickle.loads((folder / "wanted.pickle").read_bytes())  # noqa: S301 - written by this very benchmark
        for place in sorted(p for p in folder.iterdir() if p.is_dir()):
            sent = engine.read_parquet(f"{place}/*.parquet", union_by_name=True, filename=True)
            sent.create_view(f"sent_{place.name}")
            columns = ", ".join(c for c in sent.columns if c in wanted[place.name])
            engine.sql(PULLED.format(columns=columns, file=place.name)).write_parquet(
                str(folder / f"{place.name}.pulled.parquet"), compression="zstd"
            )
        engine.read_parquet(str(site_path / "institutions.parquet")).create_view("institutions")
        for name in ("award_categories", "consumer_prices", "terms"):
            engine.read_csv(str(ROOT / "src" / "c2c" / "linkage" / f"{name}.csv")).create_view(name)
        engine.execute(QUERIES.read_text("utf-8"))
        figures = count(engine)
    return {"seconds": perf_counter() - start, "figures": figures, "peak": _peak()}


def count(engine: object) -> list[list[object]]:
    """Every measure by cohort: of the state, by race and ethnicity, by gender."""
    return sorted([*map(str, row[:-2]), *row[-2:]] for query in _queries() for row in engine.sql(query).fetchall())  # type: ignore[attr-defined]


def _queries() -> Iterator[str]:
    for measure, table, where, figure, horizon, category in MEASURES:
        for dim in DIMS:
            yield FIGURES.format(
                measure=measure,
                table=table,
                where=where,
                figure=figure,
                newest=YEAR - horizon,
                category=category,
                dim=dim,
                group=dim or "'state'",
            )


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _check_equal(ours: list[list[object]], theirs: list[list[object]]) -> None:
    """Every figure of one is in the other; medians may differ by the cent that sums of floating dollars are rounded to."""
    assert len(ours) == len(theirs), (len(ours), len(theirs))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[:-1] == other[:-1] and abs(float(str(mine[-1])) - float(str(other[-1]))) < 0.011, (mine, other)


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("--open", "--ours", "--sql"):
        sys.path.remove(str(Path(__file__).resolve().parent))  # `public.py` beside us would hide a library of that name
        act = {"--open": open_trays, "--ours": ours, "--sql": by_sql}[sys.argv[1]]
        print(json.dumps(act(Path(sys.argv[2]), Path(sys.argv[3]))))
        sys.exit(0)
    sys.exit(main())
