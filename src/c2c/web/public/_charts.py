"""Pictures drawn on the server as SVG, from published cells alone. What is not shown has no length and no place, only its mark.

Lengths are shares of the picture's width, so letters keep their size from a phone to a printed page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

COLORS = ("#0b6a76", "#b8501d", "#2e5aac", "#7a3b8f", "#565c65", "#5a6b00")
DASHES = ("", "7 4", "2 4", "10 4 2 4", "1 5", "14 4")
INK, SOFT, FAINT = "#12343b", "#4a5459", "#e4e1d9"
ROOM = 76.0
"""How far, in percent of the width, the longest bar goes: the rest is for its figure."""
LETTERS = 44
FILE_WIDTH = 720


@dataclass(frozen=True)
class Value:
    """One figure to draw: where it stands on the axis of years, how it is read, and its published cell."""

    year: str
    text: str
    row: Mapping[str, Any]

    @property
    def height(self) -> float | None:
        """The value, where it is shown exactly."""
        return float(self.row["value"]) if self.row["status"] == "shown" and self.row["value"] is not None else None

    @property
    def band(self) -> tuple[float, float] | None:
        """The ends of a band."""
        return (float(self.row["low"]), float(self.row["high"])) if self.row["status"] == "banded" else None

    @property
    def top(self) -> float:
        """The most that it reaches on the scale."""
        return self.height or (self.band or (0.0, 0.0))[1]


@dataclass(frozen=True)
class Frame:
    """What stands round a picture: its title, its source, the unit, the words of the marks; and is it a file of its own?"""

    title: str
    source: str
    unit: str
    marks: Mapping[str, str]
    as_file: bool = False


def bars(rows: Sequence[tuple[str, Value]], frame: Frame) -> str:
    """Horizontal bars, each under its label. Percents are drawn against the whole."""
    most = 100.0 if frame.unit == "percent" else _round_up(max((v.top for _, v in rows), default=0.0))
    parts, y = [], _top(frame)
    for label, value in rows:
        drawn, y = _label(label, y)
        parts += drawn
        if value.height is not None:
            if frame.unit == "percent":
                parts.append(f'<rect x="0" y="{y}" width="{ROOM}%" height="20" rx="2" fill="{FAINT}"/>')
            share = ROOM * value.height / most
            parts.append(f'<rect x="0" y="{y}" width="{max(share, 0.3):.2f}%" height="20" rx="2" fill="{COLORS[0]}"/>')
            parts.append(_figure(ROOM if frame.unit == "percent" else share, y + 16, value.text))
        elif value.band:
            low, high = (ROOM * end / most for end in value.band)
            parts.append(f'<rect x="0" y="{y}" width="{ROOM}%" height="20" rx="2" fill="{FAINT}"/>')
            parts.append(
                f'<rect x="{low:.2f}%" y="{y}" width="{high - low:.2f}%" height="20" rx="2" fill="{COLORS[0]}" fill-opacity="0.55"/>'
            )
            parts.append(_figure(ROOM, y + 16, value.text))
        else:
            parts.append(_absent(value, y, frame))
        y += 34
    return _close(parts, y, frame)


def dots(rows: Sequence[tuple[str, Value]], frame: Frame) -> str:
    """Middle figures as dots on a line from zero, each under its label."""
    most = _round_up(max((v.top for _, v in rows), default=0.0))
    parts, y = [], _top(frame)
    for label, value in rows:
        drawn, y = _label(label, y)
        parts += drawn
        if value.height is not None:
            share = ROOM * value.height / most
            parts.append(
                f'<line x1="0" x2="{share:.2f}%" y1="{y + 10}" y2="{y + 10}" stroke="{COLORS[0]}" stroke-width="3" stroke-opacity="0.45"/>'
            )
            parts.append(f'<circle cx="{share:.2f}%" cy="{y + 10}" r="7" fill="{COLORS[0]}"/>')
            parts.append(_figure(share, y + 16, value.text, gap=14))
        else:
            parts.append(_absent(value, y, frame))
        y += 34
    return _close(parts, y, frame)


def lines(series: Sequence[tuple[str, Sequence[Value]]], years: Sequence[str], frame: Frame) -> str:
    """Lines over the years, one a group. A year that is not shown breaks its line and carries the mark below."""
    most = _round_up(max((v.top for _, values in series for v in values), default=0.0))
    if frame.unit == "percent":
        most = min(most, 100.0)
    parts: list[str] = []
    y = _top(frame)
    for i, (label, _) in enumerate(series if len(series) > 1 else ()):
        parts.append(
            f'<line x1="1" x2="27" y1="{y + 9}" y2="{y + 9}" stroke="{COLORS[i]}" stroke-width="3" stroke-dasharray="{DASHES[i]}"/><circle cx="14" cy="{y + 9}" r="4.5" fill="{COLORS[i]}"/>'
        )
        wrapped = textwrap.wrap(label, LETTERS - 5) or [""]
        for line in wrapped:
            parts.append(f'<text x="36" y="{y + 14}">{escape(line)}</text>')
            y += 18
        y += 4
    top, high = y + 18, 190.0
    left, right = 5.0, 80.0

    def across(year: str) -> float:
        return left + (right - left) * (years.index(year) / max(len(years) - 1, 1))

    def up(value: float) -> float:
        return top + high * (1 - value / (most or 1.0))

    for tick in (0.0, most / 2, most):
        parts.append(
            f'<line x1="0" x2="{right + 2}%" y1="{up(tick):.1f}" y2="{up(tick):.1f}" stroke="{SOFT if tick == 0 else FAINT}"/>'
        )
        parts.append(f'<text x="0" y="{up(tick) - 4:.1f}" fill="{SOFT}" font-size="12">{_tick(tick, frame.unit)}</text>')
    step = 1 if len(years) <= 7 else 2
    for i, year in enumerate(years):
        if (len(years) - 1 - i) % step == 0:
            parts.append(
                f'<text x="{across(year):.2f}%" y="{top + high + 34:.1f}" text-anchor="middle" fill="{SOFT}" font-size="13">{year}</text>'
            )
    ends: list[tuple[float, int, str]] = []
    low_marks: dict[str, int] = {}
    for i, (_, values) in enumerate(series):
        before: Value | None = None
        for value in values:
            x = across(value.year)
            if value.height is not None:
                if before is not None and before.height is not None and years.index(value.year) == years.index(before.year) + 1:
                    parts.append(
                        f'<line x1="{across(before.year):.2f}%" y1="{up(before.height):.1f}" x2="{x:.2f}%" y2="{up(value.height):.1f}" stroke="{COLORS[i]}" stroke-width="3" stroke-dasharray="{DASHES[i]}"/>'
                    )
                parts.append(f'<circle cx="{x:.2f}%" cy="{up(value.height):.1f}" r="4.5" fill="{COLORS[i]}"/>')
            elif value.band:
                parts.append(
                    f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{up(value.band[0]):.1f}" y2="{up(value.band[1]):.1f}" stroke="{COLORS[i]}" stroke-width="7" stroke-opacity="0.55"/>'
                )
            else:
                row = low_marks[value.year] = low_marks.get(value.year, -1) + 1
                parts.append(
                    f'<text x="{x:.2f}%" y="{top + high + 16 - 13 * row:.1f}" text-anchor="middle" fill="{COLORS[i]}" font-size="13" font-weight="700">{escape(value.text)}</text>'
                )
            before = value
        last = values[-1]
        if last.height is not None and last.year == years[-1]:
            ends.append((up(last.height), i, last.text))
    for (_, i, text), at in zip(sorted(ends), _apart([end[0] + 5 for end in sorted(ends)], top + high), strict=True):
        parts.append(f'<text x="{right}%" dx="12" y="{at:.1f}" fill="{COLORS[i]}" font-weight="700">{escape(text)}</text>')
    return _close(parts, int(top + high + 48), frame)


def spark(values: Sequence[Value]) -> str:
    """The course of one figure as a small line, for a card: the numbers stand beside it, so it is decoration."""
    shown = [(i, v.height) for i, v in enumerate(values) if v.height is not None]
    if len(shown) < 2:
        return ""
    most = max(v for _, v in shown)
    at = {i: (4 + 112 * i / (len(values) - 1), 32 - 28 * v / (most or 1.0)) for i, v in shown}
    steps = "".join(
        f'<line x1="{at[a][0]:.1f}" y1="{at[a][1]:.1f}" x2="{at[b][0]:.1f}" y2="{at[b][1]:.1f}" stroke="{COLORS[0]}" stroke-width="2.5" stroke-linecap="round"/>'
        for a, b in zip(at, list(at)[1:], strict=False)
        if b == a + 1
    )
    end = at[shown[-1][0]]
    return f'<svg class="spark" viewBox="0 0 122 38" width="122" height="38" aria-hidden="true">{steps}<circle cx="{end[0]:.1f}" cy="{end[1]:.1f}" r="4" fill="#b8501d"/></svg>'


def opened(width: str, height: float, title: str, box: str = "") -> str:
    """The head of a picture: named for those who cannot see it, in the letters of the site."""
    size = f'viewBox="{box}"' if box else f'height="{height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" {size} role="img" aria-label="{escape(title)}" '
        f'font-family="Public Sans, Helvetica, Arial, sans-serif" font-size="14" fill="{INK}"><title>{escape(title)}</title>'
    )


def hatched(name: str) -> str:
    """The pattern of what is not shown."""
    return (
        f'<defs><pattern id="{name}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="7" height="7" fill="#f4f2ec"/><rect width="2.5" height="7" fill="#8a9196"/></pattern></defs>'
    )


def _close(parts: Sequence[str], y: float, frame: Frame) -> str:
    head = opened(str(FILE_WIDTH) if frame.as_file else "100%", y + 22, frame.title)
    if frame.as_file:
        head += f'<rect width="100%" height="100%" fill="#fff"/><text x="0" y="18" font-size="17" font-weight="700">{escape(frame.title)}</text>'
    return f'{head}{"".join(parts)}<text x="0" y="{y + 14:.0f}" fill="{SOFT}" font-size="12">{escape(frame.source)}</text></svg>'


def _top(frame: Frame) -> int:
    return 36 if frame.as_file else 4


def _label(label: str, y: int) -> tuple[list[str], int]:
    wrapped = textwrap.wrap(label, LETTERS) or [""]
    return [f'<text x="0" y="{y + 14 + 18 * i}">{escape(line)}</text>' for i, line in enumerate(wrapped)], y + 18 * len(wrapped) + 3


def _figure(share: float, y: float, text: str, gap: int = 9) -> str:
    return f'<text x="{share:.2f}%" dx="{gap}" y="{y}" font-size="16" font-weight="700">{escape(text)}</text>'


def _absent(value: Value, y: int, frame: Frame) -> str:
    """A mark of one length for all: it says that there is no figure, and nothing of how large it is."""
    words = f"{value.text} · {frame.marks.get(value.text, '')}" if value.text in frame.marks else value.text
    return (
        f'<rect x="1" y="{y + 1}" width="34" height="18" rx="2" fill="none" stroke="#6b7378" stroke-dasharray="4 3"/>'
        f'<text x="44" y="{y + 15}" fill="{SOFT}">{escape(words)}</text>'
    )


def _tick(value: float, unit: str) -> str:
    if unit == "percent":
        return f"{value:.0f}%"
    return f"${value:,.0f}" if unit.startswith("dollars") else f"{value:g}" if value < 10 else f"{value:,.0f}"


def _apart(heights: Sequence[float], lowest: float, gap: float = 17.0) -> list[float]:
    """Places for labels that would touch, from top to bottom: moved down until each has its line, then up from the axis."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], lowest if i == len(placed) - 1 else placed[i + 1] - gap)
    return placed


def _round_up(value: float) -> float:
    """The next number that reads well at the top of an axis."""
    if value <= 0:
        return 1.0
    size = 10.0 ** (len(str(int(value))) - 1)
    return next(step * size for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * size >= value)
