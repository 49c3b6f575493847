"""Releases stand under their banner, permanent links stay true, and kept pages never outlive what they show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from c2c.web.public import _cache
from releases import a_cell, a_release

FIRST = [a_cell("hs_graduates", 500), a_cell("hs_graduates", 480, year=2024)]
LINK = "/tables?measure=hs_graduates&year=2025&release=2025-one"


def _shown(page: str) -> str:
    return page[page.index("<table") : page.index("</table>")]


def _banner(page: str) -> str:
    found = re.search(r'<p class="banner (\w+)">([^<]*)', page)
    return f"{found[1]}: {found[2].strip()}" if found else ""


def test_a_permanent_link_shows_the_same_figures_after_two_later_releases(tmp_path: Path, visitor: Any) -> None:
    """What someone cited is what their readers find, figure for figure and byte for byte."""
    a_release(tmp_path, FIRST)
    client = visitor(tmp_path)
    page, file = client.get(LINK).content.decode(), client.get(LINK.replace("tables", "tables.csv")).content
    assert _banner(page) == ""
    a_release(tmp_path, [a_cell("hs_graduates", 505)], release_id="2025-two", created="2026-08-01T00:00:00Z")
    a_release(
        tmp_path, [a_cell("hs_graduates", 530, year=2026)], release_id="2026-three", year=2026, created="2027-07-01T00:00:00Z"
    )
    later = client.get(LINK).content.decode()
    assert _shown(later) == _shown(page) and client.get(LINK.replace("tables", "tables.csv")).content == file
    assert _banner(later).startswith("newer: A newer release exists")


def test_a_corrected_release_says_in_how_many_figures(tmp_path: Path, visitor: Any) -> None:
    """A release of the same year that came later is a correction, and the older one counts what it changed."""
    a_release(tmp_path, FIRST)
    a_release(
        tmp_path,
        [a_cell("hs_graduates", 505), a_cell("hs_graduates", 250, gender="F")],
        release_id="2025-two",
        created="2026-08-01T00:00:00Z",
    )
    client = visitor(tmp_path)
    assert "Figures changed: 1. No longer shown: 1. New: 1." in _banner(client.get(LINK).content.decode())
    changes = client.get("/releases").content.decode()
    assert "What 2025-two changed in 2025-one" in changes and "corrected since" in changes


def test_a_retired_release_says_why_at_once_though_its_page_was_kept(tmp_path: Path, visitor: Any) -> None:
    """A page made before a source was withdrawn is not served after it as if nothing had happened."""
    release = a_release(tmp_path, FIRST)
    client = visitor(tmp_path)
    assert _banner(client.get(LINK).content.decode()) == ""
    (release.folder / "status.json").write_text(json.dumps({"status": "retired", "reason": "source withdrawn"}), "utf-8")
    assert _banner(client.get(LINK).content.decode()).startswith("retired: Retired: a source was withdrawn")
    assert "se retiró una fuente" in client.get(f"/es{LINK}").content.decode()


def test_who_reads_an_older_release_goes_on_reading_it(tmp_path: Path, visitor: Any) -> None:
    """No step, move, tab or filter of a page of an older release leads to the newest unasked."""
    a_release(tmp_path, [*FIRST, a_cell("public_college_enrolled_1yr", 50, statistic="percent", outcome="yes")])
    a_release(tmp_path, [a_cell("hs_graduates", 505)], release_id="2025-two", created="2026-08-01T00:00:00Z")
    client = visitor(tmp_path)
    for address in (LINK, LINK + "&step=years&back=table", "/pathways?story=enrolls&year=all&release=2025-one"):
        page = client.get(address).content.decode()
        main = page[page.index("</p></div>", page.index("<main")) :]
        links = re.findall(r'href="\?([^"#]+)', main)
        assert links and all("release=2025-one" in link for link in links), address
        forms = re.findall(r"<form.*?</form>", main, re.S)
        assert all('name="release" value="2025-one"' in form for form in forms), address
        assert "pathways" not in address or all("year=all" in link for link in links if "story=" in link)


def test_before_the_first_release_every_page_says_so(tmp_path: Path, visitor: Any) -> None:
    """An empty site explains itself in both languages, on every page."""
    client = visitor(tmp_path)
    for path in ("", "pathways", "tables", "catalog", "method", "glossary", "releases"):
        assert "Nothing has been published yet" in client.get(f"/{path}").content.decode()
        assert "Todavía no se ha publicado nada" in client.get(f"/es/{path}").content.decode()


def test_a_release_that_does_not_exist_is_not_found(tmp_path: Path, visitor: Any) -> None:
    """A mistyped release leads to a page with a way on, in the reader's language."""
    a_release(tmp_path, FIRST)
    client = visitor(tmp_path)
    for address in ("/tables?release=nothing", "/nowhere", "/tables?release=../../etc"):
        assert client.get(address).status_code == 404
        spanish = client.get(f"/es{address}")
        assert spanish.status_code == 404 and "No encontramos esa página" in spanish.content.decode()


def test_a_fault_of_ours_is_told_by_a_number_and_by_nothing_else(
    tmp_path: Path, visitor: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug shows a plain page in the reader's language, whose number stands in the log beside the place and nothing of what was asked."""
    a_release(tmp_path, FIRST)

    def fail(*_: object) -> None:
        raise ValueError("county 06037")

    monkeypatch.setattr("c2c.web.public._points.figure_text", fail)
    client = visitor(tmp_path)
    for path, words in ((LINK, "Something went wrong on our side"), (f"/es{LINK}", "Algo falló de nuestro lado")):
        caplog.clear()
        response = client.get(path)
        page = response.content.decode()
        number = re.search(r"[0-9a-f]{8}", page[page.index("<main") :])
        assert response.status_code == 500 and words in page and "06037" not in page
        assert number and [m for m in caplog.messages if number[0] in m and "ValueError at test_standing.py" in m]
        assert not any("hs_graduates" in m or "06037" in m for m in caplog.messages)


def test_kept_pages_are_bounded(tmp_path: Path, monkeypatch: Any) -> None:
    """A visitor who asks for ever new addresses cannot fill the memory of the server."""
    monkeypatch.setattr(_cache, "MOST_BYTES", 3000)
    made: list[str] = []

    def make(request: HttpRequest) -> HttpResponse:
        made.append(request.get_full_path())
        return HttpResponse(b"x" * 1000)

    with override_settings(RELEASES=tmp_path):
        respond = _cache.kept_pages(make)
        for address in ("/1", "/1", "/2", "/3", "/4", "/1"):
            respond(RequestFactory().get(address))
    assert made == ["/1", "/2", "/3", "/4", "/1"]


def test_a_fault_is_never_kept(tmp_path: Path) -> None:
    """A page that failed once is made anew the next time."""
    codes = iter((500, 200))
    with override_settings(RELEASES=tmp_path):
        respond = _cache.kept_pages(lambda request: HttpResponse(status=next(codes)))
        assert [respond(RequestFactory().get("/")).status_code for _ in range(2)] == [500, 200]
