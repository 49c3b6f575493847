"""The public site in this process, over releases written by hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "c2c.web.public.settings")
django.setup()

from django.test import Client, override_settings  # noqa: E402 - Django must be set up before its test client is read

Visitor = Callable[[Path], Client]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """A visitor of the site over a folder of releases; a new visitor meets a server that has kept no page yet."""
    changed = []

    def over(root: Path) -> Client:
        setting = override_settings(RELEASES=root, ALLOWED_HOSTS=["testserver"])
        setting.enable()
        changed.append(setting)
        return Client(raise_request_exception=False)

    yield over
    for setting in reversed(changed):
        setting.disable()
