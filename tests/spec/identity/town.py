"""A small town to match in: three hundred people with three records each, so that the evidence of a few rows can be weighed among many."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from c2c import identity

GIVEN = ("Olga", "Marta", "Ines", "Paula", "Rosa", "Clara", "Nadia", "Vera", "Hugo", "Pablo", "Oscar", "Ivan", "Bruno", "Felix", "Marco", "Dario",
         "Emil", "Tomas", "Carla", "Sonia")  # fmt: skip
FAMILY = ("Arroyo", "Benitez", "Castellon", "Dominguez", "Escobar", "Fuentes", "Galindo", "Huerta", "Ibarra", "Jaramillo", "Ledesma", "Montoya",
          "Navarrete", "Orozco", "Pacheco")  # fmt: skip
STREETS = ("Alder St", "Birch Ave", "Cedar Rd", "Dogwood Ln", "Elm Ct")


def townspeople(seed: int = 5, people: int = 300) -> list[dict[str, str | None]]:
    """Rows of an ordinary town: a school's, a college's and an employer's record of each person, the last without a birth date."""
    dice = random.Random(seed)
    names = list(itertools.product(GIVEN, FAMILY))
    dice.shuffle(names)
    rows: list[dict[str, str | None]] = []
    for n, (first, last) in enumerate(names[:people]):
        birth = f"{dice.randint(1970, 2008)}-{dice.randint(1, 12):02d}-{dice.randint(2, 28):02d}"
        number = f"{dice.randint(100, 665)}{dice.randint(10, 99)}{dice.randint(1000, 9999)}"
        home = f"{dice.randint(100, 999)} {dice.choice(STREETS)}"
        shared = {"first_name": first, "last_name": last, "person": f"town-{n}"}
        rows.append(
            shared | {"record_id": f"school-{n}", "birth_date": birth, "street_address": home, "key_ssid": f"{10**9 + 7919 * n}"}
        )
        rows.append(shared | {"record_id": f"college-{n}", "birth_date": birth, "ssn": number, "street_address": home})
        rows.append(shared | {"record_id": f"work-{n}", "ssn": number})
        if n % 12 == 0:
            rows[-2]["birth_date"] = birth[:5] + "01-01"
        if n % 10 == 0:
            rows[-3]["last_name"] = last[:3] + last[4:]
    return rows


def persons(rows: Iterable[Mapping[str, str | None]], folder: Path) -> dict[str, str]:
    """The person of each record once the rows are matched as one file."""
    table = pl.DataFrame(list(rows), infer_schema_length=None)
    table.drop([c for c in ("person",) if c in table.columns]).write_parquet(folder / "people.parquet")
    identity.match_file(folder / "people.parquet", folder / "persons.parquet")
    return dict(pl.read_parquet(folder / "persons.parquet").select("record_id", "person_id").iter_rows())
