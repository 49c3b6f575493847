"""Refusals of the match."""

from __future__ import annotations

from c2c.plumbing import errors


class IdentityError(errors.CodedError):
    """The match cannot be made, or there is none yet."""
