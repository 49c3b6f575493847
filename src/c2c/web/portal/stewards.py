"""The pages of the identity stewards: what waits, two records side by side, why, where two disagree, what was decided."""

from __future__ import annotations

import difflib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from c2c import catalog
from c2c.identity import signoff, stewardship
from c2c.web.portal import _drawings
from c2c.web.portal._duties import may, room_duty
from c2c.web.portal._pages import language_of, page, show, standing
from c2c.web.portal._words import messages, named, say

VERDICTS = ("same", "different", "cannot_tell")
SIGNS = {"same": "=", "near": "≈", "different": "≠", "missing": "·"}
REASONS = ("names", "birth", "number", "family", "place", "other_source")
UNDO_REASONS = ("mistake", "new_facts", "wrong_pair")
WORDS = (
    "first_name",
    "middle_name",
    "last_name",
    "other_first_name",
    "other_last_name",
    "street_address",
    "address_city",
    "name_suffix",
)
"""Elements that are words: the match reads them in small letters, people read them with large ones."""
MOST_LISTED = 200
LONGEST_NOTE = 300


@page("home")
def home(request: HttpRequest) -> HttpResponse:
    """My duties, and how much waits for me; a held match first, since all else may change with it."""
    who, language = standing(request), language_of(request)
    waiting = [
        {"duty": say(language, f"duty_{duty}"), "page": name, "n": len(_waiting(request, name))}
        for duty, name in (("identity_steward", "queue"), ("identity_adjudicator", "adjudicate"))
        if duty in who.duties
    ]
    is_held = bool(waiting and signoff.open_held(settings.SITE))
    return show(request, "home.html", {"title": say(language, "home_title", name=who.name), "waiting": waiting, "is_held": is_held})


@page("queue")
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, in the order in which an answer helps most. No score stands here, and nobody else's answer."""
    cases = _waiting(request, "queue")
    return _list(request, "queue", "review", cases)


@page("adjudicate")
def adjudicate(request: HttpRequest) -> HttpResponse:
    """Cases on which two reviewers disagree, or could not tell."""
    return _list(request, "adjudicate", "settle", _waiting(request, "adjudicate"))


@page("queue")
def next_case(request: HttpRequest) -> HttpResponse:
    """The case after one that is skipped; with none named, the first. At the end of the queue, the queue."""
    return HttpResponseRedirect(_next_address(request, "queue", "review", after=request.GET.get("after", "")))


@page("review")
def review(request: HttpRequest, case_id: str) -> HttpResponse:
    """Two records side by side, and what the reviewer says of them: one person, two, or cannot tell."""
    return _judge(request, case_id, "review", "queue")


@page("settle")
def settle(request: HttpRequest, case_id: str) -> HttpResponse:
    """The same for whoever settles what two reviewers disagree on."""
    return _judge(request, case_id, "settle", "adjudicate")


@page("why")
def why(request: HttpRequest, case_id: str) -> HttpResponse:
    """How the match weighs the pair and what hangs on it. Open only after one's own answer: a reviewer is blind to the score."""
    language = language_of(request)
    said = stewardship.explain_case(settings.SITE, case_id, **_asking(request, "why", "see"))
    steps: list[dict[str, Any]] = [
        {"name": _step_name(language, s), "bits": _drawings.signed(s.bits), "value": s.bits} for s in said.steps
    ]
    sentence = "why_one" if said.total_bits >= 5 else "why_two" if said.total_bits <= -5 else "why_doubt"
    # One person's records stand together, so that what joins them lies on one side and what is refused goes across.
    order = sorted(range(len(said.nodes)), key=lambda n: said.nodes[n].person)
    place = {n: f"{'AB'[said.nodes[n].person]}{i}" for i, n in enumerate(order, 1)}
    nodes = [_drawings.Node(place[n], _file(language, said.nodes[n].seen_in), said.nodes[n].seen_in.split(".")[0], said.nodes[n].n_records) for n in order]  # fmt: skip
    edges = [_drawings.Edge(place[e.left], place[e.right], e.bits, e.kind) for e in said.edges]
    lines = [{"left": e.left, "right": e.right, "bits": _drawings.signed(e.bits) if e.bits else "–", "kind": say(language, f"edge_{e.kind}"), "is_veto": e.kind == "veto"} for e in edges]  # fmt: skip
    named_steps = [s for s in steps[1:] if s["value"]]
    most = max(named_steps, key=lambda s: abs(s["value"]), default=None)
    return show(request, "why.html", {
        "title": say(language, "why"), "case_id": case_id, "steps": steps, "total": _drawings.signed(said.total_bits),
        "sentence": say(language, sentence, bits=_drawings.signed(said.total_bits)),
        "heaviest": say(language, "why_heaviest", name=most["name"], bits=most["bits"]) if most else "",
        "waterfall": _drawings.waterfall([(s["name"], s["value"]) for s in steps], said.total_bits, say(language, "waterfall_title"), say(language, "total")),
        "cluster": _drawings.cluster(nodes, edges, say(language, "cluster_title")) if len(nodes) > 1 else "",
        "nodes": nodes, "joins": [e for e in lines if not e["is_veto"]], "vetoes": [e for e in lines if e["is_veto"]],
    })  # fmt: skip


