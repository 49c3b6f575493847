"""Names and addresses fold the same whether or not a mark on some letter sends them the long way round."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from c2c.identity._normalise import _digits, _fold, _street

TEXT = st.text(alphabet=string.ascii_letters + string.digits + " -,./_'\"()#&\t", min_size=1, max_size=20)


@given(TEXT)
def test_plain_names_fold_as_marked_ones_do(text: str) -> None:
    """An office that writes accents must not part a family from one that does not."""
    assert _fold(text) == _fold(text + "\N{COMBINING ACUTE ACCENT}")


@given(TEXT)
def test_plain_addresses_shorten_as_marked_ones_do(text: str) -> None:
    """A word in another script at the end changes nothing before it."""
    assert _street(text + " x") == _street(text + " \N{LATIN SMALL LETTER E WITH ACUTE}").replace(
        "\N{LATIN SMALL LETTER E WITH ACUTE}", "x"
    )


@given(st.text(alphabet=string.digits, min_size=1, max_size=9))
def test_digits_are_read_as_they_stand(text: str) -> None:
    """A number that needs no repair is not repaired."""
    assert _digits(text) == text == _digits(text + "#").rstrip("?")
