"""Coded errors: a fault of request said once, with place and remedy, and never a record's value.

Faults in data are findings, not errors. Bugs are not caught; each entrance logs them under a reference number.
"""

from __future__ import annotations


class CodedError(Exception):
    """A request that cannot be met. Rooms subclass it once; the code maps to one exit status (`docs/reference/errors.md`)."""

    exit_status = 1

    def __init__(self, code: str, *, where: str, what: str, remedy: str) -> None:
        super().__init__(f"{code}: {what} ({where}). {remedy}")
        self.code = code
        self.where = where
        self.what = what
        self.remedy = remedy


class WrongUse(CodedError):
    """The command or page was asked in a way it cannot understand."""

    exit_status = 2
