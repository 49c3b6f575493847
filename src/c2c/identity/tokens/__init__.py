"""Tokens instead of names: what a partner that may not send names runs on its own machines, before anything leaves them.

Hides how keys are derived and how filters are set. Never runs at the site that matches: there no key is, and nothing here is needed.
"""

from c2c.identity.tokens._encode import tokenise_file
from c2c.identity.tokens._keys import new_key, read_key

__all__ = ["new_key", "read_key", "tokenise_file"]
