"""Where offices put what they send: files as partners would send them, and the truth of each row, apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from c2c import catalog

TRUTH = pa.schema(
    [(n, pa.large_string()) for n in ("partner", "file")]
    + [("period", pa.int32()), ("primary_key", pa.large_string()), ("person", pa.int64())]
)


class Outbox:
    """Files as sent, under `partner/file/<year>.csv`, and the truth beside them: source row to person, for whoever judges."""

    def __init__(self, folder: Path, truth: Path) -> None:
        self._folder = folder
        self._layouts = catalog.load().files
        truth.parent.mkdir(parents=True, exist_ok=True)
        self._truth = pq.ParquetWriter(truth, TRUTH, compression="zstd")
        self.rows: dict[str, int] = {}

    def send(self, file: str, year: int, who: np.ndarray, columns: Mapping[str, Any]) -> None:
        """Send one file of one closing year, one row per entry of `who`. A column left out is sent blank. Rows go in key order."""
        layout = self._layouts[file]
        unknown = set(columns) - {e.element for e in layout.elements}
        if unknown:
            raise ValueError(f"{file} has no {sorted(unknown)}")
        blank = pl.lit(None, dtype=pl.String)
        if not len(who):
            return  # an office with nobody to report sends no file
        frame = pl.DataFrame({"_person": who} | {k: v for k, v in columns.items() if not isinstance(v, str)})
        frame = frame.with_columns([pl.lit(v).alias(k) for k, v in columns.items() if isinstance(v, str)])
        frame = frame.with_columns([blank.alias(e.element) for e in layout.elements if e.element not in columns])
        frame = frame.unique(layout.primary_key, keep="first", maintain_order=True).sort(layout.primary_key)
        path = self._folder / layout.partner_code / file / f"{year}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.select([e.element for e in layout.elements]).write_csv(path)
        keys = pl.concat_str([pl.col(k).cast(pl.String) for k in layout.primary_key], separator="|", ignore_nulls=True)
        said = frame.select(
            pl.lit(layout.partner_code).alias("partner"),
            pl.lit(file).alias("file"),
            pl.lit(year, dtype=pl.Int32).alias("period"),
            keys.alias("primary_key"),
            pl.col("_person").cast(pl.Int64).alias("person"),
        )
        self._truth.write_table(said.to_arrow().cast(TRUTH))
        self.rows[file] = self.rows.get(file, 0) + len(frame)

    def close(self) -> None:
        """Finish the truth."""
        self._truth.close()


def choose(rng: np.random.Generator, codes: tuple[str, ...], n: int, p: tuple[float, ...] | None = None) -> pl.Series:
    """One code for each of `n`, with these shares."""
    shares = None if p is None else np.array(p) / sum(p)
    return pl.Series(codes).gather(rng.choice(len(codes), size=n, p=shares))


def pick(codes: np.ndarray | tuple[str, ...] | list[str], index: np.ndarray) -> pl.Series:
    """The code at each index, as text."""
    return pl.Series([str(c) for c in codes], dtype=pl.String).gather(index)


def only(where: np.ndarray, values: Any) -> pl.Series:
    """The values where the condition holds, blank elsewhere."""
    series = (
        values if isinstance(values, pl.Series) else pl.Series(values if not isinstance(values, str) else [values] * len(where))
    )
    return pl.select(pl.when(pl.Series(where)).then(series)).to_series()


def day(year: np.ndarray | int, month: int, of_month: int, n: int | None = None) -> np.ndarray:
    """A calendar day of each year given, as dates."""
    years = np.full(n, year) if n is not None else np.asarray(year)
    dates = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    return dates.astype("datetime64[D]") + (of_month - 1)


def span(year: int) -> str:
    """A school year as files carry it: 2026 is `2025-26`."""
    return f"{year - 1}-{year % 100:02d}"


def number(seed: int, kind: int, index: np.ndarray, digits: int) -> np.ndarray:
    """A number of so many digits for each index, no two alike: a one-to-one map of the whole range on to itself."""
    size = 10**digits
    rng = np.random.default_rng([seed, 991, kind])
    # Ends in seven: coprime with every power of ten. Up to twelve digits and ten million people the product fits 64 bits.
    step = int(rng.integers(size // 7, size // 3)) // 10 * 10 + 7
    start = int(rng.integers(0, size))
    return ((index.astype(np.uint64) * np.uint64(step) + np.uint64(start)) % np.uint64(size)).astype(np.int64)


def text(numbers: np.ndarray, digits: int, prefix: str = "", suffix: str = "") -> pl.Series:
    """Numbers as text of so many digits, zeros in front."""
    padded = pl.Series(numbers.astype(np.int64)).cast(pl.String).str.zfill(digits)
    return pl.select(pl.concat_str([pl.lit(prefix), padded, pl.lit(suffix)])).to_series()
