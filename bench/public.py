"""The public site under load: requests a second and the slowest twentieth, for pages and queries of a release given as the last argument."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from _report import ROOT, Row, finish

PATHS = (
    "/",
    "/pathways",
    "/pathways?story=enrolls",
    "/tables?measure=hs_graduates&show=1",
    "/tables.csv?measure=hs_graduates",
    "/method",
)
SECONDS = 8


def main() -> int:
    """Serve the release folder of a demo site (`bench/public.py demo-site/releases`) and ask for pages on four connections."""
    releases = Path(next((a for a in sys.argv[1:] if not a.startswith("--")), "demo-site/releases"))
    if not releases.exists():
        sys.exit("bench public needs the releases of a site: run ./c2c demo --no-serve first, or name a folder.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "C2C_RELEASES": str(releases)}
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "c2c.web.public.wsgi:application",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            "2",
            "--log-level",
            "error",
        ],
        env=environment,
    )
    try:
        wait(port)
        times: list[float] = []
        threads = [threading.Thread(target=ask, args=(port, times)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        server.terminate()
        server.wait()
    times.sort()
    p95 = times[int(len(times) * 0.95)] * 1000
    rows = [
        Row("requests a second", len(times) / SECONDS, "1/s", bar="≥ 200", holds=len(times) / SECONDS >= 200),
        Row("slowest twentieth", p95, "ms", bar="< 50 ms", holds=p95 < 50),
    ]
    return finish("public", rows)


def wait(port: int) -> None:
    """Until the server answers, with its release in memory."""
    for _ in range(200):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    for _ in range(8):
        for path in PATHS:
            fetch(http.client.HTTPConnection("127.0.0.1", port), path)


def ask(port: int, times: list[float]) -> None:
    """Ask for page after page and note how long each took."""
    end = time.perf_counter() + SECONDS
    turn = 0
    while time.perf_counter() < end:
        start = time.perf_counter()
        fetch(http.client.HTTPConnection("127.0.0.1", port), PATHS[turn % len(PATHS)])
        times.append(time.perf_counter() - start)
        turn += 1


def fetch(connection: http.client.HTTPConnection, path: str) -> None:
    """One page, read whole."""
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")


if __name__ == "__main__":
    sys.exit(main())
