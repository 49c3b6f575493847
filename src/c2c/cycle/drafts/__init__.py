"""A release before it is one: what it would show, hide and cost, for the one who signs, before anyone makes it.

Hides which pull it is counted from. Never publishes: a draft lies apart from the releases, enters no release ledger, and the next one replaces it.
"""

from c2c.cycle.drafts._plan import plan_release

__all__ = ["plan_release"]
