"""The vault: sealed under each partner's keys, opened with a permit after the ledger has it, dark after withdrawal."""

from __future__ import annotations

import shutil
from dataclasses import replace
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


def test_taking_back_a_correction_takes_back_what_it_corrected(tmp_path: Path) -> None:
    """A partner that withdraws a year's file does not find last month's version of it in force instead, nor readable."""
    site = a_site(tmp_path)
    first, second = (a_batch(tmp_path / n, identifiers=[MARIA], records=[HER_RECORD]) for n in ("first", "second"))
    second = replace(second, submission=replace(second.submission, submission_id="s-corrected"))
    for batch in (first, second):
        vault.deposit(site, batch, permit=a_submission_permit(site))
    assert [s.submission_id for s in vault.held(site)] == ["s-corrected"]
    vault.withdraw(site, "s-corrected", reason="consent ended", permit=a_submission_permit(site))
    assert vault.held(site) == () and not list((site.root / "keys" / "submission").rglob("*.wrapped"))
    told = [e["submission"] for e in audit.entries(site) if e["event"] == "vault:submission:withdrawn"]
    assert sorted(told) == sorted([first.submission.submission_id, "s-corrected"])
    with pytest.raises(vault.VaultError, match="VLT-003"):
        vault.withdraw(site, "s-corrected", reason="again", permit=a_submission_permit(site))


def test_a_partners_own_address_holds_its_trays_and_nobody_elses(tmp_path: Path) -> None:
    """The district's records lie on the disk that c2c.toml names; the site keeps the manifest alone, and all works as before."""
    site = a_site(tmp_path)
    elsewhere = tmp_path / "disk of cde"
    with (site.root / "c2c.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\ncde = "{elsewhere}"\n')
    vault.deposit(site, a_batch(tmp_path / "in", identifiers=[MARIA], records=[HER_RECORD]), permit=a_submission_permit(site))
    wages = a_batch(tmp_path / "in", "ui_wage", identifiers=[MARIA], records=[HER_RECORD])
    vault.deposit(site, wages, permit=a_submission_permit(site, "ui_wage"))
    assert len(list(elsewhere.rglob("*.age"))) == 3 and not list((site.root / "vault" / "cde").rglob("*.age"))
    assert list((site.root / "vault" / "edd").rglob("*.age"))
    opening = vault.open_trays(site, "records", permit=a_permit(site), scratch=tmp_path)
    opened = next(opening)
    assert pq.read_table(opened.path).to_pylist() == [HER_RECORD]


def test_a_store_that_does_not_answer_leaves_nothing_half_kept(tmp_path: Path) -> None:
    """The bucket is down: a coded refusal without address or credential, no submission, no key; sent again later, it is kept."""
    site = a_site(tmp_path)
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    settings = (site.root / "c2c.toml").read_text("utf-8")
    (site.root / "c2c.toml").write_text(settings + f'\ncde = "{blocked}"\n', "utf-8")
    (blocked / "s-k12_person-2025").write_text("a file where a folder must be", "utf-8")
    batch = a_batch(tmp_path / "in", identifiers=[MARIA], records=[HER_RECORD])
    with pytest.raises(errors.CodedError, match="STO-001") as refused:
        vault.deposit(site, batch, permit=a_submission_permit(site))
    assert str(blocked) not in str(refused.value)
    assert vault.held(site) == () and not list((site.root / "keys" / "submission").rglob("*.wrapped"))
    (blocked / "s-k12_person-2025").unlink()
    vault.deposit(site, batch, permit=a_submission_permit(site))
    assert len(vault.held(site)) == 1