@page("held")
def held(request: HttpRequest, case_id: str) -> HttpResponse:
    """The one or two people of a case as they are held: what is shown of each field, why, and all that was sent. Open only after one's own answer."""
    language = language_of(request)
    people = stewardship.open_people(settings.SITE, case_id, **_asking(request, "held", "see"))
    shown = [
        {
            "title": say(language, "held_one" if len(person.of) > 1 else f"held_{person.of[0]}"), "n": person.n_records, "of": "-".join(person.of),
            "fields": [
                {
                    "name": _field_name(language, f.field), "value": _written(language, f.field, f.value), "why": say(language, f"kept_{f.why or 'none'}"),
                    "sent": [
                        {"value": _written(language, f.field, s.value), "by": _sender(language, s.seen_in), "years": _school_years(language, s.years), "key": s.record_key[:8]}
                        for s in f.sent
                    ],
                }
                for f in person.fields
            ],
        }
        for person in people
    ]  # fmt: skip
    return show(request, "held.html", {"title": say(language, "held"), "case_id": case_id, "people": shown})


@page("decided")
def decided(request: HttpRequest) -> HttpResponse:
    """What is decided, and what I have answered; each can be taken back with a reason."""
    language, who = language_of(request), standing(request)
    asking = _asking(request, "decided", "see")
    cases = stewardship.open_queue(settings.SITE, actor=asking["actor"], duty=asking["duty"], decided=True)
    rows = [{"case": c, "may_undo": may(who.duties, "undo", "undo", c.state)} for c in cases[:MOST_LISTED]]
    return show(request, "decided.html", {"title": say(language, "decided"), "rows": rows, "n": len(cases), "most": MOST_LISTED})


@page("undo")
def undo(request: HttpRequest, case_id: str) -> HttpResponse:
    """Take an answer or a decision back. The reason is kept; the case goes to the queue again."""
    language = language_of(request)
    said: dict[str, Any] = {"title": say(language, "undo"), "case_id": case_id, "reasons": UNDO_REASONS}
    if request.method != "POST":
        return show(request, "undo.html", said)
    if request.POST.get("reason") not in UNDO_REASONS:
        return show(request, "undo.html", said | {"fault": say(language, "choose_reason")}, status=400)
    stewardship.undo(settings.SITE, case_id, reason=_reason(request), **_asking(request, "undo", "undo"))
    return show(request, "done.html", {"title": say(language, "undone"), "text": say(language, "undone_text")})


def _judge(request: HttpRequest, case_id: str, name: str, list_name: str) -> HttpResponse:
    language = language_of(request)
    asking = _asking(request, name, "answer")
    if request.method == "POST":
        verdict = request.POST.get("verdict", "")
        if verdict not in VERDICTS:
            return show(
                request, "fault.html", {"title": say(language, "bad_request"), "text": say(language, "bad_request_text")}, 400
            )
        following = _next_address(request, list_name, name, after=case_id)
        stewardship.answer(settings.SITE, case_id, verdict, reason=_reason(request), **asking)
        return HttpResponseRedirect(f"{following}?last={case_id}&said={verdict}")
    pair = stewardship.open_case(settings.SITE, case_id, **asking)
    if not may(standing(request).duties, name, "answer", pair.case.state):
        said = {"title": say(language, "not_waiting"), "text": say(language, "not_waiting_text")}
        return show(request, "fault.html", said, 409)
    fields = [
        {
            "name": named(language, "field", f.name), "sign": f.sign, "mark": SIGNS.get(f.sign, ""), "spoken": say(language, f"sign_{f.sign}"),
            "is_words": f.name in WORDS,
            "left": _parts(_written(language, f.name, f.left), _written(language, f.name, f.right), f.sign), "right": _parts(_written(language, f.name, f.right), _written(language, f.name, f.left), f.sign),
        }
        for f in pair.fields
    ]  # fmt: skip
    last, said_last = request.GET.get("last", ""), request.GET.get("said", "")
    return show(request, "review.html", {
        "title": say(language, name), "name": name, "pair": pair, "case": pair.case, "fields": fields, "reasons": REASONS, "list_name": list_name,
        "left_of": _sender(language, pair.seen_by[0]), "right_of": _sender(language, pair.seen_by[1]),
        "last": last if last.isalnum() and said_last in VERDICTS else "", "said_last": say(language, said_last) if said_last in VERDICTS else "",
    })  # fmt: skip


