"""Keys made at first use, by many at once."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from builders import a_site
from c2c.plumbing import keys
from c2c.plumbing.site import Site


def made(site: Site) -> tuple[bytes, str]:
    """A naming and a sealing key as one process sees them."""
    return keys.naming_key(site, "room/new"), str(keys.sealing_key(site, "room/new").to_public())


def test_processes_that_ask_for_a_new_key_at_once_get_the_same_one(tmp_path: Path) -> None:
    """A key that another overwrites takes with it whatever was sealed in between: a partner's file nobody can open again."""
    for round_ in range(8):
        site = a_site(tmp_path / str(round_))
        with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("fork")) as pool:
            assert len(set(pool.map(made, [site] * 16))) == 1
