"""The gate's thresholds: dated rows with their sources. Each release and each extract names the edition it was made under."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files

from c2c.plumbing import errors


class TooRevealing(errors.CodedError):
    """The tables or the extract cannot leave: protection or its audit would leave someone to be worked out. What stood before stands."""


@functools.cache
def rule(rule_id: str, of: str = "public") -> float:
    """The threshold in force. `of`: the rule set, `public` tables or research `extracts`."""
    return float(next(row["value"] for row in _rows(of) if row["rule_id"] == rule_id and not row["effective_to"]))


def edition(of: str = "public") -> str:
    """The edition of a rule set in force."""
    return max(row["edition"] for row in _rows(of))


@functools.cache
def _rows(of: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files("c2c.disclosure") / "rules" / f"{of}.csv").read_text("utf-8").splitlines()))
