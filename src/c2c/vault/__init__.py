"""Each partner's sealed, versioned store: opened tray by tray, with a Permit, after the ledger has it.

Hides where trays lie and how they are sealed. Never opens two partners under one key; a withdrawn submission cannot be opened again,
not even from a backup, for its keys are gone.
"""

from c2c.vault._store import VaultError, deposit, held, open_trays, withdraw

__all__ = ["VaultError", "deposit", "held", "open_trays", "withdraw"]
