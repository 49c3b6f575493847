"""What a visitor can do on the public site, in a real browser, wide and on a phone, in both languages, with scripts off."""

from __future__ import annotations

import csv
import gzip
import html
import io
import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page

from c2c.web.public import _words
from journey import AXE, Served, faults_of

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
TEMPLATES = (
    "", "pathways", "pathways?story=enrolls&geo=county:06037", "pathways?story=awards&by=gender&year=all", "pathways?story=pay", "tables", "tables?measure=hs_graduates&step=places",
    "tables?measure=hs_graduates&geo=county&step=places&picked=1", "tables?measure=hs_graduates&step=years&back=table", "tables?measure=transfer_rate_6yr&geo=county&by=pell&step=groups",
    "tables?measure=hs_graduates&by=gender&step=layout", "tables?measure=hs_graduates&by=gender", "tables?measure=hs_graduates&by=foster,homeless,gender&year=2025", "method", "glossary",
    "catalog?q=ssid", "releases", "nowhere", "tables?measure=nothing",
)  # fmt: skip
STORIES = ("through", "enrolls", "awards", "time", "working", "pay")
FIRST_VIEW = 150 * 1024
"""Bytes of a first visit, packed: `public_tools.md`, weight."""


def _read(address: str) -> str:
    with urllib.request.urlopen(address) as response:
        return str(response.read().decode())


def _text(address: str) -> str:
    page = _read(address)
    return html.unescape(re.sub(r"<[^>]+>", " ", page[page.index("<body>") :]))


