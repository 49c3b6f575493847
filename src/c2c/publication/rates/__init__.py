"""The match report by group: safe tables of links frozen beside their run, as shares, gaps and what they were before.

Hides how the tables lie on disk. Never sees a count that the gate withheld: shares, gaps and intervals are of counts that are shown.
"""

from c2c.publication.rates._frozen import RATES, STATUSES, freeze_rates, freeze_refusal, open_rates, write_rates

__all__ = ["RATES", "STATUSES", "freeze_rates", "freeze_refusal", "open_rates", "write_rates"]
