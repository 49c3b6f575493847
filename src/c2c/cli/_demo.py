"""`c2c demo` and `c2c synth`: a whole pretend state, one year, and its public site. The main job."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from c2c import cycle, governance, publication, synthetic
from c2c.cli import _serving
from c2c.cli._entrance import JsonOption, say, table_of
from c2c.cli._portal import address_of, open_accounts
from c2c.plumbing import errors, progress
from c2c.plumbing.site import Site, write_bytes

YEAR = 2026
"""The closing year of the demo's cycle; its history begins in 2014, so that five classes have eight years behind them."""

STAFF = (("steward.one", "identity_steward"), ("steward.two", "identity_steward"), ("adjudicator", "identity_adjudicator"))
"""Who works in the portal of the pretend state."""


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command()(demo)
    app.command()(synth)


def demo(
    people: Annotated[int, typer.Option(help="How many people live in the pretend state.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same state.")] = 7,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the year; do not serve the site.")] = False,
    port: Annotated[int, typer.Option(help="Port of the public site.")] = 8000,
    portal_port: Annotated[int, typer.Option(help="Port of the portal.")] = 8001,
    site: Annotated[Path, typer.Option("--site", help="The demo's folder; an earlier demo there is replaced.")] = Path("demo-site"),
    as_json: JsonOption = False,
) -> None:
    """Make a pretend state, run its whole year from partners' files to public pages, and serve public site and portal."""
    _clear(site)
    place = governance.found_site(site, actor="operator")
    portal = f'\n[portal]\naddress = "http://127.0.0.1:{portal_port}"\n'
    write_bytes(place.root / "c2c.toml", b"synthetic = true\n" + (place.root / "c2c.toml").read_bytes() + portal.encode())
    inbox, truth = place.root / "inbox", place.root / "truth.parquet"
    made = _synthesise(inbox, people=people, seed=seed, truth=truth, institutions=place.root / "institutions.parquet")
    steps = [made, *map(asdict, cycle.run_year(place, YEAR, actor="operator", inbox=inbox))]
    progress.reset_peak()
    start = perf_counter()
    with progress.bar("Comparing the match with the truth"):
        score = cycle.evaluate(place, truth, inbox, actor="operator")
    steps.append(
        {
            "step": "evaluate",
            "rows": score["records"],
            "seconds": round(perf_counter() - start, 2),
            "peak_mib": progress.peak_mib(),
            "findings": {},
            "people": score["people"],
            "made": "",
            "facts": score,
        }
    )
    release = publication.releases(place.root / "releases")[-1]
    address = f"http://127.0.0.1:{port}/"
    rows = [[s["step"], s["rows"], s["people"], s["seconds"], s["peak_mib"], _findings(s["findings"])] for s in steps]
    with _serving.stopped_together() as servers:
        if not no_serve:  # the public site answers while the portal is still made ready
            servers.append(_serving.start_server(*_serving.public_command(place, bind="127.0.0.1", port=port)))
        links = _staff(place)
        portal = f"{address_of()}/"
        say(
            as_json,
            "demo",
            {
                "ok": True,
                "seed": seed,
                "steps": steps,
                "release_id": release.release_id,
                "addresses": [] if no_serve else [address, portal],
                "portal_links": links,
            },
            table_of(
                f"One year of a state of {people:,} people", ["step", "rows", "people", "seconds", "peak MiB", "findings"], rows
            ),
            site=place,
        )
        if servers:
            servers.append(_serving.start_server(*_serving.portal_command(place, bind="127.0.0.1", port=portal_port)))
            typer.echo(f"\nThe public site is at {address}", err=True)
            typer.echo(f"The portal is at {portal}  (Ctrl+C stops both)", err=True)
            typer.echo("Each link sets up one person of the portal, with password and phone, once and within 24 hours:", err=True)
            for name, link in links.items():
                typer.echo(f"  {name}: {link}", err=True)
            _serving.wait_for(servers)


def synth(
    folder: Path,
    people: Annotated[int, typer.Option(help="How many people live in the pretend state.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")] = 7,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="Where the truth goes, apart from the files, and what is true of people beside it. Else FOLDER.truth.parquet."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make every partner's files of a pretend state, as partners would send them, with the truth kept apart."""
    apart = truth or folder.with_name(folder.name + ".truth.parquet")
    if apart.resolve().is_relative_to(folder.resolve()):
        raise errors.WrongUse(
            "SYN-002", where="--truth", what="the truth would lie among the files", remedy="Name a place outside the folder."
        )
    step = _synthesise(
        folder, people=people, seed=seed, truth=apart, institutions=folder.with_name(folder.name + ".institutions.parquet")
    )
    rows = sorted(step["facts"]["files"].items())
    say(as_json, "synth", {"ok": True, "seed": seed, "steps": [step]}, table_of(f"{step['rows']:,} rows", ["file", "rows"], rows))


def _staff(site: Site) -> dict[str, str]:
    """Two stewards and an adjudicator for the pretend state's portal, each with their set-up link."""
    accounts = open_accounts(site)
    given = {name: accounts.add(site, name, organisation="office", duties=[duty], actor="operator") for name, duty in STAFF}
    return {name: address_of() + path for name, path in given.items()}


def _synthesise(folder: Path, *, people: int, seed: int, truth: Path, institutions: Path) -> dict[str, Any]:
    progress.reset_peak()
    start = perf_counter()
    with progress.bar("Making a pretend state") as done:
        files = synthetic.make_state(folder, people=people, seed=seed, truth=truth, institutions=institutions, progress=done)
    return {
        "step": "synth",
        "rows": sum(files.values()),
        "seconds": round(perf_counter() - start, 2),
        "peak_mib": progress.peak_mib(),
        "findings": {},
        "people": people,
        "made": "",
        "facts": {"files": files},
    }


def _clear(site: Path) -> None:
    """Remove an earlier demo; refuse to remove anything that is not one."""
    if not site.exists():
        return
    if any(site.iterdir()) and not (site / "c2c.toml").exists():
        raise errors.WrongUse("DEMO-001", where=str(site), what="this folder is not a demo", remedy="Name another with --site.")
    shutil.rmtree(site)


def _findings(counted: dict[str, int]) -> str:
    return ", ".join(f"{v:,} {k.replace('_', ' ')}" for k, v in counted.items() if v)
