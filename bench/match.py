"""Who is who, beside Splink 5 in the same run: FEBRL 1 to 4, pseudopeople's sample as one file and as partners' files, the synthetic state.

Accuracy is pairwise after clustering: ours at the shipped default, Splink's at the threshold that suits the truth best, which no user knows.
Seconds of `match file` are those of the whole command, of a site from opening its trays to sealed links, Splink's from its start to clusters.
Peaks are each process's own. Three files are matched a second time with tokens instead of names; the peer is then the same match in clear.

`--sizes=1000,2000,4000` are the people of the synthetic state; the last three give growth. `--seed=7` is pseudopeople's noise.
Of a synthetic state it is known who is whose twin or bears his father's name, and which group each is of: twins and namesakes made one person, and the
gap of recall between groups, stand beside Splink's. One more state has many such families: in an ordinary one they are too few to count.

`--large=FOLDER` runs the large sets instead, each a people file of a pretend state of a million people, kept in FOLDER for the next run: a million record
keys; a million rows as delivered year by year; five million record keys; and twenty million, of four such states, without Splink.
`--sets=1m,longitudinal,5m,20m` are those to run. They take hours, most of them to make. But for twenty million, both matches run `--turns=3` times, one
after the other, and the middle of each figure counts: on a shared machine seconds differ by a twentieth from run to run.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _report import PEERS, Row, c2c, finish, run

HERE = Path(__file__).resolve().parent
BARS = {"febrl4": 0.97, "pseudopeople": 0.95, "synthetic": 0.94}
NAMES = {
    "febrl1": "FEBRL 1",
    "febrl2": "FEBRL 2",
    "febrl3": "FEBRL 3",
    "febrl4": "FEBRL 4",
    "pseudopeople": "pseudopeople, one file",
    "town": "a town of 300",
}
LARGE = {
    "1m": ("a million records", 1_000_000, 1 / 4, None),
    "longitudinal": ("a million delivered rows", 1_000_000, 1 / 8, None),
    "5m": ("five million records", 5_000_000, 1 / 3, 0.6),
}
"""Records, and the most of Splink's seconds and memory that may be taken."""

COPIES, MOST_GIB = 4, 20
"""So many states of five million records are twenty million, and the most memory that their match may take."""

LOSS = 0.03
"""So much F1 may be lost where tokens stand instead of names."""

TWINS, NAMESAKES, GAP = 1.0, 10, 2.0
"""The most that may be: per cent of twins made one person; false record pairs of fathers and sons, as a share (one in so many) of Splink's; points
of recall between the best and the worst group."""

ENOUGH = 50
"""Fewer pairs of people than this show whether a bar holds by chance alone."""

ENCODED = ("febrl4", "pseudopeople", "town")
PARTNERS = {"census": ("cdss", "cdss_person", 2021), "wic": ("cdss", "cdss_person", 2022), "ssa": ("dhcs", "medi_cal_enrollment", 2021),
            "w2": ("edd", "ui_wage", 2021), "f1040": ("edd", "ui_wage", 2022)}  # fmt: skip


def main() -> int:
    """Run all and print side by side."""
    if option("large", ""):
        return finish("match, large sets", large(Path(option("large", ""))))
    sizes = [int(n) for n in option("sizes", "1000,2000,4000").split(",")]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(str(PEERS), str(HERE / "_samples.py"), str(folder), option("seed", "7"))
        state_of("town", str(folder))
        c2c("tokenise", "--new-key", str(folder / "tokens.key"))
        for kind, label in NAMES.items():
            rows += one_file(folder, kind, label)
        rows += partners(folder)
        rows += growing([(people, *state(folder, people)) for people in sizes])
        rows += state(folder, max(sizes), families=True)[0]
    return finish("match", rows)


def option(name: str, default: str) -> str:
    """The value of `--name=`."""
    return next((a.split("=", 1)[1] for a in sys.argv if a.startswith(f"--{name}=")), default)


def one_file(folder: Path, kind: str, label: str) -> list[Row]:
    """One people file through `c2c match file`, judged by `c2c match evaluate`'s own arithmetic, and through Splink."""
    source, truth = folder / f"{kind}.parquet", folder / f"{kind}.truth.parquet"
    ours = judged(source, truth)
    rows = beside(label, kind, ours, splink(source, truth))
    return [*rows, *encoded(folder, kind, label, ours)] if kind in ENCODED else rows


def judged(source: Path, truth: Path) -> dict[str, Any]:
    """What a match of a people file took, and how right it is."""
    out = source.with_suffix(".out.parquet")
    seconds, peak, _ = c2c("match", "file", str(source), str(out), "--json")
    return dict(json.loads(state_of("judge", str(out), str(truth)))) | {"seconds": seconds, "peak_mib": peak}


