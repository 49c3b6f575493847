"""Refusals of the output check."""

from __future__ import annotations

from c2c.plumbing import errors


class OutputRefused(errors.CodedError):
    """The folder cannot be checked at all, or may not enter the ledger. Nothing was kept."""
