"""Tables in the long form read as an outsider reads them: cells, what the figures say of each, and the sums that hold between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from c2c.disclosure._form import FIGURES, NAMED, OF_NO_COUNT, read_rows
from c2c.disclosure._published import Published
from c2c.disclosure._rules import TooRevealing
from c2c.disclosure._sums import bind_levels, bind_margins, check_sums, read_levels
from c2c.disclosure._system import Key, key_of


def read_tables(source: Path, levels: Path | None) -> Published:
    """Read tables in the long form, and hierarchies beside them, into cells and sums.

    A margin is the sum of its parts wherever one table holds the parts and some table the margin. Measures whose group sizes are the same
    wherever both show them are about the same people. An edition whose figures of a measure and year repeat an earlier one's is the same edition.

    Raises:
        TooRevealing: DSC-002 figures contradict one another, DSC-004 the file is not in the long form, DSC-005 a figure is negative or no
            number, DSC-006 a row has no label or a status that is not known.
    """
    table = read_rows(source)
    dims = tuple(c for c in table.columns if c not in (*NAMED, *FIGURES))
    said = Published(table, dims)
    people = {about: f"{edition}|{about[0]}" for about, edition in _editions(table, dims).items()}
    people = _same_people(table, dims, people)
    for number, row in enumerate(table.iter_rows(named=True)):
        said.cell_of_row.append(
            _take(said, row, dims, people[row["measure"], row.get("academic_year") or "", row["release"]], number)
        )
    bind_margins(said)
    if levels:
        bind_levels(said, read_levels(levels, dims))
    check_sums(said, source.name)
    return said


def _coordinates(row: Mapping[str, Any], dims: tuple[str, ...]) -> dict[str, str]:
    return {d: row[d] for d in dims if row[d] is not None}


def _take(said: Published, row: Mapping[str, Any], dims: tuple[str, ...], people: str, number: int) -> int:
    """Put one row's figure to its cell; returns the cell."""
    status, of = row["status"], row["of"]
    if row["statistic"] in OF_NO_COUNT or status == "x":
        return -1
    coordinates = _coordinates(row, dims)
    table = f"{people}|{row['table']}"
    if row["statistic"] == "percent":
        if not of:
            raise TooRevealing(
                "DSC-006",
                where=f"row {number + 2}",
                what="a percent does not say of what",
                remedy="Name in `of` the dimension summed to form its base.",
            )
        own = _outcome_named(coordinates, row["measure"])
        cell = said.cell((people, key_of(own)))
        base = said.cell((people, key_of({d: v for d, v in coordinates.items() if d != of})))
        least, greatest = _share(row)
        said.shares.append((cell, base, least, greatest))
        said.parts_of[table, f"of {of}", base].add(cell)
        margin = {d: v for d, v in own.items() if d not in (of, row["measure"])}
        for d in margin:
            rest = key_of({x: v for x, v in own.items() if x != d})
            said.parts_of[table, d, said.cell((people, rest))].add(cell)
        return cell
    key = key_of(coordinates)
    cell = said.cell((people, key))
    if status in ("shown", "e", "z", "banded"):
        low, high = _count(row, number)
        if low > said.high[cell] + 0.5 or high < said.low[cell] - 0.5:
            raise TooRevealing(
                "DSC-002",
                where=f"row {number + 2}",
                what="this cell has another figure in another row",
                remedy="Send each cell with one figure. A row without a label in a column is about all of it, as Total is.",
            )
        said.low[cell], said.high[cell] = max(low, said.low[cell]), min(high, said.high[cell])
    for place, (d, _) in enumerate(key):
        rest = key[:place] + key[place + 1 :]
        said.parts_of[table, d, said.cell((people, rest))].add(cell)
    return cell


