"""Sealed files at a storage address: a local folder now, a partner's own bucket by the same call (`s3://`, `az://`, `gs://`)."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import obstore
import pyrage
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from c2c.plumbing import errors


def open_store(address: str) -> ObjectStore:
    """The object store at an address: a URL, or a path for a local folder (made if missing)."""
    if "://" in address:
        return from_url(address)
    Path(address).mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(prefix=address)


def seal_into(store: ObjectStore, name: str, source: Path, recipient: pyrage.x25519.Recipient) -> str:
    """Encrypt a file into the store under `name`, streamed, and return the SHA-256 of what was stored."""
    part = source.with_name(source.name + ".age")
    pyrage.encrypt_file(str(source), str(part), [recipient])
    digest = file_sha256(part)
    with part.open("rb") as handle, _reached(name):
        obstore.put(store, name, handle)
    part.unlink()
    return digest


def unseal_from(store: ObjectStore, name: str, target: Path, identity: pyrage.x25519.Identity) -> Path:
    """Decrypt what lies under `name` into `target`, a path in private scratch. The file is readable by its owner only."""
    part = target.with_name(target.name + ".age")
    with part.open("wb") as handle, _reached(name):
        for chunk in obstore.get(store, name).stream(min_chunk_size=8 * 1024 * 1024):
            handle.write(chunk)
    pyrage.decrypt_file(str(part), str(target), [identity])
    target.chmod(0o600)
    part.unlink()
    return target


@contextlib.contextmanager
def _reached(name: str) -> Iterator[None]:
    """Say in a coded error that a store did not answer; what it answered may hold an address or a credential, and is left out."""
    try:
        yield
    except (BaseError, FileNotFoundError) as reason:
        raise errors.CodedError(
            "STO-001",
            where=name,
            what=f"its storage address did not take or give it: {type(reason).__name__}",
            remedy="Check the partner's address under [storage] in c2c.toml, its credentials, and that the store is up.",
        ) from None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
