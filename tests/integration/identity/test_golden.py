"""Golden records kept with a run: made again only of whom something came, the same as if made from the start, and never read by the match."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from builders import a_permit, a_site, a_submission
from c2c import audit, identity
from c2c.identity import _golden, _runs, stewardship
from c2c.identity._golden import Golden, open_person
from c2c.identity._sealed import NAMES as KEY_OF_NAMES
from c2c.identity._sealed import current_run, unseal
from c2c.identity.stewardship import _people
from c2c.plumbing import errors
from c2c.plumbing.site import Site, scratch
from c2c.vocabulary import Identifiers
from integration.identity.test_runs import links, trays

LATE = 5


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with a match of the town."""
    site = a_site(tmp_path)
    match(site)
    return site


def match(site: Site, *, late: bool = False) -> str:
    """A run of the town; `late`: and of a few of its people at a second college, each with an e-mail."""
    with scratch(site) as private:
        return identity.resolve(site, list(sent(private, late=late)), permit=a_permit(site, "identity_match"), year=2025).run_id


def sent(private: Path, *, late: bool) -> Iterator[Identifiers]:
    """The town's trays, and where asked one more."""
    for tray in trays(private, later=False):
        kept = private / f"kept-{tray.submission.file}.parquet"
        kept.hardlink_to(tray.path)
        yield Identifiers(tray.submission, kept, tray.rows)
        if late and tray.submission.file == "ccc_person":
            some = pl.read_parquet(kept).filter(pl.col("ssn").is_not_null()).head(LATE).with_row_index("n")
            rows = some.select(
                pl.format("late-{}", "n").alias("record_key"), "n_records", "first_name", "last_name", "birth_date", "ssn",
                pl.format("88{}", "n").alias("csu_student_id"), pl.format("p{}@example.org", "n").alias("email"),
            )  # fmt: skip
            rows.write_parquet(private / "late.parquet")
            yield Identifiers(a_submission("csu_person", period=2025, rows=len(rows)), private / "late.parquet", len(rows))


def table(site: Site, name: str) -> pl.DataFrame:
    """A table of the run in force."""
    with scratch(site) as private:
        return pl.read_parquet(unseal(site, current_run(site), name, private, key=KEY_OF_NAMES))


def test_a_late_file_makes_again_whom_it_names_and_ends_where_a_full_run_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's record does not depend on how the run came about, and a late file does not cost a state's work."""
    monkeypatch.setattr(_golden, "PART", 300)  # several parts, as a state has
    first = match(site)
    assert (site.root / "identity" / "runs" / first / "golden-7.parquet.age").exists()
    match(site, late=True)
    assert identity.report(site)["golden_records_made"] == LATE
    parts = [f"{name}-{digit}" for name in ("golden", "held") for digit in "0123456789abcdef"]
    updated = [table(site, part) for part in parts]
    monkeypatch.setattr(_runs, "_known", lambda *_: None)
    match(site, late=True)
    assert identity.report(site)["golden_records_made"] == sum(len(part) for part in updated[:16]) > 200
    assert all(one.equals(table(site, part)) for one, part in zip(updated, parts, strict=True))
    opened = open_person(site, current_run(site), links(site)["late-1"])
    assert opened and opened[0]["email"].to_list() == ["p1@example.org"] and opened[1]["seen_in"].n_unique() == 4


def test_a_withdrawn_value_is_shown_of_nobody(site: Site) -> None:
    """What a partner takes back survives in no record and is held nowhere."""
    match(site, late=True)
    assert table(site, "golden")["email"].drop_nulls().len() == LATE
    match(site)
    assert table(site, "golden")["email"].null_count() == len(table(site, "golden"))
    assert "email" not in table(site, "held").columns


def test_what_was_sent_in_several_years_says_the_first_and_the_last(site: Site) -> None:
    """A value's age can be told: who sent it, under which key, from when to when."""
    with scratch(site) as private:
        both = [list(trays_kept(private / str(year), later=later)) for year, later in ((2025, False), (2026, True))]
        identity.resolve(site, [*both[0], *both[1]], permit=a_permit(site, "identity_match"), year=2026)
    of_key = table(site, "held").filter(pl.col("record_key") == "work-7")
    assert of_key.select("seen_in", "first_year", "last_year", "n_records").rows() == [("edd.ui_wage", 2025, 2026, 2)]


def trays_kept(folder: Path, *, later: bool) -> Iterator[Identifiers]:
    """Trays of a year that stay where they are."""
    folder.mkdir()
    for tray in trays(folder, later=later):
        kept = folder / f"kept-{tray.submission.file}.parquet"
        kept.hardlink_to(tray.path)
        yield Identifiers(tray.submission, kept, tray.rows)


def test_golden_records_are_no_evidence(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a value that once survived read by the next match, a wrong link would prove itself: without any, everybody is who they are with them."""
    before = links(site)
    for path in (site.root / "identity" / "runs" / current_run(site)).glob("golden*"):
        path.unlink()
    monkeypatch.setattr(_runs, "make_golden", lambda *_, **__: Golden({}, 0))
    match(site)
    assert links(site) == before


def test_the_people_of_a_case_are_open_once_one_has_answered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person or two is what the match thinks: a reviewer sees it after answering, a stranger never, and each look is written down first."""
    case = stewardship.open_queue(site, actor="ann", duty="steward")[0].case_id
    looks = []

    def looked(*asked: str) -> object:
        looks.append(list(audit.entries(site))[-1])
        return open_person(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(_people, "open_person", looked)
    for actor, duty, code in (("ann", "steward", "IDN-011"), ("eve", "adjudicator", "IDN-010"), ("mallory", "none", "IDN-010")):
        with pytest.raises(errors.CodedError, match=code):
            stewardship.open_people(site, case, actor=actor, duty=duty)
    assert looks == []
    stewardship.answer(site, case, "same", reason="", actor="ann", duty="steward")
    with pytest.raises(errors.CodedError, match="IDN-011"):
        stewardship.open_people(site, case, actor="bob", duty="steward")
    people = stewardship.open_people(site, case, actor="ann", duty="steward")
    assert [(one["event"], one["actor"], one["case"]) for one in looks] == [("identity:people:opened", "ann", case)] * len(people)
    assert sorted(side for person in people for side in person.of) == ["a", "b"]
    values = {s.value for person in people for field in person.fields for s in field.sent}
    assert values and not any(value in str(looks) for value in values if len(value) > 4)
    # What the two records say side by side is all among what is held of the people.
    pair = stewardship.open_case(site, case, actor="ann", duty="steward")
    names = {f.left for f in pair.fields if f.name == "last_name"} | {f.right for f in pair.fields if f.name == "last_name"}
    assert names <= {value.casefold() for value in values}


def test_a_run_without_golden_records_says_what_to_do(site: Site) -> None:
    """A run that an earlier version made is not broken: it is made again."""
    case = stewardship.open_queue(site, actor="ann", duty="steward")[0].case_id
    stewardship.answer(site, case, "same", reason="", actor="ann", duty="steward")
    for path in (site.root / "identity" / "runs" / current_run(site)).glob("golden*"):
        path.unlink()
    with pytest.raises(errors.CodedError, match="IDN-032"):
        stewardship.open_people(site, case, actor="ann", duty="steward")
