"""One value laid into one file that many processes read in place: what is large in it is mapped, so that a machine holds it once.

The arrays stand as they are, each at its own place, after a short head that says how they make the value. Text columns stand as Arrow has them.
"""

from __future__ import annotations

import io
import itertools
import mmap
import pickle
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

ALIGNED = 64
"""Arrays begin at multiples of this, as vector instructions like it."""


def write_shared(value: object, path: Path) -> Path:
    """Lay a value into a file, readable by its owner only."""
    kept: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    _Pickler(head, protocol=5, buffer_callback=kept.append).dump(value)
    raw = [buffer.raw() for buffer in kept]
    sizes = [len(part) for part in raw]
    path.touch(mode=0o600)
    with path.open("wb") as handle:
        said = pickle.dumps((sizes, head.getvalue()))
        handle.write(len(said).to_bytes(8, "little"))
        handle.write(said)
        for part, begin in zip(raw, _places(8 + len(said), sizes), strict=True):
            handle.seek(begin)
            handle.write(part)
        handle.truncate(max(handle.tell(), 8 + len(said)))
    return path


def open_shared(path: Path) -> Any:
    """The value of such a file. Its arrays are the file's own bytes: they cannot be written to, and cost memory once a machine."""
    with path.open("rb") as handle:
        whole = memoryview(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))
    after = 8 + int.from_bytes(whole[:8], "little")
    # Only files that this run wrote into its own private scratch are opened here.
    sizes, head = pickle.loads(whole[8:after])  # noqa: S301
    parts = [whole[begin : begin + size] for begin, size in zip(_places(after, sizes), sizes, strict=True)]
    return pickle.loads(head, buffers=parts)  # noqa: S301


def _places(after: int, sizes: list[int]) -> list[int]:
    """Where each array begins."""
    padded = [-(-size // ALIGNED) * ALIGNED for size in sizes]
    return list(itertools.accumulate(padded, initial=-(-after // ALIGNED) * ALIGNED))[:-1]


class _Pickler(pickle.Pickler):
    """Columns of text go as Arrow arrays, whose bytes can lie in the file; Polars' own way would copy them into every process."""

    def reducer_override(self, value: object) -> Any:
        """How a column or a table is made again."""
        if isinstance(value, pl.Series):
            return _series, (value.name, value.to_arrow(compat_level=pl.CompatLevel.newest()))
        if isinstance(value, pl.DataFrame):
            return pl.DataFrame, (value.get_columns(),)
        return NotImplemented


def _series(name: str, values: pa.Array) -> pl.Series:
    return pl.Series(name, values)
