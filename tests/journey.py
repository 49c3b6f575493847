"""How journeys are made: the command as a person runs it, and the public site served as in production."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe*.js")).read_text("utf-8")
"""axe-core, as a page takes it in."""

_asked = itertools.count()


def free_port() -> int:
    """A port that nobody has, and nobody else will be given while a server takes its time to start.

    Below those that the system hands out by itself, and apart for each process of the tests.
    """
    while True:
        port = 10_000 + (os.getpid() * 97 + next(_asked)) % 22_000
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) != 0:
                return port


@dataclass(frozen=True)
class Demo:
    """The demo's folder and what it said of itself."""

    site: Path
    said: dict[str, Any]


def c2c(*arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1] / "src")}
    return subprocess.run(
        [sys.executable, "-m", "c2c.cli", *arguments], capture_output=True, text=True, env=environment, check=check
    )


def faults_of(page: Page) -> list[tuple[str, str]]:
    """What axe finds at fault on a page that has taken it in: rule and first element. Whatever passes stays in the browser: it is much."""
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((said) => said.violations)")
    return [(fault["id"], fault["nodes"][0]["html"][:90]) for fault in found]


class Served:
    """The public site over a folder of releases, on a free port of this machine."""

    def __init__(self, releases: Path) -> None:
        self._releases = releases

    def __enter__(self) -> str:
        port = free_port()
        environment = os.environ | {
            "C2C_RELEASES": str(self._releases),
            "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "src"),
        }
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "c2c.web.public.wsgi:application",
            "--bind",
            f"127.0.0.1:{port}",
            "--timeout",
            "180",  # on a busy machine the first page may take longer than gunicorn's half minute
            "--log-level",
            "warning",
        ]
        self._process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        raise RuntimeError("the public site did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
