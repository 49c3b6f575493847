"""`./c2c test`: make sure of the browser, run the checks, then every test on all cores."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def ensure_chromium() -> None:
    """Install Debian's Chromium when it is missing and we may; say exactly what to install when we may not."""
    if shutil.which("chromium"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit("The browser tests need Chromium. Install it (on Debian: sudo apt-get install chromium) and run this again.")
    print("Installing Chromium for the browser tests ...", file=sys.stderr)
    quiet = {"stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=True, env=environment, **quiet)


def main() -> int:
    """Check, then test; arguments go to pytest. `external` runs the tests on data of others beside the project."""
    arguments = sys.argv[1:]
    ensure_chromium()
    if not arguments:
        checked = subprocess.run([sys.executable, str(ROOT / "tests" / "check.py")], cwd=ROOT, check=False)
        if checked.returncode:
            return checked.returncode
    # Whole files to one worker: a journey's state is made once and walked through by its tests.
    spread = [] if "-n" in arguments else ["-n", str(os.cpu_count() or 2), "--dist", "loadfile"]
    return subprocess.run([sys.executable, "-m", "pytest", *spread, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
