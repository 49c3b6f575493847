"""Layers round every page: nothing is kept by a browser, Spanish stands under `/es`, and only signed-in people get further."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import translation
from django.utils.cache import patch_vary_headers

from c2c.web.portal import _people

Answer = Callable[[HttpRequest], HttpResponse]
OPEN = ("/sign-in", "/sign-in/code", "/sign-out")
"""Paths for people who have not signed in; set-up links are beside them."""


def kept_nowhere(get_response: Answer) -> Answer:
    """No page is stored by a browser or on the way: it may show a person's record."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Cookie"])
        return response

    return respond


def in_language(get_response: Answer) -> Answer:
    """Reads the language off the path and takes it away, so that each page has one address in the table of addresses.

    Addresses made while the request is answered carry the language again.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        before = get_script_prefix()
        spanish = request.path_info == "/es" or request.path_info.startswith("/es/")
        language = "es" if spanish else "en"
        if spanish:
            request.path_info = request.path_info[3:] or "/"
        set_script_prefix("/es/" if spanish else "/")
        try:
            with translation.override(language):
                request.language = language  # type: ignore[attr-defined]
                response = get_response(request)
        finally:
            set_script_prefix(before)
        response["Content-Language"] = language
        return response

    return respond


def signed_in_only(get_response: Answer) -> Answer:
    """Whoever has not signed in with both steps is sent to the sign-in page from every path alike, also from one that does not exist."""

    def respond(request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path in OPEN or path.startswith("/set-up/"):
            return get_response(request)
        if not _people.has_both_steps(request):
            if request.user.is_authenticated:
                return HttpResponseRedirect(reverse("account_logout"))
            return HttpResponseRedirect(reverse(settings.LOGIN_URL))
        request.standing = _people.standing_of(request.user)  # type: ignore[attr-defined]
        return get_response(request)

    return respond
