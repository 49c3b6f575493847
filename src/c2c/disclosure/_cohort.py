"""What the gate keeps of a population's year while it counts, protects and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from c2c.disclosure._products import Table
from c2c.disclosure._system import Key, System


@dataclass
class Cell:
    """One row to be: where it stands, the count behind it, and of how many it is a share.

    `of`: the dimension whose parts add up to the base of a percent. `figure` is a median's or quartile's; `status` is set where no count decides it.
    """

    table: Table
    coordinates: dict[str, str]
    statistic: str
    of: str = ""
    key: Key | None = None
    base: Key = ()
    n: int = 0
    figure: float | None = None
    status: str = ""


@dataclass
class Cohort:
    """One population's year: its sums, its rows, the counts too small to stand, and the pattern that protects them.

    `kept_withheld`: cells that an earlier release withheld and that stay so. `mean_change`: people by which a count moved, where counts are rounded.
    `left_out`: rows of tables that an earlier release showed and this one does not.
    """

    system: System = field(default_factory=System)
    rows: list[Cell] = field(default_factory=list)
    primary: set[int] = field(default_factory=set)
    kept_withheld: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    mean_change: float = 0.0
    left_out: list[Cell] = field(default_factory=list)


Cohorts = Mapping[tuple[str, int], Cohort]
