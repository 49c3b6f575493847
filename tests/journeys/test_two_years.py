"""A site that lives on: the year after, people keep their ids, published figures stay true beside one another, and old addresses work."""

from __future__ import annotations

import csv
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from attack.outsider import withheld_counts
from journey import Served, c2c

FIRST = 2020
"""The oldest year in the inbox: of what it costs to take a small state's files in, most goes by their number."""


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, dict[str, Any]]]:
    """A site over two cycles, and what each step of each said."""
    folder = tmp_path_factory.mktemp("two")
    site = folder / "site"
    c2c("init", str(site), check=True)
    c2c("synth", str(folder / "inbox"), "--people", "2500", "--truth", str(folder / "truth.parquet"), check=True)
    (folder / "inbox.institutions.parquet").rename(site / "institutions.parquet")
    for path in (folder / "inbox").glob("*/*/*.csv"):
        if int(path.stem) < FIRST:
            path.unlink()
    said = {}
    for year in (2025, 2026):
        done = c2c("year", "run", str(year), "--inbox", str(folder / "inbox"), "--site", str(site), "--json")
        assert done.returncode == 0, done.stderr[-1500:]
        said[year] = {s["step"]: s for s in json.loads(done.stdout)["steps"]}
    return site, said


def test_people_keep_their_ids(years: tuple[Path, dict[int, dict[str, Any]]]) -> None:
    """A researcher's id of last year is this year's: at most three records in a thousand change, each change is an event."""
    report = years[1][2026]["match"]["facts"]["report"]
    assert report["share_of_old_records_with_a_new_id"] <= 0.003
    assert report["events"]["create"] < years[1][2025]["match"]["people"] * 0.1
    assert report["events"].get("merge", 0) == report["events"].get("redirect", 0)


def test_both_editions_together_give_nothing_back(years: tuple[Path, dict[int, dict[str, Any]]], tmp_path: Path) -> None:
    """Neither edition, by our attack or a stranger's, lets a withheld count be worked out; counts of one class move by nothing or by eleven."""
    counts: dict[tuple[str, ...], set[float]] = {}
    for year in (2025, 2026):
        release = years[1][year]["publish"]["made"]
        cells = tmp_path / f"{year}.csv"
        assert c2c("release", "cells", release, str(cells), "--site", str(years[0])).returncode == 0
        done = c2c("attack", str(cells), "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["withheld"] > 20
        assert not [row["table"] for row, low, high in withheld_counts(cells) if high - low < 9 - 1e-6]
        with cells.open(encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                if row["statistic"] == "count" and row["status"] == "shown":
                    where = tuple(f"{k}={v}" for k, v in sorted(row.items()) if v and k not in ("release", "value", "table"))
                    counts.setdefault(where, set()).add(float(row["value"]))
    moved = [max(both) - min(both) for both in counts.values() if len(both) == 2]
    assert all(m >= 11 for m in moved)


def test_an_old_address_shows_the_old_figures_under_a_banner(years: tuple[Path, dict[int, dict[str, Any]]]) -> None:
    """A journalist's link of last year still shows what was cited, and says that a newer edition exists."""
    old = years[1][2025]["publish"]["made"]
    with (
        Served(years[0] / "releases") as where,
        urllib.request.urlopen(f"{where}/tables?measure=hs_graduates&show=1&release={old}") as page,
    ):
        text = re.sub(r"<[^>]+>", " ", page.read().decode())
    assert old in text and "newer" in text.lower()
