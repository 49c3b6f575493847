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
from c2c.identity._coded import FIELDS, Coded
from c2c.identity._collapse import Tuples
from c2c.identity._compare import LEVEL_NAMES, NULL, compare
from c2c.identity._decisions import BINDING, acts, agreement, by_case, standing
from c2c.identity._doubts import quality
from c2c.identity._errors import IdentityError
from c2c.identity._estimate import Model
from c2c.identity._match import Matched
from c2c.identity._rules import rule
from c2c.identity._score import score
from c2c.identity._sealed import NAMES, current_run, unseal
from c2c.plumbing import clock
from c2c.plumbing.site import Site, scratch

VALUES = {"first": "first", "surname": "surname", "birth": "birth", "number": "number", "middle": "middle", "suffix": "suffix", "sex": "sex",
          "zip": "zip", "street": "street", "mail": "mail", "telephone": "telephone"}  # fmt: skip
"""The column whose values a steward sees beside a field's level."""

HOLDS = ("holds_ssn", "holds_birth_date", "holds_person_key", "holds_contact")
"""What links say of a record beside its person: whether it holds such an identifier. Contact is a street, an e-mail or a phone."""

COMPARED_WITH = (
    "run", "made", "records", "record_keys", "people", "links_by_status", "events", "share_of_old_records_with_a_new_id",
    "most_record_keys_of_a_person", "large_components", "expected_matches_found", "expected_matches_lost",
)  # fmt: skip
"""What a report keeps of the run before, so that both can be seen side by side."""

ACCEPTED = "accepted.json"
"""Beside the report of a run that was held: who signed for it, when and why."""


def report(site: Site, run: str = "") -> Mapping[str, Any]:
    """The match report of the current run, or of another: rates, weights, pairs lost, ids kept and changed, what speaks against it (`alarms`) and who
    signed for it all the same (`accepted`), and what stewards said. Holds no value of a record.

    Raises:
        IdentityError: IDN-001 no match has been made yet; IDN-034 the first one is held.
    """
    folder = site.folder("identity", "runs", run or current_run(site))
    said = dict(json.loads((folder / "report.json").read_text("utf-8")))
    if (folder / ACCEPTED).exists():
        said["accepted"] = json.loads((folder / ACCEPTED).read_text("utf-8"))
    everything = acts(site)
    known = {case: standing(of_case) for case, of_case in by_case(everything).items()}
    of_sample = said.get("sample", {"strata": [], "cases": {}})
    labelled = [
        (stratum, known[case].verdict == "same")
        for case, stratum in of_sample["cases"].items()
        if case in known and known[case].verdict in BINDING
    ]
    states = [one.state for one in known.values()]
    said["stewardship"] = {state: states.count(state) for state in sorted(set(states))} | agreement(everything)
    said["quality"] = quality(of_sample["strata"], labelled)
    return said


def explain(site: Site, a: str, b: str, *, actor: str) -> Mapping[str, Any]:
    """Why two record keys are, or are not, one person: the level and bits of each field, and whose each record was in which run.

    The asking is in the ledger first.

    Values are shown only to those whom `c2c.toml` names in `identity_stewards`.

    Raises:
        IdentityError: IDN-003 the current run has no such record key.
    """
    run_id = current_run(site)
    steward = actor in site.settings.get("identity_stewards", ())
    audit.append(site, "identity:match:explained", actor=actor, run=run_id, a=a, b=b, values_shown=steward)
    with scratch(site) as private:
        tuples, records, keys, learnt = (
            unseal(site, run_id, n, private, key=NAMES) for n in ("tuples", "records", "keys", "learnt")
        )
        rows = [_row_of(records, key, run_id) for key in (a, b)]
        mine = pl.scan_parquet(keys).filter(pl.col("row").is_in(rows)).collect()
        two = pl.scan_parquet(tuples).with_row_index("row").filter(pl.col("row").is_in(rows)).drop("row").collect()
        two.write_parquet(private / "two.parquet")
        places = {row: place for place, row in enumerate(sorted(set(rows)))}
        mine = mine.with_columns(pl.col("row").replace_strict(places, return_dtype=pl.Int32))
        coded = Coded(private / "two.parquet", mine, pl.read_parquet(learnt))
        links = pl.scan_parquet(unseal(site, run_id, "links", private)).filter(pl.col("record_key").is_in([a, b])).collect()
        past = pl.scan_parquet(unseal(site, run_id, "history", private)).filter(pl.col("record_key").is_in([a, b])).collect()
    at = [places[row] for row in rows]
    pair = np.array([min(at)]), np.array([max(at)])
    said = report(site)
    usable = coded.keys.filter(~pl.col("shared"))
    common = usable.filter(pl.col("row") == at[0]).join(usable.filter(pl.col("row") == at[1]), on="code")
    levels = compare(coded, *pair, agreeing=np.array([len(common) > 0]))
    model = _model_of(said)
    total = float(score(coded, *pair, levels, model)[0])
    evidence: list[dict[str, Any]] = [
        {"field": "before any evidence", "level": "", "bits": round(float(np.log2(model.prior / (1 - model.prior))), 2)}
    ]
    for field, level in zip(FIELDS, levels[0].tolist(), strict=True):
        if level != NULL:
            row = {"field": field, "level": LEVEL_NAMES[field][level], "bits": round(float(model.bits(field)[level]), 2)}
            evidence.append(row | ({"values": two[VALUES[field]].gather(at).to_list()} if steward and field in VALUES else {}))
    rarity = total - sum(row["bits"] for row in evidence)
    evidence.append({"field": "rarer or commoner values", "level": "", "bits": round(rarity, 2)})
    persons = [links.filter(pl.col("record_key") == key)["person_id"].to_list() for key in (a, b)]
    one = persons[0] == persons[1] and persons[0] != [None]
    verdict = "one person" if one else "two people"
    moved = {
        name: past.filter(pl.col("record_key") == key).select("run", "person_id").to_dicts() for name, key in (("a", a), ("b", b))
    }
    return {
        "verdict": verdict,
        "run": run_id,
        "evidence": evidence,
        "total_bits": round(total, 2),
        "history": moved,
    }


