"""A year by command: run, judged against the truth, attacked, stopped and taken up again, rebuilt, withdrawn from, verified."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.resources import files
from pathlib import Path

import pytest

from attack.outsider import withheld_counts
from builders import an_agreement
from c2c import catalog, governance, synthetic
from c2c.plumbing.site import open_site
from journey import Demo, c2c


def test_the_demo_tells_each_step_in_one_document(demo: Demo) -> None:
    """A machine reads rows, seconds, memory, findings, people and the release from one JSON document."""
    steps = {s["step"]: s for s in demo.said["steps"]}
    assert list(steps) == ["synth", "receive", "match", "rates", "link", "publish", "verify", "evaluate"]
    assert demo.said["ok"] and demo.said["release_id"]
    assert len(steps["synth"]["facts"]["files"]) == 41
    assert steps["receive"]["findings"]["error"] == 0 and steps["receive"]["findings"]["refused"] == 0


def test_the_match_stands_beside_the_truth(demo: Demo) -> None:
    """A wrong merge harms a person: the shipped default holds the floor on the pretend state."""
    score = demo.said["steps"][-1]["facts"]
    assert score["f1"] >= 0.94
    assert score["most_people_in_one_cluster"] <= 6


def test_the_match_tells_whom_it_fails(demo: Demo) -> None:
    """Twins are two people, and no group is matched much worse than another: the demo says both, of the pretend state alone."""
    score = demo.said["steps"][-1]["facts"]
    assert score["twin_pairs"] > 10 and score["twin_pct_merged"] <= 1
    assert score["recall_gap_race_ethnicity"] <= 2 and score["recall_gap_gender"] <= 2


@pytest.fixture(scope="module")
def cells(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything the release publishes, in the long form, with the places' hierarchies beside it."""
    path = tmp_path_factory.mktemp("cells") / "cells.csv"
    levels = path.with_name("levels.csv")
    done = c2c("release", "cells", demo.said["release_id"], str(path), "--levels", str(levels), "--site", str(demo.site))
    assert done.returncode == 0
    return path


