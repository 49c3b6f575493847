"""The order of all tests: what takes longest begins first, so that no core waits for another at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

LONGEST = ("journeys/test_two_years", "journeys", "integration/identity", "integration")
"""Files and folders before all others. Two cores begin with a site each, so that neither waits for the other's."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by `LONGEST`, and leave the rest as it is."""
    items.sort(key=lambda item: next((n for n, start in enumerate(LONGEST) if _name(item).startswith(start)), len(LONGEST)))


def _name(item: pytest.Item) -> str:
    return str(item.path.relative_to(Path(__file__).parent))
