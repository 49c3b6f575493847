"""What partners send by mistake: each gets findings or a refusal with code, place and remedy, and what was there before stands."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from builders import a_site
from c2c import audit, vault
from c2c.plumbing.site import Site
from spec.intake.given import codes, crowd, csv_of, kept, send, told

GOOD = csv_of("k12_person", crowd("k12_person", 40), 2025)
HEAD, *LINES = GOOD.splitlines()
WIDE = ",".join(f"c{i}" for i in range(6000))


def a_zip(folder: Path, *names: str) -> bytes:
    """An archive with these members."""
    with zipfile.ZipFile(folder / "made.zip", "w") as archive:
        for name in names:
            archive.writestr(name, GOOD)
    return (folder / "made.zip").read_bytes()


REFUSED = {
    "empty": (b"", "FND-001", "it is empty"),
    "blank lines only": (b"\n\n\n", "FND-001", "it is empty"),
    "only a header": ((HEAD + "\n").encode(), "FND-006", "only a header"),
    "wrong header": (GOOD.replace(HEAD, "A,B,C,D,E").encode(), "FND-002", "ssid, district_code"),
    "a column twice": (GOOD.replace("first_name", "last_name").encode(), "FND-001", "names a column twice"),
    "a column without a name": (GOOD.replace("first_name", "").encode(), "FND-001", "without a name"),
    "huge header": ((HEAD + "," + WIDE + "\n").encode(), "FND-001", "6,005 columns"),
    "a header without an end": (b"x" * (3 << 20), "FND-001", "no end"),
    "zero bytes": (GOOD.replace("Ana", "A\0a", 1).encode(), "FND-001", "zero bytes"),
    "not text": (b"\x89PNG\r\n\x1a\n\0\0\0" + bytes(range(256)) * 40, "FND-001", "zero bytes"),
    "truncated gzip": (gzip.compress(GOOD.encode())[:-60], "FND-001", "compression is damaged"),
    "damaged gzip": (gzip.compress(GOOD.encode())[:20] + b"\xff" * 200, "FND-001", "compression is damaged"),
    "truncated Parquet": (b"PAR1" + b"\0" * 100, "FND-001", "named Parquet and is not"),
    "half a sign in UTF-16": (GOOD.encode("utf-16")[:-1], "FND-001", "not text in the encoding"),
    "nearly all rows broken": (
        (HEAD + "\n" + "\n".join(line.split(",")[0] for line in LINES) + "\n").encode(),
        "FND-005",
        "40 of 40",
    ),
    "another year": (csv_of("k12_completion", crowd("k12_completion", 20), 2024).encode(), "FND-004", "school year 2024, not 2025"),
}


def state_of(site: Site) -> dict[str, str]:
    """What the site holds, but for the findings and the ledger, which only grow."""
    return {
        str(p.relative_to(site.root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for top in ("vault", "keys", "scratch", "terms")
        for p in sorted((site.root / top).rglob("*"))
        if p.is_file()
    }


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_cannot_be_taken_is_refused_with_its_reason(kind: str, tmp_path: Path) -> None:
    """The sender reads a code, the place and what to do, in two languages; the year that is held is as it was."""
    data, code, reason = REFUSED[kind]
    site = a_site(tmp_path)
    send(site, "k12_person", GOOD.encode(), period=2024)
    before = state_of(site)
    batch = send(site, "k12_completion" if kind == "another year" else "k12_person", data, name="bad.csv")
    assert batch.verdict == "refused" and batch.identifiers is None and batch.records is None
    first = batch.findings[0]
    assert (first.code, first.severity) == (code, "error") and reason in first.rule and first.what and first.remedy
    assert state_of(site) == before
    report = (batch.findings_path.parent / "report.es.html").read_text("utf-8")
    assert code in report and "Rechazado" in report
    assert code == "FND-002" or first.rule not in report, "the reason is said in Spanish too"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("a.csv", "b.csv"), "exactly one file"),
        (("[Content_Types].xml", "xl/sheet.xml"), "spreadsheet"),
        ((), "damaged"),
    ],
)
def test_an_archive_that_is_not_one_file_is_refused(names: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    """Two files in one archive, a spreadsheet, and an archive cut short are each told apart."""
    data = a_zip(tmp_path, *names) if names else a_zip(tmp_path, "a.csv")[:-40]
    batch = send(a_site(tmp_path), "k12_person", data, name="sent.zip")
    assert batch.findings[0].code == "FND-001" and reason in batch.findings[0].rule


def test_a_year_sent_twice_is_refused_for_the_second_year(tmp_path: Path) -> None:
    """Last year's file under this year's name would make everybody stand still."""
    site = a_site(tmp_path)
    send(site, "k12_person", GOOD.encode(), period=2024)
    batch = send(site, "k12_person", GOOD.encode(), period=2025)
    assert (batch.findings[0].code, batch.findings[0].rule) == ("FND-003", "as the delivery of 2024")


def test_a_stray_quotation_mark_is_told_where_it_stands(tmp_path: Path) -> None:
    """A quote that never closes cannot swallow the rest of the file in silence."""
    rows = list(LINES)
    rows[37] = rows[37].replace("Ana", '"Ana')
    batch = send(a_site(tmp_path), "k12_person", ("\n".join([HEAD, *rows]) + "\n").encode())
    assert ("FND-111", "") in codes(batch) and ("38", "FND-111", "error", "") in told(batch)
    assert batch.submission.rows < 41


def test_no_value_leaves_the_findings_folder(tmp_path: Path) -> None:
    """Names and numbers stand in the partner's own findings and nowhere else: not in the ledger, a summary or a report."""
    site = a_site(tmp_path)
    bad = GOOD.replace("4711001003,1964733,Ana,García,2011-02-03", "4711001003,1964733,Zebedee,Quillfeather,2011-02-31")
    bad = bad.replace("4711001005,", "SECRET-NUMBER,")
    batch = send(site, "k12_person", bad.encode())
    folder = batch.findings_path.parent
    values = ("Zebedee", "Quillfeather", "2011-02-31", "SECRET-NUMBER", "4711001003")
    assert "SECRET-NUMBER" in batch.findings_path.read_text("utf-8") and "2011-02-31" in batch.findings_path.read_text("utf-8")
    for path in site.root.rglob("*"):
        if path.is_file() and path != batch.findings_path:
            assert not [v for v in values if v.encode() in path.read_bytes()], path.name
    assert not [v for v in values if v in repr(batch)]
    assert [oct(p.stat().st_mode & 0o777) for p in (folder.parent, folder)] == ["0o700", "0o700"]
    assert {oct(p.stat().st_mode & 0o777) for p in folder.iterdir()} == {"0o600"}


