"""How every page is answered: who may open it, the words round it, and the pages for what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from c2c.plumbing import errors
from c2c.web.portal import _place
from c2c.web.portal._duties import Standing, duties_that_open, may
from c2c.web.portal._words import messages, say

View = Callable[..., HttpResponse]
ACTS = {"review": "answer", "settle": "answer", "undo": "undo", "report": "accept"}
"""Pages with a form, and the act that sending it is."""
NAVIGATION = ("home", "queue", "adjudicate", "decided", "report")


def language_of(request: HttpRequest) -> str:
    """The language of the page."""
    return str(getattr(request, "language", "en"))


def standing(request: HttpRequest) -> Standing:
    """Who asks. Set by the layer that lets nobody else in."""
    return request.standing  # type: ignore[attr-defined]


def page(name: str, act: str = "see") -> Callable[[View], View]:
    """A page of the matrix: shown to whom the matrix names, refused to a colleague with the duty it takes, not there for a stranger."""

    def wrapped(view: View) -> View:
        def shown(request: HttpRequest, **path: Any) -> HttpResponse:
            asked = act if request.method in ("GET", "HEAD") else ACTS.get(name, "")
            who = standing(request)
            if not may(who.duties, name, asked or act):
                return refused(request, name, asked or act)
            if not asked:
                return HttpResponse(status=405)
            try:
                return view(request, **path)
            except errors.CodedError as refusal:
                return said_no(request, refusal)

        return shown

    return wrapped


def show(request: HttpRequest, template: str, said: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A template with the words round it."""
    return render(request, template, dict(said), status=status)


def around(request: HttpRequest) -> dict[str, Any]:
    """What stands round every page: where the reader is, the same page in the other language, who is signed in, the ways on."""
    language, here = language_of(request), request.path_info
    who: Standing | None = getattr(request, "standing", None)
    asked = request.META.get("QUERY_STRING", "")
    other = ("" if language == "es" else "/es") + here + (f"?{asked}" if asked else "")
    ways = [n for n in NAVIGATION if who and may(who.duties, n, "see")]
    return {
        "language": language, "here": here, "other": other, "who": who, "ways": ways, "title_of": getattr(request.resolver_match, "url_name", ""), "synthetic": settings.SITE.settings.get("synthetic", False),
    }  # fmt: skip


def refused(request: HttpRequest, name: str, act: str) -> HttpResponse:
    """A colleague learns which duty opens the page; a stranger cannot tell that there is one."""
    if standing(request).organisation != _place.managing_entity(settings.SITE):
        raise Http404
    language = language_of(request)
    opening = ", ".join(say(language, f"duty_{d}") for d in duties_that_open(name, act))
    said = {"title": say(language, "other_duty"), "text": say(language, "other_duty_text", duty=opening)}
    return show(request, "fault.html", said, status=403)


def said_no(request: HttpRequest, refusal: errors.CodedError) -> HttpResponse:
    """A coded refusal of a room, in the reader's words where we have them; it never holds a value."""
    language = language_of(request)
    key = f"no_{refusal.code.replace('-', '_').lower()}"
    said = {
        "title": say(language, "said_no"),
        "text": say(language, key if key in messages() else "no_other"),
        "code": refusal.code,
    }
    return show(request, "fault.html", said, status=404 if refusal.code == "IDN-010" else 409)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page that is not there."""
    return _fault(request, "not_found", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request that cannot be read."""
    return _fault(request, "bad_request", 400)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form lay open too long, or came from elsewhere. A stranger is told no more than of a page that does not exist."""
    who: Standing | None = getattr(request, "standing", None)
    if who and who.organisation != _place.managing_entity(settings.SITE):
        return not_found(request, Http404())
    return _fault(request, "form_too_old", 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, under a number that the log has too, with its place and no word of what was asked."""
    reference, _ = errors.log_fault(sys.exc_info()[1])
    return _fault(request, "server_error", 500, reference=reference)


def _fault(request: HttpRequest, key: str, status: int, **values: str) -> HttpResponse:
    language = language_of(request)
    return show(request, "fault.html", {"title": say(language, key), "text": say(language, f"{key}_text", **values)}, status)
