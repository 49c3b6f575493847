"""The story of the year, from the partners' files to the public pages. Each step is a verb of a room; rules live there.

A year closes on 30 June and is called by that day's year. What a step made is noted in `cycle/<year>/state.json` when it is whole, so
a year stopped at any moment is taken up where it stood: nothing is lost, nothing is done twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from c2c import audit, disclosure, identity, linkage, publication, vault
from c2c.cycle._deliveries import receive
from c2c.cycle._pulls import covered_submissions, link, match_permit, purpose_permit
from c2c.cycle._rates import rate_match
from c2c.identity import signoff
from c2c.plumbing import errors, progress
from c2c.plumbing.site import Site, locked, scratch, write_json
from c2c.vocabulary import Batch, Identifiers

STEPS = ("receive", "match", "rates", "link", "publish", "verify")
PURPOSE = "public_tools"
PRODUCT = "student_pathways"


@dataclass(frozen=True)
class Step:
    """What one step did: its figures, and the id of what it made. `inputs` is the digest it was made from."""

    step: str
    rows: int = 0
    seconds: float = 0.0
    peak_mib: int = 0
    findings: Mapping[str, int] = field(default_factory=dict)
    people: int = 0
    made: str = ""
    inputs: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def run_year(site: Site, year: int, *, actor: str, inbox: Path | None = None) -> tuple[Step, ...]:
    """Run, or take up again, the year that closes on 30 June of `year`; returns one figure row per step.

    Raises:
        CodedError: of the room that refused; every earlier step stands, and the last release stays in place. CYC-006 the match is held: once somebody
            has signed for it, the year goes on with it.
    """
    with locked(site, "cycle", f"the year {year}"):
        story = _Story(site, year)

        # Partners' files are checked, split into who and what, and sealed, each under its own key.
        story.tell("receive", "", lambda: _receive(site, inbox or site.root / "inbox", year, actor))

        # Identity sees names and numbers of every partner, and nothing of what became of anyone.
        leave = match_permit(site, year=year, actor=actor)
        matched = story.tell(
            "match",
            # What stewards decided since is a reason to match again, as a new delivery is.
            _digest([*(s.submission_id for s in covered_submissions(site, leave)), identity.decisions_digest(site)]),
            lambda: _match(site, year, actor),
            # Nobody signed for a run that was held until a later one took its place.
            stands=lambda run_id: not signoff.passed_over(site, run_id),
        )
        _refuse_held(site, matched.made)

        # Whether each group was matched as well as the others is told through the gate, before anything is made of the links.
        story.tell("rates", matched.made, lambda: _rates(site, matched.made, year, actor))

        # Linkage sees what happened, under pseudonyms of this purpose alone, and no name.
        leave = purpose_permit(site, PURPOSE, year=year, actor=actor)
        sources = _digest([matched.made, *sorted(leave.elements), *(s.submission_id for s in covered_submissions(site, leave))])
        pulled = story.tell("link", sources, lambda: _link(site, year, actor))

        # The gate lets only tables out that, with everything published before, show nobody; then they are frozen.
        released = story.tell("publish", pulled.made, lambda: _publish(site, pulled.made, matched, year, actor))

        # Nothing left unaudited: the whole ledger is walked, and its head stands in the release.
        story.tell("verify", released.made, lambda: _verify(site))
        return story.steps


def status(site: Site, year: int) -> tuple[Step, ...]:
    """What stands of a year so far, in the order of its steps."""
    said = _read_state(site, year)
    return tuple(Step(**said[name]) for name in STEPS if name in said)


class _Story:
    """The steps of one year as told so far, kept on disk after each."""

    def __init__(self, site: Site, year: int) -> None:
        self._path = site.folder("cycle", str(year)) / "state.json"
        self._said = _read_state(site, year)
        self.steps: tuple[Step, ...] = ()

    def tell(self, name: str, inputs: str, act: Callable[[], Step], *, stands: Callable[[str], bool] = bool) -> Step:
        """Do a step unless it stands already, made from the same inputs, and what it made still `stands`; note it when it is whole."""
        kept = self._said.get(name)
        if kept and inputs and kept["inputs"] == inputs and stands(kept["made"]):
            step = Step(**kept)
        else:
            progress.reset_peak()
            start = perf_counter()
            made = asdict(act())
            made |= {"step": name, "inputs": inputs, "seconds": round(perf_counter() - start, 2)}
            step = Step(**made | {"peak_mib": max(progress.peak_mib(), made["peak_mib"])})
            self._said[name] = asdict(step)
            write_json(self._path, self._said)
        self.steps += (step,)
        return step


def _receive(site: Site, inbox: Path, year: int, actor: str) -> Step:
    with progress.bar("Receiving partners' files") as done:
        batches = receive(site, inbox, year=year, actor=actor, done=done)
    return Step(
        "receive", rows=sum(b.submission.rows for b in batches), findings=_count(batches), facts={"submissions": len(batches)}
    )


def _match(site: Site, year: int, actor: str) -> Step:
    leave = match_permit(site, year=year, actor=actor)
    with scratch(site) as private, progress.bar("Matching people"):
        trays = vault.open_trays(site, "identifiers", permit=leave, scratch=private)
        links = identity.resolve(site, (t for t in trays if isinstance(t, Identifiers)), permit=leave, year=year)
        report = identity.report(site, links.run_id)
    return Step("match", rows=links.rows, people=int(report["people"]), made=links.run_id, facts={"report": report})


def _refuse_held(site: Site, run_id: str) -> None:
    """Stop the year while its match waits for a signature; what is in force stays so."""
    held = signoff.open_held(site)
    if held and held["run"] == run_id:
        raise errors.CodedError(
            "CYC-006",
            where=f"run {run_id}",
            what=f"the match is sealed but held: {'; '.join(alarm['says'] for alarm in held['alarms'])}",
            remedy=f"Sign for it in the portal, or with `c2c match accept {run_id} --reason TEXT`, and run the year again: it goes on where it stopped. "
            "Or correct the files and run the year again: it matches anew.",
        )


def _rates(site: Site, run_id: str, year: int, actor: str) -> Step:
    with progress.bar("Counting how well each group was matched"):
        told = rate_match(site, run_id, year=year, actor=actor)
    return Step("rates", rows=int(told["cells"]), made=run_id, facts=told)


def _link(site: Site, year: int, actor: str) -> Step:
    with progress.bar("Linking for the public tools"):
        pull = link(site, PURPOSE, year=year, actor=actor)
    said = linkage.receipt(site, pull.pull_id)
    return Step("link", rows=int(said["rows"]), made=pull.pull_id)


def _publish(site: Site, pull_id: str, matched: Step, year: int, actor: str) -> Step:
    leave = purpose_permit(site, PURPOSE, year=year, actor=actor)
    release_id = f"{year}-{_digest([pull_id])[:8]}"
    with scratch(site) as private, progress.bar("Protecting and publishing"):
        facts = linkage.facts(site, pull_id, private, permit=leave, year=year)
        product = disclosure.load_product(PRODUCT)
        safe = disclosure.tabulate(site, product, facts, permit=leave, release_id=release_id, year=year)
        method = {"match": matched.facts["report"], "disclosure": safe.audit}
        places = site.root / "institutions.parquet"
        release = publication.freeze(
            site,
            safe,
            release_id=release_id,
            year=year,
            method=method,
            institutions=places,
            inputs=(pull_id,),
            synthetic=bool(site.settings.get("synthetic")),
        )
    return Step("publish", rows=int(release.manifest["rows"]), made=release.release_id, facts={"audit": dict(safe.audit)})


def _verify(site: Site) -> Step:
    broken = audit.verify(site)
    if broken:
        raise errors.CodedError(
            "CYC-003",
            where=f"ledger entry {broken.entry}",
            what=broken.why,
            remedy="Stop publishing and restore the ledger from its last good copy.",
        )
    return Step("verify", rows=sum(1 for _ in audit.entries(site)), made=audit.head(site))


def _count(batches: Iterable[Batch]) -> dict[str, int]:
    """Findings by severity, and what was refused or set aside."""
    counted = {"error": 0, "warning": 0, "refused": 0, "rows_set_aside": 0}
    for batch in batches:
        for finding in batch.findings:
            counted[finding.severity] = counted.get(finding.severity, 0) + finding.n_rows
        counted["refused"] += batch.verdict == "refused"
        counted["rows_set_aside"] += batch.rows_set_aside
    return counted


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _read_state(site: Site, year: int) -> dict[str, Any]:
    path = site.root / "cycle" / str(year) / "state.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}
