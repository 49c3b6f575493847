"""The pretend map: real counties, and under them invented districts, schools and colleges, as many as the people can fill."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl

from c2c import catalog

GRADUATES_PER_DISTRICT = 172
"""Mean size of a district's class, so that none falls below 150 graduates by chance: a class varies by about nine."""

LARGER = 1.4
"""Where there are more than `EVEN` districts, how much larger the mean one is than the smallest: some are several times its size."""

EVEN = 5

FIRST = ("Alder", "Bay", "Canyon", "Delta", "Ember", "Foothill", "Golden", "Harbor", "Iris", "Juniper", "Kestrel", "Laurel", "Manzanita", "Nopal",
         "Oak", "Poppy", "Quail", "Redwood", "Sierra", "Tule", "Valley", "Willow", "Yarrow", "Zinnia")  # fmt: skip
SECOND = ("Creek", "Grove", "Hills", "Mesa", "Park", "Point", "Ridge", "River", "Springs", "View")


@dataclass(frozen=True)
class StateMap:
    """Districts by number: county, code, Assembly districts, schools; and the colleges. Codes as files carry them."""

    district_county: np.ndarray
    district_code: np.ndarray
    weights: np.ndarray
    high_schools: np.ndarray
    high_school_ad: np.ndarray
    ccc: np.ndarray
    csu: np.ndarray
    uc: np.ndarray
    institutions: pl.DataFrame

    @property
    def n_districts(self) -> int:
        """How many districts the map has."""
        return len(self.district_code)


def draw_map(graduates_per_class: int, people: int) -> StateMap:
    """A map for so many graduates a class: the largest counties first, all 58 from a million people; two high schools a district.

    A few districts are of one size; many are of many sizes, none so small that its class falls below what can be shown.
    """
    rows = list(csv.DictReader((files("c2c.synthetic") / "counties.csv").read_text("utf-8").splitlines()))
    rows.sort(key=lambda r: -int(r["thousand_people"]))
    least = GRADUATES_PER_DISTRICT * (1.05 if graduates_per_class > EVEN * GRADUATES_PER_DISTRICT else 1.0)
    n_districts = max(1, min(EVEN, int(graduates_per_class / least)), int(graduates_per_class / least / LARGER))
    n_counties = len(rows) if people >= 1_000_000 else max(1, min(len(rows), round(n_districts * 0.75)))
    n_districts = max(n_districts, n_counties)
    chosen = rows[:n_counties]
    shares = np.array([int(r["thousand_people"]) for r in chosen], dtype=float)
    # Every county has one district; the others go where people are, largest remainder first.
    spare = shares / shares.sum() * (n_districts - n_counties)
    counts = 1 + np.floor(spare).astype(int)
    for i in np.argsort(-(spare - np.floor(spare)), kind="stable")[: n_districts - counts.sum()]:
        counts[i] += 1
    county = np.repeat([r["county"] for r in chosen], counts)
    # Two digits of the state's county number, then the district: the first seven digits of a CDS code.
    code = np.array([f"{(int(c[2:]) + 1) // 2:02d}{60000 + i * 17:05d}" for i, c in enumerate(county)])
    schools = np.array([[f"{d}{30000 + 10 * i + s:07d}" for s in range(2)] for i, d in enumerate(code)])
    n_assembly = max(2, min(80, n_districts))
    # A district's second school lies in the next Assembly district, so that the two maps overlap as real ones do.
    assembly = np.array([[f"AD{(i + s) % n_assembly + 1:02d}" for s in range(2)] for i in range(n_districts)])
    n_ccc, n_csu, n_uc = max(2, min(115, n_districts)), max(2, min(23, n_districts // 3)), max(1, min(9, n_districts // 6))
    ccc = np.array([f"{11 + 7 * i:03d}" for i in range(n_ccc)])
    csu, uc = np.array([f"{5 + 3 * i:02d}" for i in range(n_csu)]), np.array([f"{1 + i:02d}" for i in range(n_uc)])
    table = _institutions(county, code, schools, assembly, ccc, csu, uc)
    # Zipf's law over what the smallest class leaves: the first district of the first county is the largest.
    spread = 1 / (np.arange(n_districts) + 2.0)
    floor = min(least / max(graduates_per_class, 1), 1 / n_districts)
    weights = floor + (1 - floor * n_districts) * spread / spread.sum()
    weights /= weights.sum()
    return StateMap(county, code, weights, schools, assembly, ccc, csu, uc, table)


def write_institutions(drawn: StateMap, path: Path) -> None:
    """Write the places, one row per institution or area, with names in both languages."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn.institutions.write_parquet(path)


def _institutions(
    county: np.ndarray,
    code: np.ndarray,
    schools: np.ndarray,
    assembly: np.ndarray,
    ccc: np.ndarray,
    csu: np.ndarray,
    uc: np.ndarray,
) -> pl.DataFrame:
    cat = catalog.load()
    rows: list[dict[str, str]] = []

    def add(kind: str, code_: str, name: str, name_es: str, **more: str) -> None:
        empty = {"county": "", "school_district": "", "legislative_district": "", "segment": ""}
        rows.append(
            {"code": code_, "kind": kind, "name": name, "name_es": name_es}
            | empty
            | more
            | {"valid_from": "1990-07-01", "valid_to": ""}
        )

    for c in dict.fromkeys(county):
        add("county", c, cat.label("county", c), cat.label("county", c, "es"), county=c)
    for n in sorted(set(assembly.ravel())):
        add(
            "legislative_district",
            n,
            f"Assembly District {int(n[2:])}",
            f"Distrito de la Asamblea {int(n[2:])}",
            legislative_district=n,
        )
    for i, d in enumerate(code):
        place = _place(i)
        add("school_district", d, f"{place} Unified", f"Distrito unificado {place}", county=county[i], school_district=d)
        for s, name in enumerate(("North", "South")):
            where = {"county": county[i], "school_district": d, "legislative_district": assembly[i, s]}
            add("school", schools[i, s], f"{place} {name} High", f"Preparatoria {place} {('Norte', 'Sur')[s]}", **where)
    for segment, codes, kind, kind_es in (
        ("ccc", ccc, "College", "Colegio"), ("csu", csu, "State University", "Universidad Estatal"), ("uc", uc, "University", "Universidad"),
    ):  # fmt: skip
        for i, c in enumerate(codes):
            place = _place(7 * i + 3 + len(segment) * 11 + ord(segment[1]))
            add(
                "campus", f"{segment}-{c}", f"{place} {kind}", f"{kind_es} {place}", segment=segment, county=county[i % len(county)]
            )
    return pl.DataFrame(rows)


def _place(i: int) -> str:
    again = i // (len(FIRST) * len(SECOND))
    return f"{FIRST[i % len(FIRST)]} {SECOND[(i // len(FIRST) + i) % len(SECOND)]}" + (f" {again + 1}" if again else "")
