"""Thresholds of the output check: dated rows with their sources."""

from __future__ import annotations

import csv
import functools
from importlib.resources import files

from c2c.plumbing import clock


def rule(rule_id: str) -> float:
    """The threshold in force today."""
    return _in_force(rule_id, clock.today().isoformat())


@functools.cache
def _in_force(rule_id: str, day: str) -> float:
    rows = csv.DictReader((files("c2c.disclosure") / "rules" / "outputs.csv").read_text("utf-8").splitlines())
    # Before the first edition the first one holds: a replayed day knows no other.
    said = sorted((r for r in rows if r["rule_id"] == rule_id), key=lambda r: r["effective_from"])
    held = [r for r in said if r["effective_from"] <= day and (not r["effective_to"] or day <= r["effective_to"])]
    return float((held or said[:1])[-1]["value"])
