"""Every word of the site is there in both languages, and plain."""

from __future__ import annotations

import re
from pathlib import Path

from c2c import catalog
from c2c.web.public import _sentences, _words
from c2c.web.public.pathways import STORIES
from plainness import ease, grade

ROOT = Path(__file__).resolve().parents[3] / "src" / "c2c" / "web" / "public"


def test_no_message_is_missing_in_a_language() -> None:
    """A missing label fails the build, not the reader."""
    for key, row in _words.messages().items():
        assert all(row[language].strip() for language in _words.LANGUAGES), key
        assert sorted(re.findall(r"\{\w+\}", row["en"])) == sorted(re.findall(r"\{\w+\}", row["es"])), key


def test_an_end_is_said_in_words() -> None:
    """A very low or very high share is read as it is meant, in both languages."""
    ends = [{"status": "banded", "low": low, "high": high} for low, high in ((0.0, 5.0), (95.0, 100.0), (30.0, 40.0))]
    assert [_words.figure_text("en", row) for row in ends] == ["5% or less", "95% or more", "30–40%"]
    assert [_words.figure_text("es", row) for row in ends] == ["5% o menos", "95% o más", "30–40%"]


def test_every_word_a_template_asks_for_is_known() -> None:
    """A page never breaks for want of a sentence."""
    asked = {
        k for path in (ROOT / "templates").glob("*.html") for k in re.findall(r"{% word [\"'](\w+)[\"']", path.read_text("utf-8"))
    }
    assert asked and asked <= set(_words.messages())


def test_every_measure_is_defined_in_spanish() -> None:
    """A reader of Spanish learns how each figure is counted, for all measures of the catalog."""
    said = {row[part] for row in catalog.load().measures.values() for part in _words.DEFINED if row[part]}
    assert said == set(_words.definitions())
    assert all(text.strip() for text in _words.definitions().values())


def test_every_measure_of_a_story_has_its_question_and_its_sentence() -> None:
    """No story falls back to a bare name where a person expects an answer."""
    for measure in (m for measures in STORIES.values() for m in measures):
        assert _sentences.has_own(measure) and f"asks_{measure}" in _words.messages(), measure


def test_the_words_are_as_plain_as_grade_eight() -> None:
    """Flesch-Kincaid grade 8 or less in English, INFLESZ 55 ("normal") or easier in Spanish, over every full sentence of the site."""
    rows = _words.messages().values()
    assert grade(r["en"] for r in rows) <= 8
    assert ease(r["es"] for r in rows) >= 55
