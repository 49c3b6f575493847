"""The site as a channel: two releases that differ only in what they withhold must be one and the same to every visitor."""

from __future__ import annotations

import html
import io
import logging
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from releases import a_cell, a_release

MOST_ADDRESSES = 400
YES = {"statistic": "percent", "outcome": "yes"}


def _cells(hidden: float) -> list[dict[str, Any]]:
    """A state where each kind of figure and picture has something withheld, `hidden` standing beside the mark."""
    withheld = {"status": "c"}
    cells = [a_cell("hs_graduates", 500, year=y) for y in (2018, 2024, 2025)]
    cells += [
        a_cell("hs_graduates", hidden, gender="F", **withheld),
        a_cell("hs_graduates", 200, gender="M"),
        a_cell("hs_graduates", hidden, gender="X", **withheld),
    ]
    cells += [a_cell("hs_graduates", hidden, county="06037", **withheld)]
    cells += [
        a_cell("public_college_enrolled_1yr", hidden if y == 2024 else 50, year=y, status="c" if y == 2024 else "shown", **YES)
        for y in (2018, 2024, 2025)
    ]
    cells += [
        a_cell("public_college_enrolled_1yr", hidden, gender=g, year=y, status="c", **YES) for g in ("F", "X") for y in (2024, 2025)
    ]
    cells += [
        a_cell(
            "public_college_enrolled_1yr",
            None,
            gender="M",
            year=2025,
            statistic="percent",
            outcome="yes",
            status="banded",
            low=30,
            high=40,
        )
    ]
    cells += [a_cell("employed_while_enrolled", hidden, outcome="Total", **withheld), a_cell("employed_while_enrolled", 55, **YES)]
    cells += [
        a_cell("earnings_1yr_after_award", hidden * 1000, statistic="median", **withheld),
        a_cell("earnings_1yr_after_award", 41_000, year=2024, statistic="median"),
    ]
    cells += [
        a_cell("earnings_3yr_after_award", v, statistic="median", award_category=a, status=s)
        for a, v, s in (
            ("associate", hidden * 1000, "c"),
            ("bachelor_direct", 60_000, "shown"),
            ("cc_certificate", 35_000, "shown"),
        )
    ]
    cells += [
        a_cell("highest_award_8yr", v, year=2018, statistic="percent", award_category=a, status=s)
        for a, v, s in (("none", 60, "shown"), ("associate", hidden, "c"))
    ]
    flows = (("ccc", "Total", 200, "shown"), ("ccc", "award", hidden, "c"), ("ccc", "left_no_award", 90, "shown"), ("ccc", "transferred", hidden + 3, "c"), ("uc", "Total", hidden, "c"), ("uc", "award", hidden, "c"), ("no_public_college", "Total", 150, "shown"))  # fmt: skip
    cells += [
        a_cell("hs_graduates", v, year=2018, table="pathway_flows", first_node=a, last_node=b, status=s) for a, b, v, s in flows
    ]
    return cells


def _walk(client: Any) -> dict[str, tuple[int, dict[str, str], bytes]]:
    """Everything a visitor can reach by links and forms' addresses, with headers."""
    ask = [
        "/", "/es/", "/pathways?year=all&by=gender", "/tables?measure=hs_graduates&by=gender", "/tables?measure=public_college_enrolled_1yr&by=gender&rows=gender&cols=academic_year", "/tables?measure=hs_graduates&geo=county&step=places&picked=1", "/nowhere",
    ]  # fmt: skip
    seen: dict[str, tuple[int, dict[str, str], bytes]] = {}
    while ask and len(seen) < MOST_ADDRESSES:
        address = ask.pop(0)
        if address in seen:
            continue
        response = client.get(address)
        seen[address] = (response.status_code, dict(response.items()), response.content)
        base = address.partition("?")[0]
        if "html" in response["Content-Type"]:
            links = (html.unescape(link).partition("#")[0] for link in re.findall(r'href="([^"]+)"', response.content.decode()))
            ask += [
                base + link if link.startswith("?") else link
                for link in links
                if link.startswith(("/", "?")) and not link.startswith("/static")
            ]
    return seen


def test_what_is_withheld_changes_no_byte_of_any_page_picture_file_or_header(tmp_path: Path, visitor: Any) -> None:
    """Neither words, lengths, orders nor headers may depend on a number that is not shown."""
    walks = []
    for hidden in (3.0, 9.0, 777_777.0):
        root = tmp_path / str(hidden)
        a_release(root, _cells(hidden), release_id="2025-same")
        walks.append(_walk(visitor(root)))
    first, second, absurd = walks
    assert len(first) > 100 and {"/pathways.csv", "/pathways.svg", "/tables.csv", "/tables.svg"} <= {
        a.partition("?")[0] for a in first
    }
    assert all(status in (200, 404) for status, _, _ in first.values())
    assert first == second == absurd


def test_a_number_that_is_shown_does_change_the_pages(tmp_path: Path, visitor: Any) -> None:
    """The walk above sees what it looks at: another shown number is another page, picture and file."""
    walks = []
    for shown in (200, 201):
        root = tmp_path / str(shown)
        a_release(root, [*_cells(3.0), a_cell("hs_graduates", shown, year=2024, gender="M")], release_id="2025-same")
        walks.append(_walk(visitor(root)))
    changed = {a.partition("?")[0] for a in walks[0] if walks[0][a] != walks[1].get(a)}
    assert {"/tables", "/tables.csv", "/tables.svg"} <= changed


PLANTED = re.compile(rb"777[,. \xa0]?(777|780)|77777|777000")
"""The planted number and the flow beside it as pages, pictures and files would write them, or drawn on their scale."""


def test_a16_no_planted_number_is_in_any_page_picture_file_header_or_log(
    tmp_path: Path, visitor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A page made carelessly carries the withheld value in a length, a tooltip or a data attribute; here the number stands nowhere.

    Nor does it set an order: the rows and bars of groups come in the same order when the withheld group is the largest or the smallest.
    """
    careless = '<rect width="777777" data-value="777,777"/>'
    assert PLANTED.search(careless.encode())
    caplog.set_level(logging.DEBUG)
    a_release(tmp_path, _cells(777_777.0), release_id="2025-same")
    seen = _walk(visitor(tmp_path))
    kinds = {headers["Content-Type"].partition(";")[0] for _, headers, _ in seen.values()}
    assert {"text/html", "text/csv", "image/svg+xml"} <= kinds
    for address, (_, headers, body) in seen.items():
        for sent in (body, *_unpacked(body), repr(headers).encode(), address.encode()):
            assert not PLANTED.search(sent), address
    assert not PLANTED.search(caplog.text.encode())


def _unpacked(body: bytes) -> list[bytes]:
    """The parts of a workbook or another packed file."""
    if not body.startswith(b"PK"):
        return []
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return [packed.read(name) for name in packed.namelist()]
