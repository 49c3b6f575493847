"""The verb: fold, recode, leave out, recount, attack, and only then write; the project's key, and its end."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from c2c import audit, governance
from c2c.disclosure._rules import TooRevealing, edition_of, rule_of
from c2c.disclosure.extracts._codebook import LIMITS, as_croissant, as_markdown, tell_elements
from c2c.disclosure.extracts._people import PERSON, people_of, read_tables
from c2c.disclosure.extracts._plan import PURPOSE, Plan, check_catalog
from c2c.disclosure.extracts._recode import climb
from c2c.disclosure.extracts._recount import attack, count_alike
from c2c.disclosure.extracts._search import find_recoding
from c2c.plumbing import clock, keys, storage
from c2c.plumbing.site import Site, scratch, write_bytes, write_json
from c2c.vocabulary import Permit

DATA = Path("people.parquet")


def deidentify(
    site: Site, plan: Plan, tables: Mapping[str, Path], target: Path, *, permit: Permit, project: str, receipt: Mapping[str, str]
) -> dict[str, Any]:
    """Make a project's extract of an opened pull, in a new folder `target`: data, codebook and metadata, or nothing. Returns the codebook.

    One row per person, under pseudonyms of this project alone. The ledger and the gate's record are written before the folder is there. `tables`: the pull's, by
    `partner.file`; `receipt`: what the codebook says of where they are from. The fewest people alike are what rules, plan and agreements ask at most.

    Raises:
        NotPermitted: an element of the plan is not in the permit.
        TooRevealing: DSC-021 to DSC-031 as the steps raise them; DSC-032 the project is closed or has no proper name; DSC-033 the folder is there.
    """
    check_request(site, plan, target, project=project)
    governance.check_permit(site, permit, purpose=PURPOSE, elements=plan.paths, today=clock.today())
    partners = {path.split(".")[0] for path in plan.paths}
    cells = [a.minimum_cell for a in governance.agreements(site) if a.partner in partners and a.in_force(clock.today())]
    asked = replace(plan, least_people=max([plan.least_people, *cells]))
    with scratch(site) as private:
        key = keys.naming_key(site, f"project/{project}")
        said = _make(asked, tables, private / "extract", key, project=project, receipt=receipt)
        entry = {"extract": said["extract"], "project": project, "plan": plan.plan, "people": said["people"], "k": said["proof"]["k"], "sha256": said["sha256"], "rules": said["rule_edition"]}  # fmt: skip
        audit.append(site, "disclosure:extract:cleared", actor=permit.actor, permit=permit.permit_id, **entry, **receipt)
        record = {k: v for k, v in said.items() if k != "elements"} | {"elements": [{k: e[k] for k in ("name", "from", "step")} for e in said["elements"]]}  # fmt: skip
        write_json(site.folder("ledger", "extracts") / f"{said['extract']}.json", record | {"created": clock.stamp(), "permit": permit.permit_id})  # fmt: skip
        _put(private / "extract", target)
    return said


def deidentify_file(plan: Plan, source: Path, target: Path, *, secret: bytes | None = None) -> dict[str, Any]:
    """Make an extract of any one table, CSV or Parquet, in a new folder `target`: no site, no ledger, nothing kept. Returns the codebook.

    Under one secret a person has the same pseudonym in each extract; without one, a key is made, used once and forgotten.

    Raises:
        TooRevealing: DSC-022 to DSC-031 as the steps raise them; DSC-033 the folder is there.
    """
    _refuse_folder(target)
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        said = _make(plan, {"": source}, part, secret or secrets.token_bytes(32), project="", receipt={})
        part.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return said


def close_project(site: Site, project: str, *, actor: str) -> bool:
    """Destroy a project's key, so that its pseudonyms can never be made again, by anybody; was there one? A closed project stays closed.

    Raises:
        TooRevealing: DSC-032 there is no such project.
    """
    mark = site.root / "ledger" / "extracts" / f"{_checked(project)}.closed.json"
    made = site.root / "keys" / "project" / f"{project}.key"
    if not made.exists() and not mark.exists():
        raise _no_project(project, "there is no such project")
    was_open = made.exists()
    audit.append(site, "disclosure:project:closed", actor=actor, project=project)
    # The mark first: stopped in between, no new key is made under the old name.
    write_json(mark, {"project": project, "closed": clock.stamp()})
    keys.destroy_key(site, f"project/{project}")
    return was_open


def check_request(site: Site, plan: Plan, target: Path, *, project: str) -> None:
    """Refuse what no pull need be made for: a plan that the catalog forbids, a project that is closed, a folder that is there.

    Raises:
        TooRevealing: DSC-021 as in `check_catalog`, DSC-032 the project is closed or has no proper name, DSC-033 the folder is there.
    """
    check_catalog(plan)
    if (site.root / "ledger" / "extracts" / f"{_checked(project)}.closed.json").exists():
        raise _no_project(project, "this project is closed, and its key destroyed")
    _refuse_folder(target)


def _make(plan: Plan, tables: Mapping[str, Path], folder: Path, key: bytes, *, project: str, receipt: Mapping[str, str]) -> dict[str, Any]:  # fmt: skip
    """Everything but the ledger: the folder with data and codebook. Returns what the codebook says."""
    laid = read_tables(plan, tables)
    people = people_of(plan, laid)
    ladders = {e.name: climb(e, people, laid) for e in plan.elements}
    quasi, outcomes = ([ladders[e.name] for e in plan.of(role)] for role in ("quasi", "sensitive"))
    found = find_recoding(plan, quasi, outcomes)
    step = {q.element.name: s for q, s in zip(quasi, found.recoding, strict=True)}
    loss = {q.element.name: s for q, s in zip(quasi, found.losses, strict=True)}
    recoded = pl.DataFrame({name: ladder.words[step.get(name, 0)] for name, ladder in ladders.items()})
    stays = pl.Series(found.stays)
    names = pl.Series("pseudonym", [keys.pseudonym(key, p) for p in people[PERSON].filter(stays)], dtype=pl.String)
    table = recoded.filter(stays).insert_column(0, names).sort("pseudonym")
    folder.mkdir(parents=True, mode=0o700)
    # Statistics of columns and the day of writing are left out: the same people give the same bytes.
    table.write_parquet(folder / DATA, compression="zstd", statistics=False)
    written = pl.read_parquet(folder / DATA)
    proof = count_alike(written, list(step), outcomes)
    seed = hashlib.sha256(key + plan.plan.encode()).digest()
    collected = {q.element.name: q.words[0] for q in quasi}
    intruder = attack(written, collected, recoded.select(list(step)), [o.element.name for o in outcomes], seed)
    _refuse_what_was_found(plan, proof, intruder)
    left_out = 1 - len(table) / len(people)
    digest = storage.file_sha256(folder / DATA)
    said = {
        "extract": f"{project or plan.plan}-{digest[:12]}", "project": project, "plan": plan.plan, "title": plan.title, "people": len(table), "sha256": digest,
        "left_out_at_most_percent": math.ceil(100 * left_out), "loss": round(found.loss, 4), "recodings_tried": found.tried,
        "asked": {"least_people": plan.least_people, "least_outcomes": int(rule_of("extracts", "least_outcomes"))},
        "proof": proof, "intruder": intruder, "rule_edition": edition_of("extracts"), "receipt": dict(receipt), "limits": list(LIMITS),
        "elements": tell_elements(table, list(ladders.values()), [step.get(n, 0) for n in ladders], [loss.get(n) for n in ladders]),
    }  # fmt: skip
    write_json(folder / "codebook.json", said)
    write_bytes(folder / "codebook.md", as_markdown(said).encode())
    write_json(folder / "croissant.json", as_croissant(said, DATA, digest))
    return said


def _refuse_what_was_found(plan: Plan, proof: Mapping[str, Any], intruder: Mapping[str, Any]) -> None:
    """The last word: what was written is recounted and attacked, and goes nowhere where either finds somebody."""
    few = [name for name, o in proof["outcomes"].items() if o["l"] < rule_of("extracts", "least_outcomes")]
    if proof["k"] < plan.least_people or few or intruder["singled_out"] or intruder["outcome_certain"]:
        raise TooRevealing(
            "DSC-031",
            where=f"plan {plan.plan}",
            what="somebody could be told from what was made, so it was thrown away",
            remedy="Nothing was written. This is a fault of ours; report it with the plan.",
        )


def _put(made: Path, target: Path) -> None:
    """Move a folder into place, whole or not at all, from another disk too."""
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(made, part)
    part.replace(target)


def _refuse_folder(target: Path) -> None:
    if target.exists():
        raise TooRevealing(
            "DSC-033",
            where=target.name,
            what="this folder is there already, and an extract is never written over another",
            remedy="Name a new folder.",
        )


def _checked(project: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}", project):
        raise _no_project(project[:60], "a project is named by small letters, digits and hyphens")
    return project


def _no_project(project: str, what: str) -> TooRevealing:
    return TooRevealing(
        "DSC-032",
        where=f"project {project}",
        what=what,
        remedy="Name an open project; one that was closed is taken up under a new name.",
    )