def encoded(folder: Path, kind: str, label: str, clear: dict[str, Any]) -> list[Row]:
    """The same people file with tokens instead of names, beside itself in clear."""
    source = folder / f"{kind}.tokens.parquet"
    names, key = folder / f"{kind}.parquet", folder / "tokens.key"
    took, _, _ = c2c("tokenise", str(names), str(source), "--key-file", str(key), "--json")
    ours = judged(source, folder / f"{kind}.truth.parquet")
    said, holds = f"{label}, tokens", ours["f1"] >= clear["f1"] - LOSS
    rows = [Row(f"{said}: F1", ours["f1"], "", "in clear", clear["f1"], ours["f1"] / clear["f1"], f"≥ clear - {LOSS}", holds)]
    for name, unit in (("precision", ""), ("recall", ""), ("seconds", "s"), ("peak_mib", "MiB")):
        rows.append(Row(f"{said}: {name}", ours[name], unit, "in clear", clear[name], ours[name] / max(clear[name], 1e-9)))
    return [*rows, Row(f"{said}: seconds to encode", took, "s")]


def partners(folder: Path) -> list[Row]:
    """Pseudopeople's files sent by partners through column maps, matched in a site, judged by `c2c match evaluate`."""
    site = folder / "partners"
    c2c("init", str(site))
    (folder / "inbox").rename(site / "inbox")
    for name, (partner, file, period) in PARTNERS.items():
        sent = site / "inbox" / partner / file / f"{period}.csv"
        c2c(
            "submit",
            partner,
            file,
            str(sent),
            "--period",
            str(period),
            "--map",
            str(HERE / "maps" / f"{name}.toml"),
            "--site",
            str(site),
        )
    return in_site(folder, site, folder / "partners.truth.parquet", 2022, "pseudopeople, partners' files", "")[0]


def state(folder: Path, people: int, *, families: bool = False) -> tuple[list[Row], dict[str, Any]]:
    """A synthetic state's deliveries received and matched in a site, judged by `c2c match evaluate`; and Splink on the same records."""
    name = f"families-{people}" if families else f"state-{people}"
    site, truth = folder / name, folder / f"{name}.truth.parquet"
    c2c("init", str(site))
    if families:
        state_of("families", str(site), str(truth), str(people))
    else:
        c2c("synth", str(site / "inbox"), "--people", str(people), "--seed", "1", "--truth", str(truth))
    state_of("receive", str(site), "2026")
    label = f"synthetic state of {people:,}" + (", many families" if families else "")
    return in_site(folder, site, truth, 2026, label, "synthetic")


def in_site(folder: Path, site: Path, truth: Path, year: int, label: str, kind: str) -> tuple[list[Row], dict[str, Any]]:
    """Match what a site holds, judge it, and give the same record keys to Splink."""
    took = json.loads(state_of("match", str(site), str(year)))
    _, _, said = c2c("match", "evaluate", "--truth", str(truth), "--site", str(site), "--json")
    ours = json.loads(said) | took
    source = folder / f"{site.name}.people.parquet"
    state_of("people", str(site), str(truth), str(source))
    theirs = splink(source, source.with_suffix(".truth.parquet"))
    rows, people = beside(label, kind, ours, theirs), truth.with_suffix(".people.parquet")
    if not people.exists():
        return rows, ours
    peer = state_of("judge", str(source.with_suffix(".splink.parquet")), str(source.with_suffix(".truth.parquet")), str(people))
    return [*rows, *whom_it_fails(label, ours, json.loads(peer))], ours


