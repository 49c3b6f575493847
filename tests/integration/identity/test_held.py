"""A run that its own figures speak against: sealed, held, and in force only once somebody signs; what was in force stays so until then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from builders import a_permit, a_site
from c2c import audit, identity
from c2c.identity import _alarms, _block, _cluster, _report, _runs, signoff, stewardship
from c2c.identity._rules import rule
from c2c.identity._sealed import NAMES, current_run, has_names, unseal
from c2c.identity.signoff import _signing
from c2c.plumbing import errors
from c2c.plumbing.site import Site, scratch
from c2c.vocabulary import Identifiers
from integration.identity.test_runs import links, resolve, trays


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with the shipped terms."""
    return a_site(tmp_path)


def spoilt(folder: Path, *, gender: bool = False) -> Iterator[Identifiers]:
    """The town's second year, with a fault in the colleges' file: names and numbers a row off their keys; or a `gender` that says the contrary."""
    for tray in trays(folder, later=True):
        sent = pl.read_parquet(tray.path).with_columns(pl.lit(3, dtype=pl.Int64).alias("n_records"))
        colleges = tray.submission.file == "ccc_person"
        if gender:
            male = sent["first_name"].str.ends_with("a") == colleges
            sent = sent.with_columns(pl.when(male).then(pl.lit("M")).otherwise(pl.lit("F")).alias("gender"))
        elif colleges:
            sent = sent.with_columns(
                pl.col(name).shift(1).fill_null(pl.col(name).last()) for name in ("first_name", "last_name", "birth_date", "ssn")
            )
        path = folder / f"spoilt-{tray.submission.file}.parquet"
        sent.write_parquet(path)
        yield Identifiers(tray.submission, path, tray.rows)


def resolve_spoilt(site: Site, *, gender: bool = False) -> str:
    """The run of the spoilt files."""
    with scratch(site) as private:
        return identity.resolve(site, spoilt(private, gender=gender), permit=a_permit(site, "identity_match"), year=2026).run_id


def stricter(monkeypatch: pytest.MonkeyPatch, modules: tuple[ModuleType, ...], **rules: float) -> None:
    """Limits that a town reaches, too."""
    for module in modules:
        monkeypatch.setattr(module, "rule", lambda name: rules.get(name) or rule(name))


STRICTER = {
    "component": ((_cluster, _alarms), {"component_limit": 2}),
    "person": ((_report, _alarms), {"person_most": 2}),
}


def moving(folder: Path) -> Iterator[Identifiers]:
    """The town, and a hundred of its pupils at eight addresses more each: too many to compare where a block may hold four."""
    for tray in trays(folder, later=False):
        sent = pl.read_parquet(tray.path)
        if tray.submission.file == "k12_person":
            more = pl.concat([sent.head(100)] * 8).with_row_index("n")
            more = more.with_columns(
                pl.format("school-more-{}", "n").alias("record_key"),
                pl.format("{} Fir St", pl.col("n") + 1000).alias("street_address"),
                pl.lit(None, dtype=pl.String).alias("ssid"),
            )
            sent = pl.concat([sent, more.select(sent.columns)])
        path = folder / f"moving-{tray.submission.file}.parquet"
        sent.write_parquet(path)
        yield Identifiers(tray.submission, path, len(sent))


def test_matches_lost_in_large_blocks_hold_a_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pairs of one person lie in blocks that nobody could compare, the figures of a year would be too low, and no one would know."""
    stricter(monkeypatch, (_block,), block_limit=4, window=1, rare_name_rows=4)
    monkeypatch.setattr(_block, "REFINED_BY", ())
    with scratch(site) as private:
        identity.resolve(site, moving(private), permit=a_permit(site, "identity_match"), year=2025)
    held = signoff.open_held(site)
    assert [alarm["alarm"] for alarm in held["alarms"]] == ["lost"]
    assert held["expected_matches_lost"] > 0.001 * held["expected_matches_found"] and held["alarms"][0]["n"] > 10


@pytest.mark.parametrize("kind", STRICTER)
def test_each_alarm_holds_a_run(site: Site, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Strangers strung together, a person of too many records: a machine can see it, and a person decides. The first run is held as well; then none
    is in force."""
    stricter(monkeypatch, *STRICTER[kind][:1], **STRICTER[kind][1])
    with pytest.raises(errors.CodedError, match="IDN-034"):
        resolve(site)
    held = signoff.open_held(site)
    assert [alarm["alarm"] for alarm in held["alarms"]] == [kind]
    assert all(alarm["figure"] > alarm["limit"] or kind == "component" for alarm in held["alarms"]) and held["alarms"][0]["says"]


def test_a_fault_that_gives_many_another_id_holds_the_run(site: Site) -> None:
    """A partner's file a row off its keys would move a third of all records; research goes on under the ids of last year."""
    before = resolve(site)
    run = resolve_spoilt(site)
    held = signoff.open_held(site)
    assert held["run"] == run and [alarm["alarm"] for alarm in held["alarms"]] == ["churn"]
    assert held["alarms"][0]["n"] == held["old_records_with_a_new_id"] > 500
    assert "the limit is 0.30 %" in held["alarms"][0]["says"]
    assert links(site) == before and identity.report(site)["run"] == held["before"]["run"]
    assert stewardship.open_queue(site, actor="ann", duty="steward")
    last = [e for e in audit.entries(site) if e["event"] == "identity:run:held"]
    assert [(e["run"], e["alarms"]) for e in last] == [(run, ["churn"])]


