"""Commands on tables and releases: protect, attack, rules list, release plan, list, report, cells, retire."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from c2c import audit, disclosure, publication
from c2c.cli._entrance import ActorOption, JsonOption, SiteOption, here, say, table_of
from c2c.cycle import drafts
from c2c.plumbing import clock, errors
from c2c.plumbing.site import Site
from c2c.vocabulary import Release

rules_app = typer.Typer(help="Rules of publication: thresholds in force, and proposals.", no_args_is_help=True)
release_app = typer.Typer(help="Releases: plan one, list them, report on one, write its cells, retire it.", no_args_is_help=True)

LevelsOption = Annotated[Path | None, typer.Option(help="Hierarchies, CSV: dim, hierarchy, parent, child (Total on top).")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command()(protect)
    app.command()(attack)
    app.add_typer(rules_app, name="rules")
    app.add_typer(release_app, name="release")


def protect(source: Path, target: Path, levels: LevelsOption = None, as_json: JsonOption = False) -> None:
    """Protect any set of tables in the long form: small cells withheld, and enough others that nothing gives them back."""
    said = disclosure.protect_file(source, target, levels=levels)
    say(as_json, "protect", {"ok": True, **said}, table_of(f"Protected into {target}", ["figure", "value"], list(said.items())))


def attack(
    source: Path,
    target: Annotated[Path | None, typer.Argument(help="Where to write each withheld cell's low, high and verdict.")] = None,
    levels: LevelsOption = None,
    seconds: Annotated[float | None, typer.Option(help="How long it may take; then it refuses. By rule, if not said.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Attack published tables with linear programs: can any withheld cell be worked out, or nearly so?"""
    said = disclosure.attack_file(source, target, levels=levels, seconds=seconds)
    say(as_json, "attack", said, table_of("The attack", ["figure", "value"], list(said.items())))
    if not said["ok"]:
        raise typer.Exit(1)


@rules_app.command("list")
def rules_list(
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to ask about. Else today.")] = None,
    site: Annotated[
        Path | None, typer.Option("--site", help="The site whose own rules count too. Else $C2C_SITE, else ./site if there is one.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the thresholds in force on a day with their sources, and the proposals that wait for their day."""
    known = site or os.environ.get("C2C_SITE") or Path("site", "c2c.toml").exists()
    place, day = here(site) if known else None, on.date() if on else clock.today()
    rules = disclosure.list_rules(day, place)
    rows = [[_named(r), f"{r['value']:g}", _holds(r), f"{r['edition']}: {r['source']}"] for r in rules]
    say(
        as_json,
        "rules list",
        {"ok": True, "on": day, "rules": rules},
        table_of(f"Rules on {day}", ["rule", "value", "holds", "edition and source"], rows),
        site=place,
    )


def _named(rule: Mapping[str, Any]) -> str:
    return f"{rule['rule']}\nfrom {rule['group_from']} people" if rule["group_from"] else str(rule["rule"])


def _holds(rule: Mapping[str, Any]) -> str:
    until = f"\nto {rule['to']}" if rule["to"] else ""
    return f"{rule['state']}\nfrom {rule['from']}{until}"


@release_app.command("list")
def release_list(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the releases, oldest first."""
    place = here(site)
    found = publication.releases(place.root / "releases")
    rows = [[r.release_id, str(r.manifest["created"]), int(str(r.manifest["rows"]))] for r in found]
    facts = {"ok": True, "releases": [dict(r.manifest) for r in found]}
    say(as_json, "release list", facts, table_of("Releases", ["id", "created", "cells"], rows), site=place)


@release_app.command("plan")
def release_plan(
    year: int,
    product: Annotated[Path | None, typer.Option(help="A declaration of tables (TOML) to try instead of the standing one.")] = None,
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Show what the release of YEAR would add, hide and cost, before anyone makes it. `c2c serve public --drafts` shows its pages."""
    place = here(site)
    draft = drafts.plan_release(place, year, actor=actor, product=product)
    _say_report("release plan", place, draft, as_json=as_json)


@release_app.command("report")
def release_report(release: str, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """The privacy officer's report of a release or a draft: what is in view, who loses detail, what was tried and what it found."""
    place = here(site)
    known = [*publication.releases(place.root / "releases"), *publication.releases(place.root / "drafts")]
    found = next((r for r in known if r.release_id == release), None)
    if found is None:
        raise errors.WrongUse("USE-003", where=release, what="there is no such release or draft", remedy="See: c2c release list")
    _say_report("release report", place, found, as_json=as_json)


def _say_report(command: str, place: Site, found: Release, *, as_json: bool) -> None:
    gate = publication.shelf(found.folder).method.get("disclosure", {})
    figures = (
        "cells",
        "withheld",
        "primary",
        "complementary",
        "complementary_to_primary",
        "pinned_or_narrow",
        "rule_edition",
        "audit_seconds",
    )
    rows = [
        [kind, row["cells"], row["withheld"], f"{row['pct_shown']}%", row.get("without_detail", "")]
        for kind, row in gate.get("by_place", {}).items()
    ]
    say(
        as_json,
        command,
        {"ok": True, "release": dict(found.manifest), "protection": gate},
        table_of(f"{found.manifest.get('kind', 'release')} {found.release_id}", ["figure", "value"], [[k, gate[k]] for k in figures if k in gate]),
        table_of("In view", ["where", "figures", "withheld", "shown", "places without groups"], rows),
        table_of("Attacks", ["attack", "figures tried", "worked out"], [[a["attack"], a["asked"], a["found"]] for a in gate.get("attacks", ())]),
        table_of("Beside all that was published", ["figures", "n"], list(gate.get("beside", {}).items())),
        *([table_of("Instead of the standing tables", ["figures", "n"], [[k, str(v)] for k, v in gate["instead"].items()])] if "instead" in gate else []),
        site=place,
    )  # fmt: skip


@release_app.command("cells")
def release_cells(
    release: str,
    target: Path,
    levels: Annotated[Path | None, typer.Option(help="Where to write the places' hierarchies, for `c2c attack --levels`.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write every published cell of a release in the long form that `c2c attack` reads."""
    place = here(site)
    n = publication.cells(place.root / "releases" / release, target, levels=levels)
    say(as_json, "release cells", {"ok": True, "cells": n}, table_of(f"Written to {target}", ["cells"], [[n]]), site=place)


@release_app.command("retire")
def release_retire(
    release: str,
    reason: Annotated[str, typer.Option(help="Why, in words the public will read.")],
    site: SiteOption = None,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Put the retired banner on a release. It stays readable: what was published cannot be unpublished."""
    place = here(site)
    audit.append(place, "publication:release:retired", actor=actor, release=release)
    publication.retire(place, release, reason=reason)
    say(as_json, "release retire", {"ok": True}, table_of("Retired", ["release"], [[release]]), site=place)
