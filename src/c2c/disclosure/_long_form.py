"""Tables in the long form read as an outsider reads them: cells, what the figures say of each, and the sums that hold between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from c2c.disclosure._rules import TooRevealing
from c2c.disclosure._system import Key, key_of

FIGURES = ("value", "low", "high", "status", "of", "unit", "verdict")
NAMED = ("release", "product", "table", "measure", "statistic")
STATUSES = ("shown", "banded", "c", "z", "x", "e")
OF_NO_COUNT = ("median", "quartile_1", "quartile_3")
STATISTICS = ("count", "percent", *OF_NO_COUNT)
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


def read_tables(source: Path, levels: Path | None) -> Published:
    """Read tables in the long form, and hierarchies beside them, into cells and sums.

    A margin is the sum of its parts wherever one table holds the parts and some table the margin. Measures whose group sizes are the same
    wherever both show them are about the same people. An edition whose figures of a measure and year repeat an earlier one's is the same edition.

    Raises:
        TooRevealing: DSC-002 figures contradict one another, DSC-004 the file is not in the long form, DSC-005 a figure is negative or no
            number, DSC-006 a row has no label or a status that is not known.
    """
    table = _read(source)
    dims = tuple(c for c in table.columns if c not in (*NAMED, *FIGURES))
    said = Published(table, dims)
    people = {about: f"{edition}|{about[0]}" for about, edition in _editions(table, dims).items()}
    people = _same_people(table, dims, people)
    for number, row in enumerate(table.iter_rows(named=True)):
        said.cell_of_row.append(
            _take(said, row, dims, people[row["measure"], row.get("academic_year") or "", row["release"]], number)
        )
    _bind_margins(said)
    if levels:
        _bind_levels(said, _read_levels(levels, dims))
    _check_sums(said, source.name)
    return said


def _read(source: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(source, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise TooRevealing(
            "DSC-004",
            where=source.name,
            what=f"this file cannot be read: {type(reason).__name__}",
            remedy="Send CSV in UTF-8 with a header.",
        ) from None
    if "value" not in table.columns:
        raise TooRevealing(
            "DSC-004",
            where=source.name,
            what="there is no column `value`",
            remedy="Send the long form: table, one column per dimension, value, status.",
        )
    if not len(table):
        raise TooRevealing("DSC-004", where=source.name, what="the file has no rows", remedy="Send the tables with their rows.")
    given = table.columns
    defaults = {"release": "", "product": "", "table": "table", "measure": "", "statistic": "count", "status": "shown", "of": ""}
    table = table.with_columns(pl.lit(v).alias(c) for c, v in defaults.items() if c not in table.columns)
    table = table.with_columns(pl.lit(None, dtype=pl.String).alias(c) for c in ("low", "high") if c not in table.columns)
    # A figure left blank without a word is a figure withheld.
    blank = pl.all_horizontal(pl.col(c).is_null() | (pl.col(c) == "") for c in ("value", "low", "high"))
    unsaid = pl.col("status").is_null() | (pl.lit("status" not in given) & blank)
    table = table.with_columns(
        pl.when(unsaid).then(pl.when(blank).then(pl.lit("c")).otherwise(pl.lit("shown"))).otherwise("status").alias("status")
    )
    table = table.with_columns(pl.col(c).fill_null(v) for c, v in defaults.items())
    bare = table.with_row_index("row_", 2)
    for column in ("value", "low", "high"):
        number = pl.col(column).cast(pl.Float64, strict=False)
        wrong = bare.filter(
            pl.col(column).is_not_null() & (pl.col(column) != "") & (number.is_null() | ~number.is_finite() | (number < 0))
        )
        if len(wrong):
            raise TooRevealing(
                "DSC-005",
                where=f"{source.name}, row {wrong['row_'][0]}",
                what=f"`{column}` is negative or not a number",
                remedy="Send counts of zero or more, or leave it blank. An end such as <=5 is status banded, low 0, high 5.",
            )
        table = table.with_columns(number.alias(column))
    for column, allowed in (("status", STATUSES), ("statistic", STATISTICS)):
        unknown = bare.filter(~pl.col(column).is_in(allowed))
        if len(unknown):
            raise TooRevealing(
                "DSC-006",
                where=f"{source.name}, row {unknown['row_'][0]}",
                what=f"this {column} is not known",
                remedy=f"Use one of: {', '.join(allowed)}.",
            )
    table = _with_both_ends(table, source.name)
    dims = [c for c in table.columns if c not in (*NAMED, *FIGURES)]
    if not dims:
        raise TooRevealing(
            "DSC-006", where=source.name, what="no column says what a figure is about", remedy="Add one column for each dimension."
        )
    return table.with_columns(pl.col(dims).str.strip_chars().replace("", None))


def _with_both_ends(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Bands with both their ends: "5 % or less" may leave the low one blank. What lies beyond a whole is no share."""
    percent, banded = pl.col("statistic") == "percent", pl.col("status") == "banded"
    one = banded & (pl.col("low").is_not_null() | pl.col("high").is_not_null())
    table = table.with_columns(
        pl.when(one & pl.col("low").is_null()).then(0.0).otherwise("low").alias("low"),
        pl.when(one & percent & pl.col("high").is_null()).then(100.0).otherwise("high").alias("high"),
    )
    wrong = table.with_row_index("row_", 2).filter(
        (banded & (pl.any_horizontal(pl.col("low", "high").is_null()) | (pl.col("low") > pl.col("high"))))
        | (percent & (pl.max_horizontal("value", "low", "high") > 100))
    )
    if len(wrong):
        raise TooRevealing(
            "DSC-005",
            where=f"{name}, row {wrong['row_'][0]}",
            what="a band has no ends, or its low above its high, or a percent is above 100",
            remedy="Give low and high of each band; percents lie from 0 to 100.",
        )
    return table


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


