"""One small state, run once by the command a person runs, and walked through by every journey."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from journey import Demo, Served, c2c

PEOPLE = "2500"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A whole year of a small state: made once, by whichever worker comes first, and copied by each."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "demo.json").exists():
            done = c2c("demo", "--people", PEOPLE, "--no-serve", "--json", "--site", str(shared / "demo-site"))
            assert done.returncode == 0, done.stderr[-2000:]
            (shared / "demo.json").write_text(done.stdout, "utf-8")
    site = tmp_path_factory.mktemp("demo") / "site"
    shutil.copytree(shared / "demo-site", site)
    return Demo(site, json.loads((shared / "demo.json").read_text("utf-8")))


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
