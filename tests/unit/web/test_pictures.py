"""Pictures say what the tables say: no more of what is withheld, and legibly."""

from __future__ import annotations

import itertools
import re

from c2c.web.public import _charts, _sankey

FRAME = _charts.Frame("Picture", "Source", "percent", {"c": "withheld", "x": "not available"})


def _value(value: float | None, status: str = "shown", text: str = "", year: str = "2025", **row: float) -> _charts.Value:
    return _charts.Value(
        year,
        text or (f"{value:.0f}%" if value is not None else status),
        {"value": value, "status": status, "low": None, "high": None, **row},
    )


def test_a_withheld_bar_has_one_length_and_says_its_mark() -> None:
    """Nobody can guess a figure from the length of the space it left."""
    drawn = _charts.bars([("A", _value(None, "c")), ("B", _value(50.0))], FRAME)
    assert "c · withheld" in drawn and drawn.count(f'fill="{_charts.COLORS[0]}"') == 1
    alone = _charts.bars([("A", _value(None, "c"))], FRAME)
    assert re.findall(r"<rect[^>]*stroke-dasharray[^>]*>", alone) == re.findall(r"<rect[^>]*stroke-dasharray[^>]*>", drawn)


def test_a_feed_that_has_not_joined_is_no_zero() -> None:
    """A missing source is said in words and drawn without a bar."""
    drawn = _charts.bars([("A", _value(None, "x"))], FRAME)
    assert "x · not available" in drawn and ">0%<" not in drawn and f'fill="{_charts.COLORS[0]}"' not in drawn


def test_a_band_is_drawn_from_end_to_end() -> None:
    """A band is a stretch, not a point in its middle."""
    drawn = _charts.bars([("A", _value(None, "banded", "40–50%", low=40.0, high=50.0))], FRAME)
    assert f'x="{0.4 * _charts.ROOM:.2f}%"' in drawn and f'width="{0.1 * _charts.ROOM:.2f}%"' in drawn


def test_a_withheld_year_breaks_the_line() -> None:
    """A line never runs through a year that is not shown, as if it were known."""
    years = ["2023", "2024", "2025"]
    whole = _charts.lines([("A", [_value(50.0, year=y) for y in years])], years, FRAME)
    broken = _charts.lines(
        [("A", [_value(50.0, year="2023"), _value(None, "c", year="2024"), _value(50.0, year="2025")])], years, FRAME
    )
    assert whole.count('stroke-width="3"') == 2 and broken.count('stroke-width="3"') == 0 and ">c</text>" in broken


def test_labels_at_the_ends_of_lines_never_touch() -> None:
    """Six lines that end at one point have six labels that can be read, all above the axis."""
    placed = _charts._apart([100.0, 100.0, 101.0, 180.0, 188.0, 190.0], 190.0)
    assert all(b - a >= 17 for a, b in itertools.pairwise(placed)) and placed[-1] <= 190.0


FIRSTS = [_sankey.Node("ccc", "Started at a community college", "200", 200.0), _sankey.Node("uc", "Started at UC", "12", 12.0), _sankey.Node("no_public_college", "Not seen in a California public college (may be at a private or out-of-state one)", "150", 150.0)]  # fmt: skip
FLOWS = [
    _sankey.Flow("ccc", "award", None),
    _sankey.Flow("ccc", "left_no_award", 90.0),
    _sankey.Flow("uc", "award", 12.0),
    _sankey.Flow("no_public_college", "no_public_college", 150.0),
]
LASTS = [_sankey.Node("award", "Earned an award", "at least 12", None), _sankey.Node("left_no_award", "Left without an award", "90", 90.0), _sankey.Node(_sankey.REST, "Too small to show one by one", "110", 110.0), _sankey.Node("no_public_college", "Not seen in a California public college (may be at a private or out-of-state one)", "150", 150.0)]  # fmt: skip


def _draw(shape: _sankey.Shape) -> str:
    return _sankey.sankey(FIRSTS, FLOWS, LASTS, shape, title="Flows", source="Source", name="rest")


def test_no_label_of_the_flows_meets_another() -> None:
    """On a screen and on a phone, every node's words have lines of their own, inside the picture."""
    for shape in (_sankey.WIDE, _sankey.NARROW):
        words = re.findall(r'<text x="(\d+)" y="([\d.]+)" font-size="(\d+)"[^>]*text-anchor="(\w+)"[^>]*>([^<]+)<', _draw(shape))
        boxes = []
        for x, y, size, anchor, text in words:
            wide = 0.54 * int(size) * len(text)
            left = float(x) - (wide if anchor == "end" else 0)
            boxes.append((left, left + wide, float(y) - int(size), float(y)))
        assert len(boxes) >= 14
        assert all(left >= 0 and right <= shape.width for left, right, _, _ in boxes)
        for a, b in itertools.combinations(boxes, 2):
            assert not (a[0] < b[1] and b[0] < a[1] and a[2] < b[3] - 1 and b[2] < a[3] - 1), (a, b)


def test_the_hatched_rest_is_as_wide_as_the_published_totals_leave() -> None:
    """Widths left and right agree, and the rest tells only what 200 less 90 tells."""
    rects = re.findall(rf'<rect x="(\d+)" y="[\d.]+" width="{_sankey.WIDE.node}" height="([\d.]+)"', _draw(_sankey.WIDE))
    left = sum(float(h) for x, h in rects if x == "0")
    assert abs(left - sum(float(h) for x, h in rects if x != "0")) < 0.5
    rest = re.search(rf'width="{_sankey.WIDE.node}" height="([\d.]+)" fill="url', _draw(_sankey.WIDE))
    assert rest and abs(float(rest[1]) - 110 * _sankey.WIDE.scale_to / 362) < 0.1
