"""A partner's own bucket: trays go to a real object store on loopback (Azurite, Microsoft's emulator of Azure Blob Storage) and come back."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from builders import a_batch, a_permit, a_site, a_submission_permit
from c2c import vault
from c2c.plumbing import errors
from journey import free_port

AZURITE = shutil.which("azurite-blob")
pytestmark = pytest.mark.skipif(AZURITE is None, reason="needs Azurite on the path: npm install --global azurite")
ACCOUNT = "devstoreaccount1"
# Azurite's published key: it opens nothing but an emulator.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
HER_RECORD = {"record_key": "a" * 32, "gender": "F"}


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty container, its credentials in the environment as an operator gives them."""
    from obstore.store import AzureStore

    port = free_port()
    command = [str(AZURITE), "--blobPort", str(port), "--location", str(tmp_path / "azurite"), "--silent", "--skipApiVersionCheck"]
    with subprocess.Popen([*command, "--disableTelemetry"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            for name, value in {
                "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
                "AZURE_STORAGE_ACCOUNT_KEY": KEY,
                "AZURE_STORAGE_USE_EMULATOR": "true",
                "AZURITE_BLOB_STORAGE_URL": f"http://127.0.0.1:{port}",
                "AZURE_ALLOW_HTTP": "true",
            }.items():
                monkeypatch.setenv(name, value)
            _make_container(port)
            assert AzureStore("c2c")
            yield "az://c2c"
        finally:
            running.terminate()


def _make_container(port: int) -> None:
    """Ask the emulator for a container, once it listens."""
    import base64
    import hashlib
    import hmac
    import urllib.error
    import urllib.request
    from email.utils import formatdate

    day = formatdate(usegmt=True)
    signed = f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{day}\nx-ms-version:2021-08-06\n/{ACCOUNT}/{ACCOUNT}/c2c\nrestype:container"
    seal = base64.b64encode(hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)).decode()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/{ACCOUNT}/c2c?restype=container",
        method="PUT",
        headers={
            "x-ms-date": day,
            "x-ms-version": "2021-08-06",
            "Authorization": f"SharedKey {ACCOUNT}:{seal}",
            "Content-Length": "0",
        },
    )
    for _ in range(100):
        try:
            with urllib.request.urlopen(asked, timeout=10):
                return
        except urllib.error.HTTPError:
            raise
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError("the emulator did not start")


def test_trays_in_a_partners_bucket_open_and_go_dark(bucket: str, tmp_path: Path) -> None:
    """The partner keeps what it sent in its own cloud: sealed there, read with a permit, dark after withdrawal; down, it is said."""
    site = a_site(tmp_path)
    with (site.root / "c2c.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\ncde = "{bucket}"\n')
    batch = a_batch(tmp_path / "in", identifiers=[{"record_key": "a" * 32, "first_name": "Maria"}], records=[HER_RECORD])
    vault.deposit(site, batch, permit=a_submission_permit(site))
    assert not list((site.root / "vault").rglob("*.age"))
    opening = vault.open_trays(site, "records", permit=a_permit(site), scratch=tmp_path)
    assert pq.read_table(next(opening).path).to_pylist() == [HER_RECORD]
    opening.close()
    stored = [p for p in (tmp_path / "azurite").rglob("*") if p.is_file()]
    assert stored and not [p for p in stored if b"Maria" in p.read_bytes()]
    vault.withdraw(site, batch.submission.submission_id, reason="consent ended", permit=a_submission_permit(site))
    assert vault.held(site) == ()


def test_a_bucket_that_is_down_is_told_without_its_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator reads which tray failed and what to check; no key stands in the message."""
    for name, value in {
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        "AZURE_STORAGE_USE_EMULATOR": "true",
        "AZURITE_BLOB_STORAGE_URL": "http://127.0.0.1:9",
        "AZURE_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    site = a_site(tmp_path)
    with (site.root / "c2c.toml").open("a", encoding="utf-8") as settings:
        settings.write('\ncde = "az://c2c"\n')
    batch = a_batch(tmp_path / "in", identifiers=[{"record_key": "a" * 32}], records=[HER_RECORD])
    with pytest.raises(errors.CodedError, match="STO-001") as refused:
        vault.deposit(site, batch, permit=a_submission_permit(site))
    assert KEY not in str(refused.value)
