"""A late delivery is matched into what stands, and everybody is who they would be after a match from the start."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from builders import a_permit, a_site, a_submission
from c2c import identity
from c2c.identity import _block, _runs
from c2c.identity._block import Blocks
from c2c.identity._cluster import Decided
from c2c.identity._coded import Coded
from c2c.identity._collapse import DIGEST, Tuples, fold
from c2c.identity._match import Known, Matched, match_people
from c2c.identity._rules import rule
from c2c.identity._sealed import NAMES as KEY_OF_NAMES
from c2c.identity._sealed import unseal
from c2c.identity._update import Held, held_of, to_hold
from c2c.plumbing.site import scratch
from c2c.vocabulary import Identifiers
from integration.identity.test_runs import trays
from spec.identity.town import townspeople

NAMES = ("first_name", "last_name", "birth_date", "street_address", "ssn")


def folded(rows: list[dict[str, Any]], folder: Path) -> Tuples:
    """Rows of the town as tuples."""
    folder.mkdir()
    sent = pl.DataFrame(
        [
            {"record_key": r["record_id"], "n_records": 1, "id:key_ssid:11": r.get("key_ssid")} | {c: r.get(c) for c in NAMES}
            for r in rows
        ],
        schema_overrides=dict.fromkeys(("id:key_ssid:11", *NAMES), pl.String),
    )
    return fold(sent, ["id:key_ssid:11"], folder)


def a_town(dice: random.Random) -> list[dict[str, Any]]:
    """The town, with twins, name-bearers without more, and records that say again what another has said."""
    rows = townspeople()
    for n in range(0, 240, 6):
        one = rows[3 * n]
        rows.append(
            {**one, "record_id": f"twin-{n}", "first_name": "Ava" if n % 12 else "Ana", "key_ssid": f"{2 * 10**9 + 7919 * n}"}
        )
        rows.append({"record_id": f"name-{n}", "first_name": one["first_name"], "last_name": one["last_name"]})
        rows.append({**one, "record_id": f"again-{n}"})
    dice.shuffle(rows)
    return rows


def held(first: Matched, before: Tuples, now: Tuples, spoken: list[str]) -> Held | None:
    """What a later match takes from an earlier one."""
    old, new = (pl.read_parquet(one.people, columns=[*DIGEST, "weight"]) for one in (before, now))
    return held_of(to_hold(first, spoken) | {"tuples": old}, new, now.records)


def decided(matched: Matched, dice: random.Random) -> Decided:
    """Two edges that stewards parted, and two rows they joined."""
    some = dice.sample(range(len(matched.edges.left)), 2)
    left, right = (
        np.append(ends[some], other).astype(np.int64)
        for ends, other in ((matched.edges.left, 0), (matched.edges.right, matched.coded.n - 1))
    )
    return Decided(left, right, np.array([False, False, True]))


def all_of(matched: Matched) -> dict[str, Any]:
    """Who is who, how sure, and all that stewards are shown of it."""
    edges = {name: getattr(matched.edges, name).tolist() for name in ("left", "right", "bits", "linked")}
    return edges | {
        "label": matched.label.tolist(),
        "sure": matched.confidence.tolist(),
        "vetoes": matched.vetoes.tolist(),
    }


@pytest.mark.parametrize("seed", range(6))
def test_a_late_delivery_ends_where_a_match_from_the_start_ends(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends late is matched as well as all others, and nobody else is moved by how the match came about."""
    # Small blocks, so that the late rows make some too large, and a few names too common.
    monkeypatch.setattr(_block, "rule", lambda name: {"block_limit": 4, "rare_name_rows": 2, "window": 1}.get(name) or rule(name))
    dice = random.Random(seed)
    rows = a_town(dice)
    early, everyone = folded(rows[:-90], tmp_path / "early"), folded(rows, tmp_path / "all")
    plain = match_people(early.people, early.keys)
    withdrawn = decided(plain, dice)
    first = match_people(early.people, early.keys, withdrawn)
    learnt = Known(first.model, first.coded.learnt(), first.twins)
    of = early.records.filter(pl.col("row").is_in(np.concatenate([withdrawn.left, withdrawn.right])))
    kept = held(first, early, everyone, of["record_key"].to_list())
    assert kept is not None and 0 < kept.new.sum() < 90
    said = decided(match_people(everyone.people, everyone.keys), dice) if seed % 2 else None
    late = match_people(everyone.people, everyone.keys, said, known=Known(first.model, learnt.learnt, first.twins, kept))
    afresh = match_people(everyone.people, everyone.keys, said, known=learnt)
    assert all_of(late) == all_of(afresh)
    assert late.report["pairs_compared"] < afresh.report["pairs_compared"]
    assert 0 < late.report["update"]["rows_settled_again"] < everyone.n


