"""Somebody who works in another room, with all its keys and the whole disk, looks for names."""

from __future__ import annotations

import polars as pl
import pyrage
import pytest

from builders import a_permit, a_site
from c2c import identity
from c2c.plumbing import keys
from c2c.plumbing.site import Site, scratch
from integration.identity.test_runs import resolve
from spec.identity.town import FAMILY, GIVEN


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with a match of the town."""
    site = a_site(tmp_path_factory.mktemp("names"))
    resolve(site)
    return site


@pytest.mark.parametrize("holder", ["room/linkage", "room/disclosure", "room/publication", "partner/cde", "web/portal"])
@pytest.mark.parametrize("key", ["", "-names"])
def test_no_other_holders_key_opens_a_run(site: Site, holder: str, key: str) -> None:
    """Linkage is handed opened links by the identity room; it cannot open them, or names, by itself."""
    run = (site.root / "identity" / "current").read_text().strip()
    with pytest.raises(pyrage.DecryptError):
        keys.unwrap_key(site, f"identity/{run}{key}", holder)


def test_no_name_lies_readable_in_the_site(site: Site) -> None:
    """A stolen disk without its keys tells nobody's name: not from runs, not from what a run leaves behind, not from the ledger."""
    names = [name.lower().encode() for name in (*GIVEN, *FAMILY) if len(name) > 5]
    found = []
    for path in (p for p in site.root.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        # A table that lies open is compressed: its text is looked at, not its bytes.
        text = pl.read_parquet(path).write_csv().encode() if raw.startswith(b"PAR1") else raw
        found += [path.relative_to(site.root)] if any(name in text.lower() for name in names) else []
    assert found == []
    assert list((site.root / "scratch").iterdir()) == []


def test_links_hold_keys_and_ids_alone(site: Site) -> None:
    """What identity gives other rooms names nobody: beside ids, only whether a record holds some kind of identifier."""
    with scratch(site) as private:
        opened = identity.open_links(site, private, permit=a_permit(site, "identity_match"))
        schema = pl.read_parquet_schema(opened.path)
    held = {name: kind for name, kind in schema.items() if name.startswith("holds_")}
    assert len(held) == 4 and set(held.values()) == {pl.Boolean}
    assert [name for name in schema if name not in held] == ["record_key", "person_id", "confidence", "status"]


def test_the_report_holds_no_value(site: Site) -> None:
    """The match report lies open for everyone who works here."""
    said = str(identity.report(site)).lower()
    assert not [name for name in (*GIVEN, *FAMILY) if len(name) > 5 and name.lower() in said]
