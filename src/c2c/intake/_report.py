"""The findings as a page a person can read, in English and Spanish: what happened, a picture, and a table of every fault."""

from __future__ import annotations

import csv
import functools
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
        "code": "Code",
        "severity": "Severity",
        "column": "Column",
        "rule": "Rule",
        "n": "Rows",
        "what": "What is wrong",
        "remedy": "What to do",
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
        "code": "Código",
        "severity": "Gravedad",
        "column": "Columna",
        "rule": "Regla",
        "n": "Filas",
        "what": "Qué está mal",
        "remedy": "Qué hacer",
        "error": "error",
        "warning": "aviso",
        "none": "No hay nada mal en este archivo.",
        "first": "Primera fila",
        "note": "Cada falla aparece fila por fila en findings.csv, junto a esta página. Ambos son solo para usted.",
        "picture": "Filas conservadas y apartadas",
    },
}

STYLE = """body{font:1.05rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
h1{color:#112f4e}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #a9aeb1;
vertical-align:top}.verdict{font-size:1.3rem;font-weight:700}svg{max-width:100%;height:auto}.wide{overflow-x:auto}"""


@functools.cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """What each finding says, in both languages."""
    rows = csv.DictReader((files("c2c.intake") / "messages.csv").read_text("utf-8").splitlines())
    return {row["code"]: row for row in rows}


def page(layout: FileLayout, sent: Submission, verdict: str, aside: int, findings: Sequence[Finding], language: str) -> str:
    """The report as one page that needs nothing beside it."""
    words = WORDS[language]
    title = layout.title_es if language == "es" else layout.title
    rows = "".join(
        f"<tr><td>{f.code}</td><td>{words[f.severity]}</td><td>{escape(f.column)}</td><td>{escape(f.rule)}</td><td>{f.n_rows:,}</td>"
        f"<td>{f.first_row or ''}</td><td>{escape(messages()[f.code]['what_' + language])}</td>"
        f"<td>{escape(messages()[f.code]['remedy_' + language])}</td></tr>"
        for f in findings
    )
    heads = "".join(
        f'<th scope="col">{words[w]}</th>' for w in ("code", "severity", "column", "rule", "n", "first", "what", "remedy")
    )
    table = (
        f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
        if findings
        else f"<p>{words['none']}</p>"
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{words['title']}: {escape(title)} {sent.period}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{words['title']}: {escape(title)}</h1><p>{escape(sent.partner)}.{escape(sent.file)}, {words['year']} {sent.period}</p>"
        f'<p class="verdict">{words[verdict]}</p><p>{sent.rows:,} {words["rows"]}, {aside:,} {words["aside"]}</p>'
        f"{_picture(sent.rows, aside, verdict, words)}{table}<p>{words['note']}</p></main></body></html>\n"
    )


def _picture(rows: int, aside: int, verdict: str, words: Mapping[str, str]) -> str:
    kept = 0 if verdict == "refused" else rows - aside
    width = 600 * kept / rows if rows else 0
    return (
        f'<svg viewBox="0 0 600 60" role="img" aria-label="{words["picture"]}: {kept:,} {words["kept"]}, {rows - kept:,} {words["aside"]}">'
        f'<rect width="600" height="28" fill="#b50909"/><rect width="{width:.1f}" height="28" fill="#2a7f8e"/>'
        f'<text x="0" y="50" font-size="16" fill="#1b1b1b">{kept:,} {words["kept"]} · {rows - kept:,} {words["aside"]}</text></svg>'
    )
