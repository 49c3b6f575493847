"""Time as an argument: rooms are told the moment, so that a run can be replayed."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime


def now() -> datetime:
    """The present moment in UTC, or the one fixed by `C2C_NOW` (ISO 8601), for replays and tests."""
    fixed = os.environ.get("C2C_NOW")
    return datetime.fromisoformat(fixed).replace(tzinfo=UTC) if fixed else datetime.now(UTC)


def stamp() -> str:
    """The present moment as ISO 8601 to the second."""
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> date:
    """The present day in UTC."""
    return now().date()


def closing_year(day: date) -> int:
    """The school year a day belongs to: it closes on 30 June and is called by that year."""
    return day.year + 1 if day.month >= 7 else day.year