def _list(request: HttpRequest, name: str, leads_to: str, cases: list[Any]) -> HttpResponse:
    language = language_of(request)
    last, said_last = request.GET.get("last", ""), request.GET.get("said", "")
    return show(request, "queue.html", {
        "title": say(language, name), "name": name, "leads_to": leads_to, "cases": cases[:MOST_LISTED], "n": len(cases), "most": MOST_LISTED,
        "last": last if last.isalnum() and said_last in VERDICTS else "", "said_last": say(language, said_last) if said_last in VERDICTS else "",
    })  # fmt: skip


def _asking(request: HttpRequest, name: str, act: str) -> dict[str, str]:
    who = standing(request)
    return {"actor": who.name, "duty": room_duty(who.duties, name, act)}


def _waiting(request: HttpRequest, name: str) -> list[Any]:
    """The cases that this person may answer from this list."""
    leads_to = {"queue": "review", "adjudicate": "settle"}[name]
    duties = standing(request).duties
    asking = _asking(request, name, "see")
    cases = stewardship.open_queue(settings.SITE, actor=asking["actor"], duty=asking["duty"])
    return [c for c in cases if may(duties, leads_to, "answer", c.state)]


def _next_address(request: HttpRequest, list_name: str, name: str, *, after: str) -> str:
    """Where to go on: the case that follows in the list, or the list itself at its end."""
    ids = [c.case_id for c in _waiting(request, list_name)]
    at = ids.index(after) + 1 if after in ids else 0
    return reverse(name, kwargs={"case_id": ids[at]}) if at < len(ids) else reverse(list_name)


def _reason(request: HttpRequest) -> str:
    """The chosen reason and the note, as the room keeps them."""
    chosen = request.POST.get("reason", "")
    note = " ".join(request.POST.get("note", "").split())[:LONGEST_NOTE]
    known = chosen if f"why_{chosen}" in messages() else ""
    return ": ".join(part for part in (known, note) if part)


def _step_name(language: str, step: Any) -> str:
    name = named(language, "field", step.name)
    return f"{name}: {named(language, 'level', step.level)}" if step.level else name


def _sender(language: str, seen_in: str) -> str:
    """Which agency sent a record, and in which file, in words: `cde.k12_person`."""
    partner, _, file = seen_in.partition(".")
    known, title = catalog.load(), "title_es" if language == "es" else "title"
    agency = next((p["name"] for p in known.partners if p["partner_code"] == partner), partner)
    return f"{agency} · {getattr(known.files[file], title)}" if file in known.files else agency


def _file(language: str, seen_in: str) -> str:
    """The file a record came in, shorter than with its agency's name."""
    partner, _, file = seen_in.partition(".")
    known, title = catalog.load(), "title_es" if language == "es" else "title"
    return f"{partner} · {getattr(known.files[file], title)}" if file in known.files else partner


def _written(language: str, element: str, value: str) -> str:
    """A value as people write it: dates and numbers with their dashes, an agency's number under its name."""
    if element == "gender":
        return catalog.load().label("gender", value, language)
    if element == "person_keys":
        return "; ".join(_key_in_words(language, key) for key in value.split("; ") if key)
    cut = {"birth_date": (4, 6), "ssn": (3, 5)}.get(element)
    if cut is None or not value.isdigit() or len(value) not in (8, 9):
        return value
    return f"{value[: cut[0]]}-{value[cut[0] : cut[1]]}-{value[cut[1] :]}"


def _key_in_words(language: str, key: str) -> str:
    kind, _, number = key.partition(" ")
    return f"{_label(language, kind)}: {number}"


def _label(language: str, element: str) -> str:
    return next((e.label_es if language == "es" else e.label for e in catalog.load().elements if e.element == element), element)


def _field_name(language: str, element: str) -> str:
    """A field in the portal's words, or as the catalog calls it."""
    return say(language, f"field_{element}") if f"field_{element}" in messages() else _label(language, element)


def _school_years(language: str, years: tuple[int, int]) -> str:
    """Closing years as school years: 2019-20, or the first and the last."""
    first, last = (f"{year - 1}-{year % 100:02}" for year in years)
    return first if first == last else say(language, "from_to", first=first, last=last)


def _parts(value: str, other: str, sign: str) -> list[tuple[str, bool]]:
    """A value in pieces, each with whether the other side has something else there; where all differs, nothing is picked out."""
    if sign != "near" or not value or not other:
        return [(value, False)] if value else []
    blocks = difflib.SequenceMatcher(None, value.lower(), other.lower(), autojunk=False).get_matching_blocks()
    if len(value) != len(value.lower()) or sum(b.size for b in blocks) * 2 < len(value):
        return [(value, False)]
    parts, at = [], 0
    for block in blocks:
        if block.a > at:
            parts.append((value[at : block.a], True))
        if block.size:
            parts.append((value[block.a : block.a + block.size], False))
        at = block.a + block.size
    return parts
