"""The gate's thresholds: dated rows with their sources. Each release names the edition it was made under."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files

from c2c.plumbing import errors


class TooRevealing(errors.CodedError):
    """The tables cannot be published: protection or its audit would leave someone to be worked out. What stood before stands."""


@functools.cache
def rule(rule_id: str) -> float:
    """The threshold in force."""
    return float(next(row["value"] for row in _rows() if row["rule_id"] == rule_id and not row["effective_to"]))


def edition() -> str:
    """The edition of the rule set in force."""
    return max(row["edition"] for row in _rows())


@functools.cache
def _rows() -> list[dict[str, str]]:
    return list(csv.DictReader((files("c2c.disclosure") / "rules" / "public.csv").read_text("utf-8").splitlines()))
