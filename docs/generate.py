"""Writes the reference pages from the code: `.venv/bin/python docs/generate.py`. A test fails when a page is stale."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import typer

ROOT = Path(__file__).resolve().parent.parent
CODE = re.compile(r"^[A-Z]{2,4}-\d{3}$")


def errors_page() -> str:
    """Every coded error: what it says, and its remedy. Words in braces are filled in."""
    rows = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found = list(_coded(node))
            if found:
                code, what, remedy = found
                rows.setdefault(code, (what, remedy))
    lines = [f"| `{code}` | {what} | {remedy} |" for code, (what, remedy) in sorted(rows.items())]
    with (ROOT / "src" / "c2c" / "intake" / "messages.csv").open(encoding="utf-8") as handle:
        found = {row["code"]: row for row in csv.DictReader(handle)}
    lines += [f"| `{code}` | {row['what_en']} | {row['remedy_en']} |" for code, row in sorted(found.items())]
    with (ROOT / "src" / "c2c" / "disclosure" / "outputs" / "messages.csv").open(encoding="utf-8") as handle:
        lines += [f"| `{row['code']}` | {row['what']} ({row['colour']}) | {row['remedy']} |" for row in csv.DictReader(handle)]
    head = "# Coded errors\n\nEach is said with its place and remedy, and never with a value from anybody's record. Exit status: 1 refused, 2 wrong use.\n\n"
    return head + "| Code | What | Remedy |\n| --- | --- | --- |\n" + "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its options, from the command line itself."""
    from c2c.cli._main import app  # noqa: PLC0415 - the page is made from the entrance, nothing else here is

    lines = ["# Commands", "", "Every command takes `--help`. Exit status: 0 ok, 1 findings or refused, 2 wrong use, 3 fault.", ""]
    for name, command in _commands("c2c", typer.main.get_command(app())):
        lines += [f"## `{name}`", "", (command.help or "").strip(), ""]
        for option in command.params:
            if option.param_type_name == "option" and option.name != "help":
                lines.append(f"- `{option.opts[0]}`: {option.help or ''}")
            elif option.param_type_name != "option":
                lines.append(f"- `{(option.name or '').upper()}`")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def rules_page() -> str:
    """Every shipped threshold of the gate: its value, from when to when it holds, and its source."""
    folder = ROOT / "src" / "c2c" / "disclosure" / "rules"
    head = (
        "# Rules of publication\n\n`c2c rules list` says which hold today, on another day (`--on`), and in a site that is stricter. A row whose "
        "day has not come is a proposal.\n\n| Rule | Groups from | Value | Stricter is | Edition | From | To | Source |\n"
        "| --- | ---: | ---: | --- | --- | --- | --- | --- |\n"
    )
    columns = ("group_from", "value", "stricter", "edition", "effective_from", "effective_to", "source")
    score = (
        "\n## Publication score\n\nPoints of a table, told in the report of each release, a planned one too. Only `most_declared_score` above "
        "takes a table out for its points.\n\n| Rule | From | Points | Edition | From | To | Source |\n| --- | ---: | ---: | --- | --- | --- | --- |\n"
    )
    return (
        head
        + _rows(folder / "public.csv", columns)
        + score
        + _rows(folder / "scoring.csv", [c for c in columns if c != "stricter"])
    )


def _rows(path: Path, columns: Sequence[str]) -> str:
    with path.open(encoding="utf-8") as handle:
        return "".join(f"| `{row['rule_id']}` | " + " | ".join(row[c] for c in columns) + " |\n" for row in csv.DictReader(handle))


PAGES = {"errors.md": errors_page, "commands.md": commands_page, "rules.md": rules_page}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (ROOT / "docs" / "reference" / name).write_text(page(), "utf-8")


def _coded(node: ast.AST) -> Iterator[str]:
    """Code, what and remedy of one call that makes a coded error."""
    if not isinstance(node, ast.Call):
        return
    first = [a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    said = {k.arg: k.value for k in node.keywords if k.arg in ("what", "remedy")}
    if first and CODE.match(first[0]) and len(said) == 2:
        yield first[0]
        yield from (_words(said[name]) for name in ("what", "remedy"))


def _words(value: ast.expr) -> str:
    """A string as written, f-string holes in braces."""
    if isinstance(value, ast.Constant):
        return str(value.value).replace("|", "\\|")
    if isinstance(value, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{…}" for v in value.values).replace("|", "\\|")
    return "(said by the place that raises it)"


def _commands(name: str, command: object) -> Iterator[tuple[str, click.Command]]:
    if hasattr(command, "commands"):
        for sub, inner in sorted(command.commands.items()):
            yield from _commands(f"{name} {sub}", inner)
    else:
        yield name, command  # type: ignore[misc]


if __name__ == "__main__":
    main()
