"""The code that a person's app shows (RFC 6238), worked out without the portal's own library."""

from __future__ import annotations

import base64
import hmac
import time


def code_of(secret: str, at: float | None = None) -> str:
    """Six digits of a secret for this half minute."""
    counter = int((time.time() if at is None else at) // 30).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
