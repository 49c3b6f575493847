"""A held match in the portal: stewards see why, an adjudicator signs with a reason, and nobody else can."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from c2c import identity
from c2c.identity import _alarms, _report, signoff
from c2c.identity._rules import rule
from integration.web_portal.conftest import Portal, a_match


@pytest.fixture
def lent(portal: Portal, tmp_path: Path) -> Iterator[Portal]:
    """The portal that all tests share, whose runs are afterwards as they were."""
    for name in ("identity", "keys"):
        shutil.copytree(portal.site.root / name, tmp_path / name)
    yield portal
    for name in ("identity", "keys"):
        shutil.rmtree(portal.site.root / name)
        shutil.copytree(tmp_path / name, portal.site.root / name)


def test_a_held_match_is_seen_by_stewards_and_signed_for_by_an_adjudicator(lent: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers for matches learns why one is held, in both languages; one duty signs, with a reason, and only for what was looked at."""
    portal, before = lent, identity.report(lent.site)["run"]
    with monkeypatch.context() as stricter:
        for module in (_alarms, _report):
            stricter.setattr(module, "rule", lambda name: 1 if name == "person_most" else rule(name))
        a_match(portal.site)
    held = signoff.open_held(portal.site)["run"]
    steward, judge = portal.people["steward.one"], portal.people["judge"]
    for who in (steward, judge):
        assert "A match is held" in who.get("/").text
        page = who.get("/report").text
        assert f"Run {held} is ready but not in force" in page and f"run {before} stays in force" in page
        assert "People with more than 1 records by key" in page
        assert f"La corrida {held} está lista" in who.get("/es/report").text
        assert ('name="reason"' in page) == (who is judge) and ("Only an identity adjudicator can sign" in page) == (who is steward)
    signed = {"run": held, "reason": "the colleges merged"}
    for name, status in (("steward.one", 403), ("colleague", 403), ("stranger", 404), ("nobody", 302)):
        assert portal.people[name].post("/report", "/sign-in" if name == "nobody" else "/", **signed).status == status
    assert judge.post("/report", **signed | {"reason": "  "}).status == 400
    assert judge.post("/report", **signed | {"run": str(before)}).status == 409
    assert identity.report(portal.site)["run"] == before
    assert judge.post("/report", **signed).status == 200
    assert identity.report(portal.site)["run"] == held and not signoff.open_held(portal.site)
    page = steward.get("/report").text
    assert "judge signed for it on" in page and "the colleges merged" in page and "is ready but not in force" not in page
    assert "A match is held" not in steward.get("/").text
