"""Every word of the portal is there in both languages, and plain."""

from __future__ import annotations

import re
from pathlib import Path

from c2c.identity._golden import WHY
from c2c.web.portal import _words
from c2c.web.portal._duties import IDENTITY, permissions
from plainness import ease, grade

ROOT = Path(__file__).resolve().parents[3] / "src" / "c2c"
HERE = ROOT / "web" / "portal"


def test_no_message_is_missing_in_a_language() -> None:
    """A missing label fails the build, not the reader."""
    for key, row in _words.messages().items():
        assert all(row[language].strip() for language in _words.LANGUAGES), key
        assert sorted(re.findall(r"\{\w+\}", row["en"])) == sorted(re.findall(r"\{\w+\}", row["es"])), key


def test_every_word_a_page_asks_for_is_known() -> None:
    """A page never breaks for want of a sentence."""
    templates = "".join(path.read_text("utf-8") for path in (HERE / "templates").glob("*.html"))
    code = "".join(path.read_text("utf-8") for path in HERE.glob("*.py"))
    asked = set(re.findall(r"{% word [\"'](\w+)[\"']", templates)) | set(re.findall(r"say\([\w.()]+, \"(\w+)\"", code))
    assert len(asked) > 50 and asked <= set(_words.messages())


def test_every_duty_reason_and_state_of_the_room_has_its_words() -> None:
    """No steward reads a code where a word belongs."""
    known = set(_words.messages())
    room = "".join(path.read_text("utf-8") for path in (ROOT / "identity").rglob("*.py"))
    reasons = {"provisional", "refused", "possible", "contradiction", "sample", "decided"}
    assert all(f'"{reason}"' in room for reason in reasons)
    wanted = {f"reason_{r}" for r in reasons} | {f"duty_{d}" for d in IDENTITY} | {f"does_{d}" for d in IDENTITY}
    wanted |= {f"state_{s}" for p in permissions() for s in p.states if s != "any"}
    assert wanted <= known


def test_every_reason_why_a_value_survives_has_its_words() -> None:
    """Whoever looks at a person as held reads why each value is the one that is shown."""
    assert {f"kept_{why}" for why in (*WHY, "none")} <= set(_words.messages())


def test_every_alarm_of_a_run_has_its_words() -> None:
    """Whoever is asked to sign reads what speaks against the match, not a code."""
    alarms = set(re.findall(r'"alarm": "(\w+)"', (ROOT / "identity" / "_alarms.py").read_text("utf-8")))
    assert len(alarms) == 4 and {f"alarm_{name}" for name in alarms} <= set(_words.messages())


def test_every_level_of_evidence_has_its_words() -> None:
    """The waterfall speaks to people, also of levels that are rare."""
    lines = (ROOT / "identity" / "levels.csv").read_text("utf-8").splitlines()[1:]
    for line in lines:
        field, _, level = line.split(",")[:3]
        assert f"field_{field}" in _words.messages() and f"level_{level.replace(' ', '_')}" in _words.messages(), line


def test_the_words_are_as_plain_as_grade_eight() -> None:
    """Flesch-Kincaid grade 8 or less in English, INFLESZ 55 ("normal") or easier in Spanish, over every full sentence of the portal."""
    rows = _words.messages().values()
    assert grade(r["en"] for r in rows) <= 8
    assert ease(r["es"] for r in rows) >= 55
