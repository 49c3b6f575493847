"""Coded errors: a fault of request said once, with place and remedy, and never a record's value.

Faults in data are findings, not errors. Bugs are not caught; each entrance logs them under a reference number.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from pathlib import Path


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


def log_fault(bug: BaseException | None) -> tuple[str, str]:
    """Log a fault of ours under a number, with its kind and place and no data of anybody; the number, and kind and place in words."""
    reference = secrets.token_hex(4)
    at = traceback.extract_tb(bug.__traceback__)[-1:] if bug else []
    place = f"{Path(at[0].filename).name}:{at[0].lineno}" if at else "an unknown place"
    what = f"{type(bug).__name__ if bug else 'fault'} at {place}"
    logging.getLogger("c2c").error("fault %s: %s", reference, what)
    return reference, what
