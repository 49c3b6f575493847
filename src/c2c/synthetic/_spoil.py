"""Bad files on request: what partners really send by mistake, made from a good file; and what they send otherwise than asked, yet can be read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from c2c.plumbing import errors

Rows = list[list[str]]
"""Header first, then the rows, as text."""


def spoil(source: Path, kind: str, *, seed: int, target: Path) -> None:
    """Write a copy of a CSV file that is bad in one of the ways of `KINDS`, or only other than asked, as in `UNUSUAL`.

    Raises:
        WrongUse: SYN-001 there is no such kind.
    """
    if kind not in _WRITERS:
        raise errors.WrongUse(
            "SYN-001", where="kind of bad file", what=f"{kind} is not one", remedy=f"Kinds are: {', '.join((*KINDS, *UNUSUAL))}."
        )
    rng = np.random.default_rng([seed, *kind.encode()])
    with source.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    target.write_bytes(_WRITERS[kind](rows, rng))


def _text(rows: Rows, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _wrong_header(rows: Rows, rng: np.random.Generator) -> bytes:
    return _text([[f"COL{i}" for i, _ in enumerate(rows[0])], *rows[1:]]).encode()


def _wrong_encoding(rows: Rows, rng: np.random.Generator) -> bytes:
    # Ends in the middle of a sign: neither UTF-8 nor, with its zero bytes, text in any code page.
    return b"\x00\x01\xff\xfe" + _text(rows).encode("utf-16-le")[:-1]


def _broken_rows(rows: Rows, rng: np.random.Generator) -> bytes:
    some = set(_some(rng, rows))
    return _text([row[:2] if i in some else row for i, row in enumerate(rows)]).encode()


def _duplicate_rows(rows: Rows, rng: np.random.Generator) -> bytes:
    return _text([*rows, *(rows[i] for i in _some(rng, rows))]).encode()


def _impossible_dates(rows: Rows, rng: np.random.Generator) -> bytes:
    at = next(i for i, name in enumerate(rows[0]) if name.endswith("_date"))
    for i in _some(rng, rows):
        rows[i][at] = "2019-02-31"
    return _text(rows).encode()


def _swapped_columns(rows: Rows, rng: np.random.Generator) -> bytes:
    # The values of the first two columns change places under a header that stays.
    return _text([rows[0], *([b, a, *rest] for a, b, *rest in rows[1:])]).encode()


def _empty_file(rows: Rows, rng: np.random.Generator) -> bytes:
    return b""


def _header_alone(rows: Rows, rng: np.random.Generator) -> bytes:
    return _text(rows[:1]).encode()


def _cut_gzip(rows: Rows, rng: np.random.Generator) -> bytes:
    # A transfer that broke off.
    whole = gzip.compress(_text(rows).encode(), mtime=0)
    return whole[: len(whole) * 2 // 3]


def _latin_1(rows: Rows, rng: np.random.Generator) -> bytes:
    return _text(rows).encode("latin-1", errors="replace")


def _semicolons(rows: Rows, rng: np.random.Generator) -> bytes:
    return _text(rows, ";").encode()


def _extra_column(rows: Rows, rng: np.random.Generator) -> bytes:
    return _text([[*rows[0], "batch_note"], *([*row, "resent"] for row in rows[1:])]).encode()


def _year_sent_twice(rows: Rows, rng: np.random.Generator) -> bytes:
    # Nothing is wrong with it but that it was sent before, for another year.
    return _text(rows).encode()


def _some(rng: np.random.Generator, rows: Rows, n: int = 5) -> list[int]:
    """Numbers of a few rows after the header."""
    return sorted(int(i) for i in rng.choice(np.arange(1, len(rows)), size=min(n, len(rows) - 1), replace=False))


_BAD: dict[str, Callable[[Rows, np.random.Generator], bytes]] = {
    "wrong_header": _wrong_header,
    "wrong_encoding": _wrong_encoding,
    "broken_rows": _broken_rows,
    "duplicate_rows": _duplicate_rows,
    "impossible_dates": _impossible_dates,
    "swapped_columns": _swapped_columns,
    "empty_file": _empty_file,
    "header_alone": _header_alone,
    "cut_gzip": _cut_gzip,
    "year_sent_twice": _year_sent_twice,
}
_UNUSUAL: dict[str, Callable[[Rows, np.random.Generator], bytes]] = {
    "latin_1": _latin_1,
    "semicolons": _semicolons,
    "extra_column": _extra_column,
}
_WRITERS = _BAD | _UNUSUAL

KINDS = tuple(_BAD)
"""Kinds of bad file: each must be refused, or its rows set aside, and said."""

UNUSUAL = tuple(_UNUSUAL)
"""Kinds of file other than asked, that are read all the same."""
