"""How plain texts are to read, in English and Spanish."""

from __future__ import annotations

import re
from collections.abc import Iterable

VOWELS = "aeiouáéíóúü"


def grade(texts: Iterable[str]) -> float:
    """Flesch-Kincaid grade of English texts, over every full sentence."""
    words, syllables = _measured(texts)
    return 0.39 * words + 11.8 * syllables - 15.59


def ease(texts: Iterable[str]) -> float:
    """INFLESZ ease of Spanish texts (55 is "normal"), over every full sentence."""
    words, syllables = _measured(texts)
    return 206.835 - 62.3 * syllables - words


def _measured(texts: Iterable[str]) -> tuple[float, float]:
    """Words a sentence and syllables a word, of texts that are sentences."""
    whole = [re.sub(r"\{\w+\}", "12", t) for t in texts if len(t.split()) >= 5 and re.search(r"[.?!]$", t)]
    sentences = [s for t in whole for s in re.split(r"[.?!:;]\s+|[.?!]$", t) if s.strip()]
    words = [w for s in sentences for w in re.findall(r"[a-záéíóúüñ’]+", s.lower())]
    return len(words) / len(sentences), sum(map(_syllables, words)) / len(words)


def _syllables(word: str) -> int:
    groups = len(re.findall(rf"[{VOWELS}y]+", word))
    silent = bool(re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$", word)) and groups > 1
    return max(groups - silent, 1)
