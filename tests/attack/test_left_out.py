"""What an earlier release showed stays in the world: a table that this release leaves out still gives away what it would give away if it stood."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

import polars as pl
import pytest

from attack.fixtures import GRADUATES, Person, people, pinned, released, write
from builders import a_site
from c2c import publication
from c2c.disclosure import _ledger
from c2c.disclosure._products import read_product
from c2c.disclosure._rings import rings
from c2c.vocabulary import SafeTables

BY_GROUP = GRADUATES
BY_SEX = GRADUATES.replace('[[], ["group"]]', '[["sex"], ["group", "sex"]]')
"""Two declarations of one product: the second leaves the table by group out, and shows groups by sex instead."""

OTHERS = {g: (31 + i, 47 - 2 * i) for i, g in enumerate("efghijk")}
SIZES = {"a": (4, 40), "b": (33, 35), "c": (31, 30), "d": (38, 41)} | OTHERS
"""Women and men. Every group is large, so the table by group withholds nothing."""

SMALL = {"a": (0, 4), "b": (14, 16), "c": (15, 15), "d": (17, 13)} | OTHERS
"""One group is small, so the table by group withholds it and another; by sex, others may cover it."""


def these(sizes: dict[str, tuple[int, int]]) -> list[Person]:
    return [p for g, n in sizes.items() for s, m in zip("FM", n, strict=True) for p in people(m, group=g, sex=s)]


def together(folder: Path, *releases: list[dict[str, Any]]) -> Path:
    """All that was ever published, as one file."""
    texts = [{k: "" if v is None else str(v) for k, v in row.items()} for release in releases for row in release]
    blank = dict.fromkeys({k for row in texts for k in row}, "")
    return write(folder / "both.csv", [blank | row for row in texts])


def apart(folder: Path, text: str, some: list[Person]) -> list[dict[str, Any]]:
    """The release as it would be had nothing been published before."""
    folder.mkdir()
    return released(a_site(folder), text, some, release_id="2025-two")


def test_what_a_table_told_is_known_when_the_next_release_leaves_it_out(tmp_path: Path) -> None:
    """Release one shows group a: 44. Release two shows its 40 men and hides 4 women, safe by itself: no sum of its own gives the group."""
    site = a_site(tmp_path)
    one = released(site, BY_GROUP, these(SIZES))
    alone = apart(tmp_path / "alone", BY_SEX, these(SIZES))
    assert not pinned(together(tmp_path, alone)) and pinned(together(tmp_path, one, alone), width=1)
    two = released(site, BY_SEX, these(SIZES), release_id="2025-two")
    assert not pinned(together(tmp_path, one, two))
    assert mean(row["status"] == "shown" for row in two if row["table"] == "hs_graduates-group-sex") > 0.7


def test_what_a_table_withheld_stays_withheld_when_the_next_release_leaves_it_out(tmp_path: Path) -> None:
    """Release one hides group a behind another group. Release two covers a by a third, so it prints both sexes of that other group."""
    site = a_site(tmp_path)
    one = released(site, BY_GROUP, these(SMALL))
    # Chance may choose the same cover twice: then the two give nothing away.
    by_chance = (apart(tmp_path / str(number), BY_SEX, these(SMALL)) for number in range(9))
    assert any(pinned(together(tmp_path, one, alone), width=1) for alone in by_chance)
    two = released(site, BY_SEX, these(SMALL), release_id="2025-two")
    assert not pinned(together(tmp_path, one, two))
    assert mean(row["status"] == "shown" for row in two) > 0.7


def test_a_withdrawn_releases_figures_are_still_in_the_world(tmp_path: Path) -> None:
    """A retired release keeps its readers: what it told in a table that is left out is reckoned with as before."""
    site = a_site(tmp_path)
    one = released(site, BY_GROUP, these(SIZES))
    cells, places = site.folder("try") / "2025-one.cells.parquet", site.folder("try") / "places.parquet"
    pl.DataFrame({"school_district": [""]}).write_parquet(places)
    publication.freeze(site, SafeTables("p", cells), release_id="2025-one", year=2025, method={}, institutions=places)
    publication.retire(site, "2025-one", reason="source withdrawn")
    two = released(site, BY_SEX, these(SIZES), release_id="2025-two")
    assert not pinned(together(tmp_path, one, two))


def test_who_came_late_is_not_shown_by_the_sums_of_a_table_left_out(tmp_path: Path) -> None:
    """Three women of group b came late. Release one told the group, release two tells its women and men: the sum would be three more."""
    large = SIZES | {"a": (24, 40)}
    late = these(large | {"b": (36, 35)})
    site = a_site(tmp_path)
    released(site, BY_GROUP, these(large))
    alone = apart(tmp_path / "alone", BY_SEX, late)
    two = released(site, BY_SEX, late, release_id="2025-two")

    def of_b(rows: list[dict[str, Any]]) -> float:
        return sum(row["value"] or 0 for row in rows if row["group"] == "b")

    assert of_b(alone) - 68 == 3 and of_b(two) < 68
    assert mean(row["status"] == "shown" for row in two) > 0.7


def test_what_was_out_before_stops_no_later_release(tmp_path: Path) -> None:
    """An earlier release withheld group a alone, so anybody can work it out. Nothing withheld now takes that back: the next release is made."""
    site = a_site(tmp_path)
    released(site, BY_GROUP, these(SMALL))
    sizes = pl.DataFrame({"group": list(SMALL), "size": [float(sum(n)) for n in SMALL.values()]})
    path = site.folder("ledger", "cells") / "2025-one.parquet"
    told = pl.read_parquet(path).join(sizes, on="group", how="left", maintain_order="left")
    covers = (pl.col("status") == "c") & (pl.col("group") != "a")
    weak = told.with_columns(
        value=pl.when(covers).then("size").otherwise("value"), status=pl.when(covers).then(pl.lit("shown")).otherwise("status")
    )
    _ledger.enter(site, weak.drop("size"), "2025-one", product=read_product(BY_GROUP), year=2025)
    two = released(site, GRADUATES.replace('["group"]', '["sex"]'), these(SMALL), release_id="2025-two")
    assert {row["status"] for row in two} == {"shown"}


@pytest.mark.parametrize(
    ("tables", "behind"),
    [("ab bc ac", {"abc"}), ("ab bc cd", set()), ("abc", set()), ("ab ac ad bc bd cd", {"abcd"}), ("abx acx bcx", {"abcx"})],
)
def test_only_tables_in_a_ring_are_judged_with_their_cross_table(tables: str, behind: set[str]) -> None:
    """Tables in a chain, or one that has all dimensions itself, say no more of a cell together than apart: no time is spent on them."""
    assert {"".join(ring) for ring in rings([frozenset(t) for t in tables.split()])} == behind