def test_the_attack_finds_nothing_in_what_was_published(cells: Path) -> None:
    """Everything published, taken together, gives no withheld figure back."""
    done = c2c("attack", str(cells), "--levels", str(cells.with_name("levels.csv")), "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["pinned"] == said["narrow"] == 0
    assert said["withheld"] > 20


def test_an_attacker_who_shares_no_code_with_us_finds_nothing(cells: Path) -> None:
    """The verdict does not hang on our own auditor."""
    bounded = withheld_counts(cells)
    assert len(bounded) > 20
    assert not [(row["table"], low, high) for row, low, high in bounded if high - low < 9 - 1e-6]


def test_each_covering_cell_is_needed(demo: Demo) -> None:
    """Nothing is withheld without need: of the covering cells sampled, nearly all would, shown, give another away."""
    audit = next(s for s in demo.said["steps"] if s["step"] == "publish")["facts"]["audit"]
    assert audit["necessary"]["sampled"] > 10 and audit["necessary"]["share"] >= 0.9


def test_most_of_the_state_and_some_district_can_be_seen(demo: Demo, cells: Path) -> None:
    """A site that withholds everything helps nobody."""
    audit = next(s for s in demo.said["steps"] if s["step"] == "publish")["facts"]["audit"]
    assert audit["share_of_state_cells_shown"] >= 0.7
    with cells.open(encoding="utf-8") as handle:
        assert any(r["school_district"] and r["statistic"] == "percent" and r["status"] == "shown" for r in csv.DictReader(handle))


def test_no_small_count_and_no_withheld_value_is_in_the_release(cells: Path) -> None:
    """Counts of 1 to 10 are nowhere, and a mark has no value beside it."""
    with cells.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert not [r for r in rows if r["statistic"] == "count" and r["status"] == "shown" and 0 < float(r["value"]) < 11]
    assert not [r for r in rows if r["status"] in ("c", "x", "z") and r["value"]]
    assert {r["status"] for r in rows if r["measure"] == "any_college_enrolled_1yr"} == {"x"}


def test_the_command_serves_the_pages(demo: Demo) -> None:
    """What the demo ends with: the site answers, page after page, as the operator's own command serves it."""
    command = [sys.executable, "-m", "c2c.cli", "serve", "public", "--port", "8391", "--site", str(demo.site)]
    process = subprocess.Popen(command, env=_environment(), stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen("http://127.0.0.1:8391/", timeout=10).close()
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        for path in ("", "pathways", "tables?measure=hs_graduates&show=1", "es/method", "pathways.csv"):
            with urllib.request.urlopen(f"http://127.0.0.1:8391/{path}", timeout=10) as page:
                assert page.status == 200 and len(page.read()) > 500
    finally:
        process.terminate()
        process.wait()


def test_a_year_run_again_does_nothing_twice(copy: Path) -> None:
    """What stands stands: no second release, no second match."""
    before = sorted(p.name for p in (copy / "releases").iterdir())
    said = json.loads(c2c("year", "run", "2026", "--site", str(copy), "--json").stdout)
    assert sorted(p.name for p in (copy / "releases").iterdir()) == before
    assert said["steps"][0]["rows"] == 0


def test_a_year_killed_midway_is_taken_up_where_it_stood(copy: Path) -> None:
    """Power fails; the next run ends with the same release and a whole ledger."""
    released = next((copy / "releases").iterdir()).name
    state = copy / "cycle" / "2026" / "state.json"
    said = json.loads(state.read_text("utf-8"))
    state.write_text(json.dumps({"receive": said["receive"]}), "utf-8")
    for delay in (1.5, 4.0):
        process = subprocess.Popen(
            [sys.executable, "-m", "c2c.cli", "year", "run", "2026", "--site", str(copy)],
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = c2c("year", "resume", "2026", "--site", str(copy), "--json")
    assert done.returncode == 0, done.stderr[-800:]
    assert [s["step"] for s in json.loads(done.stdout)["steps"]] == ["receive", "match", "rates", "link", "publish", "verify"]
    assert released in {p.name for p in (copy / "releases").iterdir()}
    assert c2c("audit", "verify", "--site", str(copy)).returncode == 0


def test_a_pull_is_rebuilt_byte_for_byte(demo: Demo) -> None:
    """The receipt says what a figure was made from, and one command makes it again."""
    pull = next(s for s in demo.said["steps"] if s["step"] == "link")["made"]
    done = c2c("link", "rebuild", pull, "--site", str(demo.site), "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["differ"] == []


def test_a_withdrawal_reaches_everything(copy: Path) -> None:
    """A partner takes a file back: its trays go dark, pulls and releases with it, and a successor comes only if it is safe beside the old one."""
    ledger = [json.loads(line)["body"] for line in (copy / "ledger" / "audit" / "chain.jsonl").read_text("utf-8").splitlines()]
    sent = next(e["submission"] for e in ledger if e["event"].startswith("vault") and e.get("file") == "ccc_enrollment")
    done = c2c("withdraw", "ccc", sent, "--reason", "sent by mistake", "--site", str(copy), "--json")
    said = json.loads(done.stdout)
    assert said["pulls"] and said["releases"] and (said["successor"] or said["refused"])
    status = json.loads((copy / "releases" / said["releases"][0] / "status.json").read_text("utf-8"))
    assert status["status"] == "retired"
    assert c2c("link", "rebuild", said["pulls"][0], "--site", str(copy)).returncode == 1
    assert c2c("audit", "verify", "--site", str(copy)).returncode == 0


def test_one_changed_byte_of_the_ledger_is_found(copy: Path) -> None:
    """Nobody rewrites who read what."""
    path = copy / "ledger" / "audit" / "chain.jsonl"
    text = bytearray(path.read_bytes())
    at = len(text) // 2
    text[at] = text[at] ^ 1
    path.write_bytes(bytes(text))
    assert c2c("audit", "verify", "--site", str(copy)).returncode == 1


def test_a_feed_without_an_agreement_is_refused_by_its_clause(demo: Demo) -> None:
    """A proposed file is refused for want of an agreement, and passes as a dry run."""
    path = demo.site / "inbox" / "lwda" / "apprenticeship" / "2026.csv"
    asked = ("submit", "lwda", "apprenticeship", str(path), "--period", "2026", "--site", str(demo.site), "--json")
    refused = c2c(*asked)
    assert refused.returncode == 1 and json.loads(refused.stdout)["code"] == "GOV-003"
    assert c2c(*asked, "--dry-run").returncode == 0


def test_once_the_agreement_is_signed_every_proposed_file_passes(copy: Path) -> None:
    """A new partner joins by signing terms: no code changes, and its files are checked and sealed."""
    proposed = [f for f in catalog.load().files.values() if f.status == "proposed"]
    site = open_site(copy)
    for partner in sorted({f.partner_code for f in proposed}):
        files = [f.file for f in proposed if f.partner_code == partner]
        governance.sign(site, an_agreement(partner, files), actor="operator")
    for layout in proposed:
        path = copy / "inbox" / layout.partner_code / layout.file / "2026.csv"
        done = c2c("submit", layout.partner_code, layout.file, str(path), "--period", "2026", "--site", str(copy), "--json")
        said = json.loads(done.stdout)
        assert done.returncode == 0 and said["verdict"] == "accepted", (layout.file, said)


@pytest.fixture(scope="module")
def desk(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site to which one bad file after another is sent."""
    site = tmp_path_factory.mktemp("desk") / "site"
    shutil.copytree(demo.site, site)
    return site


@pytest.mark.parametrize("kind", synthetic.KINDS)
def test_a_bad_file_is_told_what_is_wrong_and_changes_nothing(desk: Path, tmp_path: Path, kind: str) -> None:
    """Each kind of bad file gets findings or a refusal with its code; what was held before is held after."""
    source = desk / "inbox" / "cde" / "k12_completion" / "2026.csv"
    bad = tmp_path / f"{kind}.csv"
    synthetic.spoil(source, kind, seed=3, target=bad)
    before = sorted(p.parent.name for p in (desk / "vault").glob("cde/*/manifest.json"))
    done = c2c(
        "submit",
        "cde",
        "k12_completion",
        str(bad),
        "--period",
        "2025" if kind == "year_sent_twice" else "2026",
        "--site",
        str(desk),
        "--json",
    )
    said = json.loads(done.stdout)
    assert done.returncode == 1 and (said.get("code") or said.get("findings"))
    assert set(before) <= {p.parent.name for p in (desk / "vault").glob("cde/*/manifest.json")}


def _environment() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}


def test_a_release_is_planned_before_anyone_makes_it(demo: Demo, tmp_path: Path) -> None:
    """The one who signs sees what a change of tables would add, hide and cost; nothing is published and nothing enters the release ledger."""
    product = tmp_path / "changed.toml"
    shipped = (files("c2c.disclosure") / "products" / "student_pathways.toml").read_text("utf-8")
    product.write_text(shipped.replace('["homeless"], ["ses_disadvantaged"]]', '["homeless"]]', 1), "utf-8")
    done = c2c("release", "plan", "2026", "--product", str(product), "--site", str(demo.site), "--json")
    assert done.returncode == 0, done.stderr[-800:]
    said = json.loads(done.stdout)
    assert said["release"]["kind"] == "draft" and said["protection"]["pinned_or_narrow"] == 0
    assert said["protection"]["beside"]["same"] > 0
    assert "hs_graduates-ses_disadvantaged" in said["protection"]["instead"]["tables_lost"]
    assert not list((demo.site / "releases").glob("*draft*")) and not list((demo.site / "ledger" / "cells").glob("*draft*"))
    report = c2c("release", "report", demo.said["release_id"], "--site", str(demo.site), "--json")
    attacks = {a["attack"]: a for a in json.loads(report.stdout)["protection"]["attacks"]}
    assert attacks["small_cells_alone"]["found"] > 0 and attacks["outsider"]["found"] == attacks["insider"]["found"] == 0


def test_a_plan_of_what_is_no_product_is_refused_with_its_remedy(demo: Demo, tmp_path: Path) -> None:
    """A wrong declaration is named before any data are read."""
    (tmp_path / "wrong.toml").write_text('product = "x"\n[[tables]]\nmeasure = "hs_graduates"\n', "utf-8")
    done = c2c("release", "plan", "2026", "--product", str(tmp_path / "wrong.toml"), "--site", str(demo.site))
    assert done.returncode == 1 and "DSC-015" in done.stderr and "tables: breakdowns" in done.stderr