@pytest.mark.parametrize("language", ["", "es/"])
def test_every_page_is_open_to_everyone(address: str, browser: Browser, language: str) -> None:
    """No page has a fault that a screen reader, a keyboard, a phone or a printed sheet would meet."""
    page = browser.new_page()
    faults = {}
    for path in TEMPLATES:
        page.goto(f"{address}/{language}{path}")
        page.evaluate(AXE)
        for width, media in ((1280, "screen"), (360, "screen"), (1280, "print")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(media=media)  # type: ignore[arg-type]
            found = faults_of(page)
            if found or _too_wide(page):
                faults[path, width, media] = (found, _too_wide(page))
    page.close()
    assert not faults


def test_no_page_is_wider_than_a_small_phone(address: str, browser: Browser) -> None:
    """At 320 pixels, which is also a wide screen at 400 %, nobody scrolls sideways."""
    page = browser.new_page(viewport={"width": 320, "height": 700})
    wide = []
    for language in ("", "es/"):
        for path in TEMPLATES:
            page.goto(f"{address}/{language}{path}")
            if _too_wide(page):
                wide.append(language + path)
    page.close()
    assert not wide


def _too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_a_table_is_built_with_scripts_off(address: str, browser: Browser) -> None:
    """Five steps by plain forms, each kept when another changes, and the address says it all."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/tables")
    page.check("#m-hs_graduates")
    page.click("main button:has-text('Continue')")
    page.check("#g-none")
    page.click("main button:has-text('Continue')")
    years = page.locator("input[name=year]")
    newest, before = years.nth(0).input_value(), years.nth(1).input_value()
    page.check(f"#y-{newest}")
    page.click("main button:has-text('Continue')")
    group = page.locator("input[name=by]").first.input_value()
    page.check(f"#b-{group}")
    page.click("main button:has-text('Continue')")
    assert re.search(r"This table has [\d,]+ figures", page.inner_text("main")) and page.locator("main table").count() == 0
    page.click("text=Make the table")
    assert page.locator("main table tbody tr").count() >= 1
    assert f"year={newest}" in page.url and f"by={group}" in page.url
    page.click(".steps a:has-text('Change: Years')")
    page.check(f"#y-{before}")
    page.click("main button:has-text('Continue')")
    assert f"by={group}" in page.url and page.locator("main table").count() == 1
    assert page.locator("thead th.n").all_inner_texts() == [before, newest]
    context.close()


def test_rows_and_columns_move_by_keyboard_alone(address: str, browser: Browser) -> None:
    """A dimension is moved with Enter again and again, and the focus stays where it was."""
    page = browser.new_page()
    page.goto(f"{address}/tables?measure=hs_graduates&by=gender")
    page.focus("#up-academic_year")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "up-academic_year" and "cols=" in page.url
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("thead th").first.inner_text() == "Year"
    assert page.evaluate("document.activeElement.id") == "down-academic_year"
    page.close()


def test_the_file_holds_what_the_page_shows(address: str, browser: Browser) -> None:
    """Page and download agree, figure by figure, and a mark has no value in either."""
    page = browser.new_page()
    page.goto(f"{address}/tables?measure=hs_graduates&by=gender&rows=gender,academic_year")
    shown = [t.split("\n")[0].split(":")[0].replace(",", "").strip() for t in page.locator("tbody td.n").all_inner_texts()]
    rows = [
        r
        for r in csv.DictReader(
            io.StringIO(_read(urljoin(page.url, str(page.locator("a:has-text('(CSV)')").get_attribute("href")))))
        )
        if r["status"]
    ]
    assert rows and sorted(shown) == sorted(str(round(float(r["value"]))) if r["status"] == "shown" else r["status"] for r in rows)
    assert all(not r["value"] for r in rows if r["status"] == "c")
    page.close()


def test_every_withheld_cell_leads_to_a_figure_that_is_shown(address: str, browser: Browser) -> None:
    """A mark explains itself and is a way on, never a dead end."""
    page = browser.new_page()
    ways: set[str] = set()
    for story in STORIES:
        page.goto(f"{address}/pathways?story={story}&by=gender")
        for figure in page.locator("section.figure:has(.mark:text-matches('^c'))").all():
            assert "would describe fewer than 11 people or an employer" in figure.inner_text()
        ways |= {str(a.get_attribute("href")) for a in page.locator("td a.mark").all()}
    for way in sorted(ways)[:12]:
        page.goto(urljoin(page.url, way))
        assert re.search(r"\d", " ".join(page.locator("tbody td.n").all_inner_texts())), way
    page.close()
    assert ways


def test_a_combination_that_was_not_published_offers_one_that_was(address: str, browser: Browser) -> None:
    """Nobody meets an empty page: it says why, and leads to the nearest table."""
    page = browser.new_page()
    page.goto(f"{address}/tables?measure=hs_graduates&geo=county&by=gender,race_ethnicity,ses_disadvantaged")
    assert "This combination was not published" in page.inner_text("main")
    page.click(".figure a.button")
    assert page.locator("main table tbody tr").count() >= 1
    page.close()


def test_every_story_answers_in_words_picture_and_table(address: str) -> None:
    """Six stories, each with questions, sentences, pictures with a table beside them, and who is missing; an empty one explains itself."""
    empty = []
    for story in STORIES:
        figures = _read(f"{address}/pathways?story={story}").split('<section class="figure"')[1:]
        told = [f for f in figures if "Nothing was published for this choice" not in f]
        assert figures, story
        empty += [] if told else [story]
        assert all("<h2>" in f and 'class="sentence">' in f and "Who is missing" in f for f in figures), story
        assert all("<svg" in f and "<table" in f for f in told), story
    assert len(empty) <= 2, empty


def test_the_flows_have_a_picture_a_table_and_words_that_agree(address: str, browser: Browser) -> None:
    """Whoever cannot see the picture has the same flows as a table whose parts add up, and as a list of nodes for the keyboard."""
    page = browser.new_page()
    page.goto(f"{address}/pathways")
    flows = page.locator("section.figure").first
    assert flows.locator("svg[role=img]").count() == 2
    rows = [[c.inner_text() for c in row.locator("th, td").all()] for row in flows.locator("tbody tr").all()]
    wholes = {first: figure for first, last, figure in rows if last == "All of them"}
    assert len(wholes) >= 3 and any("may be at a private or out-of-state one" in first for first in wholes)
    for first, whole in wholes.items():
        parts = [figure.split("\n")[0].replace(",", "") for f, last, figure in rows if f == first and last != "All of them"]
        if parts and whole != "c":
            assert sum(float(p) for p in parts if p != "c") == float(whole.replace(",", "")), first
    flows.locator("summary").first.press("Enter")
    nodes = flows.locator(".nodes > li")
    assert nodes.count() >= 5 and all("people" in t or "From" in t for t in nodes.all_inner_texts())
    page.close()


def test_no_cookie_no_script_no_third_party(address: str, browser: Browser) -> None:
    """A visitor is not followed."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: refused.append(message.text))
    response = page.goto(f"{address}/pathways?story=pay")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not context.cookies() and all(url.startswith(address) for url in asked)
    assert page.locator("script, [style]").count() == 0 and not refused
    context.close()


def test_a_first_visit_is_light(address: str, browser: Browser) -> None:
    """The first view of the heaviest page, with style and letters, fits into 150 KB packed."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/pathways?story=pay&by=gender&year=all")
    weights = {}
    for url in set(asked):
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})) as response:
            body = response.read()
            weights[url] = len(body if response.headers.get("Content-Encoding") or url.endswith("woff2") else gzip.compress(body))
    page.close()
    assert len(weights) >= 4 and sum(weights.values()) <= FIRST_VIEW, weights


@pytest.mark.parametrize("path", [t for t in TEMPLATES if t not in ("nowhere", "tables?measure=nothing")])
def test_a_spanish_page_holds_no_sentence_of_the_english_one(address: str, path: str) -> None:
    """A reader of Spanish reads Spanish: no message of the site is left in English."""
    text = " ".join(_text(f"{address}/es/{path}").split())
    english = [
        r["en"]
        for r in _words.messages().values()
        if r["en"] != r["es"] and "{" not in r["en"] and len(r["en"]) > 9 and r["en"] != "Español"
    ]
    assert not [words for words in english if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text)]


@pytest.mark.parametrize(
    ("path", "code"),
    [("nowhere", 404), ("tables?measure=nothing", 400), ("pathways?story=none", 400), ("pathways?release=none", 404)],
)
def test_a_broken_address_leads_on_in_both_languages(address: str, path: str, code: int) -> None:
    """A wrong address is answered with a page and a way home, in the reader's language."""
    for language, home in (("", 'href="/"'), ("es/", 'href="/es/"')):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}/{language}{path}")
        assert refused.value.code == code and home in refused.value.read().decode()


def test_a_site_with_nothing_published_says_so(browser: Browser, tmp_path: Path) -> None:
    """Before the first release the site explains itself, and has no fault there either."""
    with Served(tmp_path) as where:
        page = browser.new_page()
        page.goto(where)
        assert "Nothing has been published yet" in page.inner_text("h1")
        page.evaluate(AXE)
        assert not faults_of(page)
        page.close()


@pytest.mark.skipif(
    "C2C_PICTURES" not in os.environ, reason="C2C_PICTURES names the releases to take the pictures of the manual from"
)
def test_the_pictures_of_the_manual_are_real_screens(browser: Browser) -> None:
    """README and guides show what a visitor sees; taken anew with C2C_PICTURES=folder of releases."""
    with Served(Path(os.environ["C2C_PICTURES"])) as where:
        for name, path, height in (
            ("home", "", 1330),
            ("builder", "tables?measure=public_college_enrolled_1yr&by=race_ethnicity&year=2023..2025", 1180),
        ):
            page = browser.new_page(viewport={"width": 1200, "height": height})
            page.goto(f"{where}/{path}")
            page.screenshot(path=PICTURES / f"{name}.png")
            page.close()
            assert (PICTURES / f"{name}.png").stat().st_size < 300 * 1024
