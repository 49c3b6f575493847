"""The gate's bars D1 to D11 on reference cubes (district > school by seven groups by five outcomes, with all margins) and on a pretend state.

`--sizes=10080,29952,100080` chooses cubes by their cells; growth is told from each size to the next. `--county=17000` makes each a state of counties of so
many cells, with the state's totals above them: `--sizes=10080,100080,1000800 --county=17000` goes up to California's 58 counties and a million cells.
`--site=FOLDER` takes the state that `c2c demo` left there (a copy of it is used), else one of `--people=2000` is made; `--people=0` leaves the
state out. No peer runs here: sdcTable and tau-argus, which do the same, are of R and Java, and ACRO checks one output at a time by rules of
thumb, without covering a cell or attacking a table.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from _report import ROOT, Row, c2c, finish

if TYPE_CHECKING:
    from c2c.disclosure._cohort import Cohort

T = TypeVar("T")
SIZES = (1_008, 10_080, 29_952)
REFERENCE = 10_080
LARGE = 100_080
SHARES = (0.34, 0.22, 0.16, 0.12, 0.08, 0.05, 0.03)
"""The groups are of very different size, as groups are."""

SAMPLE = 30


def main() -> int:
    """Protect and attack a cube of each size, then the tables of a pretend state."""
    sizes = [int(n) for n in _option("sizes", ",".join(map(str, SIZES))).split(",") if n]
    people, site = _option("people", "2000"), _option("site", "")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before: tuple[int, float, int] | None = None
        for size in sizes:
            found, took, peak = _cube_rows(folder, size, int(_option("county", "0")))
            rows += found
            if before:
                label = f"   growth from {before[0]:,} to {size:,} cells, {size / before[0]:.1f} times"
                rows.append(Row(label, took / before[1], "times the processor time"))
                rows.append(Row(label, peak / before[2], "times the memory"))
            before = size, took, peak
        rows += _refusals(folder, sizes[0])
        if site or int(people):
            rows += _state_rows(folder / "state", people, site)
    return finish("disclosure", rows)


def _processor(act: Callable[[], T]) -> tuple[T, float]:
    """What an act answers, and the processor seconds of the commands it ran: the machine may have other work."""
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = act()
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found, end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime


def _option(name: str, default: str) -> str:
    return next((a.split("=", 1)[1] for a in sys.argv if a.startswith(f"--{name}=")), default)


def _cube_rows(folder: Path, size: int, county: int) -> tuple[list[Row], float, int]:
    """What a cube shows, and the processor seconds and the MiB that protecting and attacking it took."""
    raw, safe = folder / f"{size}.csv", folder / f"{size}.safe.csv"
    cells = cube(raw, size, county)
    (seconds, peak, out), protecting = _processor(lambda: c2c("protect", str(raw), str(safe), "--json"))
    said = json.loads(out)
    print(f"{cells:,} cells protected in {seconds:,.0f} s, {protecting:,.0f} s of processor time, {peak:,} MiB", file=sys.stderr)
    (attack_seconds, attack_peak, out), attacking = _processor(lambda: c2c("attack", str(safe), "--json"))
    found = json.loads(out)
    print(
        f"{cells:,} cells attacked in {attack_seconds:,.0f} s, {attacking:,.0f} s of processor time, {attack_peak:,} MiB",
        file=sys.stderr,
    )
    exposed, ratio = found["pinned"] + found["narrow"], said["complementary"] / said["primary"]
    together, label = seconds + attack_seconds, f"{cells:,} cells"
    to_attack = 60 if cells <= REFERENCE else 300 if cells <= LARGE else 900
    to_do_all = 600 if cells <= LARGE else 1_800
    rows = [
        Row(f"D1 {label}: attacked in", attack_seconds, "s", bar=f"{to_attack}", holds=attack_seconds < to_attack),
        Row(f"D2 {label}: protected, audited, attacked in", together, "s", bar=f"{to_do_all}", holds=together < to_do_all),
        Row(f"   {label}: the same in processor time", protecting + attacking, "s"),
        Row(f"   {label}: peak memory of the largest process", max(peak, attack_peak), "MiB"),
        Row(f"   {label}: primary cells", 100 * said["primary"] / cells, "%"),
        Row(f"D3 {label}: pinned or narrow", exposed, "cells", bar="0", holds=not exposed),
        Row(f"D5 {label}: complementary to primary", ratio, "", bar="0.6", holds=ratio <= 0.6),
    ]
    return [*rows, *_pattern_rows(raw, safe, label)], protecting + attacking, max(peak, attack_peak)


def _pattern_rows(raw: Path, safe: Path, label: str) -> list[Row]:
    """What only the pattern itself tells: which cells are needed, what an insider learns, whom covering costs most."""
    from c2c.disclosure._files import read_counts
    from c2c.disclosure._protect import covering_loss, find_narrow, is_necessary
    from c2c.disclosure._system import tied

    system, cell_of_row = read_counts(raw, None)
    with safe.open(encoding="utf-8") as handle:
        hidden = {c for c, row in zip(cell_of_row, csv.DictReader(handle), strict=True) if row["status"] == "c"}
    primary = {c for c, v in enumerate(system.values) if 0 < v < 11}
    cover = sorted(hidden - primary)
    sample = random.Random(1).sample(cover, min(SAMPLE, len(cover)))
    # Where the sums near it do not show that a cell is needed, it may be all the same: so many are, or more.
    alone, needed = (
        100 * sum(is_necessary(system, hidden, c, near_alone=True, together=pooled) for c in sample) / max(len(sample), 1)
        for pooled in (False, True)
    )
    insiders = len(find_narrow(system, hidden, insiders=True))
    most = max(covering_loss([(system, hidden, primary)], "group").values())
    unknown = np.isin(np.arange(len(system.keys)), list(hidden))
    hang = int(np.bincount(tied(system, unknown)[unknown]).max())
    return [
        Row(f"   {label}: withheld cells that hang together, at most", hang, "cells"),
        Row(f"D4 {label}: covering cells needed at least, of {len(sample)}", alone, "%", bar="90", holds=alone >= 90),
        Row(f"   {label}: the same, where insiders pool what they know", needed, "%"),
        Row(f"D6 {label}: narrow to insiders", insiders, "cells", bar="0", holds=not insiders),
        Row(f"D11 {label}: most a group loses, to the whole", most, "times", bar="2", holds=most <= 2),
    ]


def _refusals(folder: Path, size: int) -> list[Row]:
    """What must be refused is; the order of rows changes nothing; small tables are judged like all whole numbers listed."""
    raw, safe = folder / f"{size}.csv", folder / f"{size}.safe.csv"
    with raw.open(encoding="utf-8") as handle:
        head, *rows = list(csv.reader(handle))
    primary, mixed, mixed_safe = folder / "primary.csv", folder / "mixed.csv", folder / "mixed.safe.csv"
    _write(primary, head, [[*row[:-1], "" if 0 < int(row[-1]) < 11 else row[-1]] for row in rows])
    _write(mixed, head, random.Random(2).sample(rows, len(rows)))
    _, _, out = c2c("attack", str(primary), "--json")
    late = subprocess.run(
        [sys.executable, "-m", "c2c.cli", "attack", str(safe), "--seconds", "0"], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT / "src")}
    )  # fmt: skip
    c2c("protect", str(mixed), str(mixed_safe), "--json")
    same = sorted(safe.read_text("utf-8").splitlines()) == sorted(mixed_safe.read_text("utf-8").splitlines())
    silent = _tests_hold("tests/unit/web/test_channels.py", "no_byte or planted")
    whole = _tests_hold("tests/property/test_protection.py", "whole_numbers")
    refused = not json.loads(out)["ok"], "DSC-002" in late.stdout + late.stderr
    return [
        Row("D7 a hidden value in a page, picture, file, header or log", int(not silent), "", bar="0", holds=silent),
        Row("D8 primary cells alone, and too little time: refused", sum(refused), "of 2", bar="2", holds=all(refused)),
        Row("D9 rows in another order: other bytes", int(not same), "files", bar="0", holds=same),
        Row("D10 laxer than a list of all whole numbers", int(not whole), "", bar="0", holds=whole),
    ]


def _tests_hold(file: str, named: str) -> bool:
    """Do the tests of a claim pass?"""
    command = [sys.executable, "-m", "pytest", file, "-q", "-k", named, "-p", "no:cacheprovider"]
    return (
        subprocess.run(
            command, cwd=ROOT, capture_output=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}
        ).returncode
        == 0
    )


def _state_rows(site: Path, people: str, given: str) -> list[Row]:
    """The newest release of a site that `c2c demo` made, attacked from its file; and the same year planned again, for what only the pattern tells."""
    if given:
        shutil.copytree(given, site)
    else:
        c2c("demo", "--no-serve", "--people", people, "--site", str(site))
    _, _, out = c2c("release", "list", "--json", "--site", str(site))
    manifest = json.loads(out)["releases"][-1]
    cells, levels = site / "cells.csv", site / "levels.csv"
    c2c("release", "cells", manifest["id"], str(cells), "--levels", str(levels), "--site", str(site))
    seconds, peak, out = c2c("attack", str(cells), "--levels", str(levels), "--json")
    found = json.loads(out)
    exposed, label = found["pinned"] + found["narrow"], f"state of {json.loads(out)['cells']:,} cells"
    said, cohorts = _planned(site, int(manifest["year"]))
    needed, most = 100 * said["necessary"]["share"], max(said["covering_loss"].values(), default=0.0)
    ratio = said["complementary_to_primary"]
    insiders, bound = _insiders_and_bound(cohorts)
    primary = max(said["primary"], 1)
    return [
        Row(f"D1 {label}: attacked in", seconds, "s", bar="60", holds=seconds < 60),
        Row(f"   {label}: counted, protected and audited in", said["audit_seconds"], "s"),
        Row(f"   {label}: peak memory of the attack", peak, "MiB"),
        Row(f"D3 {label}: pinned or narrow", exposed, "cells", bar="0", holds=not exposed),
        Row(f"D4 {label}: covering cells needed, of {said['necessary']['sampled']}", needed, "%", bar="90", holds=needed >= 90),
        Row(f"D5 {label}: complementary to primary", ratio, "", bar="0.6", holds=ratio <= 0.6),
        Row(f"   {label}: no pattern has less than", bound / primary, ""),
        Row(f"D6 {label}: narrow to insiders", insiders, "cells", bar="0", holds=not insiders),
        Row(f"D11 {label}: most a race group loses, to the whole", most, "times", bar="2", holds=most <= 2),
    ]


def _planned(site: Path, year: int) -> tuple[dict[str, Any], list[Cohort]]:
    """What a plan of a year's release tells of its protection, and its cohorts as they were protected."""
    from c2c.cycle import drafts
    from c2c.disclosure import _tabulate
    from c2c.plumbing import site as sites
    from c2c.publication import shelf

    kept: list[Cohort] = []
    written = _tabulate._long_form

    def keep(cohorts: Mapping[tuple[str, int], Cohort], *rest: Any) -> Any:
        kept[:] = cohorts.values()
        return written(cohorts, *rest)

    _tabulate._long_form = keep  # type: ignore[assignment]
    try:
        draft = drafts.plan_release(sites.open_site(site), year, actor="operator")
    finally:
        _tabulate._long_form = written
    return dict(shelf(draft.folder).method["disclosure"]), kept


