"""The links beside the truth: whom the match fails is counted, not only how often it fails."""

from __future__ import annotations

import polars as pl

from c2c import identity

TRUTH = [
    ("a1", "ana"),
    ("a2", "ana"),
    ("v1", "ava"),
    ("v2", "ava"),
    ("r1", "ramon"),
    ("r2", "ramon"),
    ("s1", "son"),
    ("s2", "son"),
    ("s3", "son"),
]
PEOPLE = [
    ("ana", None, None, "hispanic", "F"),
    ("ava", "ana", None, "hispanic", "F"),
    ("ramon", None, None, "white", "M"),
    ("son", None, "ramon", "white", "M"),
    ("uma", "una", None, "white", "F"),
]


def judged(links: list[tuple[str, str]], people: list[tuple[str | None, ...]]) -> dict[str, object]:
    """The figures of these links (record, id) beside the truth above."""
    said = pl.DataFrame(links, schema=["record_id", "person_id"], orient="row")
    truth = pl.DataFrame(TRUTH, schema=["record_id", "person"], orient="row")
    who = pl.DataFrame(people, schema=["person", "twin_of", "junior_of", "race_ethnicity", "gender"], orient="row")
    return identity.evaluate(said.to_arrow(), truth.to_arrow(), who.to_arrow())


def test_a_twin_and_a_son_taken_for_another_are_counted_as_people_and_as_records() -> None:
    """A good F1 hides that one family's children are one person; twins of whom no record is held are no pair."""
    said = judged(
        [("a1", "1"), ("a2", "1"), ("v1", "2"), ("v2", "1"), ("r1", "3"), ("r2", "3"), ("s1", "3"), ("s2", "3"), ("s3", "4")],
        PEOPLE,
    )
    assert (said["twin_pairs"], said["twin_pairs_merged"], said["twin_pct_merged"], said["twin_false_record_pairs"]) == (
        1,
        1,
        100.0,
        2,
    )
    assert (said["father_son_pairs"], said["father_son_pairs_merged"], said["father_son_false_record_pairs"]) == (1, 1, 4)


def test_families_kept_apart_count_nothing() -> None:
    """Twins and namesakes with ids of their own are no fault of the match."""
    said = judged([(record, person) for record, person in TRUTH], PEOPLE)
    assert said["twin_pairs_merged"] == said["father_son_pairs_merged"] == said["father_son_false_record_pairs"] == 0


def test_a_group_whose_records_stay_apart_shows_as_a_gap_with_its_interval() -> None:
    """The match may not serve one group better than another; how sure the gap is hangs on people, not on their pairs."""
    records = [
        (f"{group}-{n}-{k}", f"{group}-{n}") for group in ("hispanic", "white", "filipino") for n in range(200) for k in range(3)
    ]
    records = [
        (record, person) for record, person in records if not (person.startswith("filipino") and int(person.split("-")[1]) > 90)
    ]
    # Of every tenth white person, and of all Filipino people, one of three records is missed: two of three pairs.
    apart = [p.startswith("filipino") or (p.startswith("white") and p.endswith("0")) for _, p in records]
    links = [(r, r if lost and r.endswith("-2") else p) for (r, p), lost in zip(records, apart, strict=True)]
    people = [(person, None, None, person.split("-")[0], "F") for person in dict.fromkeys(p for _, p in records)]
    schema = {"person": pl.String, "twin_of": pl.String, "junior_of": pl.String, "race_ethnicity": pl.String, "gender": pl.String}
    said = identity.evaluate(
        pl.DataFrame(links, schema=["record_id", "person_id"], orient="row").to_arrow(),
        pl.DataFrame(records, schema=["record_id", "person"], orient="row").to_arrow(),
        pl.DataFrame(people, schema=schema, orient="row").to_arrow(),
    )
    assert said["recall_gap_race_ethnicity"] == 6.67
    low, high = said["recall_gap_race_ethnicity_interval"]
    assert (low, high) == (3.89, 9.44)
    assert said["recall_gap_gender"] == 0.0
    assert {"by": "race_ethnicity", "group": "filipino", "n_people": 91, "recall": 0.33333} in said["recall_of_groups"]
