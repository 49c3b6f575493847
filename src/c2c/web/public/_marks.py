"""Marks in place of figures: what each says, and for a withheld one the nearest figure that is shown, from the public pattern alone."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from c2c.publication import Query, answer
from c2c.vocabulary import Release

WITHHELD, NOT_AVAILABLE, BANDED, SHOWN = "c", "x", "banded", "shown"
LEGEND = {WITHHELD: "mark_c", "z": "mark_z", NOT_AVAILABLE: "mark_x", BANDED: "mark_band", "–": "mark_none", "e": "mark_e"}
"""Every mark, in the order of the legend, and its message."""
ANSWERED = ("outcome", "first_node", "last_node", "award_category")


def nearest_shown(release: Release, query: Query, row: Mapping[str, Any]) -> Query | None:
    """The query of the nearest coarser figure that is shown for a withheld one: fewer groups, then a wider place, then another year."""
    year = (int(row["academic_year"]),)
    for geography in dict.fromkeys((query.geography, "")):
        for n in range(len(query.groups), -1, -1):
            for groups in itertools.combinations(query.groups, n):
                if (geography, groups) == (query.geography, query.groups):
                    continue
                dims, shown = _shown(release.folder, query.measure, geography, groups)
                if tuple(row.get(d) for d in dims) in shown:
                    return Query(query.measure, geography, (str(row[geography]),) if geography else (), year, groups)
    dims, shown = _shown(release.folder, query.measure, "", ())
    other_years = {coordinates[1:] for coordinates in shown}
    return Query(query.measure) if tuple(row.get(d) for d in dims[1:]) in other_years else None


@functools.lru_cache(maxsize=256)
def _shown(
    folder: Path, measure: str, geography: str, groups: tuple[str, ...]
) -> tuple[tuple[str, ...], frozenset[tuple[Any, ...]]]:
    """The coordinates of every figure that is shown by these dimensions: year, place, groups, and what is answered."""
    rows = answer(Release(folder.name, folder), Query(measure, geography, (), (), groups)).rows
    answered = [d for d in ANSWERED if any(r.get(d) is not None for r in rows) and d not in groups]
    dims = ("academic_year", *([geography] if geography else []), *groups, "statistic", *answered)
    return dims, frozenset(tuple(r.get(d) for d in dims) for r in rows if r["status"] in (SHOWN, BANDED))
