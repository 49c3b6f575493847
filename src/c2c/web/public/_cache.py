"""Pages kept as they were first made. A release never changes, so an address with its release is one page for ever.

The key holds what may change: which releases there are and how each stands. Bounded in bytes; the page least lately asked for goes first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse

MOST_BYTES = 48 * 2**20
Kept = tuple[bytes, dict[str, str]]


def kept_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A layer round the pages: answers from what was made before, whole and compressed, where nothing has changed since."""
    pages: OrderedDict[tuple[object, ...], Kept] = OrderedDict()
    lock = threading.Lock()
    weight = 0

    def respond(request: HttpRequest) -> HttpResponse:
        nonlocal weight
        if request.method not in ("GET", "HEAD"):
            return get_response(request)
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        key = (standing(Path(settings.RELEASES)), request.get_full_path(), request.method, packed)
        with lock:
            kept = pages.get(key)
            if kept:
                pages.move_to_end(key)
        if kept:
            return HttpResponse(kept[0], headers=kept[1])
        response = get_response(request)
        if response.status_code == 200 and not response.streaming:
            with lock:
                weight += len(response.content) - len(pages.get(key, (b"", {}))[0])
                pages[key] = (response.content, dict(response.items()))
                while weight > MOST_BYTES:
                    weight -= len(pages.popitem(last=False)[1][0])
        return response

    return respond


def standing(root: Path) -> tuple[tuple[str, int], ...]:
    """Which releases there are, and when each last changed its standing."""
    return tuple(sorted((p.parent.name, p.stat().st_mtime_ns) for p in root.glob("*/status.json")))
