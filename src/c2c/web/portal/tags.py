"""Template tags: words in the reader's language."""

from __future__ import annotations

from typing import Any

from django import template

from c2c.web.portal._words import named, say

register = template.Library()


@register.simple_tag(takes_context=True)
def word(context: dict[str, Any], key: str, **values: object) -> str:
    """The portal's words for a key, in the page's language."""
    return say(context["language"], key, **values)


@register.simple_tag(takes_context=True)
def name(context: dict[str, Any], kind: str, code: str) -> str:
    """The words for a room's short name: a state, a reason, a duty."""
    return named(context["language"], kind, code)
