"""Commands of the year: init, submit, withdraw, year, link, audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from typer.core import TyperGroup

from c2c import audit, cycle, governance, linkage
from c2c.cli._entrance import ActorOption, JsonOption, SiteOption, here, say, table_of
from c2c.plumbing import errors

year_app = typer.Typer(help="The annual cycle: run it, see where it stands, take it up again.", no_args_is_help=True)


class LinkGroup(TyperGroup):
    """`c2c link PURPOSE` beside `c2c link receipt` and `c2c link rebuild`: a word that is no command of the group is a purpose."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Read the first word as a command, or else as a purpose."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["purpose", *args]
        return super().resolve_command(ctx, args)


link_app = typer.Typer(
    help="Pulls: `c2c link PURPOSE --year YEAR` assembles one; receipt, rebuild.", no_args_is_help=True, cls=LinkGroup
)
audit_app = typer.Typer(help="The ledger: verify it, read it.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command()(init)
    app.command()(submit)
    app.command()(withdraw)
    app.add_typer(year_app, name="year")
    app.add_typer(link_app, name="link")
    app.add_typer(audit_app, name="audit")


def init(folder: Path, actor: ActorOption = "operator", as_json: JsonOption = False) -> None:
    """Make a new, empty site with the shipped agreements in force."""
    site = governance.found_site(folder, actor=actor)
    say(
        as_json,
        "init",
        {"ok": True},
        table_of(f"A new site at {folder}", ["next"], [["c2c submit PARTNER FILE PATH --period YEAR"]]),
        site=site,
    )


def submit(
    partner: str,
    file: str,
    path: Path,
    period: Annotated[int, typer.Option(help="Closing school year: 2026 for 2025-26.")],
    column_map: Annotated[Path | None, typer.Option("--map", help="Column map, when the file's names are not ours.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only; nothing is kept and no agreement is needed.")] = False,
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Check a partner's file against its contract, split who from what, and seal it. Findings go to the partner's folder."""
    place = here(site)
    batch = cycle.submit(place, partner, file, path, period=period, column_map=column_map, dry_run=dry_run, actor=actor)
    errors_found = sum(f.n_rows for f in batch.findings if f.severity == "error")
    rows = [[f.code, f.severity, f.column, f.n_rows, f.what, f.remedy] for f in batch.findings]
    say(
        as_json,
        "submit",
        {
            "ok": batch.verdict != "refused" and not errors_found,
            "verdict": batch.verdict,
            "dry_run": dry_run,
            "submission": batch.submission.submission_id,
            "rows": batch.submission.rows,
            "rows_set_aside": batch.rows_set_aside,
            "findings": [asdict(f) for f in batch.findings],
            "reports": batch.findings_path.parent.name,
        },
        table_of(
            f"{batch.verdict}: {batch.submission.rows:,} rows, {batch.rows_set_aside:,} set aside ({batch.submission.submission_id})",
            ["code", "severity", "column", "rows", "what", "remedy"],
            rows,
        ),
        site=place,
    )
    if batch.verdict == "refused" or errors_found:
        raise typer.Exit(1)


def withdraw(
    partner: str,
    submission: str,
    reason: Annotated[str, typer.Option(help="Why the partner takes it back; it enters the ledger.")],
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Take a submission back: its keys are destroyed and everything made from it is retired or made again without it."""
    place = here(site)
    done = cycle.withdraw(place, partner, submission, reason=reason, actor=actor)
    rows = [
        ["trays", "cannot be opened any more"],
        ["pulls retired", ", ".join(done.pulls) or "none"],
        ["releases retired", ", ".join(done.releases) or "none"],
        ["successor", done.successor or f"refused: {done.refused}"],
    ]
    say(
        as_json,
        "withdraw",
        {"ok": True, **asdict(done)},
        table_of(f"Withdrawn: {submission}", ["what", "result"], rows),
        site=place,
    )


@year_app.command("run")
def year_run(
    year: int,
    inbox: Annotated[
        Path | None, typer.Option(help="Where partners' files lie: partner/file/2026.csv. Else the site's inbox.")
    ] = None,
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Run the year that closes on 30 June of YEAR, from the inbox to a release. Stopped, it goes on where it stood."""
    place = here(site)
    steps = cycle.run_year(place, year, actor=actor, inbox=inbox)
    say(as_json, "year run", {"ok": True, "steps": [asdict(s) for s in steps]}, steps_table(steps), site=place)


@year_app.command("resume")
def year_resume(year: int, site: SiteOption = None, actor: ActorOption = "operator", as_json: JsonOption = False) -> None:
    """Take up a year that was stopped: steps that stand are kept, the rest are done."""
    year_run(year, None, site, actor, as_json)


@year_app.command("status")
def year_status(year: int, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show which steps of a year stand."""
    place = here(site)
    steps = cycle.status(place, year)
    say(as_json, "year status", {"ok": True, "steps": [asdict(s) for s in steps]}, steps_table(steps), site=place)


@link_app.command("purpose")
def link_purpose(
    purpose: str,
    year: Annotated[int, typer.Option(help="Closing school year.")],
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Assemble the pull of a purpose from all that its permit opens."""
    place = here(site)
    pull = cycle.link(place, purpose, year=year, actor=actor)
    say(
        as_json,
        "link",
        {"ok": True, "pull": pull.pull_id},
        table_of("Pull", ["id", "purpose"], [[pull.pull_id, purpose]]),
        site=place,
    )


@link_app.command("receipt")
def link_receipt(pull: str, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show a pull's receipt: its inputs, permit, code, and the hash of every table."""
    place = here(site)
    said = dict(linkage.receipt(place, pull))
    rows = [
        [k, v if isinstance(v, str | int) else f"{len(v)} rows" if hasattr(v, "__len__") else str(v)]
        for k, v in sorted(said.items())
    ]
    say(
        as_json, "link receipt", {"ok": True, "receipt": said}, table_of(f"Receipt of {pull}", ["field", "value"], rows), site=place
    )


@link_app.command("rebuild")
def link_rebuild(pull: str, site: SiteOption = None, actor: ActorOption = "operator", as_json: JsonOption = False) -> None:
    """Assemble a pull again from its receipt and compare every table byte for byte."""
    place = here(site)
    said = dict(cycle.rebuild(place, pull, actor=actor))
    say(
        as_json,
        "link rebuild",
        {"ok": said["equal"], **said},
        table_of("Rebuilt", ["pull", "equal"], [[pull, said["equal"]]]),
        site=place,
    )
    if not said["equal"]:
        raise typer.Exit(1)


@audit_app.command("verify")
def audit_verify(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Walk the whole ledger; name the first entry that does not hold."""
    place = here(site)
    broken = audit.verify(place)
    if broken:
        raise errors.CodedError(
            "AUD-001",
            where=f"ledger entry {broken.entry}",
            what=broken.why,
            remedy="Stop, and restore the ledger from its last good copy.",
        )
    n = sum(1 for _ in audit.entries(place))
    say(
        as_json,
        "audit verify",
        {"ok": True, "entries": n, "head": audit.head(place)},
        table_of("The ledger holds", ["entries"], [[n]]),
        site=place,
    )


@audit_app.command("show")
def audit_show(
    last: Annotated[int, typer.Option(help="How many of the newest entries.")] = 20,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the newest ledger entries: who, what, when, under which permit."""
    place = here(site)
    shown = list(audit.entries(place))[-last:]
    rows = [[e["n"], e["at"], e["actor"], e["event"], e.get("permit", "")] for e in shown]
    say(
        as_json,
        "audit show",
        {"ok": True, "entries": shown},
        table_of("Ledger", ["n", "at", "who", "event", "permit"], rows),
        site=place,
    )


def steps_table(steps: Sequence[Any]) -> Table:
    """Steps as a table for a person."""
    rows = [[s["step"], s["rows"], s["people"], s["seconds"], s["peak_mib"], s["made"][:24]] for s in map(asdict, steps)]
    return table_of("The year", ["step", "rows", "people", "seconds", "peak MiB", "made"], rows)
