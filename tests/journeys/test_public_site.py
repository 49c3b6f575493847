"""What a visitor can do on the public site, in a real browser, wide and on a phone, in both languages, with scripts off."""

from __future__ import annotations

import csv
import io
import re
import urllib.request
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser

from journey import Served

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe*.js")).read_text("utf-8")
PAGES = (
    "", "pathways", "pathways?story=enrolls", "pathways?story=awards&by=gender", "pathways?story=time", "pathways?story=working", "pathways?story=pay", "tables",
    "tables?measure=hs_graduates&next=places", "tables?measure=hs_graduates&next=years", "tables?measure=hs_graduates&next=groups", "tables?measure=hs_graduates&next=layout",
    "tables?measure=hs_graduates&show=1", "method", "glossary", "catalog?q=ssid", "releases", "nowhere", "tables?measure=nothing",
)  # fmt: skip


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["", "es/"])
def test_every_page_is_open_to_everyone(address: str, browser: Browser, width: int, language: str) -> None:
    """No page has a fault that a screen reader, a keyboard or a phone would meet."""
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    faults = {}
    for path in PAGES:
        page.goto(f"{address}/{language}{path}")
        page.evaluate(AXE)
        found = [(v["id"], v["nodes"][0]["html"][:90]) for v in page.evaluate("axe.run()")["violations"]]
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        if found or wide:
            faults[path] = (found, wide)
    context.close()
    assert not faults


def test_a_table_is_built_with_scripts_off(address: str, browser: Browser) -> None:
    """Five steps by plain forms, each kept when another changes, and the address says it all."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/tables")
    page.check("#m-hs_graduates")
    page.click("text=Continue")
    page.click("button[value=years]")
    page.check("#y-2026")
    page.click("text=Continue")
    page.check("#b-gender")
    page.click("text=Continue")
    assert "figures" in page.inner_text("main")
    page.click("text=Make the table")
    assert page.locator("table tbody tr").count() >= 2
    assert "measure=hs_graduates" in page.url and "by=gender" in page.url
    page.click("text=Change: 3. Years") if page.locator("text=Change: 3. Years").count() else page.locator(
        "a", has_text="Change"
    ).nth(2).click()
    assert "Gender" not in page.inner_text("fieldset") and "by=gender" in page.url
    context.close()


def test_the_file_holds_what_the_page_shows(address: str, browser: Browser) -> None:
    """Page and download agree, figure by figure, and a mark has no value in either."""
    query = "measure=hs_graduates&year=2026&by=gender"
    page = browser.new_page()
    page.goto(f"{address}/tables?{query}&show=1")
    shown = [t.replace(",", "") for t in page.locator("tbody td.n:nth-last-child(2)").all_inner_texts()]
    with urllib.request.urlopen(f"{address}/tables.csv?{query}") as response:
        rows = [r for r in csv.DictReader(io.StringIO(response.read().decode())) if r["status"]]
    assert sorted(shown) == sorted(str(round(float(r["value"]))) if r["status"] == "shown" else r["status"] for r in rows)
    page.close()


def test_a_combination_that_was_not_published_offers_one_that_was(address: str, browser: Browser) -> None:
    """Nobody meets an empty page: it says why, and leads to the nearest table."""
    page = browser.new_page()
    page.goto(f"{address}/tables?measure=hs_graduates&by=foster,homeless,gender&show=1")
    assert (
        "not published" in page.inner_text("main") or "does not fit" in page.inner_text("main") or page.locator("tbody tr").count()
    )
    page.close()


def test_the_flows_have_a_picture_a_table_and_words(address: str, browser: Browser) -> None:
    """Whoever cannot see the picture has the same flows as a table and as sentences."""
    page = browser.new_page()
    page.goto(f"{address}/pathways")
    assert page.locator("svg").count() >= 1
    assert page.locator("table").first.locator("tbody tr").count() >= 8
    assert page.locator("details li").count() >= 4
    page.close()


def test_no_cookie_no_script_no_third_party(address: str, browser: Browser) -> None:
    """A visitor is not followed."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    response = page.goto(f"{address}/pathways")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not context.cookies() and all(url.startswith(address) for url in asked)
    assert page.locator("script").count() == 0
    context.close()


def test_spanish_pages_hold_no_english_words_of_ours(address: str) -> None:
    """A reader of Spanish reads Spanish."""
    with urllib.request.urlopen(f"{address}/es/pathways") as response:
        text = re.sub(r"<[^>]+>", " ", response.read().decode())
    for word in ("Who is missing", "Download", "Student pathways", "Marks", "Show"):
        assert word not in text


def test_a_site_with_nothing_published_says_so(browser: Browser, tmp_path: Path) -> None:
    """Before the first release the site explains itself."""
    with Served(tmp_path) as where:
        page = browser.new_page()
        page.goto(where)
        assert "Nothing has been published yet" in page.inner_text("h1")
        page.close()
