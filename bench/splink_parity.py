"""Our model in Splink beside our model at home: FEBRL 4 and a synthetic state, each weighed by both with the same levels, m, u and prior.

Ours learns the model, writes it as Splink's settings and makes the file ready; Splink loads both and predicts. Each is judged at the threshold that suits
the truth best, by connected components alone: without our cannot-links, so that only the weights are compared. The bar: within 0.3 points of F1.

`--people=1000` is the size of the synthetic state.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from _report import PEERS, Row, c2c, finish, run
from match import option, state_of

HERE = Path(__file__).resolve().parent
POINTS = 0.3


def main() -> int:
    """Run both and print side by side."""
    people = int(option("people", "1000"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(str(PEERS), str(HERE / "_samples.py"), str(folder), "7", "febrl")
        rows = parity(folder, "febrl4", "FEBRL 4")
        a_state(folder, people)
        rows += parity(folder, "state", f"synthetic state of {people:,}")
    return finish("splink_parity", rows)


def a_state(folder: Path, people: int) -> None:
    """The records with names of a synthetic state, as one people file with its truth."""
    site, truth = folder / "site", folder / "truth.parquet"
    c2c("init", str(site))
    c2c("synth", str(site / "inbox"), "--people", str(people), "--seed", "1", "--truth", str(truth))
    state_of("receive", str(site), "2026")
    state_of("people", str(site), str(truth), str(folder / "state.parquet"))


def parity(folder: Path, name: str, label: str) -> list[Row]:
    """One people file, weighed by both with one model."""
    source, truth = folder / f"{name}.parquet", folder / f"{name}.truth.parquet"
    model, ready = folder / f"{name}.model.json", folder / f"{name}.ready.parquet"
    ours = json.loads(run(sys.executable, str(HERE / "_plain.py"), str(source), str(truth), str(model))[2])
    c2c("match", "prepare", str(source), str(ready))
    said = run(str(PEERS), str(HERE / "_splink.py"), str(ready), str(truth), str(model))[2].splitlines()
    if not said:
        sys.exit(f"Splink made nothing of {ready.name}: run bench/_splink.py on it by hand.")
    theirs = json.loads(said[-1])
    apart = 100 * abs(ours["f1"] - theirs["f1"])
    return [
        Row(f"{label}: best F1 without cannot-links", ours["f1"], "", "Splink, our model", theirs["f1"], ours["f1"] / theirs["f1"]),
        Row(f"{label}: points apart", apart, "points", bar=f"≤ {POINTS}", holds=apart <= POINTS),
        Row(
            f"{label}: pairs above even odds", ours["pairs"], "", "Splink", theirs["pairs"], ours["pairs"] / max(theirs["pairs"], 1)
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
