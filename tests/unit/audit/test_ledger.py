"""The ledger: what was written stays written, and a change shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import a_site
from c2c import audit
from c2c.plumbing.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with ten entries of our own after those of its founding."""
    made = a_site(tmp_path)
    for number in range(10):
        audit.append(made, "test:entry:written", actor="operator", number=number)
    return made


def chain(site: Site) -> Path:
    """The file the ledger lies in."""
    return site.root / "ledger" / "audit" / "chain.jsonl"


def test_an_untouched_ledger_holds(site: Site) -> None:
    """Verifying must not cry wolf, or nobody will listen."""
    assert audit.verify(site) is None


@pytest.mark.parametrize("place", [0, 150, 700, -5])
def test_one_changed_byte_is_found(site: Site, place: int) -> None:
    """One byte changed anywhere is named with its entry."""
    raw = bytearray(chain(site).read_bytes())
    raw[place] ^= 1
    chain(site).write_bytes(bytes(raw))
    assert audit.verify(site) is not None


def test_a_dropped_last_entry_is_found(site: Site) -> None:
    """Cutting the newest entries off leaves a chain that is whole in itself; the head shows it."""
    lines = chain(site).read_bytes().splitlines(keepends=True)
    chain(site).write_bytes(b"".join(lines[:-1]))
    assert audit.verify(site) is not None


def test_two_swapped_entries_are_found(site: Site) -> None:
    """The order of acts is part of what the ledger says."""
    lines = chain(site).read_bytes().splitlines(keepends=True)
    lines[-1], lines[-2] = lines[-2], lines[-1]
    chain(site).write_bytes(b"".join(lines))
    broken = audit.verify(site)
    assert broken is not None and broken.entry == len(lines) - 1


def test_a_forger_without_the_key_cannot_rewrite_the_chain(site: Site) -> None:
    """An entry rewritten with a plain hash does not pass: the chain is keyed."""
    lines = chain(site).read_bytes().splitlines()
    forged = json.loads(lines[-1])
    forged["body"]["actor"] = "nobody"
    lines[-1] = json.dumps(forged, sort_keys=True, ensure_ascii=False).encode()
    chain(site).write_bytes(b"\n".join(lines) + b"\n")
    assert audit.verify(site) is not None


def test_entries_are_numbered_from_one_without_gaps(site: Site) -> None:
    """A reader of the ledger can tell that nothing is missing."""
    numbers = [entry["n"] for entry in audit.entries(site)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_stop_in_the_middle_of_an_entry_breaks_nothing(site: Site) -> None:
    """Power fails while an entry is written: the chain still holds, and the next entry follows the last whole one."""
    n = sum(1 for _ in audit.entries(site))
    with chain(site).open("ab") as handle:
        handle.write(b'{"body": {"n": 99, "actor"')
    assert audit.verify(site) is None and sum(1 for _ in audit.entries(site)) == n
    audit.append(site, "test:act:done", actor="operator")
    assert audit.verify(site) is None and sum(1 for _ in audit.entries(site)) == n + 1


def test_a_stop_before_the_head_is_moved_breaks_nothing(site: Site) -> None:
    """Power fails between an entry and its head: the head is one behind, and never ahead."""
    head = chain(site).with_name("head")
    before = head.read_text("utf-8")
    audit.append(site, "test:act:done", actor="operator")
    head.write_text(before, "utf-8")
    assert audit.verify(site) is None
    audit.append(site, "test:act:done", actor="operator")
    head.write_text(before, "utf-8")
    assert audit.verify(site) is not None


def test_no_byte_of_the_chain_can_be_changed(site: Site) -> None:
    """Whatever byte is changed, the last line's end included, is found."""
    whole = chain(site).read_bytes()
    for at in (0, len(whole) // 3, len(whole) - 40, len(whole) - 1):
        chain(site).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert audit.verify(site) is not None
