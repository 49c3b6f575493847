"""`./c2c check`: format, lint, strict types, import walls. One command, the same for a person and the pipeline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

STEPS = (
    ("format", [str(BIN / "ruff"), "format", "--check", "src", "tests", "bench"]),
    ("lint", [str(BIN / "ruff"), "check", "src", "tests", "bench"]),
    ("types", [str(BIN / "mypy")]),
    ("walls", [str(BIN / "lint-imports"), "--no-cache"]),
)


def main() -> int:
    """Run every step, show the output of those that fail, and end with the number that failed."""
    failed = 0
    for name, command in STEPS:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", file=sys.stderr)
        if done.returncode:
            failed += 1
            print(done.stdout + done.stderr, file=sys.stderr)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
