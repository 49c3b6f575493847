"""Engines write nothing where a machine reads, nor amid what a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "src"


def apart(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)


def test_an_engine_in_a_helping_process_draws_no_bar_on_standard_output() -> None:
    """`--json` promises one document on standard output, also when work takes long in processes that the command started."""
    done = apart(
        "from c2c.plumbing import engines\n"
        "engine = engines.bare_duckdb(threads=1)\n"
        "for one in (engine, engine.cursor()):\n"
        "    print(one.execute(\"SELECT current_setting('enable_progress_bar')\").fetchall())\n"
    )
    assert done.stdout == "[(False,)]\n[(False,)]\n"


def test_the_makers_of_a_solver_print_nothing() -> None:
    """Nobody who protects a table reads a library's name between two bars, and what is printed after it stands."""
    done = apart("from c2c.plumbing import engines\nengines.linear_program()\nprint('after')\n")
    assert (done.stdout, done.stderr) == ("after\n", "")
