"""Long lists of whole numbers: in order, each once, looked for among others. A match spends much of its time here."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa


def ordered(numbers: np.ndarray) -> np.ndarray:
    """The numbers, sorted. Polars takes a quarter of NumPy's time where they come in no order at all."""
    return pl.Series(numbers).sort().to_numpy()


def once(numbers: np.ndarray) -> np.ndarray:
    """The distinct numbers, sorted: of many, this beats asking which they are first."""
    numbers = ordered(numbers)
    return numbers[starts_of(numbers)]


def starts_of(code: np.ndarray) -> np.ndarray:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]])) if len(code) else np.zeros(0, dtype=np.int64)


def among(code: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which codes are among the known ones, those sorted."""
    if not len(known):
        return np.zeros(len(code), dtype=bool)
    at = np.minimum(np.searchsorted(known, code), len(known) - 1)
    return np.asarray(known[at] == code)


def distinct_of(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers in the order they come, and the place of each number among them; by hashing, which beats sorting."""
    if not len(numbers):
        return numbers, np.zeros(0, dtype=np.int32)
    # Read and told where they lie: Arrow's own way from and to an array looks for Pandas first, and loads it.
    array = pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [None, pa.py_buffer(numbers)])
    found = array.dictionary_encode()
    values, places = found.dictionary, found.indices
    return np.frombuffer(values.buffers()[1], numbers.dtype, len(values)), np.frombuffer(places.buffers()[1], np.int32, len(places))
