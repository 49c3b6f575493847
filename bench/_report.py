"""What every benchmark shares: a command timed in a process of its own, and the rows it prints."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-bench" / "bin" / "python"


@dataclass(frozen=True)
class Row:
    """One figure, and the peer's beside it where there is one. `holds` is None where no bar binds."""

    measure: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    bar: str = ""
    holds: bool | None = None


def run(*command: str) -> tuple[float, int, str]:
    """Seconds, peak memory in MiB and standard output of a command in a process of its own; the peak is that of the largest it started."""
    start = perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as wrong:
        process = subprocess.Popen(command, stdout=out, stderr=wrong, env=environment)
        # The usage of this child alone: that of all children would show the largest one so far.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = perf_counter() - start
        out.seek(0)
        wrong.seek(0)
        if process.returncode not in (0, 1):
            sys.exit(f"{' '.join(command[:4])} failed:\n{wrong.read()[-2000:]}")
        return seconds, usage.ru_maxrss // 1024, out.read()


def c2c(*arguments: str) -> tuple[float, int, str]:
    """The same for a command of ours."""
    return run(sys.executable, "-m", "c2c.cli", *arguments)


def finish(name: str, rows: list[Row]) -> int:
    """Print the rows, as JSON with `--json`; 1 where a bar does not hold."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    if "--json" in sys.argv:
        print(json.dumps({"bench": name, "machine": machine, "rows": [asdict(r) for r in rows]}))
    else:
        print(f"{name} ({machine['cores']} cores, Python {machine['python']})")
        for r in rows:
            peer = (
                f"  {r.peer} {r.peer_value:,.3g}, ratio {r.ratio:.2f}" if r.peer_value is not None and r.ratio is not None else ""
            )
            bar = f"  [{r.bar}: {'holds' if r.holds else 'DOES NOT HOLD'}]" if r.bar else ""
            print(f"  {r.measure:<44} {r.value:>12,.4g} {r.unit}{peer}{bar}")
    return int(any(r.holds is False for r in rows))
