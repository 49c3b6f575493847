"""`./c2c test`: make sure of the browser, the database and Java, run the checks, then every test on all cores."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def ensure_programs() -> None:
    """Install Debian's Chromium, PostgreSQL and Java where they are missing and we may; say exactly what to install when we may not."""
    here = {
        "chromium": shutil.which("chromium"),
        "postgresql": any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "openjdk-17-jre-headless": shutil.which("java"),
    }
    missing = [package for package, found in here.items() if not found]
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(
            f"The tests need a browser, a database and Java. Install them (on Debian: sudo apt-get install {names}) and run this again."
        )
    print(f"Installing {names} for the tests ...", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *command], check=True, env=environment, stdout=subprocess.DEVNULL)


def main() -> int:
    """Check, then test; arguments go to pytest. `external` runs the tests on data of others beside the project."""
    arguments = sys.argv[1:]
    ensure_programs()
    if not arguments:
        checked = subprocess.run([sys.executable, str(ROOT / "tests" / "check.py")], cwd=ROOT, check=False)
        if checked.returncode:
            return checked.returncode
    # Whole files to one worker, in the order of `conftest.py`: a journey's state is made once and walked through by its tests.
    spread = [] if "-n" in arguments else ["-n", str(os.cpu_count() or 2), "--dist", "loadfile", "--no-loadscope-reorder"]
    # The command is started some hundred times: what Python compiled is kept, also where the machine's habit is to throw it away.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run([sys.executable, "-m", "pytest", *spread, *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
