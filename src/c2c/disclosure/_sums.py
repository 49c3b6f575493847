"""The sums that hold between published cells: margins of their parts, places of what lies in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import numpy as np
import polars as pl

from c2c.disclosure._published import Published
from c2c.disclosure._rules import TooRevealing
from c2c.disclosure._system import Key, key_of


def bind_margins(said: Published) -> None:
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


def check_sums(said: Published, name: str) -> None:
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


def read_levels(levels: Path, dims: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
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


def bind_levels(said: Published, levels: list[tuple[str, str, str, str]]) -> None:
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
