"""Pictures as SVG, drawn here: no script, no style attribute, colours by class. Every picture has its table beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import qrcode
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

ROW = 50
"""Pixels of one bar with its name above it. Lengths are shares of the width, so letters keep their size on a phone."""
MOST = 84.0
"""How far, in percent of the width, bars go: the rest is for the figure at the end."""
WIDE = 360


@dataclass(frozen=True)
class Node:
    """A record in the picture: its place (the letter is the person), who sent it in words and in short, how many records it stands for."""

    place: str
    sender: str
    short: str
    n_records: int


@dataclass(frozen=True)
class Edge:
    """A line between two places. `kind`: spanning, veto or decided."""

    left: str
    right: str
    bits: float
    kind: str


def signed(bits: float) -> str:
    """Bits as they are read, with their sign."""
    return f"{bits:+.1f}".replace("-", "−")


def qr_code(text: str) -> str:
    """A text as a picture for a telephone's camera."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    matrix = code.get_matrix()
    size = len(matrix)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, line in enumerate(matrix) for x, dark in enumerate(line) if dark)
    return f'<svg class="code" viewBox="0 0 {size} {size}" width="232" height="232" aria-hidden="true" shape-rendering="crispEdges"><rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'


def waterfall(rows: Sequence[tuple[str, float]], total: float, title: str, total_name: str) -> SafeString:
    """Evidence step by step: each bar begins where the one before ended; the last is their sum. Width is in bits."""
    ends = [0.0]
    for _, bits in rows:
        ends.append(ends[-1] + bits)
    spans = [(name, ends[i], ends[i + 1], "for" if bits >= 0 else "against", signed(bits)) for i, (name, bits) in enumerate(rows)]
    return _spans([*spans, (total_name, 0.0, total, "total", signed(total))], title, "waterfall")


def bars(rows: Sequence[tuple[str, float, str]], title: str) -> SafeString:
    """One bar a row, from zero; what the row is called, how long, what stands at its end."""
    return _spans([(name, 0.0, value, "for" if value >= 0 else "against", text) for name, value, text in rows], title, "bars")


def cluster(nodes: Sequence[Node], edges: Sequence[Edge], title: str) -> SafeString:
    """Records on a circle, joined by what holds them together: a whole line; refused: dashed; decided: double."""
    n = max(len(nodes), 1)
    radius = 60 + 9 * min(n, 9)
    middle, height = WIDE / 2, 2 * radius + 90
    places = {
        node.place: (
            round(middle + (middle - 55) * math.sin(2 * math.pi * i / n), 1),
            round(height / 2 - 10 - radius * math.cos(2 * math.pi * i / n), 1),
        )
        for i, node in enumerate(nodes)
    }
    lines = []
    for edge in edges:
        if edge.left in places and edge.right in places:
            ends = (*places[edge.left], *places[edge.right])
            # Two lines upon each other are a double line: a broad one, and a narrow light one within.
            lines += [(*ends, kind) for kind in ((edge.kind, "within") if edge.kind == "decided" else (edge.kind,))]
    drawn_lines = format_html_join("", '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>', lines)
    drawn_nodes = format_html_join(
        "",
        '<g transform="translate({} {})"><circle r="17" class="node {}"/><text y="5" text-anchor="middle" class="in-node">{}</text>'
        '<text y="33" text-anchor="middle" class="under-node">{}</text></g>',
        (
            (*places[node.place], f"person-{node.place[:1].lower()}", node.place, f"{node.short} · {node.n_records:,}")
            for node in nodes
        ),
    )
    return format_html(
        '<svg class="cluster" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        WIDE, round(height), title, drawn_lines, drawn_nodes,
    )  # fmt: skip


def _spans(spans: Sequence[tuple[str, float, float, str, str]], title: str, kind: str) -> SafeString:
    """Bars from one value to another, each under its name; a thin line marks zero."""
    low = min(0.0, *(min(a, b) for _, a, b, _, _ in spans), 0.0)
    high = max(0.0, *(max(a, b) for _, a, b, _, _ in spans), 0.0)
    scale = MOST / max(high - low, 1e-9)
    shown = []
    for i, (name, a, b, sort, text) in enumerate(spans):
        start, end = ((min(a, b) - low) * scale, (max(a, b) - low) * scale)
        y = i * ROW
        shown.append(
            (
                y + 18,
                name,
                f"{start:.2f}",
                y + 25,
                f"{max(end - start, 0.4):.2f}",
                sort,
                f"{max(end, start + 0.4):.2f}",
                y + 40,
                text,
            )
        )
    drawn = format_html_join(
        "",
        '<text x="0" y="{}">{}</text><rect x="{}%" y="{}" width="{}%" height="20" class="{}"/>'
        '<text x="{}%" y="{}" dx="6" class="figure-text">{}</text>',
        shown,
    )
    zero, height = f"{-low * scale:.2f}", max(len(spans), 1) * ROW + 4
    return format_html(
        '<svg class="{}" width="100%" height="{}" role="img" aria-label="{}"><line x1="{}%" x2="{}%" y1="0" y2="{}" class="zero"/>{}</svg>',
        kind, height, title, zero, zero, height, drawn,
    )  # fmt: skip
