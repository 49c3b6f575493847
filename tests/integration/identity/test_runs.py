"""A match kept in a site: ids from year to year, links opened again, a run stopped at any point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builders import a_permit, a_site, a_submission
from c2c import identity
from c2c.identity import _runs
from c2c.plumbing import errors
from c2c.plumbing.site import Site, scratch
from c2c.vocabulary import Identifiers
from spec.identity.town import townspeople


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with the shipped terms."""
    return a_site(tmp_path)


def trays(folder: Path, *, later: bool) -> Iterator[Identifiers]:
    """The town as identifiers: its schools' file of 2025, the college's and the employers'; `later`: and the schools' of 2026 with newcomers."""
    rows = townspeople(people=300 if later else 240)
    for file, begins, columns in (
        ("k12_person", "school", ("first_name", "last_name", "birth_date", "street_address")),
        ("ccc_person", "college", ("first_name", "last_name", "birth_date", "ssn")),
        ("ui_wage", "work", ("first_name", "last_name", "ssn")),
    ):
        mine = [r for r in rows if str(r["record_id"]).startswith(begins)]
        table = pl.DataFrame(
            [
                {"record_key": r["record_id"], "n_records": 1}
                | {c: r.get(c) for c in columns}
                | ({"ssid": r["key_ssid"]} if file == "k12_person" else {})
                | ({"ccc_student_id": str(r["record_id"])[8:]} if file == "ccc_person" else {})
                for r in mine
            ]
        )
        path = folder / f"{file}.parquet"
        table.write_parquet(path)
        yield Identifiers(a_submission(file, period=2026 if later else 2025, rows=len(table)), path, len(table))
        path.unlink()  # as the vault does, when the next tray is taken


def resolve(site: Site, *, later: bool = False) -> dict[str, str]:
    """The person of each record after a run."""
    permit = a_permit(site, "identity_match")
    with scratch(site) as private:
        identity.resolve(site, trays(private, later=later), permit=permit, year=2026 if later else 2025)
    return links(site)


def links(site: Site) -> dict[str, str]:
    """The links of the run in force."""
    with scratch(site) as private:
        opened = identity.open_links(site, private, permit=a_permit(site, "identity_match"))
        return dict(pl.read_parquet(opened.path).select("record_key", "person_id").iter_rows())


def test_a_year_added_leaves_the_ids_of_those_before(site: Site) -> None:
    """Research that runs over years stands on ids that stay; at most three records in a thousand change theirs, each told as an event."""
    before, after = resolve(site), resolve(site, later=True)
    changed = [k for k, person in before.items() if after[k] != person]
    assert len(changed) <= 0.003 * len(before)
    said: Mapping[str, Any] = identity.report(site)
    assert said["share_of_old_records_with_a_new_id"] <= 0.003
    assert said["events"]["create"] >= 55
    assert bool(changed) == any(kind != "create" for kind in said["events"])


def test_links_say_which_identifiers_a_record_holds_and_nothing_of_anyones_group(site: Site) -> None:
    """Rates by identifiers need no look at a name: links tell that a number is there, not which."""
    resolve(site)
    with scratch(site) as private:
        table = pl.read_parquet(identity.open_links(site, private, permit=a_permit(site, "identity_match")).path)
    holds = ["holds_ssn", "holds_birth_date", "holds_person_key", "holds_contact"]
    assert table.columns == ["record_key", "person_id", "confidence", "status", *holds]
    assert all(table[name].dtype == pl.Boolean for name in holds)
    of = {
        begins: table.filter(pl.col("record_key").str.starts_with(begins)).select(holds).mean().row(0)
        for begins in ("school", "work")
    }
    assert of["work"][0] > 0.9 and of["work"][1] == 0 and of["work"][3] == 0
    assert of["school"][0] == 0 and of["school"][1] > 0.9 and of["school"][3] > 0.9


def test_a_report_stands_beside_that_of_the_run_before(site: Site) -> None:
    """A steward sees what the newest files changed: links by status, and what became of people's numbers."""
    resolve(site)
    first = identity.report(site)
    resolve(site, later=True)
    said = identity.report(site)
    assert first["before"] == {} and said["before"]["run"] == first["run"]
    assert said["before"]["links_by_status"] == first["links_by_status"] and said["before"]["events"] == first["events"]


@pytest.mark.parametrize("step", ["seal", "write_json", "take_over"])
def test_a_run_stopped_at_any_step_leaves_the_one_before(site: Site, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Power fails in the middle: the registry is the old one, and the next run ends as if nothing had been."""
    before = resolve(site)

    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_runs, step, stopped)
    with pytest.raises(KeyboardInterrupt):
        resolve(site, later=True)
    monkeypatch.undo()
    assert links(site) == before
    after = resolve(site, later=True)
    assert sum(after[k] != person for k, person in before.items()) <= 0.003 * len(before)


def test_the_names_of_an_earlier_run_go_dark_when_the_next_stands(site: Site) -> None:
    """A withdrawn file must live on in no old run."""
    resolve(site)
    first = (site.root / "identity" / "current").read_text().strip()
    resolve(site, later=True)
    with scratch(site) as private, pytest.raises(errors.CodedError):
        _runs.unseal(site, first, "tuples", private, key=_runs.NAMES)


def test_a_match_needs_somebody_to_match(site: Site) -> None:
    """A year without any file of names is refused with a remedy, and leaves no run."""
    with pytest.raises(errors.CodedError, match="IDN-002"):
        identity.resolve(site, iter(()), permit=a_permit(site, "identity_match"), year=2026)
    with pytest.raises(errors.CodedError, match="IDN-001"):
        links(site)


def test_a_pair_is_explained_in_bits_and_without_values(site: Site) -> None:
    """A steward sees why two records are one person; nobody sees a name for asking."""
    resolve(site)
    said = identity.explain(site, "school-5", "college-5", actor="operator")
    assert said["verdict"] == "one person"
    fields = {row["field"]: row for row in said["evidence"]}
    assert fields["birth"]["level"] == "exact" and fields["birth"]["bits"] > 3
    assert not any("values" in row for row in said["evidence"])
    assert abs(sum(row["bits"] for row in said["evidence"]) - said["total_bits"]) < 0.1
    run = (site.root / "identity" / "current").read_text().strip()
    assert said["history"]["a"] == said["history"]["b"] == [{"run": run, "person_id": links(site)["school-5"]}]
