"""What speaks against a run, by its own figures. A run with an alarm is sealed as any other, and held until somebody signs for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from c2c.identity._coded import FIELDS
from c2c.identity._compare import LEVEL_NAMES
from c2c.identity._estimate import Model, levels_of
from c2c.identity._rules import rule
from c2c.identity._score import plain_bits

UNLIKE = ("other", "differs")
"""What the level of two values that have nothing in common is called. That two records come from two agencies makes nobody two people: `source` has none."""


def alarms_of(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each alarm that a run's report raises: its name, the figure, the limit, how many (`n`) out of how many (`of`), and all of it in words.

    Nobody's id, link or name may change by a mistake in a file or a model that a machine can see; a person looks first. `said`: the report, with what
    it keeps of the run in force. Holds no value of a record.
    """
    raised = []
    old, moved, most = said["old_records"], said["old_records_with_a_new_id"], rule("churn_most")
    if moved >= rule("churn_least") and moved > most * old:
        says = f"{moved:,} of {old:,} records known before would get the id of another person, {_percent(moved / old)}; the limit is {_percent(most)}"
        raised.append({"alarm": "churn", "figure": round(moved / old, 6), "limit": most, "n": moved, "of": old, "says": says})
    large, most = said["large_components"], rule("component_limit")
    if large:
        says = (
            f"{large:,} groups of records hung together in more than {most:,.0f} rows and were taken apart at their weakest links"
        )
        raised.append({"alarm": "component", "figure": large, "limit": most, "n": large, "of": said["people"], "says": says})
    largest, many, most = said["most_record_keys_of_a_person"], said["people_of_too_many_record_keys"], rule("person_most")
    if many:
        says = f"{many:,} people would hold more than {most:,.0f} record keys, one of them {largest:,}"
        raised.append({"alarm": "person", "figure": largest, "limit": most, "n": many, "of": said["people"], "says": says})
    lost, found, most = said["expected_matches_lost"], said["expected_matches_found"], rule("lost_most")
    if lost > most * found:
        share = lost / max(lost + found, 1.0)
        says = f"about {lost:,.0f} matches are expected in blocks too large to compare, {_percent(share)} of all; the limit is {_percent(most)}"
        raised.append(
            {"alarm": "lost", "figure": round(share, 6), "limit": most, "n": round(lost), "of": round(lost + found), "says": says}
        )
    return raised


def contrary_fields(patterns: np.ndarray, counts: np.ndarray, model: Model) -> list[str]:
    """Fields of which agreement does not outweigh disagreement: a column is mixed up, and what it says joins strangers.

    Only where pairs enough agree and disagree, and matches enough are expected among those that hold it. `counts`: of all pairs, by pattern.
    """
    levels, expected = levels_of(patterns), counts * _sure(patterns, model)
    least, found = rule("training_least"), []
    for i, field in enumerate(FIELDS):
        unlike = [place for place, name in enumerate(LEVEL_NAMES[field]) if name in UNLIKE]
        if not unlike:
            continue
        agree, differ = levels[:, i] == 0, levels[:, i] == unlike[0]
        spoken = min(counts[agree].sum(), counts[differ].sum(), expected[agree | differ].sum())
        bits = model.bits(field)
        if spoken >= least and bits[0] <= bits[unlike[0]]:
            found.append(field)
    return found


def expected_matches(patterns: np.ndarray, counts: np.ndarray, model: Model) -> float:
    """How many of these pairs the model expects to be one person's."""
    return float(counts @ _sure(patterns, model))


def _sure(patterns: np.ndarray, model: Model) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp2(-np.clip(plain_bits(levels_of(patterns), model), -60, 60))))


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
