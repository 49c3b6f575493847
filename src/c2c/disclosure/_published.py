"""Cells of published tables, and what they say of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from c2c.disclosure._system import Key

Where = tuple[str, Key]
"""A cell of one edition: whose people, and its coordinates without margins."""


@dataclass
class Published:
    """What tables say, one entry per cell: `low` and `high` of its count, sums, and shares of a whole with their rounding.

    `cell_of_row`: the cell that each row of the file is about, minus one where it is about none (a median, a feed not joined).
    """

    table: pl.DataFrame
    dims: tuple[str, ...]
    at: dict[Where, int] = field(default_factory=dict)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    relations: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    shares: list[tuple[int, int, float, float]] = field(default_factory=list)
    cell_of_row: list[int] = field(default_factory=list)
    parts_of: dict[tuple[str, str, int], set[int]] = field(default_factory=lambda: defaultdict(set))

    def cell(self, where: Where) -> int:
        """The number of a cell, new or known; of a new one nothing is known."""
        if where not in self.at:
            self.at[where] = len(self.low)
            self.low.append(0.0)
            self.high.append(np.inf)
        return self.at[where]
