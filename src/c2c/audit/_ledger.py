"""One JSON line per entry; each carries the hash of the one before it, keyed, so that no line can be changed, moved or dropped."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from c2c.plumbing import clock, keys
from c2c.plumbing.site import Site

GENESIS = "0" * 64


@dataclass(frozen=True)
class Broken:
    """Where the chain does not hold: the number of the first broken entry, and why."""

    entry: int
    why: str


def append(site: Site, event: str, *, actor: str, permit: str = "", **facts: Any) -> str:
    """Write one entry (`source:subject:action`) and flush it to disk before the act it speaks of; returns its hash.

    Facts are ids, counts and hashes. Whoever passes a record's value here breaks the room's vow.
    """
    path = site.folder("ledger", "audit") / "chain.jsonl"
    with path.open("ab+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _cut_torn_end(handle)
        number, previous = _tail(handle)
        body = {"n": number + 1, "at": clock.stamp(), "event": event, "actor": actor, "permit": permit} | facts
        line = {"body": body, "previous": previous, "hash": _chain(site, previous, body)}
        handle.write((json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n").encode())
        handle.flush()
        os.fsync(handle.fileno())
        head_path = path.with_name("head")
        head_path.write_text(f"{number + 1} {line['hash']}\n")
        return str(line["hash"])


def entries(site: Site) -> Iterator[Mapping[str, Any]]:
    """Every entry's body, oldest first."""
    path = site.folder("ledger", "audit") / "chain.jsonl"
    if path.exists():
        with path.open("rb") as handle:
            for line in handle:
                if line.endswith(b"\n"):
                    yield json.loads(line)["body"]


def head(site: Site) -> str:
    """The hash of the newest entry: published with each release, so that a shortened chain shows."""
    path = site.folder("ledger", "audit") / "head"
    return path.read_text().split()[1] if path.exists() else GENESIS


def verify(site: Site) -> Broken | None:
    """Walk the whole chain; the first entry that does not hold, or nothing."""
    path = site.folder("ledger", "audit") / "chain.jsonl"
    previous, number = GENESIS, 0
    before_last = GENESIS
    if path.exists():
        with path.open("rb") as handle:
            for raw in handle:
                if not raw.endswith(b"\n"):
                    break  # cut off while it was written: what it would have spoken of never happened
                number += 1
                try:
                    line = json.loads(raw)
                    body, said, before = line["body"], line["hash"], line["previous"]
                except (ValueError, KeyError, TypeError):
                    return Broken(number, "the entry cannot be read")
                canonical = (json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n").encode()
                if canonical != raw:
                    return Broken(number, "the entry is not written as the ledger writes")
                if before != previous or body.get("n") != number:
                    return Broken(number, "the entry does not follow the one before it")
                if said != _chain(site, previous, body):
                    return Broken(number, "the entry was changed after it was written")
                before_last, previous = previous, said
    # A stop between an entry and its head leaves the head one entry behind; it never runs ahead.
    if head(site) not in (previous, before_last):
        return Broken(number, "the chain is shorter or longer than its published head")
    return None


def _chain(site: Site, previous: str, body: Mapping[str, Any]) -> str:
    text = previous + json.dumps(body, sort_keys=True, ensure_ascii=False)
    return hmac.digest(keys.naming_key(site, "room/audit"), text.encode(), "sha256").hex()


def _cut_torn_end(handle: Any) -> None:
    """Take away an entry that was cut off while it was written: the act it would have spoken of never happened."""
    size = handle.seek(0, os.SEEK_END)
    start, block = size, b""
    while start and b"\n" not in block:
        start = max(0, start - 65536)
        handle.seek(start)
        block = handle.read(size - start)
    whole = start + block.rfind(b"\n") + 1
    if whole < size:
        handle.truncate(whole)


def _tail(handle: Any) -> tuple[int, str]:
    """Number and hash of the last entry, read from the end of the file."""
    size = handle.seek(0, os.SEEK_END)
    if size == 0:
        return 0, GENESIS
    step = 65536
    handle.seek(max(0, size - step))
    block = handle.read()
    while block.count(b"\n") < 2 and step < size:
        step *= 4
        handle.seek(max(0, size - step))
        block = handle.read()
    line = json.loads(block.rstrip(b"\n").rsplit(b"\n", 1)[-1])
    handle.seek(0, os.SEEK_END)
    return int(line["body"]["n"]), str(line["hash"])
