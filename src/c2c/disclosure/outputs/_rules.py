"""Thresholds of the output check: dated rows with their sources, in `rules/outputs.csv`."""

from __future__ import annotations

from c2c.disclosure._rules import rule_of


def rule(rule_id: str) -> float:
    """The threshold in force today."""
    return rule_of("outputs", rule_id)
