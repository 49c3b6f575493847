"""Commands on the runs of a site: match export-model, report, accept, explain, evaluate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from c2c import cycle, identity
from c2c.cli import _people_files
from c2c.cli._entrance import ActorOption, JsonOption, SiteOption, here, say, table_of
from c2c.cli._people_files import match_app
from c2c.identity import signoff, splink
from c2c.publication import rates

READING = {
    "chance": "chance alone may explain it",
    "some": "more than chance; not surely beyond what is accepted",
    "large": "larger than what is accepted",
    "lives": "more than chance; lives differ too",
}


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line, beside those on files."""
    _people_files.add_to(app)


@match_app.command("export-model")
def match_export_model(target: Path, site: SiteOption = None, actor: ActorOption = "operator", as_json: JsonOption = False) -> None:
    """Write the model of the last run as a Splink settings file: levels, m, u, prior, where rare values weigh more. No value of a record."""
    place = here(site)
    said = splink.export_model(place, target, actor=actor)
    told = table_of(f"Model written to {target}", ["figure", "value"], list(said.items()))
    say(as_json, "match export-model", {"ok": True, **said}, told, site=place)


@match_app.command("report")
def match_report(
    target: Annotated[
        Path | None, typer.Option("--file", help="Where to write the rates by agency, year, identifiers and group, as CSV.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the match report of the run in force: rates by group and the gaps between them, pairs lost, churn, and the run before.

    Where a later run is held, it says so first, and what speaks against it; where the first is held, the report is its own.
    """
    place = here(site)
    held = signoff.open_held(place)
    said = dict(held if held and not held["before"] else identity.report(place))
    told = rates.open_rates(place, str(said["run"]))
    if target:
        rates.write_rates(place, str(said["run"]), target)
    rows = [[k, v if isinstance(v, str | int | float) else f"{len(v)} rows"] for k, v in said.items()]
    tables = [*_held(held), table_of("Match report", ["figure", "value"], rows), *_then_and_now(said), *_rate_tables(told)]
    waits = {name: held[name] for name in ("run", "year", "made", "alarms")} if held else {}
    say(as_json, "match report", {"ok": True, "held": waits, "report": said, "rates": told}, *tables, site=place)


@match_app.command("accept")
def match_accept(
    run: str,
    reason: Annotated[
        str, typer.Option(help="Why the match is right all the same; it enters the ledger. No names and no numbers of people.")
    ],
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Sign for a run that is held and put it in force. The year that made it then goes on where it stopped."""
    place = here(site)
    signoff.accept(place, run, reason=reason, actor=actor)
    told = table_of(f"Run {run} is in force", ["next"], [["c2c year run YEAR"]])
    say(as_json, "match accept", {"ok": True, "run": run}, told, site=place)


@match_app.command("explain")
def match_explain(a: str, b: str, site: SiteOption = None, actor: ActorOption = "operator", as_json: JsonOption = False) -> None:
    """Explain why two record keys are, or are not, one person: each level of evidence in bits, never a value."""
    place = here(site)
    said = dict(identity.explain(place, a, b, actor=actor))
    rows = [[row["field"], row["level"], row["bits"]] for row in said.get("evidence", ())]
    say(
        as_json,
        "match explain",
        {"ok": True, **said},
        table_of(f"{said.get('verdict', '')}", ["field", "level", "bits"], rows),
        site=place,
    )


@match_app.command("evaluate")
def match_evaluate(
    truth: Annotated[Path, typer.Option(help="Parquet: partner, file, period, primary_key, person.")],
    inbox: Annotated[Path | None, typer.Option(help="Where the files lie that the truth speaks of. Else the site's inbox.")] = None,
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Compare the last match with the truth of a pretend state: pairwise precision, recall and F1 after clustering.

    Where what is true of people lies beside the truth (FILE.people.parquet, as `c2c synth` writes it): also how many twins, and fathers and sons of
    one name, were made one person, and the recall of each group with the gap between best and worst in points, of groups that are not too small.
    """
    place = here(site)
    said = cycle.evaluate(place, truth, inbox or place.root / "inbox", actor=actor)
    rows = [[k, " to ".join(map(str, v)) if isinstance(v, list) else v] for k, v in said.items() if k != "recall_of_groups"]
    rows += [[f"recall of {r['group']} ({r['n_people']:,} people)", r["recall"]] for r in said.get("recall_of_groups", ())]
    say(as_json, "match evaluate", {"ok": True, **said}, table_of("Against the truth", ["figure", "value"], rows), site=place)


def _held(held: Mapping[str, Any]) -> Iterator[Table]:
    """Why a run is held, and what to do."""
    if held:
        title = f"Run {held['run']} is held: sign with `c2c match accept {held['run']} --reason TEXT`, or correct the files and run the year again"
        yield table_of(title, ["alarm", "what speaks against it"], [[alarm["alarm"], alarm["says"]] for alarm in held["alarms"]])


def _then_and_now(said: Mapping[str, Any]) -> Iterator[Table]:
    """Links and what became of ids, beside the run before."""
    before = said.get("before") or {}
    if before:
        rows = [
            [name.replace("_", " "), of, said[name].get(of, 0), before.get(name, {}).get(of, 0)]
            for name in ("links_by_status", "events")
            for of in sorted({*said[name], *before.get(name, {})})
        ]
        yield table_of(f"Beside run {before['run']}", ["figure", "of", "now", "before"], rows)


def _rate_tables(told: Mapping[str, Any]) -> Iterator[Table]:
    """Rates as tables: every group, and the gap of each breakdown. What the gate withheld is a dash."""
    if told.get("refused"):
        yield table_of("No rates by group", ["why"], [[f"{told['refused']}: {told['what']}"]])
    if not told.get("breakdowns"):
        return
    groups = [
        [part["by"] or "all", row["group"] or "all", "-" if row["records"] is None else row["records"], *(_share(row[k]) for k in rates.RATES), *(_share(row["before"][k]) for k in rates.RATES)]
        for part in told["breakdowns"]
        for row in part["groups"]
    ]  # fmt: skip
    yield table_of("Rates of records", ["by", "group", "records", "sure", "elsewhere", "sure before", "elsewhere before"], groups)
    gaps = [
        [part["by"], name, gap["best"], gap["worst"], _points(gap["share_best"] - gap["share_worst"]), _points(gap["low"]), _points(gap["high"]), READING[gap["reading"]]]
        for part in told["breakdowns"]
        for name, gap in part["gaps"].items()
        if gap
    ]  # fmt: skip
    yield table_of("Gaps in points, with 95 % intervals", ["by", "rate", "best", "worst", "gap", "low", "high", "reading"], gaps)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def _points(value: float) -> str:
    return f"{100 * value:.1f}"
