"""The privacy officer's report: in words, pictures and JSON, in both languages, also where a release tells nothing of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from releases import a_cell, a_release

SAID = {
    "cells": 120, "withheld": 20, "primary": 12, "complementary": 8, "pinned_or_narrow": 0, "rule_edition": "2026.1", "seed_id": "abc123", "audit_seconds": 4.2,
    "tables_left_out": ["pay-county"], "necessary": {"sampled": 8, "necessary": 7, "share": 0.875},
    "by_place": {"state": {"cells": 60, "withheld": 5, "pct_shown": 91.7},
                 "county": {"cells": 60, "withheld": 15, "pct_shown": 75.0, "places": 4, "without_detail": 1, "with_nothing": 0}},
    "by_group": {"race_ethnicity": {"white": {"cells": 30, "withheld": 3, "pct_shown": 90.0, "pct_found_in": {"county": 88.0}}}},
    "scores": {"edition": "2026.1", "most_to_pass": 12.0, "by_place": {"county": {"tables": 1, "pass": 0, "most": 18.0}, "state": {"tables": 1, "pass": 1, "most": 2.0}},
               "tables": [{"table": "pay-county-gender", "place": "county", "score": 18.0, "passes": False, "points": {"events": 7.0, "place": 7.0, "groups": 3.0, "together": 1.0}},
                          {"table": "pay", "place": "state", "score": 2.0, "passes": True, "points": {"events": 7.0, "place": -5.0, "groups": 0.0, "together": 0.0}}]},
    "attacks": [{"attack": "small_cells_alone", "asked": 12, "found": 9}, {"attack": "outsider", "asked": 20, "found": 0},
                {"attack": "insider", "asked": 20, "found": 0}, {"attack": "earlier_releases", "asked": 0, "found": 0}],
    "beside": {"new": 100, "same": 0, "moved": 0, "gone_from_view": 0, "still_withheld": 0, "new_withheld": 20, "no_longer_asked": 0},
}  # fmt: skip


def reported(root: Path, **manifest: Any) -> None:
    """A release whose gate said all this."""
    release = a_release(root, [a_cell("hs_graduates", 500)], **manifest)
    (release.folder / "method.json").write_text(json.dumps({"disclosure": SAID}), "utf-8")


@pytest.mark.parametrize(("address", "words"), [("/protection", "A stranger"), ("/es/protection", "Una persona ajena")])
def test_who_signs_reads_every_attack_and_what_it_found(tmp_path: Path, visitor: Any, address: str, words: str) -> None:
    """Each attack stands with what it tried and found; what is in view has a picture and a table."""
    reported(tmp_path)
    page = visitor(tmp_path).get(address).content.decode()
    assert words in page and page.count("<svg") == 4 and "abc123" in page and "pay-county" in page
    assert 'class="n">9<' in page and "92%" in page and "88%" in page
    assert "1 of 2" in page or "1 de 2" in page
    assert (
        '<th scope="row">pay-county-gender</th><td class="n">7</td><td class="n">7</td><td class="n">3</td><td class="n">1</td><td class="n">18</td>'
        in page
    )


def test_machines_read_the_same_report(tmp_path: Path, visitor: Any) -> None:
    """The twin holds each figure of the page and names the release."""
    reported(tmp_path)
    said = visitor(tmp_path).get("/protection.json").json()
    assert said["protection"] == SAID and said["release"]["id"] == "2025-one"


def test_a_release_that_says_nothing_of_itself_says_so(tmp_path: Path, visitor: Any) -> None:
    """An empty report is no blank page."""
    a_release(tmp_path, [a_cell("hs_graduates", 500)])
    assert "does not say how it was protected" in visitor(tmp_path).get("/protection").content.decode()


def test_a_draft_is_never_taken_for_a_release(tmp_path: Path, visitor: Any) -> None:
    """Whoever looks at a plan sees on every page that it is not published."""
    reported(tmp_path, kind="draft")
    client = visitor(tmp_path)
    assert all(
        "Draft. Not published" in client.get(page).content.decode() for page in ("/", "/protection", "/tables?measure=hs_graduates")
    )
