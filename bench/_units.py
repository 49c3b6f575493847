"""What a tuple and a pair cost: bytes in the files that every machine of a cluster holds, seconds of cores (of processor time, so
that other work on the machine does not count). Prints rows as JSON.

`_units.py PEOPLE` reads one people file as `c2c match file` does.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import polars as pl

from c2c.identity import _file, _match, _runner
from c2c.identity._cluster import Joined, Settled
from c2c.identity._coded import Coded
from c2c.identity._pairs import Looked, Sought, Weights, look, weigh
from c2c.identity._shared import write_shared


class Measuring:
    """The local runner on one core, with a clock on each step and a scale under what Spark would send."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seconds: dict[str, float] = {}
        self.sizes: dict[str, int] = {}
        self.n = self.n_pairs = self.n_edges = self.kept = 0

    def share(self, coded: Coded) -> Coded:
        """Weigh the rows."""
        self.n = coded.n
        self.sizes["rows"] = self._bytes(coded)
        return coded

    def look(self, coded: Coded, sought: Sought) -> _runner.Looks:
        """One range after the other."""
        self.sizes["blocks"] = self._bytes(sought)
        start = process_time()
        found = [look(coded, sought, place) for place in range(len(sought.ranges))]
        self.seconds["look"] = process_time() - start
        pairs = [looked for _, looked in found]
        self.n_pairs = sum(len(p.left) for p in pairs)
        self.kept = sum(_size(p) for p in pairs)
        return _runner.Looks([told for told, _ in found], pairs)

    def weigh(self, coded: Coded, looks: _runner.Looks, weights: Weights) -> _runner.Weighted:
        """One range after the other."""
        start = process_time()
        edges = _match.Edges.joined([weigh(coded, weights, looked) for looked in looks.pairs])
        self.seconds["weigh"], self.n_edges = process_time() - start, len(edges.left)
        return _runner.Weighted(edges)

    def settle(self, coded: Coded, joined: Joined, weighted: _runner.Weighted) -> Settled:
        """All components at once."""
        self.sizes["components"] = self._bytes(joined)
        start = process_time()
        settled = _runner.Local(self.folder).settle(coded, joined, weighted)
        self.seconds["settle"] = process_time() - start
        return settled

    def _bytes(self, value: object) -> int:
        start = process_time()
        size = write_shared(value, self.folder / "weighed").stat().st_size
        self.seconds["lay"] = self.seconds.get("lay", 0.0) + process_time() - start
        return size


def _size(looked: Looked) -> int:
    return sum(values.nbytes for values in (looked.left, looked.right, looked.asserted, looked.patterns, looked.which))


def rows(measured: Measuring, seconds: float) -> Iterator[tuple[str, float, str]]:
    """The costs of one tuple, pair and edge."""
    rest = seconds - sum(measured.seconds.values())
    yield "tuples", measured.n, "tuples"
    for name, size in measured.sizes.items():
        yield f"file of {name}, a tuple", size / measured.n, "bytes"
    yield "a pair while it waits", measured.kept / measured.n_pairs, "bytes"
    yield "pairs of a tuple", measured.n_pairs / measured.n, "pairs"
    yield "edges of a tuple", measured.n_edges / measured.n, "edges"
    yield "compare, a pair", 1e6 * measured.seconds["look"] / measured.n_pairs, "µs"
    yield "weigh, a pair", 1e6 * measured.seconds["weigh"] / measured.n_pairs, "µs"
    yield "lay the files, a tuple", 1e6 * measured.seconds["lay"] / measured.n, "µs"
    yield "settle, a tuple", 1e6 * measured.seconds["settle"] / measured.n, "µs"
    yield "code, block, train and join on the driver, a tuple", 1e6 * rest / measured.n, "µs"


def main() -> None:
    """Fold the file, match it under the clock."""
    with tempfile.TemporaryDirectory() as name:
        found: list[Any] = []
        match_people = _file.match_people

        def under_clock(people: Path, keys: pl.DataFrame, **_: object) -> _match.Matched:
            measured = Measuring(Path(name))
            start = process_time()
            matched = match_people(people, keys, runner=measured)
            found.extend(rows(measured, process_time() - start))
            return matched

        _file.match_people = under_clock
        _file.match_file(Path(sys.argv[1]), Path(name) / "out.csv")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
