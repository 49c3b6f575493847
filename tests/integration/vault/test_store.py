"""The vault: sealed under each partner's keys, opened with a permit after the ledger has it, dark after withdrawal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from builders import a_batch, a_permit, a_site, a_submission_permit
from c2c import audit, governance, vault
from c2c.plumbing import errors, keys
from c2c.plumbing.site import Site

MARIA = {"record_key": "a" * 32, "n_records": 1, "first_name": "Maria", "lookup_ssid": "c" * 32}
HER_RECORD = {"record_key": "a" * 32, "gender": "F"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that holds one submission."""
    made = a_site(tmp_path)
    batch = a_batch(tmp_path / "in", identifiers=[MARIA], records=[HER_RECORD])
    vault.deposit(made, batch, permit=a_submission_permit(made))
    return made


def test_a_tray_opens_with_the_permit_of_its_purpose(site: Site, tmp_path: Path) -> None:
    """What was sealed comes back as it was, and is wiped when the next is taken."""
    opened = vault.open_trays(site, "records", permit=a_permit(site), scratch=tmp_path)
    records = next(opened)
    assert pq.read_table(records.path).to_pylist() == [HER_RECORD]
    assert next(opened, None) is None and not records.path.exists()


def test_the_ledger_has_an_opening_before_the_tray_is_open(site: Site, tmp_path: Path) -> None:
    """No read without a live permit and an entry."""
    next(vault.open_trays(site, "identifiers", permit=a_permit(site, "identity_match"), scratch=tmp_path))
    last = list(audit.entries(site))[-1]
    assert (last["event"], last["tray"], last["purpose"]) == ("vault:tray:opened", "identifiers", "identity_match")


def test_a_permit_for_matching_does_not_open_records(site: Site, tmp_path: Path) -> None:
    """Identity never meets outcomes: the tray is opened only for a purpose that its kind serves."""
    with pytest.raises(vault.VaultError, match="VLT-004"):
        next(vault.open_trays(site, "records", permit=a_permit(site, "identity_match"), scratch=tmp_path))
    with pytest.raises(vault.VaultError, match="VLT-004"):
        next(vault.open_trays(site, "identifiers", permit=a_permit(site), scratch=tmp_path))


def test_years_outside_the_permit_stay_shut(site: Site, tmp_path: Path) -> None:
    """A permit for 2020 to 2024 opens nothing of 2025."""
    assert not list(vault.open_trays(site, "records", permit=a_permit(site, years=(2020, 2024)), scratch=tmp_path))


def test_nothing_of_a_person_lies_open_in_the_site(site: Site) -> None:
    """A thief of the disk finds no name."""
    assert not [p for p in site.root.rglob("*") if p.is_file() and b"Maria" in p.read_bytes()]


def test_a_withdrawn_submission_cannot_be_opened_even_from_a_backup(site: Site, tmp_path: Path) -> None:
    """Withdrawal is by key: copies of the sealed files stay dark."""
    backup = tmp_path / "backup"
    shutil.copytree(site.root / "vault", backup)
    sent = vault.held(site)[0]
    vault.withdraw(site, sent.submission_id, reason="consent ended", permit=a_submission_permit(site))
    assert vault.held(site) == ()
    shutil.rmtree(site.root / "vault")
    shutil.copytree(backup, site.root / "vault")
    with pytest.raises(errors.CodedError, match="KEY-001"):
        next(vault.open_trays(site, "records", permit=a_permit(site), scratch=tmp_path))


def test_one_partners_key_does_not_open_anothers_tray(site: Site) -> None:
    """Each tray is wrapped for its own partner and the one room that may open it."""
    name = f"submission/{vault.held(site)[0].submission_id}/identifiers"
    assert keys.unwrap_key(site, name, "partner/cde") and keys.unwrap_key(site, name, "room/identity")
    for stranger in ("partner/ccc", "room/linkage", "room/intake"):
        with pytest.raises(Exception, match=r"(?i)decrypt|match"):
            keys.unwrap_key(site, name, stranger)


def test_the_same_delivery_is_not_kept_twice(site: Site, tmp_path: Path) -> None:
    """A second copy would count people twice."""
    with pytest.raises(vault.VaultError, match="VLT-002"):
        vault.deposit(site, a_batch(tmp_path / "in", identifiers=[MARIA], records=[HER_RECORD]), permit=a_submission_permit(site))


def test_a_permit_for_another_file_does_not_seal_this_one(site: Site, tmp_path: Path) -> None:
    """A partner sends what its agreement lists."""
    with pytest.raises(governance.NotPermitted):
        vault.deposit(site, a_batch(tmp_path / "in", period=2024), permit=a_submission_permit(site, "k12_status"))
