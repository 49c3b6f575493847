"""The match report by group: from records and links through the gate, and nothing of a few people comes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from builders import a_permit, a_site, a_submission
from c2c import audit, disclosure, governance
from c2c.cycle._rates import rate_match
from c2c.linkage._weights import HOLDS
from c2c.linkage.rates import match_facts
from c2c.plumbing import clock
from c2c.plumbing.site import Site
from c2c.publication import rates as published
from c2c.vocabulary import Links, Records


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with the shipped terms."""
    return a_site(tmp_path)


def trays(folder: Path) -> Iterator[Records]:
    """Schools tell gender and race of 300 pupils over two years; the wage file tells neither. Three pupils are of one small group."""
    people = [{"record_key": f"s{i}", "gender": "F" if i % 2 else "M", "hispanic_latino": False,
               "race_codes": "100" if i < 3 else "700", "age_bracket": "under_18"} for i in range(300)]  # fmt: skip
    work = [{"record_key": f"w{i}", "wage_year": 2025, "quarterly_wages": 9_000.0} for i in range(200)]
    for file, period, rows in (("k12_person", 2024, people), ("k12_person", 2025, people), ("ui_wage", 2025, work)):
        path = folder / f"{file}.{period}.parquet"
        pl.DataFrame(rows).write_parquet(path)
        yield Records(a_submission(file, period=period, rows=len(rows)), path, len(rows))
        path.unlink()  # as the vault does, when the next tray is taken


def links(folder: Path) -> Links:
    """The first 120 workers were pupils; the last 40 were linked to nobody, and thirty girls' links are not sure."""
    pupils = [
        {"record_key": f"s{i}", "person_id": f"p{i}", "status": "provisional" if i % 2 and i < 60 else "automatic"}
        for i in range(300)
    ]
    workers = [{"record_key": f"w{i}", "person_id": None if i >= 160 else f"p{i}" if i < 120 else f"q{i}",
                "status": "unlinked" if i >= 160 else "automatic"} for i in range(200)]  # fmt: skip
    table = pl.DataFrame(pupils + workers, infer_schema_length=None).with_columns(
        pl.col("record_key").str.starts_with("w").alias("holds_ssn"), *(pl.lit(True).alias(name) for name in HOLDS[1:])
    )
    table.write_parquet(folder / "links.parquet")
    return Links("2026-001", folder / "links.parquet", len(table))


def facts(site: Site, folder: Path) -> pl.DataFrame:
    """What linkage tells of each record and year."""
    leave = a_permit(site, "match_quality")
    found = match_facts(site, folder, records=trays(folder), links=links(folder), permit=leave, year=2026)
    return pl.read_parquet(found["record_links"])


def test_every_record_and_year_is_told_by_its_link_and_its_own_group(site: Site, tmp_path: Path) -> None:
    """A record not linked is counted too; a group is never taken over from another agency's record of the person."""
    told = facts(site, tmp_path)
    assert len(told) == 2 * 300 + 200
    assert dict(told.filter(partner="edd").group_by("link_status").len().iter_rows()) == {"automatic": 160, "unlinked": 40}
    assert set(told.filter(partner="edd")["gender"]) == set(told.filter(partner="edd")["race_ethnicity"]) == {"not_told"}
    assert dict(told.filter(partner="cde").group_by("race_ethnicity").len().iter_rows()) == {"american_indian": 6, "white": 594}
    assert told.filter(partner="edd", elsewhere="yes").height == 120 and told.filter(partner="cde", elsewhere="yes").height == 240
    assert told.filter(sure="no").height == 60 + 40
    assert not {"quarterly_wages", "wage_year", "record_key", "person_id"} & set(told.columns)


def again(folder: Path, year: int) -> Records:
    """The pupils of one more year, three of them of the small group."""
    path = folder / f"again.{year}.parquet"
    rows = [{"record_key": f"s{i}", "gender": "F" if i % 2 else "M", "hispanic_latino": False, "race_codes": "100" if i < 3 else ("201", "400", "600", "700")[i % 4]} for i in range(300)]  # fmt: skip
    pl.DataFrame(rows).write_parquet(path)
    return Records(a_submission("k12_person", period=year, rows=300), path, 300)


def test_tables_by_group_pass_the_gate_which_counts_people_and_not_records(site: Site, tmp_path: Path) -> None:
    """Twelve records of three people are three people: their count is withheld, with what would give it back."""
    leave = a_permit(site, "match_quality")
    many = [again(tmp_path, year) for year in range(2020, 2024)]
    found = match_facts(site, tmp_path, records=many, links=links(tmp_path), permit=leave, year=2026)
    assert pl.read_parquet(found["record_links"]).filter(race_ethnicity="american_indian").height == 12
    safe = disclosure.tabulate(
        site, disclosure.load_product("match_rates"), found, permit=leave, release_id="match-2026-001", year=2026
    )
    cells = pl.read_parquet(safe.cells)
    small = cells.filter(pl.col("race_ethnicity") == "american_indian")
    assert len(small) and set(small["status"]) == {"c"} and small["value"].null_count() == len(small)
    assert cells.filter(table="records-gender", status="shown").height == 2
    assert safe.audit["pinned_or_narrow"] == 0


def test_it_asks_for_leave_of_its_own_and_the_ledger_is_first(site: Site, tmp_path: Path) -> None:
    """Who may count links by group may read no outcome for it; and nothing is joined before it is written down."""
    leave = a_permit(site, "match_quality")
    names = {path.split(".")[2] for path in leave.elements}
    assert {"gender", "race_codes"} < names and not {"quarterly_wages", "cumulative_gpa", "award_type"} & names
    facts(site, tmp_path)
    assert [e for e in audit.entries(site) if e["event"] == "linkage:match:told" and e["run"] == "2026-001"]
    with pytest.raises(governance.NotPermitted, match="GOV-007"):
        governance.check_permit(site, leave, purpose="match_quality", elements=["edd.ui_wage.quarterly_wages"], today=clock.today())


def test_a_refusal_is_kept_in_place_of_rates_and_the_year_goes_on(site: Site) -> None:
    """Where a state's terms do not name this use, its year is not stopped for want of a page of its report."""
    terms = site.root / "terms" / "purposes.toml"
    terms.write_text(terms.read_text("utf-8").replace('purpose = "match_quality"', 'purpose = "another"'), "utf-8")
    assert rate_match(site, "2026-001", year=2026, actor="operator") == {"cells": 0, "withheld": 0, "refused": "GOV-001"}
    assert published.open_rates(site, "2026-001")["refused"] == "GOV-001"
