"""The match on Apache Spark, for a state that outgrows one machine. What is done to pairs and components is this room's, unchanged.

The rows, as numbers, lie in one file that each machine is sent once and its workers map. A task is a range of left rows: it makes, compares and
packs its pairs, which stay where they were made; what comes to the driver is how often each pattern was met, then the edges. Components go to the
workers in buckets, each whole. Nothing is decided here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from c2c.identity._cluster import Edges, Joined, Settled, settle
from c2c.identity._coded import Coded
from c2c.identity._errors import IdentityError
from c2c.identity._pairs import Sought, Told, Weights, look, weigh
from c2c.identity._runner import Looks, Weighted
from c2c.identity._shared import open_shared, write_shared

EDGES = pa.schema([("left", pa.int32()), ("right", pa.int32()), ("bits", pa.float32()), ("linked", pa.bool_())])
EDGES_SAID = "left int, right int, bits float, linked boolean"

BUCKET = 200_000
"""Edges that are settled together: enough that starting costs little, few enough to fit beside others."""

DEFAULTS = {
    "spark.master": "local[*]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # Edges come to the driver whole: the stewards' queue reads all of them.
    "spark.driver.maxResultSize": "0",
    # Pairs and edges wait on disks that others may read later.
    "spark.io.encryption.enabled": "true",
    # A bucket is a task; joined again by size, a few of them would be one core's work.
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
}
"""Spark's settings where `[spark]` in `c2c.toml` is silent."""

HERE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
"""And where the master is this machine: nobody else can reach it."""


@contextlib.contextmanager
def open_spark(private: Path, settings: Mapping[str, Any]) -> Iterator[Spark]:
    """A Spark session of this match alone, its scratch inside `private`; stopped when left.

    Raises:
        IdentityError: IDN-017 Spark is not installed; IDN-018 it finds no Java.
    """
    try:
        from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415 - an extra: c2c[scale]
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise IdentityError(
            "IDN-017",
            where="the engine spark",
            what="PySpark is not installed",
            remedy="Run `./c2c install scale` once, or `pip install 'c2c[scale]'`; or match with --engine local.",
        ) from None
    no_java = IdentityError(
        "IDN-018",
        where="the engine spark",
        what="Spark found no Java it can run on",
        remedy="Install Java 17 (on Debian: sudo apt-get install openjdk-17-jre-headless) or set JAVA_HOME; or match with --engine local.",
    )
    home = os.environ.get("JAVA_HOME")
    if not shutil.which(str(Path(home) / "bin" / "java") if home else "java"):
        raise no_java
    builder = SparkSession.builder.appName("c2c match")
    for name, value in _settings(private, settings).items():
        builder = builder.config(name, value)
    # Workers run the interpreter that has this project in it.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as reason:
        if reason.getCondition() == "JAVA_GATEWAY_EXITED":
            raise no_java from None
        raise
    try:
        yield Spark(session, private)
    finally:
        session.stop()


def _settings(private: Path, settings: Mapping[str, Any]) -> dict[str, str]:
    """Ours, then the site's over them. `threads` and `memory` of a site mean this machine's."""
    said = dict(_named("spark", settings.get("spark", {})))
    ours = dict(DEFAULTS)
    if threads := settings.get("threads"):
        ours["spark.master"] = f"local[{threads}]"
    if _is_here(said.get("spark.master", ours["spark.master"])):
        ours |= HERE
    return ours | {
        "spark.driver.memory": str(settings.get("memory", "2GB")).lower().removesuffix("b"),
        "spark.local.dir": str(private / "spark"),
        "spark.sql.warehouse.dir": str(private / "spark" / "warehouse"),
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    } | said  # fmt: skip


