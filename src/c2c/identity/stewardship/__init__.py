"""Doubtful matches, settled by people: a blind queue, two reviewers, an adjudicator, and decisions that hold in every later run.

Hides where cases and acts lie and how they are sealed. Never shows a score, or another reviewer's answer, to one who has still to answer; every
look at names is in the ledger first. Who may do what is the portal's to say; one person never acts twice on a case.
"""

from c2c.identity.stewardship._cases import Case, Pair, answer, explain_case, open_case, open_queue, undo

__all__ = ["Case", "Pair", "answer", "explain_case", "open_case", "open_queue", "undo"]
