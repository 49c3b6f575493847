"""A visitor of the portal without a browser: keeps cookies, follows nothing, sends forms with the token of their page."""

from __future__ import annotations

import http.cookiejar
import itertools
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from codes import code_of

PASSWORD = "larkspur seven quiet rivers"  # noqa: S105 - of people who do not exist


@dataclass(frozen=True)
class Page:
    """What came back: status, headers, text, and where it sends on."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def leads_to(self) -> str:
        """The path that a redirect names."""
        return urllib.parse.urlsplit(self.headers.get("location", "")).path


_numbers = itertools.count(1)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Visitor:
    """One browser's worth of cookies, at an address of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self._from = f"10.0.{next(_numbers)}.1"
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _Stay())

    def get(self, path: str) -> Page:
        """A page, as it comes."""
        return self._ask(urllib.request.Request(self.address + path))

    def post(self, path: str, form_at: str = "", **fields: str) -> Page:
        """A form, with the token of the page it stands on (the same path unless named)."""
        page = self.get(form_at or path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        sent = fields | ({"csrfmiddlewaretoken": token.group(1)} if token else {})
        return self._ask(urllib.request.Request(self.address + path, data=urllib.parse.urlencode(sent).encode()))

    def set_up(self, path: str) -> list[str]:
        """Use a set-up link; the secret of the second step and the recovery codes."""
        page = self.get(path)
        secret = re.search(r'<code id="key">([^<]+)<', page.text)
        assert secret, page.status
        key = secret.group(1).replace(" ", "")
        codes: list[str] = []
        while not codes:
            # The code may change on its way; the page is then shown again, and whoever types gives the next.
            done = self.post(path, password=PASSWORD, again=PASSWORD, code=code_of(key))
            assert done.status == 200, done.status
            codes = re.findall(r"<li><code>(\d+)</code>", done.text)
        return [key, *codes]

    def sign_in(self, name: str, key: str, password: str = PASSWORD) -> Page:
        """Both steps. A code that changed on its way is given anew; one works once, so a second sign-in within its time waits for the next."""
        page = self.post("/sign-in", login=name, password=password)
        said = ""
        while page.leads_to == "/sign-in/code" or (said and page.status == 200):
            while said == code_of(key):
                time.sleep(0.1)
            said = code_of(key)
            page = self.post("/sign-in/code", code=said)
        return page

    def _ask(self, request: urllib.request.Request) -> Page:
        request.add_header("X-Forwarded-For", self._from)
        try:
            with self._opener.open(request) as answer:
                return Page(answer.status, _lower(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as answer:
            return Page(answer.code, _lower(answer.headers), answer.read().decode())


def _lower(headers: Any) -> dict[str, str]:
    return {k.lower(): v for k, v in headers.items()}