def _named(prefix: str, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Settings under Spark's own names. TOML reads a dotted key without quotes as tables in one another: the same is meant."""
    for name, value in said.items():
        full = name if name.partition(".")[0] == "spark" else f"{prefix}.{name}"
        if isinstance(value, Mapping):
            yield from _named(full, value)
        else:
            yield full, str(value).lower() if isinstance(value, bool) else str(value)


def _is_here(master: str) -> bool:
    """Are all workers processes of this machine that read its files?"""
    return master == "local" or master.startswith("local[")


@dataclass(frozen=True)
class Spark:
    """The runner of `_runner.Runner` on a Spark session. Values that every worker reads are named by the file they were sent in."""

    session: Any
    private: Path

    def share(self, coded: Coded) -> str:
        """Send the rows to every machine."""
        return self._send(coded)

    def look(self, coded: str, sought: Sought) -> Looks:
        """A task for each range; its pairs stay on the disk of the machine that made them."""
        n = len(sought.ranges)
        places = self.session.range(0, n, 1, numPartitions=n)
        act = functools.partial(_look, coded, self._send(sought))
        pairs = places.mapInArrow(_over(act), "told binary, pairs binary").persist(_on_disk())
        return Looks(Told.joined(pickle.loads(told) for told in _column(pairs, "told")), pairs)  # noqa: S301 - our own workers' words

    def weigh(self, coded: str, looks: Looks, weights: Weights) -> Weighted:
        """A task for each range again. The edges stay with the workers, and come to the driver for the report and the stewards."""
        act = functools.partial(_weigh, coded, self._send(weights))
        found = looks.pairs.select("pairs").mapInArrow(_over(act), EDGES_SAID).persist(_on_disk())
        table = found.toArrow()
        looks.pairs.unpersist()
        edges = _edges_of(table)
        order = np.lexsort((edges.right, edges.left))
        return Weighted(Edges(edges.left[order], edges.right[order], edges.bits[order], edges.linked[order]), found)

    def settle(self, coded: str, joined: Joined, weighted: Weighted) -> Settled:
        """A task for each bucket of whole components. Rows that are alone never leave the driver."""
        edges, n = weighted.held, len(joined.component)
        if len(joined.forced):
            said = joined.with_forced(weighted.edges)
            forced = Edges(*(values[: len(joined.forced)] for values in (said.left, said.right, said.bits, said.linked)))
            edges = edges.union(self.session.createDataFrame(_table_of(forced)))
        buckets = max(len(weighted.edges.left) // BUCKET, 2 * self.session.sparkContext.defaultParallelism)
        self.session.conf.set("spark.sql.shuffle.partitions", str(buckets))
        at = self._send(joined)
        within = edges.mapInArrow(_over(functools.partial(_into_buckets, at, buckets)), f"{EDGES_SAID}, bucket int")
        act = functools.partial(_settle, coded, at)
        parts: list[Settled] = [
            pickle.loads(part)  # noqa: S301 - our own workers' words
            for part in _column(within.groupBy("bucket").applyInArrow(_for_each(act), "settled binary"), "settled")
        ]
        weighted.held.unpersist()
        label, sure = joined.component.astype(np.int64), np.ones(n)
        for part in parts:
            label[part.rows], sure[part.rows] = part.label, part.confidence
        vetoes = np.concatenate([np.zeros((0, 2), dtype=np.int64), *(part.vetoes for part in parts)])
        return Settled(np.arange(n), label, sure, vetoes)

    def _send(self, value: object) -> str:
        """Lay a value into a file and send it to every machine; its name there. Workers on this machine read the file itself."""
        handle, name = tempfile.mkstemp(dir=self.private, prefix="shared-")
        os.close(handle)
        path, spark = write_shared(value, Path(name)), self.session.sparkContext
        if _is_here(spark.master):
            return str(path)
        spark.addFile(str(path))
        return path.name


@functools.lru_cache(maxsize=4)
def _sent(name: str) -> Any:
    """A value that was sent to this machine, opened once in each worker."""
    from pyspark import SparkFiles  # noqa: PLC0415

    return open_shared(Path(SparkFiles.getRootDirectory()) / name)


def _look(coded: str, sought: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for place in batch.column(0).to_pylist():
        told, looked = look(_sent(coded), _sent(sought), place)
        yield pa.record_batch([pa.array([pickle.dumps(part)], pa.binary()) for part in (told, looked)], names=["told", "pairs"])


def _weigh(coded: str, weights: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for looked in batch.column(0):
        edges = weigh(_sent(coded), _sent(weights), pickle.loads(looked.as_buffer()))  # noqa: S301 - our own workers' words
        yield from _table_of(edges).to_batches()


def _into_buckets(joined: str, buckets: int, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Edges inside one component, with its bucket; those between two have no say."""
    component = _sent(joined).component
    left, right = (component[batch.column(name).to_numpy()] for name in ("left", "right"))
    bucketed = batch.append_column("bucket", pa.array((left % buckets).astype(np.int32)))
    yield bucketed.filter(pa.array(left == right))


def _settle(coded: str, joined: str, table: pa.Table) -> pa.Table:
    edges = _edges_of(table)
    rows = np.unique(np.concatenate([edges.left, edges.right]))
    among = Edges(np.searchsorted(rows, edges.left), np.searchsorted(rows, edges.right), edges.bits, edges.linked)
    return pa.table({"settled": pa.array([pickle.dumps(settle(_sent(coded), _sent(joined), rows, among))], pa.binary())})


def _over(act: Callable[[pa.RecordBatch], Iterable[pa.RecordBatch]]) -> Callable[..., Iterator[pa.RecordBatch]]:
    """The act on each batch of a stream, as `mapInArrow` calls it."""

    def over(batches):  # type: ignore[no-untyped-def]  # Spark reads types written here as another kind of function
        for batch in batches:
            yield from act(batch)

    return over


def _for_each(act: Callable[[pa.Table], pa.Table]) -> Callable[..., pa.Table]:
    """The act on each group, as `applyInArrow` calls it."""

    def for_each(table):  # type: ignore[no-untyped-def]  # as above
        return act(table)

    return for_each


def _column(frame: Any, name: str) -> list[bytes]:
    return list(frame.select(name).toArrow().column(0).to_pylist())


def _table_of(edges: Edges) -> pa.Table:
    return pa.table([edges.left, edges.right, edges.bits, edges.linked], schema=EDGES)


def _edges_of(table: pa.Table) -> Edges:
    return Edges(*(table.column(name).to_numpy() for name in EDGES.names))


def _on_disk() -> Any:
    from pyspark import StorageLevel  # noqa: PLC0415

    return StorageLevel.DISK_ONLY
