"""A match killed outright, at any moment: the registry is the old one or the new one, and the next run ends as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builders import a_site
from c2c import audit
from c2c.plumbing.site import Site
from integration.identity.test_runs import links, resolve

ROOT = Path(__file__).resolve().parents[3]


def begin(site: Site, folder: Path) -> subprocess.Popen[bytes]:
    """The second year's match, in a process of its own."""
    folder.mkdir(exist_ok=True)
    paths = os.pathsep.join(str(ROOT / part) for part in ("src", "tests"))
    script = ROOT / "tests" / "integration" / "identity" / "rerun.py"
    return subprocess.Popen([sys.executable, str(script), str(site.root), str(folder)], env=os.environ | {"PYTHONPATH": paths})


def together(of: dict[str, str]) -> set[frozenset[str]]:
    """Which records are one person, whatever that person is called."""
    people: dict[str, set[str]] = {}
    for key, person in of.items():
        people.setdefault(person, set()).add(key)
    return {frozenset(keys) for keys in people.values()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[frozenset[str]], float]:
    """What both years' matches come to when nothing happens, and how long the second takes in a process of its own."""
    folder = tmp_path_factory.mktemp("calm")
    site = a_site(folder)
    resolve(site)
    start = time.perf_counter()
    assert begin(site, folder / "trays").wait() == 0
    return together(links(site)), time.perf_counter() - start


def test_a_match_killed_at_ten_moments_is_the_old_one_or_the_new_one(
    undisturbed: tuple[set[frozenset[str]], float], tmp_path: Path
) -> None:
    """Power fails. No user may find half a registry, and nobody's id may depend on when the lights came back."""
    expected, seconds = undisturbed
    site = a_site(tmp_path)
    before = resolve(site)
    dice = random.Random(2026)
    n_killed = 0
    for _ in range(10):
        running = begin(site, tmp_path / "trays")
        time.sleep(dice.uniform(0.2, 1.0) * seconds)
        running.send_signal(signal.SIGKILL)
        n_killed += running.wait() == -signal.SIGKILL
        now = links(site)
        assert now == before or together(now) == expected
        assert all(now[key] == person for key, person in before.items())
        assert audit.verify(site) is None
    assert n_killed >= 5
    assert begin(site, tmp_path / "trays").wait() == 0
    after = links(site)
    assert together(after) == expected
    assert all(after[key] == person for key, person in before.items())
