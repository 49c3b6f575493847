"""Work on all cores of this machine, in processes of their own: for acts that hold Python's lock."""

from __future__ import annotations

import functools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")


class Killed(Exception):
    """A process ended before its work, most likely for want of memory."""


def each_apart(act: Callable[[S], T], over: Iterable[S]) -> Iterator[T]:
    """The act on each, in order, as many at a time as there are cores, and no more waiting to be taken than that.

    Raises:
        Killed: a process ended before its work.
    """
    waiting = []
    try:
        for one in over:
            waiting.append(_pool().submit(act, one))
            if len(waiting) > 2 * (os.cpu_count() or 1):
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
    except BrokenProcessPool:
        _pool.cache_clear()
        raise Killed from None


@functools.cache
def _pool() -> ProcessPoolExecutor:
    # Spawned, not forked: libraries that keep threads do not survive a fork. Kept, for starting costs a second.
    return ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn"))
