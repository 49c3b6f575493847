"""The match report as a page: every figure of the run in a table, every table with its picture, how well each group was matched; and the held run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from c2c import audit, catalog, identity
from c2c.identity import signoff
from c2c.publication import rates
from c2c.web.portal import _drawings
from c2c.web.portal._duties import may
from c2c.web.portal._pages import language_of, page, show, standing
from c2c.web.portal._words import named, say

COUNTS = (
    "records",
    "record_keys",
    "tuples",
    "people",
    "pairs_compared",
    "largest_cluster",
    "most_record_keys_of_a_person",
    "large_components",
    "expected_matches_lost",
    "ambiguous_ids",
    "default_dates",
    "shared_numbers",
    "shared_keys",
    "cases",
)
SHARES = ("share_of_matches_lost", "share_of_old_records_with_a_new_id")
PARTS = ("links_by_status", "events", "pairs_by_rule", "pairs_lost")
"""Parts of the report that are one figure a row, in the order of the page."""

SET_BESIDE = ("people", "records", "record_keys", "most_record_keys_of_a_person", "large_components", "expected_matches_lost")
"""Counts of a held run that stand beside those of the run in force."""

SHARE_ALARMS = ("churn", "lost")
LONGEST_REASON = 300
YES_NO = ("yes", "no")


@page("report")
def report(request: HttpRequest) -> HttpResponse:
    """What the last run did, section by section; before it a run that is held, why, and the form to sign for it. It holds no value of a record; that
    it was read is in the ledger all the same."""
    if request.method == "POST":
        return _signed(request)
    return _report(request)


def _signed(request: HttpRequest) -> HttpResponse:
    """The held run in force, if a reason is given: that of the page that was looked at, not one that has come since."""
    language, run = language_of(request), request.POST.get("run", "")
    reason = " ".join(request.POST.get("reason", "").split())[:LONGEST_REASON]
    if not reason:
        return _report(request, fault=say(language, "signoff_no_reason"))
    signoff.accept(settings.SITE, run, reason=reason, actor=standing(request).name)
    return show(request, "done.html", {"title": say(language, "signoff_done"), "text": say(language, "signoff_done_text", run=run)})


def _report(request: HttpRequest, fault: str = "") -> HttpResponse:
    language = language_of(request)
    held = signoff.open_held(settings.SITE)
    # Where the first run is held none is in force, and the figures are its own.
    said = held if held and not held["before"] else identity.report(settings.SITE)
    audit.append(
        settings.SITE,
        "portal:report:read",
        actor=standing(request).name,
        run=str(said.get("run", "")),
        held=str(held.get("run", "")),
    )
    sections = [_section(language, "counts", [(k, float(said[k]), f"{said[k]:,.0f}") for k in COUNTS if k in said])]
    sections += [
        _section(language, part, [(k, float(v), f"{v:,}") for k, v in said[part].items()]) for part in PARTS if said.get(part)
    ]
    if said.get("share_with"):
        sections.append(_section(language, "share_with", [(k, float(v), _share(v)) for k, v in said["share_with"].items()]))
    shares = {**said, **_lost(said)}
    sections.append(_section(language, "shares", [(k, float(shares[k]), _share(shares[k])) for k in SHARES if k in shares]))
    said_by_people = said.get("stewardship", {})
    rows = [(k, float(v), _share(v) if k == "share_agreed" else f"{v:,}") for k, v in said_by_people.items()]
    sections.insert(1, _section(language, "stewardship", rows))
    weights = [_weights(language, field, said) for field in said.get("fields", ())]
    made = [(say(language, "run"), said.get("run", "")), (say(language, "made"), str(said.get("made", ""))[:10])]
    told = rates.open_rates(settings.SITE, str(said.get("run", "")))
    return show(request, "report.html", {
        "then_and_now": _then_and_now(language, said), "rates": _rates(language, told), "statuses": [named(language, "status", s) for s in rates.STATUSES],
        "held": _held(language, held, said, may(standing(request).duties, "report", "accept")), "fault": fault, "signed": _signature(language, said),
        "title": say(language, "report"), "made": made, "sections": [s for s in sections if s["rows"]], "quality": _quality(language, said.get("quality", {})), "weights": [w for w in weights if w["rows"]],
    }, 400 if fault else 200)  # fmt: skip


def _held(language: str, held: Mapping[str, Any], in_force: Mapping[str, Any], may_sign: bool) -> dict[str, Any]:
    """A run that waits for a signature: what speaks against it, and its figures beside those of the run in force. Empty when none waits."""
    if not held:
        return {}
    other = in_force if held["before"] else {}
    rows = [(named(language, "figure", k), f"{held[k]:,.0f}", f"{other[k]:,.0f}" if k in other else "") for k in SET_BESIDE]
    churn = "share_of_old_records_with_a_new_id"
    rows.append((named(language, "figure", churn), _share(held[churn]), _share(other[churn]) if other else ""))
    rows += [
        (named(language, "figure", of), f"{held[part].get(of, 0):,}", f"{other[part].get(of, 0):,}" if other else "")
        for part in ("links_by_status", "events")
        for of in sorted({*held[part], *other.get(part, {})})
    ]
    return {
        "run": held["run"], "alarms": [_alarm(language, alarm) for alarm in held["alarms"]], "rows": rows, "may_sign": may_sign,
        "text": say(language, "signoff_text", run=held["run"], before=other["run"]) if other else say(language, "signoff_text_first", run=held["run"]),
    }  # fmt: skip


def _alarm(language: str, alarm: Mapping[str, Any]) -> str:
    written = _share if alarm["alarm"] in SHARE_ALARMS else "{:,.0f}".format
    figures = {name: written(alarm[name]) for name in ("figure", "limit")}
    return say(language, f"alarm_{alarm['alarm']}", n=f"{alarm['n']:,}", of=f"{alarm['of']:,}", **figures)


def _signature(language: str, said: Mapping[str, Any]) -> str:
    """Who signed for this run although it was held, when and why; "" where nobody had to."""
    signed = said.get("accepted", {})
    return (
        say(language, "signoff_signed", who=signed["actor"], day=str(signed["at"])[:10], reason=signed["reason"]) if signed else ""
    )


def _lost(said: Mapping[str, Any]) -> dict[str, float]:
    """The share of all matches that are expected to lie where no pair was looked at; not told of a run made before it was reckoned."""
    if "expected_matches_found" not in said:
        return {}
    lost = float(said["expected_matches_lost"])
    return {"share_of_matches_lost": lost / max(lost + float(said["expected_matches_found"]), 1.0)}


def _section(language: str, part: str, rows: list[tuple[str, float, str]]) -> dict[str, Any]:
    title = say(language, f"part_{part}")
    drawn = [(named(language, "figure", k), value, text) for k, value, text in rows]
    # Where every figure is nothing a picture would say nothing.
    bars = [(named(language, "figure", k), value, text) for k, value, text in rows if k not in ("share_agreed", "kappa")]
    picture = _drawings.bars(bars, title) if any(value for _, value, _ in bars) and part != "counts" else ""
    return {
        "id": part,
        "title": title,
        "text": say(language, f"part_{part}_text"),
        "rows": [(n, t) for n, _, t in drawn],
        "picture": picture,
    }


def _then_and_now(language: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The run beside the run before: links by how sure they are, and what became of people's numbers."""
    before = said.get("before") or {}
    rows = [
        (named(language, "figure", of), f"{said[part].get(of, 0):,}", f"{before.get(part, {}).get(of, 0):,}")
        for part in ("links_by_status", "events")
        for of in sorted({*said.get(part, {}), *before.get(part, {})})
    ]
    return {"run": before.get("run", ""), "rows": rows if before else []}


