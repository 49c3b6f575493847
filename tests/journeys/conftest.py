"""One small state, run once by the command a person runs, and walked through by every journey."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from journey import Demo, Served, c2c

PEOPLE = "2500"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A whole year of a small state."""
    site = tmp_path_factory.mktemp("demo") / "site"
    done = c2c("demo", "--people", PEOPLE, "--no-serve", "--json", "--site", str(site))
    assert done.returncode == 0, done.stderr[-2000:]
    return Demo(site, json.loads(done.stdout))


@pytest.fixture
def copy(demo: Demo, tmp_path: Path) -> Path:
    """A site of one's own, to change."""
    shutil.copytree(demo.site, tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture(scope="session")
def address(demo: Demo) -> Iterator[str]:
    """The public site of the small state, served as in production."""
    with Served(demo.site / "releases") as where:
        yield where


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; where it is missing the journeys fail, they do not skip."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()
