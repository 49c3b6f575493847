"""A pull is for one purpose, of permitted elements, and can be made again to the byte for as long as its sources live."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from builders import a_permit, a_site, a_submission
from c2c import audit, governance, linkage
from c2c.plumbing.site import Site
from c2c.vocabulary import Links, Permit, Records

PEOPLE = {"k1": "maria", "k2": "maria", "k3": "sam", "k4": None}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with the shipped terms."""
    return a_site(tmp_path)


def trays(folder: Path, *, gpa: float = 3.5) -> list[Records]:
    """Two years of completions. Maria's record key changed between them; nobody knows who `k4` is."""
    sent = []
    for year, keys in ((2024, ["k1", "k3"]), (2025, ["k4", "k2"])):
        path = folder / f"completion.{year}.parquet"
        rows = {
            "record_key": keys,
            "school_year": year,
            "cumulative_gpa": gpa,
            "completer_status": "diploma_standard",
            "secret": "x",
        }
        pl.DataFrame(rows).write_parquet(path)
        sent.append(Records(a_submission("k12_completion", period=year), path, len(keys)))
    return sent


def links(folder: Path, run_id: str = "2026-001") -> Links:
    """Who the keys are, as identity says."""
    path = folder / "links.parquet"
    pl.DataFrame({"record_key": list(PEOPLE), "person_id": list(PEOPLE.values())}).write_parquet(path)
    return Links(run_id, path, len(PEOPLE))


def assemble(site: Site, folder: Path, permit: Permit, purpose: str = "public_tools") -> str:
    """A pull from these trays; returns its id."""
    return linkage.assemble(site, purpose, records=trays(folder), links=links(folder), permit=permit).pull_id


def test_a_pull_holds_permitted_elements_of_known_people_under_pseudonyms(site: Site, tmp_path: Path) -> None:
    """One person's records of two years stand under one pseudonym, which is not their id; what nobody permitted is not there."""
    permit = a_permit(site)
    pull = assemble(site, tmp_path, permit)
    said = linkage.receipt(site, pull)
    assert (said["rows"], said["rows_left_out"]) == (3, 1)
    from c2c.linkage._pulls import open_tables

    table = pl.read_parquet(open_tables(site, pull, tmp_path, permit=permit)["k12_completion"])
    weights = {"link_weight", "sure_link_weight"}
    assert set(table.columns) <= {"pseudonym", "period"} | weights | {p.split(".")[2] for p in permit.elements}
    assert "secret" not in table.columns and "record_key" not in table.columns
    assert sorted(table.group_by("pseudonym").len()["len"]) == [1, 2]
    assert not set(table["pseudonym"]) & {"maria", "sam", *PEOPLE}


def test_two_purposes_cannot_be_joined(site: Site, tmp_path: Path) -> None:
    """The same people have other pseudonyms in the next purpose's pull."""
    from c2c.linkage._pulls import _pseudonyms

    one, two = (_pseudonyms(site, purpose, links(tmp_path)) for purpose in ("public_tools", "another"))
    assert len(one) == 3 and not set(one["pseudonym"]) & set(two["pseudonym"])


def test_a_receipt_says_what_a_pull_was_made_from(site: Site, tmp_path: Path) -> None:
    """Inputs with their hashes, the permit, the code, the links and a hash of each table: enough to make it again."""
    permit = a_permit(site)
    said = linkage.receipt(site, assemble(site, tmp_path, permit))
    assert [row["id"] for row in said["inputs"]] == ["s-k12_completion-2024", "s-k12_completion-2025"]
    assert all(len(row["sha256"]) == 64 for row in said["inputs"]) and len(said["tables"]["k12_completion"]) == 64
    assert said["permit"] == permit.permit_id and said["code"] and said["links"] == "2026-001" and len(said["sha256"]) == 64
    assert set(said["elements"]) == permit.elements and said["expires"] == permit.expires and said["kind"] == "pull"


def test_a_pull_is_rebuilt_byte_for_byte_and_a_difference_is_named(site: Site, tmp_path: Path) -> None:
    """The same sources make the same bytes; one changed value is found, by file."""
    permit = a_permit(site)
    pull = assemble(site, tmp_path, permit)
    again = linkage.rebuild(site, pull, records=trays(tmp_path), links=links(tmp_path), permit=permit)
    assert again == {"pull": pull, "equal": True, "differ": []}
    changed = linkage.rebuild(site, pull, records=trays(tmp_path, gpa=3.6), links=links(tmp_path), permit=permit)
    assert changed == {"pull": pull, "equal": False, "differ": ["k12_completion"]}


def test_a_rebuild_asks_for_the_links_and_the_terms_of_its_making(site: Site, tmp_path: Path) -> None:
    """With other links, or with less than it holds permitted, there is no rebuild that would mean anything."""
    permit = a_permit(site)
    pull = assemble(site, tmp_path, permit)
    with pytest.raises(linkage.LinkageError, match="LNK-002"):
        linkage.rebuild(site, pull, records=trays(tmp_path), links=links(tmp_path, "2027-001"), permit=permit)
    from c2c.plumbing import clock

    fewer = [p for p in permit.elements if not p.endswith("cumulative_gpa")]
    narrow = governance.permit(site, "public_tools", actor="operator", elements=fewer, years=(2000, 2026), today=clock.today())
    with pytest.raises(governance.NotPermitted, match="GOV-007"):
        linkage.rebuild(site, pull, records=trays(tmp_path), links=links(tmp_path), permit=narrow)


def test_a_permit_for_another_purpose_or_a_forged_one_opens_nothing(site: Site, tmp_path: Path) -> None:
    """A pull is made under its own purpose's permit, unchanged since it was signed."""
    permit = a_permit(site)
    for wrong in (a_permit(site, "identity_match"), replace(permit, years=(1990, 2030))):
        with pytest.raises(governance.NotPermitted):
            assemble(site, tmp_path, wrong)
    assert not list((site.root / "pulls").rglob("receipt.json"))


def test_a_retired_pull_goes_dark(site: Site, tmp_path: Path) -> None:
    """After a withdrawal nobody opens the pulls that used the source; the ledger says which they were."""
    permit = a_permit(site)
    pull = assemble(site, tmp_path, permit)
    assert linkage.pulls_using(site, "s-k12_completion-2025") == (pull,)
    linkage.retire(site, pull, actor="operator")
    assert linkage.pulls_using(site, "s-k12_completion-2025") == ()
    with pytest.raises(linkage.LinkageError, match="LNK-001"):
        linkage.facts(site, pull, tmp_path, permit=permit, year=2026)
    assert not list((site.root / "pulls").rglob("*.age"))
    events = [json.dumps(e) for e in audit.entries(site)]
    assert any("linkage:pull:retired" in e and "s-k12_completion-2025" in e for e in events)


def test_measures_without_their_file_are_refused_by_its_name(site: Site, tmp_path: Path) -> None:
    """A pull that lacks wages gives no figures of pay, and says what to send."""
    permit = a_permit(site)
    with pytest.raises(linkage.LinkageError, match="LNK-003"):
        linkage.facts(site, assemble(site, tmp_path, permit), tmp_path, permit=permit, year=2026)