def test_pairs_that_are_not_made_again_are_found_by_the_same_rules_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late rows may make a block too large to pair whole: then all its rows are looked at again, and only then."""
    monkeypatch.setattr(_block, "rule", lambda name: {"block_limit": 4, "rare_name_rows": 2, "window": 1}.get(name) or rule(name))
    rows = a_town(random.Random(3))
    early, everyone = folded(rows[:-90], tmp_path / "early"), folded(rows, tmp_path / "all")
    first = match_people(early.people, early.keys)
    kept = held(first, early, everyone, [])
    assert kept is not None
    coded = Coded(everyone.people, everyone.keys, first.coded.learnt())
    again = Blocks(coded, kept.new).again
    assert kept.new.sum() < again.sum() < len(again)
    at = np.flatnonzero(~kept.new)
    old = Coded(early.people, early.keys, first.coded.learnt())
    before, now = by_pair(Blocks(old), at, again), by_pair(Blocks(coded), np.arange(coded.n), again)
    assert len(now) > 50 and now == before


def by_pair(blocks: Blocks, at: np.ndarray, again: np.ndarray) -> dict[tuple[int, int], list[int]]:
    """The rules of each pair with neither row among those `again` looked at; `at`: what each row is called."""
    pairs = blocks.pairs(0, blocks.n)
    left, right = at[pairs.left], at[pairs.right]
    some = ~(again[left] | again[right])
    rules = np.split(pairs.rule, np.cumsum(pairs.found)[:-1])
    both = zip(left.tolist(), right.tolist(), strict=True)
    return {pair: found.tolist() for pair, found, kept in zip(both, rules, some, strict=True) if kept}


def test_where_a_record_is_gone_all_pairs_are_made_again(tmp_path: Path) -> None:
    """A withdrawn record leaves no edge behind: nothing is taken over from a match that knew it."""
    rows = a_town(random.Random(1))
    before, now = folded(rows, tmp_path / "before"), folded(rows[:-90], tmp_path / "now")
    assert held(match_people(before.people, before.keys), before, now, []) is None


def test_a_run_of_the_same_year_touches_only_what_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The office runs the year again for one late file: the report says how little was looked at, and ids are as a full run gives them."""
    people = []
    for name in ("late", "full"):
        (tmp_path / name).mkdir()
        site = a_site(tmp_path / name)
        permit = a_permit(site, "identity_match")
        if name == "full":
            monkeypatch.setattr(_runs, "held_of", lambda *_: None)
        for later in (False, False):
            with scratch(site) as private:
                identity.resolve(site, trays(private, later=later), permit=permit, year=2025)
        with scratch(site) as private:
            opened = identity.open_links(site, private, permit=permit)
            first = pl.col("record_key").min().over("person_id").alias("person_id")
            people.append(pl.read_parquet(opened.path).with_columns(first))
        assert ("update" in identity.report(site)) == (name == "late")
    assert people[0].equals(people[1])


def test_what_a_withdrawn_file_taught_lives_on_in_no_run(tmp_path: Path) -> None:
    """A partner takes back a file in which many people bear one number: the run of the same year after it does not know that number."""
    site = a_site(tmp_path)
    permit = a_permit(site, "identity_match")
    for withdrawn in (False, True):
        with scratch(site) as private:
            sent = list(trays_and_one_more(private, withdrawn=withdrawn))
            run = identity.resolve(site, sent, permit=permit, year=2025).run_id
        with scratch(site) as private:
            learnt = pl.read_parquet(unseal(site, run, "learnt", private, key=KEY_OF_NAMES))
        assert (PLACEHOLDER in learnt["value"].to_list()) != withdrawn


PLACEHOLDER = "521345678"


def trays_and_one_more(private: Path, *, withdrawn: bool) -> Iterator[Identifiers]:
    """The town's trays, and unless it is `withdrawn` a small one more, of ten people whom somebody gave one number."""
    for tray in trays(private, later=False):
        kept = private / f"kept-{tray.submission.file}.parquet"
        kept.hardlink_to(tray.path)
        yield Identifiers(tray.submission, kept, tray.rows)
    if not withdrawn:
        names = ("Abe", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal", "Ida", "Jo")
        rows = [
            {"record_key": f"one-{n}", "n_records": 1, "first_name": name, "last_name": f"{name}son", "birth_date": f"{1950 + 3 * n}-04-1{n % 9}", "ssn": PLACEHOLDER, "csu_student_id": f"{n}77"}
            for n, name in enumerate(names)
        ]  # fmt: skip
        path = private / "one-more.parquet"
        pl.DataFrame(rows).write_parquet(path)
        yield Identifiers(a_submission("csu_person", period=2025, rows=len(rows)), path, len(rows))
