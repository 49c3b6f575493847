"""What becomes of a person's id when records of later years join or part people."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from builders import a_site
from c2c.identity._carry import Past, carry_ids, follow, no_past
from c2c.plumbing.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with keys of its own."""
    return a_site(tmp_path)


def run(site: Site, past: Past, clusters: dict[str, int], run_id: str) -> tuple[dict[str, str], Past, pl.DataFrame]:
    """The person of each record after a run that put records into these clusters; records named `ab*3` were sent three times."""
    weight = [int(k.split("*")[1]) if "*" in k else 1 for k in clusters]
    of_record = pl.DataFrame(
        {"record_key": [k.split("*")[0] for k in clusters], "n_records": weight, "cluster": list(clusters.values())}
    )
    ids, events = carry_ids(site, of_record, past, run_id)
    links = of_record.join(ids, on="cluster").select("record_key", "person_id")
    return dict(links.iter_rows()), follow(past, links, events, run_id), events


def test_a_person_keeps_the_id_when_records_are_added(site: Site) -> None:
    """An analyst's id of last year is this year's id."""
    first, past, _ = run(site, no_past(), {"a": 1, "b": 1, "c": 2}, "2025-001")
    second, _, events = run(site, past, {"a": 7, "b": 7, "c": 3, "d": 7, "e": 4}, "2026-002")
    assert {k: second[k] for k in "abc"} == first
    assert second["d"] == first["a"] and second["e"] not in first.values()
    assert events["event"].to_list() == ["create"]


def test_merged_people_keep_the_id_with_most_records_and_the_other_leads_there(site: Site) -> None:
    """A table made under the old id can still be read."""
    first, past, _ = run(site, no_past(), {"a": 1, "b": 1, "c": 2}, "2025-001")
    second, now, events = run(site, past, {"a": 1, "b": 1, "c": 1}, "2026-002")
    assert set(second.values()) == {first["a"]}
    assert dict(now.redirects.iter_rows()) == {first["c"]: first["a"]}
    assert {"merge", "redirect"} == set(events["event"])


def test_a_split_leaves_the_id_with_most_records(site: Site) -> None:
    """Two who were taken for one: the history stays with whom most of it is, counted in records as sent."""
    first, past, _ = run(site, no_past(), {"a*5": 1, "b": 1, "c": 1}, "2025-001")
    second, _, events = run(site, past, {"a*5": 1, "b": 2, "c": 2}, "2026-002")
    assert second["a"] == first["a"] and second["b"] == second["c"] != first["a"]
    assert events.filter(event="split").select("person_id", "other_person_id").rows() == [(second["b"], first["a"])]


def test_an_old_id_leads_on_through_later_merges(site: Site) -> None:
    """Two merges in two years: both old ids lead to the one in force."""
    first, past, _ = run(site, no_past(), {"a*9": 1, "b*3": 2, "c": 3}, "2025-001")
    _, past, _ = run(site, past, {"a*9": 1, "b*3": 2, "c": 2}, "2026-002")
    _, past, _ = run(site, past, {"a*9": 1, "b*3": 1, "c": 1}, "2027-003")
    assert dict(past.redirects.iter_rows()) == {first["c"]: first["a"], first["b"]: first["a"]}


def test_two_who_trade_records_do_not_trade_ids(site: Site) -> None:
    """Each keeps the id that most of the records had; the record that moved is told in the history."""
    first, past, _ = run(site, no_past(), {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}, "2025-001")
    second, now, _ = run(site, past, {"a": 1, "b": 1, "c": 2, "d": 2, "e": 2}, "2026-002")
    assert second["a"] == first["a"] and second["d"] == first["d"] and second["c"] == first["d"]
    assert now.history.filter(run="2026-002").rows() == [("c", first["d"], "2026-002")]


def test_no_id_is_given_twice(site: Site) -> None:
    """A person who is gone and comes again under the same record is a new person: an id never means two people."""
    first, _, _ = run(site, no_past(), {"a": 1}, "2025-001")
    again, _, _ = run(site, no_past(), {"a": 1}, "2026-002")
    assert first["a"] != again["a"]
