"""The public site under load, over a folder of releases given as an argument, or over a small state made for it.

Bars, from the design of the public tools: 200 requests a second sustained on two cores, and a slowest twentieth under 50 ms of server time, for
pages that were made before and for tables that nobody has asked for yet; the first view weighs at most 150 KB packed; a release loads in 2 s.
"""

from __future__ import annotations

import gzip
import http.client
import itertools
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from _report import ROOT, Row, c2c, finish, run

PATHS = (
    "/",
    "/pathways",
    "/es/pathways?story=enrolls",
    "/pathways?story=pay",
    "/tables?measure=hs_graduates",
    "/tables.csv?measure=hs_graduates",
    "/method",
)
SECONDS = 8
CONNECTIONS = 4


def main() -> int:
    """Serve a folder of releases as in production, that of a small state unless one is named, and ask for pages on four connections."""
    named = [Path(a) for a in sys.argv[1:] if not a.startswith("--")]
    with tempfile.TemporaryDirectory() as folder:
        if not named:
            c2c("demo", "--people", "5000", "--no-serve", "--json", "--site", str(Path(folder) / "site"))
        return ask(named[0] if named else Path(folder) / "site" / "releases")


def ask(releases: Path) -> int:
    """Load and weigh the pages of a folder of releases."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "C2C_RELEASES": str(releases)}
    gunicorn = [sys.executable, "-m", "gunicorn", "c2c.web.public.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--log-level", "critical"]  # fmt: skip
    server = subprocess.Popen(gunicorn, env=environment)
    try:
        wait(port)
        loading = load_seconds(releases)
        weight = first_view(port)
        for _ in range(6):
            for path in PATHS:
                fetch(port, path)
        kept = load(port, itertools.cycle(PATHS))
        made = sorted(timed(port, path) for path in tables(port))
    finally:
        server.terminate()
        server.wait()
    p95 = 1000 * kept[int(len(kept) * 0.95)]
    p95_made = 1000 * made[int(len(made) * 0.95)]
    rows = [
        Row("a release loads", loading, "s", bar="≤ 2 s", holds=loading <= 2),
        Row("first view, packed", weight / 1024, "KB", bar="≤ 150 KB", holds=weight <= 150 * 1024),
        Row("requests a second", len(kept) / SECONDS, "1/s", bar="≥ 200", holds=len(kept) / SECONDS >= 200),
        Row("slowest twentieth of kept pages", p95, "ms", bar="< 50 ms", holds=p95 < 50),
        Row(f"slowest twentieth of {len(made)} new tables", p95_made, "ms", bar="< 50 ms", holds=p95_made < 50),
    ]
    return finish("public", rows)


def wait(port: int) -> None:
    """Until the server answers: each worker has the newest release in memory by then."""
    for _ in range(400):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    fetch(port, "/pathways")


def load_seconds(releases: Path) -> float:
    """Seconds to read the newest release into memory, in a process of its own."""
    told = "from pathlib import Path; from time import perf_counter; from c2c.publication import releases, shelf; r = releases(Path({!r}))[-1]; t = perf_counter(); shelf(r.folder); print(perf_counter() - t)"
    _, _, seconds = run(sys.executable, "-c", told.format(str(releases)))
    return float(seconds)


def first_view(port: int) -> int:
    """Bytes of the heaviest page with what it loads, packed."""
    page = fetch(port, "/pathways?story=pay")
    static = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())
    parts = [
        gzip.compress(page),
        *(body if path.endswith("woff2") else gzip.compress(body) for path in sorted(set(static)) for body in [fetch(port, path)]),
    ]
    return sum(map(len, parts))


def tables(port: int) -> list[str]:
    """Addresses of tables not asked for before: every measure of the builder by every group, all years and each."""
    found = []
    for measure in re.findall(r'name="measure" id="[^"]+" value="(\w+)"', fetch(port, "/tables").decode()):
        groups = [
            "",
            *re.findall(r'name="by" id="[^"]+" value="(\w+)"', fetch(port, f"/tables?measure={measure}&step=groups").decode()),
        ]
        years = [
            "",
            *re.findall(r'name="year" id="[^"]+" value="(\d+)"', fetch(port, f"/tables?measure={measure}&step=years").decode()),
        ]
        found += [f"/tables?measure={measure}&by={group}&year={year}" for group in groups for year in years]
    return found


def load(port: int, paths: itertools.cycle[str]) -> list[float]:
    """Ask on all connections at once for as long as the load lasts; how long each answer took, the quickest first."""
    times: list[float] = []

    def ask() -> None:
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            times.append(timed(port, next(paths)))

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(times)


def timed(port: int, path: str) -> float:
    """Seconds to one page, read whole."""
    start = time.perf_counter()
    fetch(port, path, packed=True)
    return time.perf_counter() - start


def fetch(port: int, path: str, *, packed: bool = False) -> bytes:
    """One page or file, read whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"} if packed else {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return body


if __name__ == "__main__":
    sys.exit(main())
