"""Where the match is done: on this machine's cores, or spread over many machines. What is done is the same, and so are the links."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from c2c.identity._cluster import Edges, Joined, Settled, in_buckets, settle
from c2c.identity._coded import Coded
from c2c.identity._cores import each
from c2c.identity._errors import IdentityError
from c2c.identity._pairs import Sought, Told, Weights, look, weigh
from c2c.identity._shared import open_shared, write_shared


@dataclass(frozen=True)
class Looks:
    """What all ranges of pairs told; the pairs themselves stay where they were made, in the runner's own form."""

    told: Told
    pairs: Any


@dataclass(frozen=True)
class Weighted:
    """The edges, in the order of their rows; and the same as the runner holds them."""

    edges: Edges
    held: Any = None


class Runner(Protocol):
    """The three steps of a match that are too long for one core. `coded` is whatever `share` made of the rows."""

    def share(self, coded: Coded) -> Any:
        """Lay the rows where every worker can read them."""

    def look(self, coded: Any, sought: Sought) -> Looks:
        """Make and compare all pairs, range by range."""

    def weigh(self, coded: Any, looks: Looks, weights: Weights) -> Weighted:
        """Weigh them all, and keep those that may be one person's."""

    def settle(self, coded: Any, joined: Joined, weighted: Weighted) -> Settled:
        """Part every component into people. All rows are in what comes back, and in order."""


@dataclass(frozen=True)
class Local:
    """This machine: threads over the ranges of pairs, which wait in `private` files until they are weighed, so that a state's pairs need not fit in
    memory; and over buckets of components."""

    private: Path

    def share(self, coded: Coded) -> Coded:
        """Threads read the same memory."""
        return coded

    def look(self, coded: Coded, sought: Sought) -> Looks:
        """All ranges on all cores."""

        paths = [self.private / f"pairs-{place}" for place in range(len(sought.ranges))]

        def look_at(place: int) -> Told:
            told, looked = look(coded, sought, place)
            write_shared(looked, paths[place])
            return told

        return Looks(Told.joined(each(look_at, range(len(paths)))), paths)

    def weigh(self, coded: Coded, looks: Looks, weights: Weights) -> Weighted:
        """All ranges on all cores."""

        def weigh_of(path: Path) -> Edges:
            edges = weigh(coded, weights, open_shared(path))
            path.unlink()
            return edges

        return Weighted(Edges.joined(list(each(weigh_of, looks.pairs))))

    def settle(self, coded: Coded, joined: Joined, weighted: Weighted) -> Settled:
        """Whole components, some together, on all cores."""
        label, sure, vetoes = joined.component.astype(np.int64), np.ones(coded.n), [np.zeros((0, 2), dtype=np.int64)]
        buckets = in_buckets(joined.component, joined.with_forced(weighted.edges))
        for part in each(lambda bucket: settle(coded, joined, *bucket), buckets):
            label[part.rows], sure[part.rows] = part.label, part.confidence
            vetoes.append(part.vetoes)
        return Settled(np.arange(coded.n), label, sure, np.concatenate(vetoes))


@contextlib.contextmanager
def open_runner(engine: str, private: Path, settings: Mapping[str, Any] | None = None) -> Iterator[Runner]:
    """The runner of an engine: `local` (also called `duckdb`, the engine of all else), or `spark`, closed when left.

    `settings`: a site's: `threads`, `memory` and the table `spark`, which is handed to Spark as it stands.

    Raises:
        IdentityError: IDN-016 there is no such engine; IDN-017 Spark is not installed; IDN-018 Spark finds no Java.
    """
    if engine in ("local", "duckdb"):
        yield Local(private)
    elif engine == "spark":
        # Only who asks for Spark pays for loading it.
        from c2c.identity._spark import open_spark  # noqa: PLC0415

        with open_spark(private, settings or {}) as runner:
            yield runner
    else:
        raise IdentityError(
            "IDN-016",
            where="the engine of the match",
            what="there is no such engine",
            remedy='Use --engine local or spark; in c2c.toml, engine = "duckdb" or "spark".',
        )
