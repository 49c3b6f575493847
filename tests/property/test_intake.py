"""What must hold of any delivery: the order of its rows changes nothing, and a RecordKey is the HMAC it is said to be."""

from __future__ import annotations

import csv
import hmac
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import a_site
from c2c import catalog, intake
from c2c.plumbing import keys
from spec.intake.given import USUAL, kept, send

SLOW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
NAME = st.text(st.characters(blacklist_categories=("Cs", "Cc"), max_codepoint=0x2FFF), min_size=1, max_size=12).filter(str.strip)
ROWS = 60


def a_file(rows: list[dict[str, str]]) -> bytes:
    """Rows as CSV."""
    made = io.StringIO()
    writer = csv.DictWriter(made, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue().encode()


@SLOW
@given(order=st.permutations(range(ROWS)), names=st.lists(NAME, min_size=ROWS, max_size=ROWS))
def test_the_order_of_rows_changes_no_finding_and_no_tray(order: list[int], names: list[str]) -> None:
    """A partner's export that comes sorted another way means the same."""
    usual = dict(USUAL["k12_person"])
    rows = [usual | {"ssid": str(4711000100 + i), "last_name": name, "gender": "F"} for i, name in enumerate(names)]
    rows[7]["birth_date"], rows[9]["gender"], rows[11]["ssid"] = "2011-02-30", "?", "47"
    seen = []
    with tempfile.TemporaryDirectory() as folder:
        site = a_site(Path(folder))
        for period, sent in ((2024, rows), (2025, [rows[i] for i in order])):
            # A column of no contract tells the two files apart where the order is the same.
            batch = send(site, "k12_person", a_file([r | {"sent": str(period)} for r in sent]), period=period)
            findings = sorted((f.code, f.column, f.n_rows) for f in batch.findings)
            who, what = kept(site, batch)
            seen.append((findings, sorted(map(str, who.rows())), sorted(map(str, what.drop("age_bracket").rows()))))
    assert seen[0] == seen[1]


@SLOW
@given(names=st.lists(st.tuples(NAME, NAME), min_size=1, max_size=20))
def test_a_record_key_is_the_hmac_of_what_was_sent(names: list[tuple[str, str]]) -> None:
    """Whoever holds the partner's key can work every RecordKey out again with any HMAC-SHA-256, whatever signs a name has."""
    layout = catalog.load().files["k12_person"]
    usual = dict(USUAL["k12_person"])
    rows = [usual | {"ssid": str(4711000100 + i), "first_name": f, "last_name": n} for i, (f, n) in enumerate(names)]
    with tempfile.TemporaryDirectory() as folder:
        site = a_site(Path(folder))
        path = Path(folder) / "sent.csv"
        path.write_bytes(a_file(rows))
        found = intake.record_keys(site, catalog.load(), partner="cde", file="k12_person", path=path)
        key = keys.naming_key(site, "partner/cde")
    by_id = dict(zip(found["primary_key"].to_pylist(), found["record_key"].to_pylist(), strict=True))
    for row in rows:
        sent = [row.get(e.element, "").strip(" \t\n\r\v\f") for e in layout.elements if e.role == "identity"]
        message = "\x1f".join(["ssid", "", row["ssid"], *sent])
        assert by_id[row["ssid"]] == hmac.digest(key, message.encode(), "sha256").hex()[:32]
