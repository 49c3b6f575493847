"""Every word of the site is there in both languages, and plain."""

from __future__ import annotations

import re
from pathlib import Path

from c2c import catalog
from c2c.web.public import _sentences, _words
from c2c.web.public.pathways import STORIES

ROOT = Path(__file__).resolve().parents[3] / "src" / "c2c" / "web" / "public"
VOWELS = "aeiouáéíóúü"


def test_no_message_is_missing_in_a_language() -> None:
    """A missing label fails the build, not the reader."""
    for key, row in _words.messages().items():
        assert all(row[language].strip() for language in _words.LANGUAGES), key
        assert sorted(re.findall(r"\{\w+\}", row["en"])) == sorted(re.findall(r"\{\w+\}", row["es"])), key


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
    english = _measured([r["en"] for r in rows])
    grade = 0.39 * english[0] + 11.8 * english[1] - 15.59
    spanish = _measured([r["es"] for r in rows])
    ease = 206.835 - 62.3 * spanish[1] - spanish[0]
    assert grade <= 8, grade
    assert ease >= 55, ease


def _measured(texts: list[str]) -> tuple[float, float]:
    """Words a sentence and syllables a word, of texts that are sentences."""
    whole = [re.sub(r"\{\w+\}", "12", t) for t in texts if len(t.split()) >= 5 and re.search(r"[.?!]$", t)]
    sentences = [s for t in whole for s in re.split(r"[.?!:;]\s+|[.?!]$", t) if s.strip()]
    words = [w for s in sentences for w in re.findall(r"[a-záéíóúüñ’]+", s.lower())]
    return len(words) / len(sentences), sum(map(_syllables, words)) / len(words)


def _syllables(word: str) -> int:
    groups = len(re.findall(rf"[{VOWELS}y]+", word))
    silent = bool(re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$", word)) and groups > 1
    return max(groups - silent, 1)
