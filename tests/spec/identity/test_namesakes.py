"""A rare name alone may show one person, until something shows that the name is borne by two."""

from __future__ import annotations

from pathlib import Path

import pytest

from c2c.identity import _pairs
from c2c.identity._rules import rule
from spec.identity.tables import coded
from spec.identity.town import persons, townspeople

COLUMNS = ("first_name", "last_name", "name_suffix", "birth_date", "ssn")
NAMED = {"first_name": "Zenobia", "last_name": "Quackenbush"}
MIDDLE, HOME = {"middle_name": "Wilhelmina"}, {"street_address": "88 Alder St"}
SCHOOL = NAMED | MIDDLE | {"record_id": "school", "birth_date": "2004-10-25"}
WORK = NAMED | MIDDLE | {"record_id": "work", "ssn": "345195841"}
OTHERS = {
    "a junior": {"name_suffix": "Jr"},
    "born in another year and month": {"birth_date": "1979-02-25"},
    "of another number": {"ssn": "520341111"},
}
LIKE = {
    "nothing but the name": {},
    "a birth date misread in one part": {"birth_date": "2004-11-25"},
    "a digit misread": {"ssn": "345195842"},
}


@pytest.fixture(autouse=True)
def _names_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a town of three hundred no name is rare enough; in a state many are."""
    monkeypatch.setattr(_pairs, "rule", lambda name: rule("link_from" if name == "names_only_from" else name))


def with_third(tmp_path: Path, third: dict[str, str] | None, home: dict[str, str] | None = None) -> bool:
    """Are the school's and the employer's record one person, in a town where a third record has the name and no more than this?"""
    rows = [*townspeople(), SCHOOL | (home or {}), WORK | (home or {})]
    if third is not None:
        rows.append(NAMED | {"record_id": "third"} | third)
    found = persons(rows, tmp_path)
    return found["school"] == found["work"]


def test_a_rare_name_alone_links(tmp_path: Path) -> None:
    """Else the pay of whoever's school knows no number would be nobody's."""
    assert with_third(tmp_path, None)


@pytest.mark.parametrize("third", OTHERS.values(), ids=OTHERS)
def test_a_name_known_to_be_two_peoples_links_nobody(third: dict[str, str], tmp_path: Path) -> None:
    """A father's pay must not become his son's because they share a rare name."""
    assert not with_third(tmp_path, third)


def test_at_one_address_it_still_links(tmp_path: Path) -> None:
    """Whoever lives where the school says is more than a name."""
    assert with_third(tmp_path, OTHERS["of another number"], HOME)


@pytest.mark.parametrize("third", LIKE.values(), ids=LIKE)
def test_a_slip_makes_no_second_person(third: dict[str, str], tmp_path: Path) -> None:
    """One digit misread must not cost somebody the link."""
    names = [{c: row.get(c) for c in COLUMNS} for row in (SCHOOL, WORK, SCHOOL | third)]
    known, _ = coded(names, tmp_path)
    assert not known.namesakes().any()
