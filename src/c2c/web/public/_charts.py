"""Pictures drawn on the server as SVG, from published cells alone: a width never tells what a number does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

BAR, GAP, LABEL, WIDE = 26, 10, 250, 760
NODE_GAP, NODE_WIDE, HEIGHT = 14, 18, 420


def bars(rows: Sequence[Mapping[str, Any]], *, title: str, source: str, withheld: str) -> str:
    """Horizontal bars, one per row: `label`, `text`, `value` or none. A figure that is not shown has no length, only its mark."""
    highest = max((r["value"] or 0.0 for r in rows), default=0.0) or 1.0
    if all(str(r["text"]).endswith("%") or r["value"] is None for r in rows):
        highest = 100.0
    room = WIDE - LABEL - 90
    height = len(rows) * (BAR + GAP) + 44
    parts = [_open(WIDE, height, title)]
    for i, row in enumerate(rows):
        y = 12 + i * (BAR + GAP)
        parts.append(
            f'<text x="{LABEL - 10}" y="{y + 18}" text-anchor="end" class="label">{escape(_short(str(row["label"])))}</text>'
        )
        if row["value"] is None:
            parts.append(
                f'<rect x="{LABEL}" y="{y}" width="{room}" height="{BAR}" class="none" fill="none" stroke="#71767a" stroke-dasharray="4 4"/>'
            )
            parts.append(
                f'<text x="{LABEL + 10}" y="{y + 18}" class="mark">{escape(withheld if row["text"] == "c" else str(row["text"]))}</text>'
            )
        else:
            length = room * float(row["value"]) / highest
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3" class="bar" fill="#0b6a76"/>')
            parts.append(f'<text x="{LABEL + length + 8:.1f}" y="{y + 18}" class="figure">{escape(str(row["text"]))}</text>')
    parts.append(f'<text x="{LABEL}" y="{height - 10}" class="source" font-size="12">{escape(source)}</text></svg>')
    return "".join(parts)


def sankey(
    firsts: Sequence[Mapping[str, Any]],
    flows: Sequence[Mapping[str, Any]],
    lasts: Sequence[Mapping[str, Any]],
    *,
    total: float,
    title: str,
    source: str,
    remainder: str,
) -> str:
    """Flows from where graduates first enrolled to where they stood later. Widths come from shown counts; what is withheld is one hatched rest.

    `firsts` and `lasts`: `code`, `label`, `value` or none. `flows`: `first`, `last`, `value` or none.
    """
    scale = (HEIGHT - NODE_GAP * 7) / max(total, 1.0)
    parts = [_open(WIDE, HEIGHT + 40, title)]
    parts.append(
        '<defs><pattern id="rest" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="4" height="8" fill="#a9aeb1"/></pattern></defs>'
    )
    left, right = 6, WIDE - 6 - NODE_WIDE - 190
    tops: dict[tuple[str, str], float] = {}
    y = 10.0
    colors = {"ccc": "#0b6a76", "csu": "#b8501d", "uc": "#2e5aac", "no_public_college": "#71767a"}
    for node in firsts:
        size = max((node["value"] or 0.0) * scale, 3.0)
        parts.append(
            f'<rect x="{left}" y="{y:.1f}" width="{NODE_WIDE}" height="{size:.1f}" fill="{colors.get(str(node["code"]), "#71767a")}"/>'
        )
        parts.append(
            f'<text x="{left + NODE_WIDE + 8}" y="{y + min(size / 2 + 5, size + 12):.1f}" class="label">{escape(_short(str(node["label"]), 40))}: {escape(str(node["text"]))}</text>'
        )
        tops["first", str(node["code"])] = y
        y += size + NODE_GAP
    shown = [f for f in flows if f["value"]]
    sums: dict[str, float] = {}
    for f in shown:
        sums[str(f["last"])] = sums.get(str(f["last"]), 0.0) + float(f["value"])
    y = 10.0
    for node in lasts:
        size = max(sums.get(str(node["code"]), 0.0) * scale, 3.0)
        parts.append(f'<rect x="{right}" y="{y:.1f}" width="{NODE_WIDE}" height="{size:.1f}" fill="#3d4551"/>')
        parts.append(
            f'<text x="{right + NODE_WIDE + 8}" y="{y + min(size / 2 + 5, size + 12):.1f}" class="label">{escape(_short(str(node["label"]), 24))}</text>'
        )
        tops["last", str(node["code"])] = y
        y += size + NODE_GAP
    started = [n["value"] for n in firsts if n["code"] != "no_public_college"]
    # Only where every start is known is the rest a number that may be drawn.
    rest = sum(map(float, started)) - sum(sums.values()) if all(v is not None for v in started) else 0.0
    if rest > 0:
        parts.append(
            f'<rect x="{right}" y="{y:.1f}" width="{NODE_WIDE}" height="{max(rest * scale, 6):.1f}" fill="url(#rest)" stroke="#71767a"/>'
        )
        parts.append(f'<text x="{right + NODE_WIDE + 8}" y="{y + 12:.1f}" class="label">{escape(_short(remainder, 30))}</text>')
    for f in shown:
        width = float(f["value"]) * scale
        a, b = tops["first", str(f["first"])], tops["last", str(f["last"])]
        tops["first", str(f["first"])] += width
        tops["last", str(f["last"])] += width
        x0, x1 = left + NODE_WIDE, right
        middle = (x0 + x1) / 2
        path = f"M{x0},{a:.1f} C{middle},{a:.1f} {middle},{b:.1f} {x1},{b:.1f} L{x1},{b + width:.1f} C{middle},{b + width:.1f} {middle},{a + width:.1f} {x0},{a + width:.1f} Z"
        parts.append(f'<path d="{path}" fill="{colors.get(str(f["first"]), "#71767a")}" fill-opacity="0.28"/>')
    parts.append(f'<text x="{left}" y="{HEIGHT + 30}" class="source" font-size="12">{escape(source)}</text></svg>')
    return "".join(parts)


def _open(width: int, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(title)}" '
        f'font-family="Public Sans, Helvetica, Arial, sans-serif" font-size="15" fill="#1b1b1b"><title>{escape(title)}</title>'
    )


def _short(text: str, most: int = 34) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
