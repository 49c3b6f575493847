"""Work on all cores of this machine. Arrays and columns let go of Python's lock, so threads are enough, and they share what lies in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")


def each(act: Callable[[S], T], over: Iterable[S]) -> Iterator[T]:
    """The act on each, in order, as many at a time as there are cores, and no more waiting to be taken than that."""
    n = os.cpu_count() or 1
    waiting = []
    with ThreadPoolExecutor(n) as pool:
        for one in over:
            waiting.append(pool.submit(act, one))
            if len(waiting) > n:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
