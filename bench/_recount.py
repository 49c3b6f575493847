"""pyCANON's count of an extract: k, and l and t of each outcome, with the seconds they took. Runs where pyCANON is, and nothing of ours."""

from __future__ import annotations

import json
import sys
from time import perf_counter

import pandas as pd
from pycanon import anonymity


def main() -> None:
    """Count the CSV named, by the quasi-identifiers and outcomes named."""
    path, quasi, outcomes = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",")
    table = pd.read_csv(path)
    start = perf_counter()
    found: dict[str, object] = {"k": anonymity.k_anonymity(table, quasi)}
    for outcome in outcomes:
        t = round(float(anonymity.t_closeness(table, quasi, [outcome])), 4)
        found[outcome] = {"l": int(anonymity.l_diversity(table, quasi, [outcome])), "t": t}
    print(json.dumps(found | {"k": int(str(found["k"])), "seconds": perf_counter() - start}))


if __name__ == "__main__":
    main()
