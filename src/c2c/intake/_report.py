"""The findings as a page a person can read, in English and Spanish: what happened, a picture, and a table of every fault."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from c2c.catalog import FileLayout
from c2c.vocabulary import Finding, Submission

WORDS = {
    "en": {
        "accepted": "Accepted",
        "accepted_in_part": "Accepted, with rows set aside",
        "refused": "Refused",
        "rows": "rows sent",
        "aside": "set aside",
        "kept": "kept",
        "title": "Findings",
        "year": "school year closing in",
        "severity": "Severity",
        "column": "Column",
        "rule": "Rule",
        "n": "Rows",
        "what": "What is wrong, and what to do",
        "error": "error",
        "warning": "warning",
        "none": "Nothing is wrong with this file.",
        "first": "First row",
        "note": "Every fault is listed row by row in findings.csv, beside this page. Both are for you alone.",
        "picture": "Rows kept and set aside",
    },
    "es": {
        "accepted": "Aceptado",
        "accepted_in_part": "Aceptado, con filas apartadas",
        "refused": "Rechazado",
        "rows": "filas enviadas",
        "aside": "apartadas",
        "kept": "conservadas",
        "title": "Hallazgos",
        "year": "año escolar que cierra en",
        "severity": "Gravedad",
        "column": "Columna",
        "rule": "Regla",
        "n": "Filas",
        "what": "Qué está mal y qué hacer",
        "error": "error",
        "warning": "aviso",
        "none": "No hay nada mal en este archivo.",
        "first": "Primera fila",
        "note": "Cada falla aparece fila por fila en findings.csv, junto a esta página. Ambos son solo para usted.",
        "picture": "Filas conservadas y apartadas",
    },
}

HEADS = (("severity", ""), ("what", ""), ("column", ""), ("n", ' class="n"'), ("first", ' class="n"'), ("rule", ""))
STYLE = """body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1b1b1b;background:#f7f9fa}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 3rem}h1{color:#112f4e;font-size:1.7rem;line-height:1.25;margin:.2rem 0}
.where{color:#565c65;margin:0}.card{background:#fff;border:1px solid #dfe1e2;border-radius:.5rem;padding:1rem 1.25rem;margin:1.25rem 0}
.verdict{font-size:1.35rem;font-weight:700;margin:0}.accepted{border-left:.5rem solid #2a7f8e}.accepted_in_part{border-left:.5rem solid #c2850c}
.refused{border-left:.5rem solid #b50909}svg{display:block;width:100%;height:1.1rem;margin:.75rem 0 .4rem}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;background:#fff}th,td{text-align:left;padding:.6rem .7rem;border-bottom:1px solid #dfe1e2;
vertical-align:top}th{font-size:.85rem;color:#565c65;white-space:nowrap}.n{text-align:right;white-space:nowrap}b{display:block}
.mark{display:inline-block;border-radius:1rem;padding:.05rem .6rem;font-size:.85rem;font-weight:700;white-space:nowrap}
.error{background:#f4e3db;color:#8b0a03}.warning{background:#faf3d1;color:#5c410a}code{font-size:.8rem;color:#565c65;overflow-wrap:anywhere}
td code{display:block;max-width:16rem}"""


@functools.cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """What each finding says, in both languages."""
    rows = csv.DictReader((files("c2c.intake") / "messages.csv").read_text("utf-8").splitlines())
    return {row["code"]: row for row in rows}


@functools.cache
def _phrases() -> Sequence[tuple[re.Pattern[str], str]]:
    """What the checks say of their own in English, as patterns, beside the same in Spanish. Rules of the catalog are not words."""
    rows = csv.DictReader((files("c2c.intake") / "phrases.csv").read_text("utf-8").splitlines())
    return [(re.compile(row["en"]), row["es"]) for row in rows]


def _said(rule: str, language: str) -> str:
    found = ((pattern, es) for pattern, es in _phrases() if language == "es" and pattern.fullmatch(rule))
    return next((pattern.sub(es, rule) for pattern, es in found), rule)


def _named(layout: FileLayout, column: str, language: str) -> str:
    """A column in words, above its name."""
    label = next((e.label_es if language == "es" else e.label for e in layout.elements if e.element == column), "")
    return f"<b>{escape(label)}</b><code>{escape(column)}</code>" if column else ""


def page(layout: FileLayout, sent: Submission, verdict: str, aside: int, findings: Sequence[Finding], language: str) -> str:
    """The report as one page that needs nothing beside it."""
    words = WORDS[language]
    title = layout.title_es if language == "es" else layout.title
    told = sorted(findings, key=lambda f: f.severity != "error")
    rows = "".join(
        f'<tr><td><span class="mark {f.severity}">{words[f.severity]}</span></td>'
        f"<td><b>{escape(messages()[f.code]['what_' + language])}</b>{escape(messages()[f.code]['remedy_' + language])}</td>"
        f"<td>{_named(layout, f.column, language)}</td>"
        f'<td class="n">{f.n_rows:,}</td><td class="n">{f.first_row or ""}</td>'
        f"<td>{f.code}<code>{escape(_said(f.rule, language))}</code></td></tr>"
        for f in told
    )
    heads = "".join(f'<th scope="col"{kind}>{words[w]}</th>' for w, kind in HEADS)
    table = (
        f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
        if findings
        else f"<p>{words['none']}</p>"
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{words['title']}: {escape(title)} {sent.period}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>{words["title"]}: {escape(title)}</h1><p class="where">{escape(sent.partner)}.{escape(sent.file)}, '
        f'{words["year"]} {sent.period}</p><div class="card {verdict}"><p class="verdict">{words[verdict]}</p>'
        f"{_picture(sent.rows, aside, verdict, words)}</div>{table}<p>{words['note']}</p></main></body></html>\n"
    )


def _picture(rows: int, aside: int, verdict: str, words: Mapping[str, str]) -> str:
    """How much of what was sent is kept, as a bar and in words."""
    kept = 0 if verdict == "refused" else rows - aside
    said = f"{rows:,} {words['rows']}: {kept:,} {words['kept']}, {rows - kept:,} {words['aside']}"
    if not rows:
        return ""
    return (
        f'<svg viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="{words["picture"]}">'
        f'<rect width="100" height="4" fill="#b50909"/><rect width="{100 * kept / rows:.2f}" height="4" fill="#2a7f8e"/></svg>{said}'
    )