def whom_it_fails(label: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[Row]:
    """Twins, fathers and sons, and groups: ours beside Splink's at the threshold that suits the truth best. A bar binds where there are enough pairs."""

    def row(name: str, figure: str, unit: str, bar: str = "", holds: bool | None = None) -> Row:
        return Row(
            f"{label}: {name}", ours[figure], unit, "Splink", theirs[figure], ours[figure] / max(theirs[figure], 1e-9), bar, holds
        )

    one, false, sons = "twin_pct_merged", "father_son_false_record_pairs", "father_son_pairs_merged"
    twins, fathers = (ours[n] >= ENOUGH for n in ("twin_pairs", "father_son_pairs"))
    rows = [
        Row(f"{label}: pairs of twins", ours["twin_pairs"], ""),
        row("twins made one", one, "%", f"≤ {TWINS:g}", ours[one] <= TWINS) if twins else row("twins made one", one, "%"),
        Row(f"{label}: fathers and sons of one name", ours["father_son_pairs"], ""),
        row("fathers and sons made one", sons, ""),
        row("their false record pairs", false, "", f"≤ 1/{NAMESAKES}", ours[false] * NAMESAKES <= theirs[false])
        if fathers
        else row("their false record pairs", false, ""),
    ]
    for by in ("race_ethnicity", "gender"):
        gap = f"recall_gap_{by}"
        low, high = ours[f"{gap}_interval"]
        said = f"recall gap by {by}"
        rows.append(row(said, gap, "points", f"≤ {GAP:g}", ours[gap] <= GAP))
        rows += [Row(f"{label}: {said}, 95 % from", low, "points"), Row(f"{label}: {said}, 95 % to", high, "points")]
    return rows


def state_of(*arguments: str) -> str:
    """What `_state.py` prints."""
    return run(sys.executable, str(HERE / "_state.py"), *arguments)[2]


def splink(source: Path, truth: Path) -> dict[str, Any]:
    """Splink's best on a people file, timed from here on like the command it stands beside."""
    os.environ["STARTED"] = str(time.time())
    said = run(str(PEERS), str(HERE / "_splink.py"), str(source), str(truth))[2].splitlines()
    if not said:
        sys.exit(f"Splink made nothing of {source.name}: run bench/_splink.py on it by hand.")
    return dict(json.loads(said[-1]))


def beside(label: str, kind: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[Row]:
    """The rows of one data set, each figure beside Splink's."""
    floor = BARS.get(kind)
    bar, holds = (f"≥ {floor}", ours["f1"] >= floor) if floor else ("", None)
    rows = [Row(f"{label}: F1", ours["f1"], "", "Splink's best", theirs["f1"], ours["f1"] / theirs["f1"], bar, holds)]
    for name, unit in (("precision", ""), ("recall", ""), ("seconds", "s"), ("peak_mib", "MiB")):
        rows.append(Row(f"{label}: {name}", ours[name], unit, "Splink", theirs[name], ours[name] / max(theirs[name], 1e-9)))
    return rows


def large(folder: Path) -> list[Row]:
    """The large sets, each beside Splink, and what each adds to the one before."""
    rows: list[Row] = []
    took: dict[str, dict[str, Any]] = {}
    for name in option("sets", "1m,longitudinal,5m,20m").split(","):
        source = large_set(folder, name)
        truth = source.with_suffix(".truth.parquet")
        if name in LARGE:
            label, _, wall, memory = LARGE[name]
            turns = [(judged(source, truth), splink(source, truth)) for _ in range(int(option("turns", "3")))]
            ours, theirs = (middle(run) for run in zip(*turns, strict=True))
            rows += beside(label, name, ours, theirs)
            rows.append(at_most(f"{label}: share of Splink's seconds", ours["seconds"] / theirs["seconds"], wall))
            rows.append(at_most(f"{label}: F1 below Splink's best", max(theirs["f1"] - ours["f1"], 0.0), 0.0))
            if memory:
                rows.append(at_most(f"{label}: share of Splink's memory", ours["peak_mib"] / theirs["peak_mib"], memory))
        else:
            label, ours = "twenty million records", judged(source, truth)
            rows += [Row(f"{label}: {m}", ours[m], unit) for m, unit in (("f1", ""), ("precision", ""), ("seconds", "s"))]
            rows.append(at_most(f"{label}: GiB", ours["peak_mib"] / 1024, MOST_GIB))
        took[name] = ours
    for small, big, times in (("1m", "5m", 5), ("5m", "20m", 4)):
        if small in took and big in took:
            grows = took[big]["seconds"] / took[small]["seconds"]
            rows.append(Row(f"match grows from {small} to {big} by", grows, f"times for {times} times the records"))
    return rows


def middle(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The middle of each figure over several runs."""
    return {name: statistics.median(run[name] for run in runs) for name, v in runs[0].items() if isinstance(v, int | float)}


def at_most(measure: str, value: float, most: float) -> Row:
    """A figure that may not be above a bar."""
    return Row(measure, value, "", bar=f"≤ {most:.3g}", holds=value <= most)


def large_set(folder: Path, name: str) -> Path:
    """A people file of the folder; made, with the state it is of, where it is not there yet."""
    source = folder / f"{name}.parquet"
    if not source.exists():
        part = folder / f"{name}.part.parquet"
        if name in LARGE:
            site, truth = folder / "state", folder / "truth.parquet"
            if not truth.exists():
                c2c("init", str(site))
                c2c("synth", str(site / "inbox"), "--people", "1000000", "--seed", "1", "--truth", str(truth))
                state_of("receive", str(site), "2026")
            each = ["each"] if name == "longitudinal" else []
            state_of("people", str(site), str(truth), str(part), str(LARGE[name][1]), *each)
        else:
            state_of("copies", str(large_set(folder, "5m")), str(COPIES), str(part))
        part.with_suffix(".truth.parquet").replace(source.with_suffix(".truth.parquet"))
        part.replace(source)
    return source


def growing(states: Sequence[tuple[int, list[Row], dict[str, Any]]]) -> list[Row]:
    """The rows of every size, then how seconds grow between them."""
    rows = [row for _, mine, _ in states for row in mine]
    for (n1, _, a), (n2, _, b) in itertools.pairwise(states):
        times = b["seconds"] / a["seconds"]
        rows.append(Row(f"match grows from {n1:,} to {n2:,} people by", times, f"times for {n2 / n1:.1f} times the people"))
    return rows


if __name__ == "__main__":
    sys.exit(main())
