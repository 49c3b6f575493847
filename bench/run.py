"""`./c2c bench NAME`: run one benchmark, or all, each with its peer side by side. Exits 1 where a bar does not hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = ("synth", "intake", "match", "parity", "spark", "pull", "disclosure", "extracts", "outputs", "public", "year")
FILES = {"public": "public_site", "parity": "splink_parity"}
"""Where a benchmark's file does not bear its name: `public` is also a library's, and parity is with Splink."""


def main() -> int:
    """Run the named benchmark with the remaining arguments; without a name, every one in order."""
    arguments = sys.argv[1:]
    named = [a for a in arguments if a in NAMES]
    rest = [a for a in arguments if a not in NAMES]
    failed = [
        n
        for n in named or NAMES
        if subprocess.run([sys.executable, str(HERE / f"{FILES.get(n, n)}.py"), *rest], check=False).returncode
    ]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
