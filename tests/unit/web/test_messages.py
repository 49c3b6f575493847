"""Every word of the site is there in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from c2c.web.public import _words

ROOT = Path(__file__).resolve().parents[3] / "src" / "c2c" / "web" / "public"


def test_no_message_is_missing_in_a_language() -> None:
    """A missing label fails the build, not the reader."""
    for key, row in _words.messages().items():
        assert all(row[language].strip() for language in _words.LANGUAGES), key
        assert re.findall(r"\{\w+\}", row["en"]).sort() == re.findall(r"\{\w+\}", row["es"]).sort()


def test_every_word_a_template_asks_for_is_known() -> None:
    """A page never breaks for want of a sentence."""
    asked = {
        k for path in (ROOT / "templates").glob("*.html") for k in re.findall(r"{% word [\"'](\w+)[\"']", path.read_text("utf-8"))
    }
    assert asked and asked <= set(_words.messages())
