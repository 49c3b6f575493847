"""Agencies' files never have our names: what a column map says is done, and what it cannot mean is refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from builders import a_site
from c2c import intake
from c2c.plumbing import errors
from spec.intake.given import codes, kept, send, told

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
    batch = send(a_site(tmp_path), "k12_person", FOREIGN.encode("latin-1"), column_map=MAP, period=2026)
    assert sorted(told(batch)) == [
        ("3", "FND-103", "error", "ssid"),
        ("4", "FND-102", "error", "birth_date"),
        ("4", "FND-103", "warning", "address_zip"),
    ]
    assert "31.02.2011" in batch.findings_path.read_text("utf-8"), "the sender sees the day as it was written"


def test_two_rows_that_hold_are_split_into_who_and_what(tmp_path: Path) -> None:
    """Twins keep a key each; no name lies in the records tray and no group in the identifiers tray."""
    site = a_site(tmp_path)
    good = "\n".join(FOREIGN.splitlines()[:3]) + "\n"
    batch = send(site, "k12_person", good.encode("latin-1"), column_map=MAP, period=2026)
    assert batch.verdict == "accepted"
    who, what = kept(site, batch)
    assert who["record_key"].n_unique() == 2
    assert sorted(who["last_name"].to_list()) == ["García López", "García López"] and set(who["gender"]) == {"F"}
    assert not {"first_name", "last_name", "birth_date", "ssid"} & set(what.columns)
    assert not {"race_codes", "hispanic_latino"} & set(who.columns)
    assert what["age_bracket"].to_list() == ["under_18", "under_18"]


STEPS = {
    "constants and concatenate": (
        "county,number,first_name,last_name,birth_date,ssid\n19,64733,Ana,Ortiz,2011-02-03,4711000001\n",
        '[concatenate.district_code]\nfrom = ["county", "number"]\nseparator = ""\n[constants]\nhome_language = "spa"\n',
        {"district_code": "1964733", "home_language": "spa"},
    ),
    "split": (
        'ssid,district_code,who,birth_date\n4711000001,1964733,"Ortiz, Sam",2011-02-03\n',
        '[split.last_name]\nfrom = "who"\nseparator = ", "\npart = 1\n[split.first_name]\nfrom = "who"\nseparator = ", "\npart = 2\n',
        {"last_name": "Ortiz", "first_name": "Sam"},
    ),
    "dates in two forms": (
        "ssid,district_code,first_name,last_name,birth_date\n4711000001,1964733,Ana,Ortiz,2/3/2011\n4711000002,1964733,Ava,Ortiz,20110203\n",
        '[dates]\nbirth_date = ["%m/%d/%Y", "%Y%m%d"]\n',
        {"birth_date": "2011-02-03"},
    ),
    "dates with the day first": (
        "ssid,district_code,first_name,last_name,birth_date\n4711000001,1964733,Ana,Ortiz,03/02/2011\n",
        '[dates]\nbirth_date = "%d/%m/%Y"\n',
        {"birth_date": "2011-02-03"},
    ),
    "replace": (
        "ssid,district_code,first_name,last_name,birth_date\n4711-000-001,1964733,Ana,Ortiz,2011-02-03\n",
        '[replace.ssid]\n"-" = ""\n',
        {"ssid": "4711000001"},
    ),
    "no header": (
        "4711000001,1964733,Ana,Ortiz,2011-02-03\n",
        '[file]\nheader = false\ncolumns = ["ssid", "district_code", "first_name", "last_name", "birth_date"]\n',
        {"ssid": "4711000001", "last_name": "Ortiz"},
    ),
    "a code that means nothing": (
        "ssid,district_code,first_name,last_name,birth_date,gender\n4711000001,1964733,Ana,Ortiz,2011-02-03,-\n",
        '[recode.gender]\n"-" = ""\n',
        {"gender": None},
    ),
}


@pytest.mark.parametrize("step", STEPS)
def test_each_step_of_a_map_does_what_it_says(step: str, tmp_path: Path) -> None:
    """Whatever way a partner writes a value, the trays hold it as the contract asks, and nothing is found wrong."""
    sent, column_map, expected = STEPS[step]
    site = a_site(tmp_path)
    batch = send(site, "k12_person", sent.encode(), column_map=column_map)
    assert (batch.verdict, codes(batch)) == ("accepted", set())
    who, what = kept(site, batch)
    for name, value in expected.items():
        assert set((who if name in who.columns else what)[name]) == {value}, name


MISTAKES = {
    "not TOML": ("[rename", "INT-001", "cannot be read"),
    "a section of its own": ("[renames]\na = 'b'\n", "INT-001", "[renames]"),
    "a setting that is none": ("[file]\nseperator = ';'\n", "INT-001", "seperator"),
    "an encoding nobody knows": ("[file]\nencoding = 'ebcdic-9'\n", "INT-001", "encoding"),
    "a delimiter of two signs": ("[file]\ndelimiter = '::'\n", "INT-001", "delimiter"),
    "widths without names": ("[file]\nwidths = [10, 7]\n", "INT-001", "widths"),
    "no header and no names": ("[file]\nheader = false\n", "INT-001", "header"),
    "a part without a source": ("[split.last_name]\npart = 1\n", "INT-001", "last_name"),
    "the part before the first": ("[split.last_name]\nfrom = 'first_name'\npart = 0\n", "INT-001", "last_name"),
    "a pattern that is none": ("[replace.ssid]\n'(' = ''\n", "INT-001", "ssid"),
    "a column the file has not": ("[rename]\nStudent = 'ssid'\n", "INT-002", "Student"),
    "days of a column the file has not": ("[dates]\nborn = '%Y'\n", "INT-002", "born"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_map_that_cannot_be_meant_is_refused_before_the_file_is_read(mistake: str, tmp_path: Path) -> None:
    """The steward is told which section and which name, not shown a fault of the program."""
    said, code, place = MISTAKES[mistake]
    sent = "ssid,district_code,first_name,last_name,birth_date\n4711000001,1964733,Ana,Ortiz,2011-02-03\n"
    with pytest.raises(errors.WrongUse, match=code) as refused:
        send(a_site(tmp_path), "k12_person", sent.encode(), column_map=said)
    assert place in str(refused.value) and refused.value.remedy


def test_any_file_can_be_mapped_for_matching_alone(tmp_path: Path) -> None:
    """A file of no contract is renamed and turned, its rows in the order they were sent."""
    source, said = tmp_path / "people.txt", tmp_path / "people.map.toml"
    source.write_text("no;born\n3;03.02.2011\n1;04.02.2011\n2;05.02.2011\n", "utf-8")
    said.write_text('[rename]\nno = "record_id"\nborn = "birth_date"\n[dates]\nbirth_date = "%d.%m.%Y"\n', "utf-8")
    mapped = pl.read_parquet(intake.map_file(source, intake.read_map(said), tmp_path / "people.parquet"))
    assert mapped.rows() == [("3", "2011-02-03"), ("1", "2011-02-04"), ("2", "2011-02-05")]
    source.write_bytes(b"")
    with pytest.raises(errors.WrongUse, match="INT-004"):
        intake.map_file(source, intake.read_map(said), tmp_path / "people.parquet")
