"""Doubtful matches, settled by people: a blind queue, two reviewers, an adjudicator, and decisions that hold in every later run.

Hides where cases and acts lie and how they are sealed. Never shows a score, or another reviewer's answer, to one who has still to answer; every
look at names is in the ledger first. A golden record, what people are shown of a person, is shown here alone. Who may do what is the portal's to say; one person never acts twice on a case.
"""

from c2c.identity.stewardship._cases import Case, answer, explain_case, open_case, open_queue, undo
from c2c.identity.stewardship._people import open_people

__all__ = ["Case", "answer", "explain_case", "open_case", "open_people", "open_queue", "undo"]
