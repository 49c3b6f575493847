"""The ledger: append-only, hash-chained, written before anything is read or let out.

Hides how entries are chained and stored. Never forgets, never holds a record's value: entries name who, what, when, under which
permit, and hashes of inputs and outputs.
"""

from c2c.audit._ledger import Broken, append, entries, head, verify

__all__ = ["Broken", "append", "entries", "head", "verify"]
