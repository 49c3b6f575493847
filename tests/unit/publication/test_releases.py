"""Releases are listed from the oldest on and never change but for their standing."""

from __future__ import annotations

from pathlib import Path

import pytest

from c2c.plumbing.site import Site
from c2c.publication import releases, retire
from c2c.publication._releases import PublicationError, open_release
from releases import a_cell, a_release


def test_a_retired_release_keeps_its_figures_and_says_why(tmp_path: Path) -> None:
    """What was published cannot be unpublished; a reader is told why it no longer stands."""
    release = a_release(tmp_path / "releases", [a_cell("hs_graduates", 500)])
    before = (release.folder / "cells.parquet").read_bytes()
    retire(Site(tmp_path), release.release_id, reason="source withdrawn")
    (kept,) = releases(tmp_path / "releases")
    assert (kept.manifest["status"], kept.manifest["reason"]) == ("retired", "source withdrawn")
    assert (release.folder / "cells.parquet").read_bytes() == before


def test_releases_stand_in_the_order_they_were_made(tmp_path: Path) -> None:
    """The newest is the last, whatever its name."""
    a_release(tmp_path, [a_cell("hs_graduates", 1)], release_id="b", created="2026-07-01T00:00:00Z")
    a_release(tmp_path, [a_cell("hs_graduates", 2)], release_id="a", created="2026-08-01T00:00:00Z")
    assert [r.release_id for r in releases(tmp_path)] == ["b", "a"]


def test_a_folder_that_is_no_release_is_refused_by_name(tmp_path: Path) -> None:
    """An address of a release that is not there is answered, with a code."""
    with pytest.raises(PublicationError, match="PUB-002"):
        open_release(tmp_path / "nothing")
