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


@dataclass(frozen=True)
class Table:
    """One table of one cohort: whose people, what is counted of them, by which place and groups."""

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


def load_product(name: str | Path) -> Product:
    """The product of that name, as its data file declares it; or one that a file of one's own declares, to be planned.

    Raises:
        TooRevealing: DSC-015 the file declares no product.
    """
    where = name if isinstance(name, Path) else files("c2c.disclosure") / "products" / f"{name}.toml"
    try:
        said = tomllib.loads(where.read_text("utf-8"))
        missing = [key for key in DECLARED if key not in said]
        missing += [f"tables: {key}" for table in said.get("tables", ()) for key in DECLARED_OF_TABLES if key not in table]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        missing = [type(reason).__name__]
    if missing:
        raise TooRevealing(
            "DSC-015",
            where=where.name,
            what=f"this declares no product: {', '.join(sorted(set(missing)))} missing or not to be read",
            remedy="Begin with a copy of a file in disclosure/products and change its tables.",
        )
    return Product(
        said["product"], said["edition"], ({"settings": {k: v for k, v in said.items() if k != "tables"}}, *said["tables"])
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
    return Table(name, said["measure"], said["population"], said["statistic"], cohort, place, groups, said)