def _rates(language: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """How well each group was matched, breakdown by breakdown; or why there is nothing to show."""
    if told.get("refused"):
        return {"none": say(language, "rates_refused", code=told["refused"]), "parts": []}
    if not told.get("breakdowns"):
        return {"none": say(language, "rates_none"), "parts": []}
    return {"none": "", "parts": [_breakdown(language, part, told) for part in told["breakdowns"]]}


def _breakdown(language: str, part: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    by, title = part["by"], named(language, "by", part["by"] or "all")
    rows = [
        {
            "name": _group(language, by, row["group"]), "records": "" if row["records"] is None else f"{row['records']:,}",
            "statuses": [_part_of(row[s], row["records"]) for s in rates.STATUSES],
            "rates": [(_rate(row[k]), _rate(row["before"][k])) for k in rates.RATES],
        }
        for row in part["groups"]
    ]  # fmt: skip
    pictures = []
    for name in rates.RATES:
        shown = [(_group(language, by, r["group"]), 100 * r[name], _rate(r[name])) for r in part["groups"] if r[name] is not None]
        label = say(language, f"rate_{name}_by", by=title)
        pictures += [_drawings.bars(shown, label)] if len(shown) > 1 else []
    readings = [_reading(language, by, name, part["gaps"][name], told) for name in rates.RATES if part["gaps"].get(name)]
    return {"title": title, "rows": rows, "pictures": pictures, "readings": readings, "is_whole": not by}


def _reading(language: str, by: str, name: str, gap: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """What the gap of a breakdown says, in plain words."""
    said = say(
        language, f"gap_{name}", best=_group(language, by, gap["best"]), worst=_group(language, by, gap["worst"]),
        share_best=_rate(gap["share_best"]), share_worst=_rate(gap["share_worst"]), gap=_points(gap["share_best"] - gap["share_worst"]),
        low=_points(gap["low"]), high=_points(gap["high"]),
    )  # fmt: skip
    return f"{said} {say(language, 'gap_' + gap['reading'], accepted=_points(told['accepted_gap']))}"


def _group(language: str, by: str, code: str) -> str:
    """A group in words: an agency's name, a school year, a label of the catalog."""
    if not by:
        return say(language, "by_all")
    if by == "school_year":
        return f"{int(code) - 1}-{code[2:]}"
    if by == "partner":
        return str(next((p["name"] for p in catalog.load().partners if p["partner_code"] == code), code))
    key = f"group_{code}" if code in (*YES_NO, "not_told", "other") else ""
    return say(language, key) if key else catalog.load().label(by, code, language)


def _part_of(n: int | None, whole: int | None) -> str:
    return "" if n is None or not whole else _rate(n / whole)


def _rate(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}%"


def _points(value: float) -> str:
    return f"{100 * value:.1f}".replace("-", "−")


def _quality(language: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Precision and recall with what they lie between, or how far the sample is from telling them."""
    title = say(language, "part_quality")
    found = [(named(language, "figure", k), said[k]) for k in ("precision", "recall") if k in said]
    return {
        "title": title, "none": say(language, "quality_none", n=said.get("labelled", 0)),
        "rows": [(name, *(_share(v[k]) for k in ("low", "middle", "high"))) for name, v in found],
        "picture": _drawings.bars([(name, 100 * v["middle"], _share(v["middle"])) for name, v in found], title) if found else "",
    }  # fmt: skip


def _weights(language: str, field: str, said: Mapping[str, Any]) -> dict[str, Any]:
    title = named(language, "field", field)
    rows = [
        {"level": named(language, "level", w["level"]), "m": f"{100 * w['m']:.2f}%", "u": f"{100 * w['u']:.3g}%", "bits": w["bits"]}
        for w in said["weights"] if w["field"] == field
    ]  # fmt: skip
    drawn = [(str(r["level"]), float(r["bits"]), _drawings.signed(r["bits"])) for r in rows]
    return {
        "title": title,
        "rows": [r | {"bits": _drawings.signed(r["bits"])} for r in rows],
        "picture": _drawings.bars(drawn, title) if drawn else "",
    }


def _share(value: Any) -> str:
    return f"{100 * float(value):.2f}%"
