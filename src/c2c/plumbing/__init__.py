"""Engines, storage, keys, clock, settings, errors, progress. Uses no word of the field and decides nothing.

A floor: every room may stand on it. Each name below is a small module; take what you need as `from c2c.plumbing import keys`, and nothing
else is loaded.
"""

__all__ = ["clock", "engines", "errors", "keys", "progress", "site", "storage"]
