"""Reference pages are made from the code; a stale one fails here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
assert spec and spec.loader
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_a_reference_page_is_fresh(name: str) -> None:
    """Whoever looks up a command or an error finds the one in force."""
    page = ROOT / "docs" / "reference" / name
    assert page.read_text("utf-8") == generate.PAGES[name](), "run: .venv/bin/python docs/generate.py"
