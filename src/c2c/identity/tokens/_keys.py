"""The one secret that partners share, and the keys derived from it: one for each purpose and each kind of value."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path

from c2c.identity._errors import IdentityError

MARK = "c2c-token-key-1"
"""How a key file begins, so that no other file is taken for one."""


def new_key(path: Path) -> None:
    """Make a key file that its owner alone can read. What was encoded under a lost key cannot be compared with anything new.

    Raises:
        IdentityError: IDN-022 there is such a file already.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise IdentityError(
            "IDN-022",
            where=path.name,
            what="a file of this name exists, and a key is never written over another",
            remedy="Give another name. Keep the old key as long as anything encoded under it is in use.",
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{MARK}:{secrets.token_hex(32)}\n")


def read_key(path: Path) -> bytes:
    """The secret of a key file.

    Raises:
        IdentityError: IDN-023 there is no such file, or it is no key file; IDN-025 others can read it.
    """
    try:
        open_to_others = path.stat().st_mode & 0o077
        found = re.fullmatch(rf"{MARK}:([0-9a-f]{{64}})\n?", path.read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        open_to_others, found = 0, None
    if not found:
        raise IdentityError(
            "IDN-023",
            where=path.name,
            what="this is no key file, or it cannot be read",
            remedy="Make one with `c2c tokenise --new-key`, or ask your partner for theirs.",
        )
    if open_to_others:
        raise IdentityError(
            "IDN-025",
            where=path.name,
            what="others than its owner can read this key file",
            remedy="Close it with `chmod 600`, and make a new key if others may have read it.",
        )
    return bytes.fromhex(found.group(1))


class Keys:
    """Keys derived from one secret for one purpose, as RFC 5869 has it (HKDF with SHA-256): none says anything of another."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._root = hmac.digest(b"c2c tokens instead of names", secret, "sha256")
        self._purpose = purpose

    def of(self, kind: str) -> bytes:
        """The key of one kind of value."""
        return hmac.digest(self._root, f"{self._purpose}\x1f{kind}\x01".encode(), "sha256")
