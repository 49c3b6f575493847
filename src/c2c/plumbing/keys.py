"""The local key ring: files 0600 under `keys/`, the embedded default of an interface a key service can stand behind.

Two kinds: sealing keys (age X25519, for trays and pulls) and naming keys (32 random bytes, for HMACs). Destroying a key is final.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import pyrage

from c2c.plumbing import errors
from c2c.plumbing.site import Site, write_bytes


def naming_key(site: Site, name: str) -> bytes:
    """The 32-byte HMAC key called `name` (such as `partner/cde`), made at first use."""
    path = _path(site, name, "key")
    if not path.exists():
        _make(path, secrets.token_bytes(32))
    return path.read_bytes()


def sealing_key(site: Site, name: str) -> pyrage.x25519.Identity:
    """The age key called `name` (such as `room/identity`), made at first use."""
    path = _path(site, name, "age")
    if not path.exists():
        _make(path, str(pyrage.x25519.Identity.generate()).encode())
    return pyrage.x25519.Identity.from_str(path.read_text())


def wrap_new_key(site: Site, name: str, holders: list[str]) -> pyrage.x25519.Recipient:
    """Make a fresh sealing key that only the named holders' keys open, and return its public half."""
    fresh = pyrage.x25519.Identity.generate()
    recipients = [sealing_key(site, holder).to_public() for holder in holders]
    path = _path(site, name, "wrapped")
    write_bytes(path, pyrage.encrypt(str(fresh).encode(), recipients))
    path.chmod(0o600)
    return fresh.to_public()


def unwrap_key(site: Site, name: str, holder: str) -> pyrage.x25519.Identity:
    """The sealing key called `name`, opened as `holder`. Raises KEY-001 when it was destroyed or never made."""
    path = _path(site, name, "wrapped")
    if not path.exists():
        raise errors.CodedError(
            "KEY-001",
            where=f"keys/{name}",
            what="this key was destroyed, so what it sealed cannot be opened",
            remedy="Nothing brings it back; ask its owner to send the data again.",
        )
    return pyrage.x25519.Identity.from_str(pyrage.decrypt(path.read_bytes(), [sealing_key(site, holder)]).decode())


def has_key(site: Site, name: str) -> bool:
    """Does a wrapped key of this name still exist?"""
    return _path(site, name, "wrapped").exists()


def destroy_key(site: Site, name: str) -> None:
    """Overwrite and remove the key of this name. What a sealing key sealed goes dark, backups of the sealed files included; what a naming key named is
    never named so again."""
    for suffix in ("wrapped", "key", "age"):
        path = _path(site, name, suffix)
        if path.exists():
            size = path.stat().st_size
            with path.open("r+b") as handle:
                handle.write(secrets.token_bytes(size))
                handle.flush()
                os.fsync(handle.fileno())
            path.unlink()


def pseudonym(key: bytes, text: str) -> str:
    """HMAC-SHA-256 of `text` under `key`, its first 128 bits as 32 hex digits."""
    return hmac.digest(key, text.encode(), "sha256")[:16].hex()


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer 64-byte pads of HMAC-SHA-256 (RFC 2104), for engines that know sha256 but not HMAC."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def _make(path: Path, value: bytes) -> None:
    """Keep a new key, unless another process made it a moment before: then that one holds, or what it has sealed since would be lost."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    write_bytes(fresh, value)
    fresh.chmod(0o600)
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _path(site: Site, name: str, suffix: str) -> Path:
    return site.folder("keys").joinpath(*name.split("/")).with_name(name.rsplit("/", 1)[-1] + "." + suffix)