def _count(row: Mapping[str, Any], number: int) -> tuple[float, float]:
    """What a count's figure says: itself, a band, or nothing."""
    if row["status"] == "z":
        return 0.0, 0.0
    low, high, value = row["low"], row["high"], row["value"]
    if low is not None and high is not None:
        return low, high
    if value is None:
        raise TooRevealing(
            "DSC-006",
            where=f"row {number + 2}",
            what="a figure that is shown is blank",
            remedy="Fill it in, or mark it withheld with status c.",
        )
    return value, value


def _share(row: Mapping[str, Any]) -> tuple[float, float]:
    """What a percent's figure says of the share, rounding included."""
    if row["status"] == "banded" and row["low"] is not None and row["high"] is not None:
        return row["low"] / 100, row["high"] / 100
    if row["status"] == "shown" and row["value"] is not None:
        value = float(row["value"])
        half = 0.5 if value == round(value) else 0.05 if round(value * 10) == value * 10 else 0.005
        return max(value - half, 0.0) / 100, min(value + half, 100.0) / 100
    return 0.0, 1.0


def _outcome_named(coordinates: dict[str, str], measure: str) -> dict[str, str]:
    """`outcome=yes` of one measure is not that of another: the measure's name takes its place."""
    return {(measure if d == "outcome" else d): v for d, v in coordinates.items()}


def _editions(table: pl.DataFrame, dims: tuple[str, ...]) -> dict[tuple[str, str, str], str]:
    """For each measure, year and release, the first release that shows the same wherever both show a figure."""
    year = pl.col("academic_year").fill_null("") if "academic_year" in dims else pl.lit("")
    found: dict[tuple[str, str, str], str] = {}
    figures: dict[tuple[str, str], list[tuple[str, dict[Key, tuple[Any, ...]]]]] = defaultdict(list)
    each = list(table.with_columns(year.alias("year_")).group_by("measure", "year_", "release", maintain_order=True))
    releases = Counter((measure, y) for (measure, y, _), _ in each)
    for (measure, y, release), mine in each:
        if releases[measure, y] == 1:
            # With nothing to compare them to, a million figures need not be kept twice.
            found[str(measure), str(y), str(release)] = str(release)
            continue
        shown = {
            key_of({**_coordinates(r, dims), "statistic": r["statistic"]}): (r["value"], r["low"], r["high"])
            for r in mine.filter(pl.col("status").is_in(["shown", "banded"])).iter_rows(named=True)
        }
        earlier = figures[str(measure), str(y)]
        same = next(
            (
                name
                for name, other in earlier
                if all(other[k] == v for k, v in shown.items() if k in other) and shown.keys() & other
            ),
            None,
        )
        found[str(measure), str(y), str(release)] = same if same is not None else str(release)
        if same is None:
            earlier.append((str(release), shown))
    return found


def _same_people(
    table: pl.DataFrame, dims: tuple[str, ...], people: dict[tuple[str, str, str], str]
) -> dict[tuple[str, str, str], str]:
    """Measures of one year and edition whose group sizes agree wherever both show them count the same people."""
    if len(people) == 1:
        return people
    sizes: dict[tuple[str, str, str], dict[Key, float]] = defaultdict(dict)
    for row in table.iter_rows(named=True):
        if row["statistic"] == "count" and row["status"] == "shown" and row["value"] is not None:
            sizes[row["measure"], row.get("academic_year") or "", row["release"]][key_of(_coordinates(row, dims))] = row["value"]
    leaders: dict[tuple[str, str], list[tuple[str, dict[Key, float]]]] = defaultdict(list)
    joined = {}
    for (measure, year, release), name in people.items():
        mine = sizes[measure, year, release]
        group = leaders[year, name.split("|", 1)[0]]
        leader = next(
            (
                other
                for other, theirs in group
                if mine.keys() & theirs and all(theirs[k] == v for k, v in mine.items() if k in theirs)
            ),
            None,
        )
        if leader is None:
            leader = name
            group.append((name, dict(mine)))
        else:
            next(theirs for other, theirs in group if other == leader).update(mine)
        joined[measure, year, release] = leader
    return joined
