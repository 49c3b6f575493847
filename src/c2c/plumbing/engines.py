"""The engine that runs Ibis expressions: embedded DuckDB inside a stated memory. Extensions are never downloaded."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import highspy
import ibis
from ibis.backends.duckdb import Backend


@contextlib.contextmanager
def duckdb_engine(scratch: Path, *, memory: str = "4GB", threads: int | None = None) -> Iterator[Backend]:
    """An in-memory DuckDB behind Ibis, spilling into `scratch`, closed when left."""
    settings: dict[str, object] = {
        "memory_limit": memory,
        "temp_directory": str(scratch / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
    }
    if threads:
        settings["threads"] = threads
    backend = ibis.duckdb.from_connection(bare_duckdb(**settings))
    try:
        yield backend
    finally:
        backend.disconnect()


def bare_duckdb(**settings: Any) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB for statements as text. In a process started by another it takes itself for somebody's console, and would draw a bar on
    standard output, where a machine reads one document: it is told not to."""
    engine = duckdb.connect(config=settings)
    engine.execute("SET enable_progress_bar = false")
    return engine


def linear_program() -> highspy.Highs:
    """An empty, silent linear program. Its maker prints its name when it is first made in a process, amid what a user reads: that goes nowhere."""
    with contextlib.ExitStack() as later:
        kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        later.callback(os.close, nowhere)
        later.callback(os.close, kept)
        later.callback(os.dup2, kept, 1)
        os.dup2(nowhere, 1)
        model = highspy.Highs()  # type: ignore[no-untyped-call]
        model.silent()
        model.setOptionValue("threads", 1)
        return model
