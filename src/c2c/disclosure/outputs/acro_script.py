"""acro's verdict on tables, cell by cell. Run by the interpreter of acro's own environment, which knows nothing of c2c.

Reads one JSON document from standard input: `rules` as acro names them, and `tables`, each with the path of its contributors (CSV), its
dimensions and its statistic. Writes one: for each table its cells, as labels and the names of the checks that failed.
"""

import json
import logging
import sys
from importlib.metadata import version
from typing import Any

import acro
import pandas as pd


def main() -> None:
    """Ask acro about every table."""
    logging.disable(logging.CRITICAL)
    asked = json.load(sys.stdin)
    # acro and what it leans on may print; standard output is for the answer alone.
    answer, sys.stdout = sys.stdout, sys.stderr
    said = [verdicts(table, asked["rules"]) for table in asked["tables"]]
    json.dump({"version": version("acro"), "tables": said}, answer)


def verdicts(table: dict[str, Any], rules: dict[str, float]) -> list[tuple[list[str], list[str]]]:
    """One entry per cell: its labels in the order of the dimensions, and what failed."""
    session = acro.ACRO()
    session.config.update(rules)
    people = pd.read_csv(table["path"], dtype=dict.fromkeys(table["dims"], str), keep_default_na=False)
    rows = [people[d] for d in table["dims"]] or [pd.Series(["all"] * len(people), name="all")]
    whole = pd.Series(["all"] * len(people), name="whole")
    if table["statistic"] == "count":
        session.crosstab(rows, whole)
    else:
        session.crosstab(rows, whole, values=people["amount"].astype(float), aggfunc=table["statistic"])
    outcome = session.results.get_index(-1).outcome
    found = []
    for labels, row in zip(outcome.index, outcome.to_numpy(), strict=True):
        names = [str(x) for x in labels] if isinstance(labels, tuple) else [str(labels)]
        failed = sorted({part.strip() for text in row for part in str(text).split(";")} - {"", "ok"})
        found.append((names if table["dims"] else [], failed))
    return found


if __name__ == "__main__":
    main()
