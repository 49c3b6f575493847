"""Agencies' files never have our names: a foreign file goes through its column map and gets the findings its rows deserve."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from builders import a_site
from c2c import catalog, intake
from c2c.plumbing.site import scratch

FOREIGN = """StudentNo;Dist;Vorname;Nachname;Born;Sex;Zip5
4711000001;1964733;Ana;García López;03.02.2011;1;90012
4711000002;1964733;Ava;García López;03.02.2011;1;90012
47110;1964733;Sam;Ortiz;17.09.2010;2;90013
4711000004;1964733;Maria;Núñez;31.02.2011;1;9001
"""
MAP = """
[file]
delimiter = ";"
encoding = "latin-1"
[rename]
StudentNo = "ssid"
Dist = "district_code"
Vorname = "first_name"
Nachname = "last_name"
Born = "birth_date"
Sex = "gender"
Zip5 = "address_zip"
[dates]
birth_date = "%d.%m.%Y"
[recode.gender]
"1" = "F"
"2" = "M"
"""


def test_a_foreign_file_comes_out_with_its_own_faults_only(tmp_path: Path) -> None:
    """Names, days and codes are turned; a short number and an impossible day are found on their rows, and good rows pass."""
    site = a_site(tmp_path)
    sent, said = tmp_path / "export.txt", tmp_path / "map.toml"
    sent.write_bytes(FOREIGN.encode("latin-1"))
    said.write_text(MAP, "utf-8")
    with scratch(site) as private:
        batch = intake.inspect(
            site,
            catalog.load(),
            partner="cde",
            file="k12_person",
            path=sent,
            period=2026,
            submission_date=date(2026, 7, 31),
            column_map=intake.read_map(said),
            scratch=private,
        )
        found = {(f.column, f.code): f.n_rows for f in batch.findings if f.n_rows}
        assert found["ssid", "FND-103"] == 1 and ("birth_date", "FND-102") in found and ("address_zip", "FND-103") in found
        assert batch.verdict == "refused" or batch.rows_set_aside == 2


def test_two_rows_that_hold_are_split_into_who_and_what(tmp_path: Path) -> None:
    """Twins keep a key each; no name lies in the records tray and no group in the identifiers tray."""
    site = a_site(tmp_path)
    good = "\n".join(FOREIGN.splitlines()[:3]) + "\n"
    sent, said = tmp_path / "export.txt", tmp_path / "map.toml"
    sent.write_bytes(good.encode("latin-1"))
    said.write_text(MAP, "utf-8")
    with scratch(site) as private:
        batch = intake.inspect(
            site,
            catalog.load(),
            partner="cde",
            file="k12_person",
            path=sent,
            period=2026,
            submission_date=date(2026, 7, 31),
            column_map=intake.read_map(said),
            scratch=private,
        )
        assert batch.verdict == "accepted" and batch.identifiers and batch.records
        who, what = pl.read_parquet(batch.identifiers.path), pl.read_parquet(batch.records.path)
    assert who["record_key"].n_unique() == 2
    assert sorted(who["last_name"].to_list()) == ["García López", "García López"] and set(who["gender"]) == {"F"}
    assert not {"first_name", "last_name", "birth_date", "ssid"} & set(what.columns)
    assert not {"race_codes", "hispanic_latino"} & set(who.columns)
    assert what["age_bracket"].to_list() == ["under_18", "under_18"]