def test_what_was_taken_back_may_be_sent_again(tmp_path: Path) -> None:
    """A withdrawal by mistake is mended by sending the file once more: a delivery of its own, under keys of its own."""
    from builders import a_submission_permit

    site = a_site(tmp_path)
    first = send(site, "k12_person", GOOD.encode())
    with pytest.raises(vault.VaultError, match="VLT-002"):
        send(site, "k12_person", GOOD.encode())
    vault.withdraw(site, first.submission.submission_id, reason="by mistake", permit=a_submission_permit(site))
    again = send(site, "k12_person", GOOD.encode())
    assert again.submission.submission_id != first.submission.submission_id
    assert [s.submission_id for s in vault.held(site)] == [again.submission.submission_id]
    assert len(kept(site, again)[0]) == 40
    assert send(site, "k12_person", GOOD.encode(), period=2026).findings[0].code == "FND-003"


@pytest.mark.parametrize("after", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_a_submit_killed_at_any_moment_leaves_nothing_half_done(after: float, tmp_path: Path) -> None:
    """The power goes: what was held is held, what was not is sent again, and no opened tray lies about."""
    site = a_site(tmp_path)
    send(site, "k12_person", GOOD.encode(), period=2024)
    path = tmp_path / "large.csv"
    path.write_text(csv_of("k12_person", crowd("k12_person", 4000), 2025), "utf-8")
    script = (
        "import sys; from pathlib import Path; from c2c import cycle, catalog; from c2c.plumbing.site import Site; catalog.load();"
        "print('ready', flush=True);"
        f"cycle.submit(Site(Path({str(site.root)!r})), 'cde', 'k12_person', Path({str(path)!r}), period=2025, actor='operator')"
    )
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "src"})
    assert running.stdout and running.stdout.readline()
    time.sleep(after)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert {s.period for s in vault.held(site)} in ({2024}, {2024, 2025})
    if len(vault.held(site)) == 1:
        batch = send(site, "k12_person", path)
        assert batch.verdict == "accepted"
    latest = next(s for s in vault.held(site) if s.period == 2025)
    assert latest.rows == 4000 and not [p for p in (site.root / "scratch").rglob("*.parquet")]
    assert audit.verify(site) is None
