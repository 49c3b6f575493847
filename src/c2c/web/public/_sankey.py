"""The picture of flows: from graduates to where they first enrolled, and on to where they stood eight years later.

Widths come from shown counts. What is withheld is one hatched rest, as wide as the published totals leave, so no width says what a number does not.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from c2c.web.public._charts import FILE_WIDTH, INK, SOFT, hatched, opened

COLORS = {"ccc": "#0b6a76", "csu": "#b8501d", "uc": "#2e5aac", "private_or_out_of_state": "#7a3b8f", "no_public_college": "#7b858a"}
END = "#12343b"
REST = "rest"


@dataclass(frozen=True)
class Node:
    """One place in the picture; `people` is None where its count is withheld. `text` is its count as read, or its mark."""

    code: str
    label: str
    text: str
    people: float | None


@dataclass(frozen=True)
class Flow:
    """People who went from one node to another; None where withheld."""

    first: str
    last: str
    people: float | None


@dataclass(frozen=True)
class Shape:
    """The measures of one drawing: wide for a screen, narrow for a phone."""

    width: int
    node: int
    scale_to: float
    lettering: int
    line: int
    left_letters: int
    right_letters: int
    margin: int
    """Room right of the last nodes for their labels; none where the labels stand on the flows."""


WIDE = Shape(width=960, node=16, scale_to=330.0, lettering=15, line=19, left_letters=30, right_letters=25, margin=214)
NARROW = Shape(width=340, node=10, scale_to=330.0, lettering=13, line=16, left_letters=19, right_letters=19, margin=0)


def sankey(
    firsts: Sequence[Node],
    flows: Sequence[Flow],
    lasts: Sequence[Node],
    shape: Shape,
    *,
    title: str,
    source: str,
    name: str,
    as_file: bool = False,
) -> str:
    """Draw the flows of one group of graduates. `name` keeps patterns of several pictures on a page apart."""
    known = sum(n.people or 0.0 for n in firsts)
    scale = shape.scale_to / max(known, 1.0)
    drawn = [f for f in flows if f.people]
    rests = [
        Flow(n.code, REST, rest)
        for n in firsts
        if n.people is not None and (rest := n.people - sum(f.people or 0.0 for f in flows if f.first == n.code)) > 0
    ]
    drawn += [f for f in rests if any(n.code == REST for n in lasts)]
    reached = {n.code: sum(f.people or 0.0 for f in drawn if f.last == n.code) for n in lasts}
    x0, x1 = 0, shape.width - shape.margin - shape.node
    left = _column([(n, n.people or 0.0) for n in firsts], scale, shape, shape.left_letters)
    right = _column([(n, reached[n.code]) for n in lasts], scale, shape, shape.right_letters)
    height = max(left.bottom, right.bottom)
    shade: list[str] = []
    out, into = dict(left.tops), dict(right.tops)
    for f in sorted(drawn, key=lambda f: (left.tops[f.first], right.tops[f.last])):
        size = (f.people or 0.0) * scale
        a, b, m = out[f.first], into[f.last], (x0 + shape.node + x1) / 2
        out[f.first], into[f.last] = a + size, b + size
        path = f"M{x0 + shape.node},{a:.1f}C{m},{a:.1f} {m},{b:.1f} {x1},{b:.1f}V{b + size:.1f}C{m},{b + size:.1f} {m},{a + size:.1f} {x0 + shape.node},{a + size:.1f}Z"
        fill = (
            f'fill="url(#{name})" fill-opacity="0.55"'
            if f.last == REST
            else f'fill="{COLORS.get(f.first, END)}" fill-opacity="0.26"'
        )
        shade.append(f'<path d="{path}" {fill}/>')
    parts = [hatched(name), *shade]
    for n in firsts:
        parts.append(_block(x0, left.tops[n.code], (n.people or 0.0) * scale, shape, f'fill="{COLORS.get(n.code, END)}"'))
        parts.append(_words(n, x0 + shape.node + 8, left.tops[n.code], shape, shape.left_letters, "start"))
    for n in lasts:
        fill = f'fill="url(#{name})" stroke="#6b7378"' if n.code == REST else f'fill="{COLORS.get(n.code, END)}"'
        parts.append(_block(x1, right.tops[n.code], reached[n.code] * scale, shape, fill))
        at, anchor = (x1 + shape.node + 8, "start") if shape.margin else (x1 - 8, "end")
        parts.append(_words(n, at, right.tops[n.code], shape, shape.right_letters, anchor))
    head = opened(str(FILE_WIDTH) if as_file else "100%", 0, title, box=f"0 -4 {shape.width} {height + 30:.0f}")
    ground = f'<rect y="-4" width="{shape.width}" height="{height + 30:.0f}" fill="#fff"/>' if as_file else ""
    return f'{head}{ground}{"".join(parts)}<text x="0" y="{height + 20:.0f}" font-size="12" fill="{SOFT}">{escape(source)}</text></svg>'


@dataclass(frozen=True)
class _Column:
    tops: Mapping[str, float]
    bottom: float


def _column(nodes: Sequence[tuple[Node, float]], scale: float, shape: Shape, letters: int) -> _Column:
    """Nodes from top to bottom, each with room for its own words, so that no label meets another."""
    tops, y = {}, 0.0
    for node, people in nodes:
        tops[node.code] = y
        y += max(people * scale, shape.line * (len(textwrap.wrap(node.label, letters)) + 1)) + 14
    return _Column(tops, y)


def _block(x: float, y: float, size: float, shape: Shape, fill: str) -> str:
    return f'<rect x="{x}" y="{y:.1f}" width="{shape.node}" height="{max(size, 2.0):.1f}" {fill}/>'


def _words(node: Node, x: float, y: float, shape: Shape, letters: int, anchor: str) -> str:
    """A node's name and count, with a pale edge so that they read on any flow."""
    halo = f'text-anchor="{anchor}" stroke="#fff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
    rows = textwrap.wrap(node.label, letters)
    words = "".join(
        f'<text x="{x}" y="{y + shape.line * (i + 0.75):.1f}" font-size="{shape.lettering}" {halo}>{escape(row)}</text>'
        for i, row in enumerate(rows)
    )
    return (
        words
        + f'<text x="{x}" y="{y + shape.line * (len(rows) + 0.8):.1f}" font-size="{shape.lettering + 1}" font-weight="700" fill="{INK}" {halo}>{escape(node.text)}</text>'
    )
