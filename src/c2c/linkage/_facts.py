"""Facts: one table per population, one row per unit and cohort, with what each measure counts. They go to the gate and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import ibis
import polars as pl
import pyarrow.parquet as pq

from c2c import audit
from c2c.linkage import _derive
from c2c.linkage._measures import student_pathways
from c2c.linkage._pulls import LinkageError, open_tables
from c2c.plumbing import engines
from c2c.plumbing.site import Site
from c2c.vocabulary import Permit


class Bench:
    """Named tables on one engine: read from Parquet or worked out by an expression. Expressions see names, never the engine."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine
        self._schemas: dict[str, ibis.Schema] = {}

    def lay(self, name: str, path: Path) -> None:
        """Lay a Parquet file on the bench under a name."""
        self._engine.read_parquet(str(path)).create_view(name)
        self._schemas[name] = ibis.Schema.from_pyarrow(pq.read_schema(path))

    def make(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Work an expression out once, and lay the answer on the bench."""
        self._engine.sql(ibis.to_sql(expression, dialect="duckdb")).create(name)
        self._schemas[name] = expression.schema()
        return self.table(name)

    def table(self, name: str) -> ibis.Table:
        """A table of the bench, for use in expressions."""
        return ibis.table(self._schemas[name], name=name)

    def has(self, name: str) -> bool:
        """Does the bench hold it? A feed that was not joined is not there."""
        return name in self._schemas

    def write(self, name: str, path: Path) -> None:
        """Write a table to Parquet."""
        self._engine.table(name).write_parquet(str(path), compression="zstd")


def facts(site: Site, pull_id: str, scratch: Path, *, permit: Permit, year: int) -> dict[str, Path]:
    """Work out the facts of every population of Student Pathways from a pull, up to a closing year; returns Parquet files in private scratch.

    Raises:
        LinkageError: LNK-001 there is no such pull, LNK-003 a file the measures need is not in it.
    """
    tables = open_tables(site, pull_id, scratch, permit=permit)
    audit.append(site, "linkage:facts:made", actor=permit.actor, permit=permit.permit_id, pull=pull_id)
    missing = [f for f in student_pathways.NEEDS if f not in tables]
    if missing:
        raise LinkageError(
            "LNK-003",
            where=pull_id,
            what=f"the pull holds no {missing[0]}",
            remedy="Submit the file, or take measures that need it off the product.",
        )
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": str(site.settings["memory"]),
        "threads": int(site.settings["threads"]),
        "temp_directory": str(scratch / "spill"),
    }
    with engines.bare_duckdb(**settings) as engine:
        found = work_out(engine, tables, site.root / "institutions.parquet", scratch, year)
    for path in tables.values():
        path.unlink(missing_ok=True)
    return found


def work_out(
    engine: duckdb.DuckDBPyConnection, tables: Mapping[str, Path], institutions: Path, scratch: Path, year: int
) -> dict[str, Path]:
    """The facts of every population from a pull's open tables; returns Parquet files in `scratch`. One row per unit of the population and cohort."""
    bench, found = Bench(engine), {}
    for file, path in {**tables, "institutions": institutions}.items():
        bench.lay(file, path)
    _lay_lists(bench, scratch)
    _derive.prepare(bench, year)
    bench.make("students", student_pathways.students(bench))
    for population, make in student_pathways.POPULATIONS.items():
        found[population] = scratch / f"facts.{population}.parquet"
        bench.make(f"facts_{population}", make(bench, year))
        bench.write(f"facts_{population}", found[population])
    return found


def _lay_lists(bench: Bench, scratch: Path) -> None:
    """The room's dated lists, as tables."""
    for name in ("award_categories", "terms", "consumer_prices"):
        table = pl.DataFrame(_derive.read_list(name))
        numbers = [c for c in table.columns if c.endswith(("year", "rank", "offset", "month", "day")) and c != "effective_from"]
        table = table.with_columns(
            pl.col(numbers).cast(pl.Int64), *([pl.col("index").cast(pl.Float64)] if "index" in table.columns else [])
        )
        path = scratch / f"list.{name}.parquet"
        table.write_parquet(path)
        bench.lay(name, path)
