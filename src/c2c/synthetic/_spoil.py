"""Bad files on request: what partners really send by mistake, made from a good file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl

from c2c.plumbing import errors

KINDS = ("wrong_header", "wrong_encoding", "broken_rows", "duplicate_rows", "impossible_dates", "year_sent_twice")


def spoil(source: Path, kind: str, *, seed: int, target: Path) -> None:
    """Write a spoilt copy of a CSV file.

    Raises:
        WrongUse: SYN-001 there is no such kind.
    """
    if kind not in KINDS:
        raise errors.WrongUse(
            "SYN-001", where="kind of bad file", what=f"{kind} is not one", remedy=f"Kinds are: {', '.join(KINDS)}."
        )
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    if kind == "year_sent_twice":
        shutil.copyfile(source, target)
        return
    lines = source.read_text("utf-8").splitlines()
    if kind == "wrong_header":
        lines[0] = ",".join(f"COL{i}" for i, _ in enumerate(lines[0].split(",")))
    elif kind == "broken_rows":
        for i in _some(rng, lines, 5):
            lines[i] = lines[i].split(",", 2)[0]
    elif kind == "duplicate_rows":
        lines += [lines[i] for i in _some(rng, lines, 5)]
    elif kind == "impossible_dates":
        table = pl.read_csv(source, infer_schema=False)
        dates = [n for n in table.columns if n.endswith("_date")]
        bad = pl.Series(range(len(table))).is_in(_some(rng, lines[1:], 5))
        table.with_columns(pl.when(bad).then(pl.lit("2019-02-31")).otherwise(pl.col(dates[0])).alias(dates[0])).write_csv(target)
        return
    text = "\n".join(lines) + "\n"
    # A file that ends in the middle of a sign: neither UTF-8 nor, with its zero bytes, text in any code page.
    target.write_bytes(b"\x00\x01\xff\xfe" + text.encode("utf-16-le")[:-1] if kind == "wrong_encoding" else text.encode())


def _some(rng: np.random.Generator, lines: list[str], n: int) -> list[int]:
    """Numbers of a few lines after the first."""
    return sorted(int(i) for i in rng.choice(np.arange(1, len(lines)), size=min(n, len(lines) - 1), replace=False))
