"""A site: the directory (or buckets) where one state's system lives, its settings, locks and private scratch."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from c2c.plumbing import errors


@dataclass(frozen=True)
class Site:
    """Where everything of one state lies. Folder names are those of the table in `ARCHITECTURE.md`."""

    root: Path

    @property
    def settings(self) -> Mapping[str, Any]:
        """What `c2c.toml` says; defaults where it is silent."""
        path = self.root / "c2c.toml"
        said: dict[str, Any] = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
        return {"engine": "duckdb", "memory": "4GB", "threads": os.cpu_count() or 2, "storage": {}} | said

    def folder(self, *parts: str) -> Path:
        """A folder of the site, made if missing, open to its owner only."""
        path = self.root.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path


def open_site(root: Path) -> Site:
    """The site at `root`. Raises SITE-001 when there is none."""
    if not (root / "c2c.toml").exists():
        raise errors.WrongUse("SITE-001", where="--site", what="no site was found there", remedy="Make one with `c2c init DIR`.")
    return Site(root.resolve())


@contextlib.contextmanager
def scratch(site: Site) -> Iterator[Path]:
    """A private folder for opened trays, wiped when left. Folders of processes that died are swept first."""
    base = site.folder("scratch")
    for old in base.iterdir():
        pid = old.name.split("-", 1)[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(old, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=base))
    atexit.register(shutil.rmtree, path, True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def locked(site: Site, room: str, holder: str) -> Iterator[None]:
    """Hold a room alone. The lock dies with its process. Raises SITE-002 naming the holder when it is taken."""
    path = site.folder("locks") / f"{room}.lock"
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            raise errors.CodedError(
                "SITE-002",
                where=f"locks/{room}.lock",
                what=f"{room} is held by {handle.read().strip() or 'another run'}",
                remedy="Wait for it to finish, or stop it; the lock is freed when its process ends.",
            ) from None
        handle.seek(0)
        handle.truncate()
        handle.write(holder)
        handle.flush()
        yield


def write_json(path: Path, value: object) -> None:
    """Write a whole JSON file or none of it: to a neighbour first, then moved into place."""
    write_bytes(path, (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


def write_bytes(path: Path, value: bytes) -> None:
    """Write a whole file or none of it, flushed to disk before it takes its name."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as handle:
        handle.write(value)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(path)
