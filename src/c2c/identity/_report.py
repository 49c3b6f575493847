"""What a run did, in figures without values, and why two records are, or are not, one person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from c2c import audit
from c2c.identity._carry import Past
from c2c.identity._collapse import Tuples
from c2c.identity._compare import FIELDS, LEVEL_NAMES, NULL, Coded, compare
from c2c.identity._errors import IdentityError
from c2c.identity._estimate import Model
from c2c.identity._match import Matched
from c2c.identity._score import score
from c2c.identity._screen import default_dates, screen_contacts, screen_keys
from c2c.identity._sealed import NAMES, current_run, unseal
from c2c.plumbing import clock
from c2c.plumbing.site import Site, scratch

VALUES = {"first": "first", "surname": "surname", "birth": "birth", "number": "number", "middle": "middle", "suffix": "suffix", "sex": "sex",
          "zip": "zip", "street": "street", "mail": "mail", "telephone": "telephone"}  # fmt: skip
"""The column whose values a steward sees beside a field's level."""


def report(site: Site) -> Mapping[str, Any]:
    """The match report of the current run: rates, weights, pairs lost, ids kept and changed. Holds no value of a record.

    Raises:
        IdentityError: IDN-001 no match has been made yet.
    """
    folder = site.folder("identity", "runs", current_run(site))
    return dict(json.loads((folder / "report.json").read_text("utf-8")))


def explain(site: Site, a: str, b: str, *, actor: str) -> Mapping[str, Any]:
    """Why two record keys are, or are not, one person: the level and bits of each field; the asking is in the ledger first.

    Values are shown only to those whom `c2c.toml` names in `identity_stewards`.

    Raises:
        IdentityError: IDN-003 the current run has no such record key.
    """
    run_id = current_run(site)
    steward = actor in site.settings.get("identity_stewards", ())
    audit.append(site, "identity:match:explained", actor=actor, run=run_id, a=a, b=b, values_shown=steward)
    with scratch(site) as private:
        opened = {n: _open(site, run_id, n, private) for n in ("tuples", "records", "keys")}
        links = pl.read_parquet(unseal(site, run_id, "links", private))
    people, of_record = opened["tuples"], opened["records"]
    rows = []
    for key in (a, b):
        found = of_record.filter(pl.col("record_key") == key)
        if found.is_empty():
            raise IdentityError(
                "IDN-003",
                where=f"run {run_id}",
                what="this run has no such record key",
                remedy="Take keys from the partner's own findings.",
            )
        rows.append(int(found["row"][0]))
    said = report(site)
    keys, defaults, people = screen_keys(people, opened["keys"]), default_dates(people), screen_contacts(people)
    coded = Coded(people, keys, defaults)
    pair = np.array([min(rows)]), np.array([max(rows)])
    usable = keys.filter(~pl.col("shared"))
    mine = usable.filter(pl.col("row") == rows[0]).join(usable.filter(pl.col("row") == rows[1]), on=["kind", "value"])
    levels = compare(coded, *pair, agreeing=np.array([len(mine) > 0]))
    model = _model_of(said)
    total = float(score(coded, *pair, levels, model)[0])
    evidence: list[dict[str, Any]] = [
        {"field": "before any evidence", "level": "", "bits": round(float(np.log2(model.prior / (1 - model.prior))), 2)}
    ]
    for field, level in zip(FIELDS, levels[0].tolist(), strict=True):
        if level != NULL:
            row = {"field": field, "level": LEVEL_NAMES[field][level], "bits": round(float(model.bits(field)[level]), 2)}
            evidence.append(row | ({"values": people[VALUES[field]].gather(rows).to_list()} if steward and field in VALUES else {}))
    rarity = total - sum(row["bits"] for row in evidence)
    evidence.append({"field": "rarer or commoner values", "level": "", "bits": round(rarity, 2)})
    persons = [links.filter(pl.col("record_key") == key)["person_id"].to_list() for key in (a, b)]
    one = persons[0] == persons[1] and persons[0] != [None]
    verdict = "one person" if one else "two people"
    return {"verdict": verdict, "run": run_id, "evidence": evidence, "total_bits": round(total, 2)}


def run_report(links: pl.DataFrame, tuples: Tuples, matched: Matched, past: Past, events: pl.DataFrame) -> dict[str, Any]:
    """The figures of one run. `share_of_old_records_with_a_new_id` is churn among records that the run before had."""
    named = links.join(tuples.records, on="record_key")
    counted = {str(k): int(v) for k, v in named.group_by("status").agg(pl.col("n_records").sum()).sort("status").iter_rows()}
    old = past.links.filter(pl.col("person_id").is_not_null()).select("record_key", pl.col("person_id").alias("old"))
    both = named.join(old, on="record_key")
    changed = both.filter(pl.col("old") != pl.col("person_id"))
    people, n = tuples.people, max(int(tuples.people["weight"].sum()), 1)
    held = people["row"].is_in(tuples.keys["row"].implode())
    present = {
        c: int(people.filter(pl.col(c).is_not_null())["weight"].sum()) / n
        for c in ("number", "birth", "street", "mail", "telephone")
    }
    return dict(matched.report) | {
        "made": clock.stamp(),
        "records": int(tuples.records["n_records"].sum()),
        "record_keys": len(tuples.records),
        "links_by_status": counted,
        "ambiguous_ids": int((links["status"] == "ambiguous").sum()),
        "share_of_old_records_with_a_new_id": round(int(changed["n_records"].sum()) / max(int(both["n_records"].sum()), 1), 6),
        "events": {str(k): int(v) for k, v in events.group_by("event").len().sort("event").iter_rows()},
        "share_with": {k: round(float(v), 4) for k, v in present.items()}
        | {"person_key": round(int(people.filter(held)["weight"].sum()) / n, 4)},
    }


def _open(site: Site, run_id: str, name: str, private: Path) -> pl.DataFrame:
    return pl.read_parquet(unseal(site, run_id, name, private, key=NAMES))


def _model_of(said: Mapping[str, Any]) -> Model:
    m: dict[str, list[float]] = {}
    u: dict[str, list[float]] = {}
    for row in said["weights"]:
        m.setdefault(row["field"], []).append(row["m"])
        u.setdefault(row["field"], []).append(row["u"])
    return Model({f: np.array(v) for f, v in m.items()}, {f: np.array(v) for f, v in u.items()}, said["prior"])