def _bind_margins(said: Published) -> None:
    """Bind each margin to its parts, and each base to the outcomes listed under it; one outcome alone leaves the rest unsaid."""
    listed = set(said.cell_of_row)
    for (_, dim, total), parts in sorted(said.parts_of.items(), key=lambda item: (item[0][0], item[0][1], item[0][2])):
        members = sorted(parts - {total})
        if dim.startswith("of ") and len(members) == 1:
            said.low.append(0.0)
            said.high.append(np.inf)
            members.append(len(said.low) - 1)
        if members and (total in listed or dim.startswith("of ")):
            said.relations.append((total, tuple(members)))


def _check_sums(said: Published, name: str) -> None:
    """Refuse totals that are shown, as all their parts are, and are not their sum."""
    for total, parts in said.relations:
        shown = total < len(said.at) and all(said.low[c] == said.high[c] for c in (total, *parts))
        if shown and abs(said.low[total] - sum(said.low[p] for p in parts)) > 0.5:
            # A cell that a sum speaks of need not be a row of the file.
            row = f", row {said.cell_of_row.index(total) + 2}" if total in said.cell_of_row else ""
            raise TooRevealing(
                "DSC-002",
                where=f"{name}{row}",
                what="this total is not the sum of its parts",
                remedy="Send every part of each total, and totals that add up.",
            )


def _read_levels(levels: Path, dims: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """The hierarchies of columns that the tables have; no place lies above itself."""
    try:
        table = pl.read_csv(levels, infer_schema=False)
        found = sorted(table.select("dim", "hierarchy", "parent", "child").drop_nulls().iter_rows())
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise TooRevealing(
            "DSC-004",
            where=levels.name,
            what=f"hierarchies cannot be read: {type(reason).__name__}",
            remedy="Send CSV with dim, hierarchy, parent, child.",
        ) from None
    strange = sorted({dim for dim, *_ in found if dim not in dims})
    if strange:
        raise TooRevealing(
            "DSC-006",
            where=levels.name,
            what=f"the tables have no column `{strange[0]}`",
            remedy=f"In `dim`, name a column of the tables: {', '.join(dims)}.",
        )
    for hierarchy in sorted({(dim, name) for dim, name, *_ in found}):
        try:
            TopologicalSorter(_parents(found, *hierarchy)).prepare()
        except CycleError:
            raise TooRevealing(
                "DSC-002",
                where=f"{levels.name}, hierarchy {hierarchy[1]}",
                what="a place lies above itself",
                remedy="Give each child the parents it lies in, and no parent that lies in it.",
            ) from None
    return found


def _parents(levels: list[tuple[str, str, str, str]], dim: str, hierarchy: str) -> dict[str, set[str]]:
    """Each child of one hierarchy, and what it lies in."""
    parents: dict[str, set[str]] = defaultdict(set)
    for d, h, parent, child in levels:
        if (d, h) == (dim, hierarchy):
            parents[child].add(parent)
    return parents


def _bind_levels(said: Published, levels: list[tuple[str, str, str, str]]) -> None:
    """Hierarchies: a parent is the sum of its children. Where a child has several parents, each shares a piece of it that nobody shows.

    The parent stands in the column that `hierarchy` names, or else in the child's own.
    """
    by_dims: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for dim, hierarchy, parent, child in levels:
        if parent != "Total" and dim in said.dims:
            by_dims[dim, hierarchy if hierarchy in said.dims else dim].append((parent, child))
    for (low_dim, high_dim), pairs in sorted(by_dims.items()):
        parents: dict[str, set[str]] = defaultdict(set)
        for parent, child in pairs:
            parents[child].add(parent)
        for people, rest, places in list(_by_rest(said, low_dim, high_dim)):
            sums: dict[int, list[int]] = defaultdict(list)
            for child, above in sorted(parents.items()):
                cell = places.get((low_dim, child))
                pieces = [(p, said.cell((people, key_of(dict(rest) | {low_dim: child, f"{high_dim} shared": p})))) for p in sorted(above)] if len(above) > 1 else [
                    (p, cell if cell is not None else said.cell((people, key_of(dict(rest) | {low_dim: child})))) for p in above
                ]  # fmt: skip
                if len(above) > 1 and cell is not None:
                    said.relations.append((cell, tuple(piece for _, piece in pieces)))
                for p, piece in pieces:
                    if (high_dim, p) in places:
                        sums[places[high_dim, p]].append(piece)
            said.relations += [(total, tuple(sorted(parts))) for total, parts in sorted(sums.items())]


def _by_rest(said: Published, *dims: str) -> Iterator[tuple[str, Key, dict[tuple[str, str], int]]]:
    """Cells that differ in one of these dimensions alone, together."""
    found: dict[tuple[str, Key], dict[tuple[str, str], int]] = defaultdict(dict)
    for (people, key), cell in said.at.items():
        here = [(d, v) for d, v in key if d in dims]
        if len(here) == 1:
            found[people, tuple((d, v) for d, v in key if d not in dims)][here[0]] = cell
    for (people, rest), places in sorted(found.items()):
        yield people, rest, places
