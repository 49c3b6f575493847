"""A run of the match, kept: links sealed under the run's own key, ids carried over from the run before, what became of each id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from c2c import audit
from c2c.identity._alarms import alarms_of
from c2c.identity._carry import Past, carry_ids, follow, no_past
from c2c.identity._cluster import Decided
from c2c.identity._collapse import DIGEST, Tuples, collapse
from c2c.identity._decisions import acts, in_force
from c2c.identity._doubts import find_cases
from c2c.identity._errors import IdentityError
from c2c.identity._golden import make_golden
from c2c.identity._match import Known, match_people
from c2c.identity._report import HOLDS, held_by, run_before, run_report
from c2c.identity._rules import rule
from c2c.identity._runner import open_runner
from c2c.identity._sealed import NAMES, current_run, has_names, has_table, hold, seal, take_over, unseal
from c2c.identity._settings import MODEL, read_model, to_settings
from c2c.identity._update import held_of, to_hold
from c2c.plumbing import clock
from c2c.plumbing.site import Site, locked, scratch, write_bytes, write_json
from c2c.vocabulary import Identifiers, Links, Permit


def resolve(site: Site, identifiers: Iterable[Identifiers], *, permit: Permit, year: int) -> Links:
    """Match every record of every partner into people, and keep each person's id from the run before.

    The run is sealed under keys of its own; it becomes the current one in a single step, so a stop leaves the earlier run in force. The
    names that the run before held go dark then: a partner's withdrawn tray lives on in no run. A run that raises an alarm (`alarms` in its
    report) is sealed as any other and held: the earlier run stays in force until somebody signs (`signoff`), or a later run takes over. What is
    returned points at the sealed links; `open_links` opens those in force.

    Raises:
        IdentityError: IDN-002 nothing was sent that carries a name; IDN-016 to IDN-018 the engine that `c2c.toml` names is not there; IDN-033
            agreement on a field does not outweigh disagreement.
    """
    with locked(site, "identity", f"the match of {year}"), scratch(site) as private:
        settled = in_force(acts(site))
        tuples = collapse(identifiers, private, apart=frozenset(key for a, b, same in settled if not same for key in (a, b)))
        if not tuples.n:
            raise IdentityError(
                "IDN-002",
                where=f"the match of {year}",
                what="no file with names is held",
                remedy="Submit a partner's file with names first.",
            )
        run_id = _next_run(site, year)
        audit.append(
            site, "identity:run:made", actor=permit.actor, permit=permit.permit_id, run=run_id, records=len(tuples.records)
        )
        decided = _rows_of(settled, tuples.records)
        with open_runner(str(site.settings["engine"]), private, site.settings) as runner:
            known = _known(site, private, year, tuples)
            matched = match_people(tuples.people, tuples.keys, decided, runner=runner, known=known)
        _check_fields(matched.report["contrary_fields"], run_id)
        past = _open_past(site, private)
        here = tuples.records["row"]
        of_record = tuples.records.with_columns(
            pl.Series(matched.label).gather(here).alias("cluster"),
            pl.Series(matched.confidence).gather(here).alias("confidence"),
            *(values.gather(here) for values in held_by(matched).select(HOLDS)),
        )
        ids, events = carry_ids(site, of_record, past, run_id)
        links = make_links(of_record, ids, tuples, settled)
        cases, strata = find_cases(matched, tuples, [(a, b) for a, b, _ in settled], decided)
        sample = {"strata": strata, "cases": dict(cases.filter(pl.col("stratum") >= 0).select("case_id", "stratum").iter_rows())}
        of_key = links.select("record_key", "person_id")
        cases = _with_persons(cases, of_key)
        golden = make_golden(
            tuples.sent,
            of_key,
            private,
            day=clock.today(),
            before=lambda part: _golden_before(site, private, part) if known else None,
        )
        before = run_before(site)
        said = run_report(links, tuples, matched, past, events) | {
            "run": run_id,
            "year": year,
            "cases": len(cases),
            "sample": sample,
            "twins": matched.twins,
            "golden_records_made": golden.n_made,
            "before": before,
        }
        if "update" in said:
            # Pairs that were not made again were expected to hold as many as before.
            said["expected_matches_found"] += before.get("expected_matches_found", 0.0)
        said["alarms"] = alarms_of(said)
        now = follow(past, links, events, run_id)
        seen: dict[str, pl.DataFrame | Path] = {
            "links": links,
            "events": now.events,
            "history": now.history,
            "redirects": now.redirects,
        }
        names: dict[str, pl.DataFrame | Path] = {
            "cases": cases,
            "tuples": tuples.people,
            "records": tuples.records,
            "keys": tuples.keys,
            "learnt": matched.coded.learnt(),
            **golden.tables,
            **to_hold(matched, {key for a, b, _ in settled for key in (a, b)}),
        }
        seal(site, private, run_id, {"": seen, NAMES: names})
        write_json(site.folder("identity", "runs", run_id) / MODEL, to_settings(matched.model, matched.coded.key))
        write_json(site.folder("identity", "runs", run_id) / "report.json", said)
        if said["alarms"]:
            raised = [alarm["alarm"] for alarm in said["alarms"]]
            audit.append(site, "identity:run:held", actor=permit.actor, permit=permit.permit_id, run=run_id, alarms=raised)
            hold(site, run_id)
        else:
            take_over(site, run_id)
        return Links(run_id, site.folder("identity", "runs", run_id) / "links.parquet.age", len(links))


def open_links(site: Site, scratch: Path, *, permit: Permit) -> Links:
    """The links of the current run, opened in private scratch; the reading is in the ledger first.

    Raises:
        IdentityError: IDN-001 no match has been made yet.
    """
    run_id = current_run(site)
    audit.append(site, "identity:links:opened", actor=permit.actor, permit=permit.permit_id, run=run_id)
    path = unseal(site, run_id, "links", scratch)
    return Links(run_id, path, pl.scan_parquet(path).select(pl.len()).collect().item())


def make_links(
    of_record: pl.DataFrame, ids: pl.DataFrame, tuples: Tuples, settled: Sequence[tuple[str, str, bool]]
) -> pl.DataFrame:
    """One row per record key, and one per key of a file without names: its person, or `ambiguous` where its records are several people's.

    Beside it stands which kinds of identifiers the record holds, and no value of any. A key of a file without names holds that key alone.
    `of_record`: record_key, row, cluster, confidence, `HOLDS`. `ids`: cluster, person_id.
    """
    by_steward = sorted({key for a, b, same in settled if same for key in (a, b)})
    sure = pl.col("confidence") >= rule("automatic_from")
    status = (
        pl.when(pl.col("record_key").is_in(by_steward))
        .then(pl.lit("steward"))
        .when(sure)
        .then(pl.lit("automatic"))
        .otherwise(pl.lit("provisional"))
    )
    named = of_record.join(ids, on="cluster").select(
        "record_key", "person_id", pl.col("confidence").cast(pl.Float64), status.alias("status"), *HOLDS
    )
    of_row = of_record.select("row", "cluster", "confidence").unique("row")
    marks = tuples.lookups.join(of_row, on="row").group_by("lookup").agg(
        pl.col("cluster").n_unique().alias("n"), pl.col("cluster").min(), pl.col("confidence").max(), sure.any().alias("sure")
    )  # fmt: skip
    one = pl.col("n") == 1
    alone = pl.DataFrame({"record_key": tuples.keys_only}).join(named, on="record_key", how="anti")
    found = alone.join(marks, left_on="record_key", right_on="lookup", how="left").join(ids, on="cluster", how="left")
    by_key = found.select(
        "record_key",
        pl.when(one).then("person_id").alias("person_id"),
        pl.when(one).then(pl.col("confidence").cast(pl.Float64)).otherwise(0.0).alias("confidence"),
        pl.when(one & pl.col("sure"))
        .then(pl.lit("automatic"))
        .when(one)
        .then(pl.lit("provisional"))
        .when(pl.col("n") > 1)
        .then(pl.lit("ambiguous"))
        .otherwise(pl.lit("unlinked"))
        .alias("status"),
        *(pl.lit(name == "holds_person_key").alias(name) for name in HOLDS),
    )
    return pl.concat([named, by_key]).sort("record_key")


def _check_fields(contrary: Sequence[str], run_id: str) -> None:
    """Stop before anything is sealed where a field speaks the wrong way round."""
    if contrary:
        raise IdentityError(
            "IDN-033",
            where=f"run {run_id}, field {', '.join(contrary)}",
            what="two records that agree on this field are less likely one person's than two that differ",
            remedy="A column was shifted or mapped wrongly: find the file, have it sent anew or withdraw it, and run the year again.",
        )


def _rows_of(settled: Sequence[tuple[str, str, bool]], records: pl.DataFrame) -> Decided | None:
    """Decided pairs of record keys as rows of this run; those of a record that is held no more have nothing to say."""
    keys = pl.DataFrame(list(settled), schema={"a": pl.String, "b": pl.String, "same": pl.Boolean}, orient="row")
    row = records.select("record_key", pl.col("row").cast(pl.Int64))
    pairs = keys.join(row, left_on="a", right_on="record_key").join(row, left_on="b", right_on="record_key", suffix="_b")
    pairs = pairs.filter(pl.col("row") != pl.col("row_b"))
    low, high = (
        pairs.select(pl.min_horizontal("row", "row_b")).to_series(),
        pairs.select(pl.max_horizontal("row", "row_b")).to_series(),
    )
    return Decided(low.to_numpy(), high.to_numpy(), pairs["same"].to_numpy()) if len(pairs) else None


def _known(site: Site, private: Path, year: int, tuples: Tuples) -> Known | None:
    """What the run in force knows, where this one is of the same year: a late delivery changes no weight, and touches only whom it names.

    A new year learns anew, and so does a run that brings more than a little of what there was (`update_most` in `rules.csv`), or in which a record is
    gone: what was learnt holds values, and a withdrawn one must live on in no run.
    """
    if not (site.root / "identity" / "current").exists():
        return None
    run_id = current_run(site)
    if not has_names(site, run_id):  # closed, since a partner took a file back
        return None
    folder = site.folder("identity", "runs", run_id)
    said = json.loads((folder / "report.json").read_text("utf-8"))
    if said["year"] != year or "twins" not in said or tuples.n > (1 + rule("update_most")) * said["tuples"]:
        return None
    before = {
        n: pl.read_parquet(unseal(site, run_id, n, private, key=NAMES)) for n in ("settled", "edges", "vetoes", "spoken", "learnt")
    }
    old = pl.read_parquet(unseal(site, run_id, "tuples", private, key=NAMES), columns=[*DIGEST, "weight"])
    now = pl.read_parquet(tuples.people, columns=[*DIGEST, "weight"])
    held = held_of(before | {"tuples": old}, now, tuples.records)
    return Known(read_model(folder / MODEL).model, before["learnt"], said["twins"], held) if held else None


def _with_persons(cases: pl.DataFrame, of_key: pl.DataFrame) -> pl.DataFrame:
    """Cases, each with the person of either record, so that who is looked at need not be sought among all links."""
    for side in ("a", "b"):
        cases = cases.join(
            of_key.rename({"record_key": side, "person_id": f"person_{side}"}), on=side, how="left", maintain_order="left"
        )
    return cases


def _golden_before(site: Site, private: Path, part: str) -> pl.DataFrame | None:
    """A part of the golden records of the run in force, if it has one of that name."""
    run_id = current_run(site)
    return pl.read_parquet(unseal(site, run_id, part, private, key=NAMES)) if has_table(site, run_id, part) else None


def _open_past(site: Site, private: Path) -> Past:
    if not (site.root / "identity" / "current").exists():
        return no_past()
    run_id = current_run(site)
    opened = {n: pl.read_parquet(unseal(site, run_id, n, private)) for n in ("links", "events", "history", "redirects")}
    return Past(**opened)


def _next_run(site: Site, year: int) -> str:
    """Numbers go on, also after a run that was stopped, so that no run's name and no person's id comes twice."""
    path = site.folder("identity") / "number"
    number = (int(path.read_text()) if path.exists() else 0) + 1
    write_bytes(path, f"{number}\n".encode())
    return f"{year}-{number:03d}"
