"""The codebook: what each element is, what was done to it, how many people each of its words has where that may be said; for people and for machines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from c2c.disclosure._protect import check_system, protect_system
from c2c.disclosure._rules import TooRevealing, rule
from c2c.disclosure._system import System, key_of
from c2c.disclosure.extracts._recode import ANY, AS_IS, Ladder

DONE = {
    "date": "the day is gone; told by {step}",
    "place": "the place is gone; told by {step}",
    "industry": "the employer is gone; told by {step}",
    "money": "told in {step}; {top}",
    "number": "told in {step}; {top}",
    "code": "told by {step}",
    "trajectory": "the path of places, told by {step}",
}
LIMITS = (
    "A person who knows more of somebody than the quasi-identifiers tell, or knows an outcome, may still find a row. Agreement, sandbox and output checks stand beside this extract.",
    "Outcomes are told as they are: two extracts of the same people that share outcomes can be compared by them. Pseudonyms cannot.",
)


def tell_elements(table: pl.DataFrame, ladders: Sequence[Ladder], steps: Sequence[int], losses: Sequence[float | None]) -> list[dict[str, Any]]:  # fmt: skip
    """Each element: where it is from, its role, what was done to it, what that lost, and its words with their people. One entry per element.

    A count of fewer people than may stand alone is blank, with enough others of the element that no total gives it back.
    """
    said = []
    for ladder, step, loss in zip(ladders, steps, losses, strict=True):
        element, name = ladder.element, ladder.steps[step]
        top = f"{ladder.top:.10g} or more is one band" if ladder.top is not None else "none is told"
        kept = {ANY: "not told at all", AS_IS: "told as it is"}
        done = kept.get(name) or DONE[element.kind].format(step=name.replace("_", " "), top=top)
        told = sorted({f"{s.table}.{s.column}".lstrip(".") for s in element.sources})
        counts = table[element.name].value_counts(name="people").sort(element.name)
        said.append(
            {
                "name": element.name, "from": told, "kind": element.kind, "role": element.role, "take": element.take or None, "step": name, "done": done,
                "loss": None if loss is None else round(loss, 4), "categories": _counts(dict(counts.iter_rows())),
            }
        )  # fmt: skip
    return said


def _counts(people: Mapping[str, int]) -> list[dict[str, Any]]:
    """Words with their people, as a table of one line that the gate protects; none of them where it cannot."""
    system = System()
    total = system.add((), sum(people.values()))
    cells = {word: system.add(key_of({"word": f"={word}"}), n) for word, n in people.items()}
    system.bind(total, cells.values())
    primary = {c for c in cells.values() if system.values[c] < rule("least_count")}
    hidden: set[int] = set(cells.values())
    try:
        seed = hashlib.sha256(repr(sorted(people.items())).encode()).digest()
        fewer = protect_system(system, primary, seed)
        check_system(system, fewer, where="codebook")
        hidden = fewer
    except TooRevealing:
        pass  # With its total alone, no count of the element is told.
    return [{"value": word, "people": None if c in hidden else people[word]} for word, c in cells.items()]


def as_markdown(said: Mapping[str, Any]) -> str:
    """The codebook for a reader."""
    proof, intruder = said["proof"], said["intruder"]
    lines = [f"# {said['title'] or said['plan']}", "", f"De-identified extract `{said['extract']}`" + (f" of project `{said['project']}`." if said["project"] else "."), ""]  # fmt: skip
    lines += [
        f"One row per person: {said['people']:,} people. Left out to protect them: at most {said['left_out_at_most_percent']} %. "
        f"Lost of what the elements tell: {100 * said['loss']:.0f} %.",
        "",
        f"- At least {proof['k']} people are alike in every quasi-identifier (asked: {said['asked']['least_people']}).",
        *(f"- `{name}`: at least {o['l']} outcomes among people alike (asked: {said['asked']['least_outcomes']}); t {o['t']}." for name, o in proof["outcomes"].items()),
        f"- An intruder looked for {intruder['people'] if intruder['people'] is not None else 'the few'} people who were alone before anything was recoded, by {intruder['known_sets']} sets of what may be known: "
        f"{intruder['singled_out']} found, {intruder['outcome_certain']} outcomes certain, never fewer than {intruder['fewest_candidates']} candidates.",
        f"- Rules: edition {said['rule_edition']}.",
        "",
        "| Element | From | Role | What was done | Loss |",
        "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for e in said["elements"]:
        loss = "" if e["loss"] is None else f"{100 * e['loss']:.0f} %"
        lines.append(f"| `{e['name']}` | {', '.join(e['from'])} | {e['role']} | {e['done']} | {loss} |")
    for e in said["elements"]:
        lines += ["", f"## `{e['name']}`", "", "| Value | People |", "| --- | ---: |"]
        lines += [
            f"| {c['value'].replace('|', '/')} | {'withheld' if c['people'] is None else format(c['people'], ',')} |"
            for c in e["categories"]
        ]
    lines += ["", "## Limits", "", *(f"- {text}" for text in said["limits"]), ""]
    if said["receipt"]:
        lines += ["## Receipt", "", *(f"- {k}: `{v}`" for k, v in said["receipt"].items()), ""]
    return "\n".join(lines)


def as_croissant(said: Mapping[str, Any], data: Path, sha256: str) -> dict[str, Any]:
    """The same as Croissant metadata (MLCommons, 1.0), which catalogues of data sets read."""
    columns = [("pseudonym", "this project's name for the person"), *((e["name"], e["done"]) for e in said["elements"])]
    fields = [
        {"@type": "cr:Field", "@id": f"people/{name}", "name": name, "description": text, "dataType": "sc:Text",
         "source": {"fileObject": {"@id": data.name}, "extract": {"column": name}}}
        for name, text in columns
    ]  # fmt: skip
    return {
        "@context": {"@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/", "conformsTo": "http://purl.org/dc/terms/conformsTo", "recordSet": "cr:recordSet", "field": "cr:field", "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "source": "cr:source", "extract": "cr:extract", "column": "cr:column", "fileObject": "cr:fileObject"},
        "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0", "name": said["extract"], "description": said["title"] or said["plan"],
        "distribution": [{"@type": "cr:FileObject", "@id": data.name, "name": data.name, "contentUrl": data.name, "encodingFormat": "application/vnd.apache.parquet", "sha256": sha256}],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "people", "name": "people", "field": fields}],
    }  # fmt: skip
