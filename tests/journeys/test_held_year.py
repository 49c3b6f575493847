"""A year whose match is held: it stops and says why, somebody signs, in the portal by keyboard or by command, and it goes on with that match."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from c2c import audit, cycle
from c2c.identity import _alarms, _report, signoff
from c2c.identity._rules import rule
from c2c.plumbing import errors
from c2c.plumbing.site import open_site
from journey import c2c
from journeys.test_portal import Portal, _faults, entered, portal

__all__ = ["portal"]


def hold(site: Path, monkeypatch: pytest.MonkeyPatch, *, people_hold: int = 4) -> str:
    """Have the year matched anew under a limit that some people of a small state are beyond; the run that is held."""
    state = site / "cycle" / "2026" / "state.json"
    said = json.loads(state.read_text("utf-8"))
    state.write_text(json.dumps({"receive": said["receive"]}), "utf-8")
    with monkeypatch.context() as stricter:
        for module in (_alarms, _report):
            stricter.setattr(module, "rule", lambda name: people_hold if name == "person_most" else rule(name))
        with pytest.raises(errors.CodedError, match="CYC-006") as stopped:
            cycle.run_year(open_site(site), 2026, actor="operator")
    assert f"would hold more than {people_hold} record keys" in stopped.value.what
    return str(signoff.open_held(open_site(site))["run"])


def test_a_year_that_is_held_goes_on_with_the_match_that_was_signed_for(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator learns what is wrong and both ways on; once signed, the very run that people looked at is published, and not another."""
    site = ("--site", str(copy))
    before = json.loads((copy / "cycle" / "2026" / "state.json").read_text("utf-8"))["match"]["made"]
    run = hold(copy, monkeypatch)
    stopped = c2c("year", "run", "2026", *site)
    assert stopped.returncode == 1 and "CYC-006" in stopped.stderr and f"c2c match accept {run}" in stopped.stderr
    said = json.loads(c2c("match", "report", *site, "--json").stdout)
    assert said["held"]["run"] == run and said["held"]["alarms"][0]["alarm"] == "person" and said["report"]["run"] == before
    assert f"Run {run} is held" in c2c("match", "report", *site).stdout
    refused = c2c("match", "accept", before, "--reason", "right", *site, "--json")
    assert refused.returncode == 1 and json.loads(refused.stdout)["code"] == "IDN-035"
    assert c2c("match", "accept", run, "--reason", "people move more than we thought", "--as", "eve", *site).returncode == 0
    done = c2c("year", "resume", "2026", *site, "--json")
    assert done.returncode == 0, done.stderr[-800:]
    steps = {s["step"]: s for s in json.loads(done.stdout)["steps"]}
    assert list(steps) == ["receive", "match", "rates", "link", "publish", "verify"] and steps["match"]["made"] == run
    made = [e["run"] for e in audit.entries(open_site(copy)) if e["event"] == "identity:run:made"]
    assert made == [before, run]
    assert c2c("audit", "verify", *site).returncode == 0


@pytest.fixture(scope="module")
def steward(portal: Portal, browser: Browser) -> Iterator[Page]:
    """A steward, who sees and cannot sign."""
    yield from entered(portal, browser, "steward.one")


@pytest.fixture(scope="module")
def adjudicator(portal: Portal, browser: Browser) -> Iterator[Page]:
    """Who signs."""
    yield from entered(portal, browser, "adjudicator")


def test_a_held_match_is_signed_for_by_keyboard(
    portal: Portal, steward: Page, adjudicator: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the notice at home to the signature without a mouse; on a phone and in Spanish nothing is out of reach."""
    run = hold(portal.site.root, monkeypatch)
    faults: dict[str, object] = {}
    for person in (steward, adjudicator):
        page = person.context.new_page()
        for width, language in ((360, ""), (1200, "es/")):
            page.set_viewport_size({"width": width, "height": 900})
            for path in ("", "report"):
                page.goto(f"{portal.address}/{language}{path}")
                faults |= _faults(page, path)
        page.close()
    assert not faults
    steward.goto(f"{portal.address}/report")
    assert steward.locator("#reason").count() == 0 and "Only an identity adjudicator" in steward.inner_text("main")
    adjudicator.goto(f"{portal.address}/")
    _tab_to(adjudicator, "main a[href$='/report']")
    adjudicator.keyboard.press("Enter")
    adjudicator.wait_for_url("**/report")
    _tab_to(adjudicator, "#reason")
    adjudicator.keyboard.type("Looked at the ten largest; all are one person.")
    adjudicator.keyboard.press("Tab")
    adjudicator.keyboard.press("Enter")
    adjudicator.wait_for_selector("h1:has-text('The match is in force')")
    assert not signoff.open_held(portal.site)
    entry = next(e for e in audit.entries(portal.site) if e["event"] == "identity:run:accepted")
    assert (entry["actor"], entry["run"]) == ("adjudicator", run)


def _tab_to(page: Page, selector: str) -> None:
    """Go on by Tab until the element has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted)", selector):
            return
    raise AssertionError(f"no way to {selector} by keyboard")
