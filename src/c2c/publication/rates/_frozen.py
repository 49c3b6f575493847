"""Rates of links as they lie beside their run: `rates/<run>.json`, one document a run, and `rates/<run>.csv`, one row per breakdown and group."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from c2c.plumbing import clock
from c2c.plumbing.site import Site, write_bytes, write_json
from c2c.publication.rates._gaps import find_gap, rule
from c2c.vocabulary import SafeTables

STATUSES = ("automatic", "provisional", "steward", "ambiguous", "unlinked")
RATES = ("sure", "elsewhere")
"""What a share is told of: links that nobody need look at again; records whose person another agency knows too."""

OUTCOMES = ("link_status", *RATES)
NOT_COMPARED = ("not_told",)
"""Records whose file says nothing of their group are no group, and are not set against one."""

ORDER = ("", "partner", "school_year", "holds_ssn", "holds_birth_date", "holds_person_key", "holds_contact", "race_ethnicity", "gender",
         "age_bracket", "ses_disadvantaged", "foster", "homeless", "first_generation", "disability", "veteran")  # fmt: skip
"""What groups are told by, in the order in which they are shown; the whole first."""

COLUMNS = (
    "run",
    "by",
    "group",
    "records",
    *STATUSES,
    *(f"share_{name}" for name in RATES),
    *(f"share_{name}_before" for name in RATES),
)


def freeze_rates(site: Site, safe: SafeTables, *, run_id: str, year: int, people: int) -> Mapping[str, Any]:
    """Keep the safe tables of a run's links as shares, with each breakdown's gap and the shares of the run before. Returns the document.

    A count that the gate withheld is None, and so is every share that leans on it. `people`: how many the run found, for the intervals.
    """
    before = _before(site, run_id)
    breakdowns = []
    found = _groups_of(pl.read_parquet(safe.cells))
    each = max((found[""].get("", {}).get("records") or 0) / max(people, 1), 1.0)
    for by, groups in found.items():
        rows = [_row(group, counts) for group, counts in groups.items()]
        earlier = {(by, row["group"]): row for b in before.get("breakdowns", ()) if b["by"] == by for row in b["groups"]}
        for row in rows:
            then = earlier.get((by, row["group"]), {})
            row["before"] = {name: then.get(name) for name in (*RATES, "records")}
        gaps = {}
        for name in RATES:
            shown = {r["group"]: (float(r[f"n_{name}"]), float(r["records"])) for r in rows if r[name] is not None and r["group"] not in NOT_COMPARED}  # fmt: skip
            gap = find_gap(shown, records_per_person=each, accepted=name == "sure") if by else None
            gaps[name] = asdict(gap) if gap else None
        breakdowns.append({"by": by, "groups": rows, "gaps": gaps})
    said = {"run": run_id, "year": year, "made": clock.stamp(), "run_before": before.get("run", ""), "refused": "",
            "accepted_gap": rule("accepted_gap"), "interval_level": rule("interval_level"), "breakdowns": breakdowns}  # fmt: skip
    write_bytes(site.folder("rates") / f"{run_id}.csv", _as_csv(said).encode())
    write_json(site.folder("rates") / f"{run_id}.json", said)
    return said


def freeze_refusal(site: Site, *, run_id: str, year: int, code: str, what: str) -> None:
    """Keep why a run has no rates: the terms or the gate refused. What an earlier run showed stands."""
    said = {"run": run_id, "year": year, "made": clock.stamp(), "refused": code, "what": what, "breakdowns": []}
    write_json(site.folder("rates") / f"{run_id}.json", said)


def open_rates(site: Site, run_id: str) -> Mapping[str, Any]:
    """The rates of a run; empty where none were made yet."""
    path = site.root / "rates" / f"{run_id}.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def write_rates(site: Site, run_id: str, target: Path) -> None:
    """Write a run's rates as CSV, one row per breakdown and group; a header alone where there are none."""
    path = site.root / "rates" / f"{run_id}.csv"
    write_bytes(target, path.read_bytes() if path.exists() else (",".join(COLUMNS) + "\n").encode())


def _groups_of(cells: pl.DataFrame) -> dict[str, dict[str, dict[str, float | None]]]:
    """Counts by breakdown and group; `records` is how many there are, `link_status=automatic` and the like how many of them. The whole is `""`."""
    found: dict[str, dict[str, dict[str, float | None]]] = {"": {}}
    for row in cells.iter_rows(named=True):
        where = {d: row[d] for d in (*OUTCOMES, *ORDER) if row.get(d) is not None}
        count = next((f"{d}={where.pop(d)}" for d in OUTCOMES if d in where), "records")
        by, group = next(iter(where.items()), ("", ""))
        found.setdefault(by, {}).setdefault(group, {})[count] = row["value"] if row["status"] == "shown" else None
    return {by: dict(sorted(groups.items())) for by, groups in sorted(found.items(), key=lambda item: ORDER.index(item[0]))}


def _row(group: str, counts: Mapping[str, float | None]) -> dict[str, Any]:
    """One group: how many records, how many of each status, and its shares. A table that was left out leaves None."""
    n = counts.get("records")
    row: dict[str, Any] = {"group": group, "records": _whole(n)}
    # A status that nobody has is a category that does not occur: nothing was withheld where the table stands.
    stands = any(name.startswith("link_status=") for name in counts)
    row |= {s: _whole(counts.get(f"link_status={s}", 0.0 if stands else None)) for s in STATUSES}
    for name in RATES:
        x = counts.get(f"{name}=yes", 0.0 if f"{name}=no" in counts else None)
        row |= {f"n_{name}": _whole(x), name: round(x / n, 6) if x is not None and n else None}
    return row


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _before(site: Site, run_id: str) -> Mapping[str, Any]:
    """The rates of the run before: the latest that has any."""
    said = [json.loads(path.read_text("utf-8")) for path in (site.root / "rates").glob("*.json") if path.stem != run_id]
    return max((one for one in said if not one["refused"]), key=lambda one: (one["made"], one["run"]), default={})


def _as_csv(said: Mapping[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for part in said["breakdowns"]:
        for row in part["groups"]:
            shares = [row[name] for name in RATES] + [row["before"][name] for name in RATES]
            writer.writerow(
                [said["run"], part["by"] or "all", row["group"] or "all", row["records"], *(row[s] for s in STATUSES), *shares]
            )
    return out.getvalue()
