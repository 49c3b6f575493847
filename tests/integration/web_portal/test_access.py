"""Who reaches what: every page and act against the approved table, on both databases."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from visiting import Page

from integration.web_portal.conftest import Portal

APPROVED = Path(__file__).with_name("approved_access.csv")
WHO = ("nobody", "stranger", "colleague", "steward.one", "judge")
FIELDS = {"/review": {"verdict": "same"}, "/adjudicate": {"verdict": "same"}, "/undo": {"reason": "mistake"},
          "/report": {"run": "2025-001", "reason": "looked at"}}  # fmt: skip


def rows() -> Iterator[dict[str, str]]:
    """The approved table."""
    with APPROVED.open(encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def answered(page: Page) -> str:
    """What a page did, in the table's words."""
    if page.status == 302:
        return "sign in" if page.leads_to == "/sign-in" else "sent on"
    return {200: "shown", 403: "other duty", 404: "not there", 409: "not now"}.get(page.status, str(page.status))


def test_every_page_and_act_is_open_to_whom_the_approved_table_says(portal: Portal) -> None:
    """Nobody reaches a page or does an act that was not approved for them, and everybody reaches what was."""
    met = []
    for row in rows():
        said = {"page": row["page"], "method": row["method"]}
        path = row["page"].replace("FIRST", portal.cases[0]).replace("SECOND", portal.cases[1])
        for who in WHO:
            visitor = portal.people[who]
            fields = next((f for start, f in FIELDS.items() if row["page"].startswith(start)), {})
            form_at = "/sign-in" if who == "nobody" else "/"
            page = visitor.get(path) if row["method"] == "GET" else visitor.post(path, form_at, **fields)
            said[who] = answered(page)
        met.append(said)
    differing = [row for row in met if row not in list(rows())]
    assert not differing, differing


def test_the_table_speaks_of_every_address_there_is() -> None:
    """A new page cannot come without its line in the approved table."""
    urls = (Path(__file__).resolve().parents[3] / "src/c2c/web/portal/urls.py").read_text("utf-8")
    known = {re.sub(r"<slug:\w+>", "(FIRST|SECOND)", p) for p in re.findall(r'path\("([^"]*)"', urls)}
    entrances = {"sign-in", "sign-in/code", "sign-out", "set-up/<str:token>"}
    spoken = [row["page"].lstrip("/") for row in rows()]
    assert not [p for p in known - entrances if not any(re.fullmatch(p, page) for page in spoken)]


def test_a_colleague_is_told_which_duty_opens_a_page(portal: Portal) -> None:
    """Whoever lacks a duty knows what to ask for, in their language."""
    assert "Identity steward" in portal.people["judge"].get("/queue").text
    assert "Árbitro de identidad" in portal.people["steward.one"].get("/es/adjudicate").text


def test_a_stranger_cannot_tell_a_page_from_one_that_does_not_exist(portal: Portal) -> None:
    """Status, headers and text are the same, but for the language link that repeats the address they typed."""
    there, not_there = (portal.people["stranger"].get(path) for path in ("/queue", "/neue"))
    plain = [re.sub(r"/es/\w+|value=\"\w+\"|csrf\w+", "", page.text) for page in (there, not_there)]
    assert there.status == not_there.status == 404 and plain[0] == plain[1]
    differing = {"date", "content-length", "etag", "set-cookie"}
    assert {k: v for k, v in there.headers.items() if k not in differing} == {
        k: v for k, v in not_there.headers.items() if k not in differing
    }


def test_a_stranger_learns_nothing_from_a_form_without_its_token(portal: Portal) -> None:
    """A form sent from nowhere is answered alike where there is a page and where there is none; nobody else's goes through either."""
    for path in ("/queue", f"/review/{portal.cases[0]}", "/nowhere"):
        assert portal.people["stranger"].post(path, "/static/site.css", verdict="same").status == 404
    assert portal.people["steward.one"].post(f"/review/{portal.cases[5]}", "/static/site.css", verdict="same").status == 403


@pytest.mark.parametrize("path", ["/", "/queue", "/nowhere", "/review/0000000000000001", "/static", "/admin/", "/es/nowhere"])
def test_whoever_has_not_signed_in_meets_the_same_door_everywhere(portal: Portal, path: str) -> None:
    """From outside no path can be told from another."""
    page = portal.people["nobody"].get(path)
    assert (page.status, page.leads_to, page.text) == (302, "/es/sign-in" if path.startswith("/es") else "/sign-in", "")


def test_no_page_is_kept_by_a_browser_or_read_by_another_site(portal: Portal) -> None:
    """A record on a page leaves no copy behind, and no foreign script or frame comes near it."""
    paths = [row["page"] for row in rows() if row["method"] == "GET"]
    for who in WHO:
        for path in paths:
            headers = portal.people[who].get(path).headers
            assert headers["cache-control"] == "no-store", path
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy, path
