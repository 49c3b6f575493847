"""Engines write nothing where a machine reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_an_engine_in_a_helping_process_draws_no_bar_on_standard_output() -> None:
    """`--json` promises one document on standard output, also when work takes long in processes that the command started."""
    code = (
        "from c2c.plumbing import engines\n"
        "engine = engines.bare_duckdb(threads=1)\n"
        "for one in (engine, engine.cursor()):\n"
        "    print(one.execute(\"SELECT current_setting('enable_progress_bar')\").fetchall())\n"
    )
    source = Path(__file__).resolve().parents[3] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(source)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[(False,)]\n[(False,)]\n"