def run_report(links: pl.DataFrame, tuples: Tuples, matched: Matched, past: Past, events: pl.DataFrame) -> dict[str, Any]:
    """The figures of one run. `share_of_old_records_with_a_new_id` is churn among records that the run before had.

    How large a person is is told by record keys: rows of one key, of a wage earner's hundred quarters, say nothing of a wrong merge.
    """
    named = links.join(tuples.records, on="record_key")
    counted = {str(k): int(v) for k, v in named.group_by("status").agg(pl.col("n_records").sum()).sort("status").iter_rows()}
    old = past.links.filter(pl.col("person_id").is_not_null()).select("record_key", pl.col("person_id").alias("old"))
    both = named.join(old, on="record_key")
    n_old, n_new = (int(some["n_records"].sum()) for some in (both, both.filter(pl.col("old") != pl.col("person_id"))))
    sizes = named.group_by("person_id").len()["len"]
    coded = matched.coded
    has = _has(coded)
    return dict(matched.report) | {
        "made": clock.stamp(),
        "records": int(tuples.records["n_records"].sum()),
        "record_keys": len(tuples.records),
        "links_by_status": counted,
        "ambiguous_ids": int((links["status"] == "ambiguous").sum()),
        "old_records": n_old,
        "old_records_with_a_new_id": n_new,
        "share_of_old_records_with_a_new_id": round(n_new / max(n_old, 1), 6),
        "most_record_keys_of_a_person": int(sizes.max() or 0),  # type: ignore[arg-type]
        "people_of_too_many_record_keys": int((sizes > rule("person_most")).sum()),
        "events": {str(k): int(v) for k, v in events.group_by("event").len().sort("event").iter_rows()},
        "share_with": {k: round(float(coded.weight[known].sum() / max(coded.weight.sum(), 1)), 4) for k, known in has.items()},
    }


def run_before(site: Site) -> dict[str, Any]:
    """The figures of the run that is in force while the next is made; none before the first."""
    if not (site.root / "identity" / "current").exists():
        return {}
    said = json.loads((site.folder("identity", "runs", current_run(site)) / "report.json").read_text("utf-8"))
    return {name: said[name] for name in COMPARED_WITH if name in said}


def held_by(matched: Matched) -> pl.DataFrame:
    """Which kinds of identifiers each tuple holds that are fit for use: one row per tuple, `HOLDS`. No value of any."""
    coded = matched.coded
    own = np.zeros(coded.n, dtype=bool)
    own[coded.keys.filter(~pl.col("shared"))["row"].to_numpy()] = True
    has = _has(coded)
    usable = (
        has["number"] & ~coded.shared,
        has["birth"] & ~coded.is_default,
        own,
        has["street"] | has["mail"] | has["telephone"],
    )
    return pl.DataFrame(dict(zip(HOLDS, usable, strict=True))).with_row_index("row")


def _has(coded: Coded) -> dict[str, np.ndarray]:
    """Which tuples have which identifier."""
    held = np.zeros(coded.n, dtype=bool)
    held[coded.keys["row"].to_numpy()] = True
    has = {"number": coded.number >= 0, "birth": coded.known_birth, "person_key": held}
    return has | {c: coded.code[c] >= 0 for c in ("street", "mail", "telephone")}


def _row_of(records: Path, key: str, run_id: str) -> int:
    found = pl.scan_parquet(records).filter(pl.col("record_key") == key).collect()
    if found.is_empty():
        raise IdentityError(
            "IDN-003",
            where=f"run {run_id}",
            what="this run has no such record key",
            remedy="Take keys from the partner's own findings.",
        )
    return int(found["row"][0])


def _model_of(said: Mapping[str, Any]) -> Model:
    m: dict[str, list[float]] = {}
    u: dict[str, list[float]] = {}
    for row in said["weights"]:
        m.setdefault(row["field"], []).append(row["m"])
        u.setdefault(row["field"], []).append(row["u"])
    return Model({f: np.array(v) for f, v in m.items()}, {f: np.array(v) for f, v in u.items()}, said["prior"])
