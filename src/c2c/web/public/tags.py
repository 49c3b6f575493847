"""Template tags: words in the reader's language, and addresses that keep it."""

from __future__ import annotations

from typing import Any

from django import template

from c2c.web.public._words import say

register = template.Library()


@register.simple_tag(takes_context=True)
def word(context: dict[str, Any], key: str, **values: object) -> str:
    """The site's own words for a key, in the page's language."""
    return say(context["language"], key, **values)


@register.simple_tag(takes_context=True)
def page(context: dict[str, Any], name: str) -> str:
    """The address of a page in the page's language."""
    prefix = "/es/" if context["language"] == "es" else "/"
    return prefix + name
