"""A pull's tables opened in private scratch, for the gate to make a research extract of. The reading is in the ledger first; nothing else is done here."""

from c2c.linkage._pulls import open_tables

__all__ = ["open_tables"]
