"""Products: declared lattices of tables, read from data. A combination that is not declared is refused before data are read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from c2c.disclosure._rules import TooRevealing
from c2c.vocabulary import Product

STATE = ""
DECLARED = ("product", "edition", "geographies", "mergeable", "hierarchies", "identities", "tables")
DECLARED_OF_TABLES = ("measure", "population", "statistic", "years", "horizon", "breakdowns")
BY_WHAT_AND_WHEN = ("years", "horizon", "breakdowns", "pairs", "pair_years", "places", "place_breakdowns", "place_years")
"""What of a declaration says which tables there are; the rest says what one of them counts."""

SHOWN = ("count", "percent", "median", "quartiles")
"""What may be told of a group. Of sums and means, known with the group's size, one person's figure can be worked out; a maximum or a rank is one person's."""


@dataclass(frozen=True)
class Table:
    """One table of one cohort: whose people, what is counted of them, by which place and groups. Two that count the same are equal."""

    name: str
    measure: str
    population: str
    statistic: str
    year: int
    place: str
    groups: tuple[str, ...]
    said: Mapping[str, Any]

    @property
    def dims(self) -> tuple[str, ...]:
        """Place and groups, in the order of the columns."""
        return (*((self.place,) if self.place else ()), *self.groups)

    @property
    def is_of_counts(self) -> bool:
        """Does it show counts, or shares of them, and not wait for data yet to come?"""
        return self.statistic in ("count", "percent") and not self.said.get("waits_for")


def load_product(name: str | Path) -> Product:
    """The product of that name, as its data file declares it; or one that a file of one's own declares, to be planned.

    Raises:
        TooRevealing: DSC-015 the file declares no product, DSC-045 a table would show what no group's size makes safe.
    """
    where = name if isinstance(name, Path) else files("c2c.disclosure") / "products" / f"{name}.toml"
    try:
        return read_product(where.read_text("utf-8"), where.name)
    except (OSError, UnicodeDecodeError) as reason:
        raise _no_product(where.name, [type(reason).__name__]) from None


def read_product(text: str, where: str = "") -> Product:
    """A product as its text declares it. Refused by what it declares, before any data are read.

    Raises:
        TooRevealing: DSC-015 the text declares no product, DSC-045 a table would show what no group's size makes safe.
    """
    try:
        said = tomllib.loads(text)
        missing = [key for key in DECLARED if key not in said]
        missing += [f"tables: {key}" for table in said.get("tables", ()) for key in DECLARED_OF_TABLES if key not in table]
    except tomllib.TOMLDecodeError as reason:
        missing = [type(reason).__name__]
    if missing:
        raise _no_product(where, missing)
    for table in said["tables"]:
        if table["statistic"] not in SHOWN:
            raise TooRevealing(
                "DSC-045",
                where=f"product {said['product']}, measure {table['measure']}",
                what=f"a {table['statistic']} may not be shown",
                remedy=f"Declare one of: {', '.join(SHOWN)}.",
            )
    return Product(
        said["product"], said["edition"], ({"settings": {k: v for k, v in said.items() if k != "tables"}}, *said["tables"])
    )


def _no_product(where: str, missing: list[str]) -> TooRevealing:
    return TooRevealing(
        "DSC-015",
        where=where,
        what=f"this declares no product: {', '.join(sorted(set(missing)))} missing or not to be read",
        remedy="Begin with a copy of a file in disclosure/products and change its tables.",
    )


def settings_of(product: Product) -> Mapping[str, Any]:
    """Geographies, hierarchies and identities of a product."""
    found: Mapping[str, Any] = product.tables[0]["settings"]  # type: ignore[assignment]
    return found


def tables_of(product: Product, year: int) -> Iterator[Table]:
    """Every table a product publishes in the year that closes, cohort by cohort, whole state first."""
    places = settings_of(product)["geographies"]
    for said in product.tables[1:]:
        newest = year - int(str(said["horizon"]))
        for cohort in range(newest - int(str(said["years"])) + 1, newest + 1):
            age = newest - cohort
            pairs = said.get("pairs", []) if age < int(str(said.get("pair_years", 0))) else []
            for groups in [*said["breakdowns"], *pairs]:  # type: ignore[misc]
                yield _table(said, cohort, STATE, tuple(groups))
            if said.get("places"):
                recent = said.get("place_breakdowns", []) if age < int(str(said.get("place_years", 0))) else []
                for place in places:
                    for groups in [[], *recent]:  # type: ignore[misc]
                        yield _table(said, cohort, place, tuple(groups))


def _table(said: Mapping[str, Any], cohort: int, place: str, groups: tuple[str, ...]) -> Table:
    name = "-".join([str(said.get("name", said["measure"])), *([place] if place else []), *groups])
    counts = {key: value for key, value in said.items() if key not in BY_WHAT_AND_WHEN}
    return Table(name, said["measure"], said["population"], said["statistic"], cohort, place, groups, counts)
