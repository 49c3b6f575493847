"""The year: receive, match, link, protect, publish. `annual.py` tells it; the rest are its smaller stories.

Hides which steps are already done and how they are picked up again. Has no rules of its own: each belongs to a room.
"""

from c2c.cycle._deliveries import submit
from c2c.cycle._evaluation import evaluate
from c2c.cycle._pulls import link, rebuild
from c2c.cycle._withdrawal import withdraw
from c2c.cycle.annual import run_year, status

__all__ = ["evaluate", "link", "rebuild", "run_year", "status", "submit", "withdraw"]