def test_a_rerun_and_a_year_more_raise_no_alarm(site: Site) -> None:
    """Were an ordinary year held, nobody would read alarms for long."""
    for later in (False, False, True, True):
        resolve(site, later=later)
        assert identity.report(site)["alarms"] == [] and not signoff.open_held(site)


def test_who_signs_puts_a_held_run_in_force(site: Site) -> None:
    """A change that is right goes in with a name, a reason and a day; only then do names of the run before go dark."""
    before, first = resolve(site), current_run(site)
    run = resolve_spoilt(site)
    assert has_names(site, first) and has_names(site, run)
    with pytest.raises(errors.CodedError, match="IDN-036"):
        signoff.accept(site, run, reason=" ", actor="eve")
    signoff.accept(site, run, reason="the colleges renumbered", actor="eve")
    entry = next(e for e in audit.entries(site) if e["event"] == "identity:run:accepted")
    assert (entry["actor"], entry["run"], entry["reason"]) == ("eve", run, "the colleges renumbered")
    said = identity.report(site)
    assert said["run"] == run and (said["accepted"]["actor"], said["accepted"]["reason"]) == ("eve", "the colleges renumbered")
    after = links(site)
    assert sum(after[key] != person for key, person in before.items()) > 100
    assert not signoff.open_held(site) and not signoff.passed_over(site, run)
    assert not has_names(site, first) and has_names(site, run)


def test_only_the_held_run_can_be_signed_for(site: Site) -> None:
    """A page that lay open must not bring back what a later run has replaced."""
    resolve(site)
    first, run = current_run(site), resolve_spoilt(site)
    later = resolve_spoilt(site)
    assert signoff.passed_over(site, run) and not signoff.passed_over(site, later) and not has_names(site, run)
    for other in (first, run, "2026-099", ""):
        with pytest.raises(errors.CodedError, match="IDN-035"):
            signoff.accept(site, other, reason="right", actor="eve")
    assert current_run(site) == first


def test_a_later_run_takes_the_place_of_a_held_one_and_replays_what_was_decided_meanwhile(site: Site) -> None:
    """The file is sent anew and the year run again: nothing is left of the held run, and no steward's work is lost."""
    before, first = resolve(site), current_run(site)
    run = resolve_spoilt(site)
    case = next(c for c in stewardship.open_queue(site, actor="ann", duty="steward") if c.run == first)
    for actor in ("ann", "bob"):
        stewardship.answer(site, case.case_id, "different", reason="names", actor=actor, duty="steward")
    a, b = next((act.a, act.b) for act in _decisions(site) if act.case_id == case.case_id)
    after = resolve(site, later=True)
    assert not signoff.open_held(site) and signoff.passed_over(site, run) and not has_names(site, run)
    assert after[a] != after[b]
    assert sum(after[key] != person for key, person in before.items()) <= 3
    with scratch(site) as private, pytest.raises(errors.CodedError, match="KEY-001"):
        unseal(site, run, "tuples", private, key=NAMES)


@pytest.mark.parametrize("step", ["write_json", "hold"])
def test_a_run_stopped_before_it_is_held_is_as_if_it_had_not_been(site: Site, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Power fails between the seal and the small file that names the held run: nobody is asked to sign for half a run."""
    before = resolve(site)
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(_runs, step, _power_fails)
        resolve_spoilt(site)
    assert links(site) == before and not signoff.open_held(site)
    run = resolve_spoilt(site)
    assert signoff.open_held(site)["run"] == run and links(site) == before


def test_a_signature_stopped_midway_can_be_given_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power fails while a run is put in force: the old one is, and the held one still waits."""
    before = resolve(site)
    run = resolve_spoilt(site)
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(_signing, "take_over", _power_fails)
        signoff.accept(site, run, reason="right", actor="eve")
    assert links(site) == before and signoff.open_held(site)["run"] == run
    signoff.accept(site, run, reason="right", actor="eve")
    assert current_run(site) == run


def test_a_field_that_speaks_the_wrong_way_round_stops_the_run(site: Site) -> None:
    """A column that says the contrary would join strangers: nothing is sealed, and the refusal names the field and nobody's value."""
    before, first = resolve(site), current_run(site)
    with pytest.raises(errors.CodedError, match="IDN-033") as refused:
        resolve_spoilt(site, gender=True)
    assert refused.value.where.endswith("field sex")
    assert links(site) == before and not signoff.open_held(site)
    assert [folder.name for folder in (site.root / "identity" / "runs").iterdir()] == [first]


def test_names_that_a_withdrawal_closes_do_not_wait_for_a_signature(site: Site) -> None:
    """A partner takes a file back, and the match without it is held: links stand, and nobody can open the withdrawn names meanwhile."""
    before, first = resolve(site), current_run(site)
    signoff.close_names(site, actor="operator")
    assert not has_names(site, first) and links(site) == before
    run = resolve_spoilt(site)
    assert signoff.open_held(site)["run"] == run and links(site) == before
    with pytest.raises(errors.CodedError, match="KEY-001"):
        stewardship.open_queue(site, actor="ann", duty="steward")
    assert resolve(site).keys() == before.keys()


def _power_fails(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _decisions(site: Site) -> tuple[object, ...]:
    from c2c.identity._decisions import acts

    return acts(site)
