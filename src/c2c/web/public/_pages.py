"""How every page is answered: the release found, the words chosen, the banner over it; and the pages for what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from c2c.plumbing import errors
from c2c.publication import shelf
from c2c.web.public._requests import Seen, address, is_estimated, seen_release
from c2c.web.public._words import say

View = Callable[[HttpRequest, str, Seen], HttpResponse]
Route = Callable[..., HttpResponse]


def page(view: View) -> Route:
    """A page of a release: finds the release, or shows that there is none yet."""

    @require_safe
    def shown(request: HttpRequest, language: str) -> HttpResponse:
        seen = seen_release(request)
        if seen is None:
            return show(request, language, None, "empty.html", {"title": say(language, "empty_title")})
        return view(request, language, seen)

    return shown


def show(
    request: HttpRequest, language: str, seen: Seen | None, template: str, said: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """A template with the words round it: where the reader is, the same page in the other language, the banner, what the figures stand on."""
    here = f"{request.path}/".removeprefix("/es/").strip("/")
    asked = request.META.get("QUERY_STRING", "")
    other = ("/" if language == "es" else "/es/") + here + (f"?{asked}" if asked else "")
    around: dict[str, Any] = {"language": language, "other": other, "here": here, "seen": seen, "synthetic": False}
    if seen:
        manifest = seen.release.manifest
        around |= {
            "release_id": seen.release.release_id,
            "synthetic": manifest.get("synthetic", False),
            "estimated": is_estimated(seen.release),
            "banner": banner(language, seen),
            "newest": address([(k, v) for k, values in request.GET.lists() for v in values if k != "release"]),
            "stands_on": [
                (say(language, "m_made"), str(manifest["created"])[:10]),
                (say(language, "m_hash"), str(manifest["sha256"])[:16]),
                (say(language, "m_code"), str(manifest["code"])),
                (say(language, "m_rules"), str(manifest["rule_editions"].get("public", ""))),
            ],
        }
    response = render(request, template, {**said, **around}, status=status)
    response["Content-Language"] = language
    return response


def banner(language: str, seen: Seen) -> str:
    """What a reader of an older release must know: that it was retired and why, corrected and in how many figures, or followed by a newer one."""
    if seen.banner == "retired":
        reason = str(seen.release.manifest["reason"])
        return say(language, "banner_retired", reason=say(language, "source_withdrawn") if reason == "source withdrawn" else reason)
    if seen.banner == "corrected":
        changes = shelf(seen.release.folder).changes(shelf(seen.newest.folder))
        return say(
            language,
            "banner_corrected",
            n=f"{sum(c.changed for c in changes):,}",
            gone=f"{sum(c.gone for c in changes):,}",
            added=f"{sum(c.added for c in changes):,}",
        )
    return say(language, f"banner_{seen.banner}") if seen.banner in ("newer", "draft") else ""


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page that is not there."""
    return _fault(request, "not_found", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The address that cannot be read."""
    return _fault(request, "bad_request", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, under a number that the log has too, with its place and no word of what was asked."""
    reference, _ = errors.log_fault(sys.exc_info()[1])
    return _fault(request, "server_error", 500, reference=reference)


def _fault(request: HttpRequest, key: str, status: int, **values: str) -> HttpResponse:
    language = "es" if f"{request.path}/".startswith("/es/") else "en"
    said = {"title": say(language, key), "text": say(language, f"{key}_text", **values)}
    return show(request, language, None, "fault.html", said, status)