def _insiders_and_bound(cohorts: Iterable[Cohort]) -> tuple[int, int]:
    """How many cells an insider could work out, and the fewest covering cells that any pattern has."""
    from _least_cover import least_cover
    from c2c.disclosure._protect import find_narrow

    insiders = bound = 0
    for found in cohorts:
        insiders += len(find_narrow(found.system, found.hidden, insiders=True))
        bound += least_cover(found.system, found.primary | found.kept_withheld, 9)
    return insiders, bound


def cube(path: Path, size: int, county: int = 0) -> int:
    """Write a cube of skewed counts with all its margins, about so many cells; returns how many. About a third of the cells are small.

    `county`: so many cells make a county, and counties the state; without, districts do.
    """
    rng = np.random.default_rng(7)
    mean = 140 * np.outer(SHARES, (0.35, 0.25, 0.2, 0.15, 0.05))
    rows: list[list[str]] = []
    state = np.zeros((7, 5), dtype=int)
    counties = max(round(size / county), 1) if county else 1
    for number in range(counties):
        where = (f"c{number}",) if county else ()
        left = (size // 48 - 1) // counties - len(where)
        total = np.zeros((7, 5), dtype=int)
        while left > 1:
            schools = min(int(rng.integers(4, 17)), left - 1)
            district, name = np.zeros((7, 5), dtype=int), f"d{len(rows)}"
            for school in range(schools):
                counts = rng.poisson(mean * rng.gamma(1.5, 4.0, 1) * rng.gamma(2.0, 0.5, mean.shape))
                rows += _margins((*where, name, f"{name}s{school}"), counts)
                district += counts
            rows += _margins((*where, name, "Total"), district)
            total += district
            left -= schools + 1
        if county:
            rows += _margins((*where, "Total", "Total"), total)
        state += total
    places = ["county", "district", "school"][0 if county else 1 :]
    rows += _margins(("Total",) * len(places), state)
    _write(path, ["table", *places, "group", "outcome", "value"], rows)
    return len(rows)


def _margins(places: tuple[str, ...], counts: np.ndarray) -> list[list[str]]:
    counts = np.vstack([counts, counts.sum(0)])
    counts = np.hstack([counts, counts.sum(1, keepdims=True)])
    return [
        ["t", *places, "Total" if i == 7 else f"g{i}", "Total" if j == 5 else f"o{j}", str(n)]
        for (i, j), n in np.ndenumerate(counts)
    ]


def _write(path: Path, head: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([head, *rows])


if __name__ == "__main__":
    sys.exit(main())
