"""How long a wage file takes to be checked by every rule, told row by row, split and sealed, beside pandera on the same rules.

Pandera reads and checks the same file and gathers its faults; it neither writes findings, names rows by a keyed hash, splits nor seals. So the
rules alone, on rows already read, are told apart from the whole delivery, and the bar is on them. Each runs in a process of its own, and says its
own seconds (imports left out) and its own peak memory. The file has one fault of each of six kinds in every few thousand rows, and
both must find the same number of them.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

SIZES = (250_000, 500_000, 1_000_000)
AT_FULL_SIZE = (500_000, 5_000_000)
PERIOD = 2026
BAR_RATIO, BAR_MIB = 3.0, 2048


def main() -> int:
    """Three sizes, each by both; with `--full`, half a million and five million rows."""
    from _report import PEERS, Row, finish, run

    me = (__file__,)
    rows: list[Row] = []
    sizes = AT_FULL_SIZE if "--full" in sys.argv else SIZES
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            path = Path(folder) / f"{n}.csv"
            run(sys.executable, *me, "make", str(path), str(n))
            ours = json.loads(run(sys.executable, *me, "ours", str(path), str(Path(folder) / f"site-{n}"))[2])
            peer = json.loads(run(str(PEERS), *me, "pandera", str(path), json.dumps(ours["rules"]))[2])
            seconds.append(ours["seconds"])
            ratio = peer["rules_seconds"] / ours["rules_seconds"]
            rows += [
                Row(
                    f"rules and findings, {n:,} rows",
                    ours["rules_seconds"],
                    "s",
                    "pandera",
                    peer["rules_seconds"],
                    ratio,
                    "≥ 3× faster",
                    ratio >= BAR_RATIO,
                ),
                Row(
                    f"read, checked, split, sealed, {n:,} rows",
                    ours["seconds"],
                    "s",
                    "pandera, read and checked",
                    peer["seconds"],
                    peer["seconds"] / ours["seconds"],
                ),
                Row(
                    f"peak memory, {n:,} rows",
                    ours["peak"],
                    "MiB",
                    "pandera",
                    peer["peak"],
                    peer["peak"] / ours["peak"],
                    "≤ 2 GB",
                    ours["peak"] <= BAR_MIB,
                ),
                Row(
                    f"faults found, {n:,} rows",
                    ours["faults"],
                    "faults",
                    "pandera",
                    peer["faults"],
                    peer["faults"] / ours["faults"],
                    "the same",
                    peer["faults"] == ours["faults"],
                ),
            ]
    growth = seconds[-1] / seconds[0]
    times = sizes[-1] / sizes[0]
    rows.append(Row(f"growth, {times:g}× the rows", growth, "× the time", bar=f"≤ {1.1 * times:g}×", holds=growth <= 1.1 * times))
    return finish("intake", rows)


def make(path: Path, n: int) -> None:
    """A wage file of `n` rows: seven rows a worker, four quarters and a second job in three of them, faults strewn in."""
    import polars as pl

    row, worker = pl.col("row"), pl.col("row") // 7
    number = worker % 897 + 1, worker // 897 % 98 + 1, worker // (897 * 98) + 1
    digits = [part.cast(pl.String).str.zfill(width) for part, width in zip(number, (3, 2, 4), strict=True)]
    quarter, second = row % 7 % 4 + 1, row % 7 // 4
    industries = pl.lit(pl.Series(["722511", "445110", "621111", "611110", "541511", "236115", "484110"]))
    pl.LazyFrame({"row": pl.int_range(n, eager=True)}).select(
        ssn=pl.when(row % 7001 == 11).then(pl.lit("000123456")).otherwise(pl.concat_str(digits)),
        first_name=pl.lit("NAME") + (worker % 4999).cast(pl.String),
        middle_name=pl.when(worker % 3 == 0).then(pl.lit("M")),
        last_name=pl.lit("SURNAME") + (worker % 49999).cast(pl.String),
        wage_year=pl.when(row % 8009 == 17).then(pl.lit("1925")).otherwise(pl.lit(str(PERIOD - 1))),
        wage_quarter=pl.when(row % 9001 == 13).then(pl.lit("first")).otherwise(quarter.cast(pl.String)),
        employer_account=(10_000_000 + worker % 90_000 + second).cast(pl.String),
        naics_code=pl.when(row % 6007 == 19).then(pl.lit("009999")).otherwise(industries.gather((worker % 7).cast(pl.UInt32))),
        employer_ownership=pl.lit("private"),
        employer_county=pl.when(row % 5003 == 23).then(pl.lit("99")).otherwise(pl.lit("06037")),
        quarterly_wages=(worker % 30_000 + pl.lit(1000.25)).cast(pl.String),
    ).collect().write_csv(path)
    # The same worker, employer and quarter twice: the first rows again at the end.
    lines = path.read_bytes().split(b"\n", n // 10_000 + 1)
    with path.open("ab") as handle:
        handle.writelines(line + b"\n" for line in lines[1 : n // 10_000 + 1])


def ours(path: Path, folder: Path) -> None:
    """Check, split and seal it as `c2c submit` does."""
    from c2c import catalog, cycle, governance
    from c2c.intake import _inspect

    in_rules = 0.0
    check = _inspect._Look._check

    def timed(*arguments: Any) -> int:
        nonlocal in_rules
        begin = perf_counter()
        aside = check(*arguments)
        in_rules += perf_counter() - begin
        return aside

    _inspect._Look._check = timed  # type: ignore[method-assign]
    site = governance.found_site(folder, actor="operator")
    start = perf_counter()
    batch = cycle.submit(site, "edd", "ui_wage", path, period=PERIOD, actor="operator")
    seconds = perf_counter() - start
    if batch.verdict != "accepted_in_part":
        sys.exit(f"the wage file was {batch.verdict}")
    layout, cat = catalog.load().files["ui_wage"], catalog.load()
    rules = {
        "key": layout.primary_key,
        "columns": {
            e.element: {
                "required": e.required,
                "clauses": [
                    *([["type", e.type]] if e.type in ("integer", "decimal") else []),
                    *([c.kind, *c.arguments] for c in catalog.parse_rule(e.rule)),
                ],
            }
            for e in layout.elements
        },
        "codes": {name: list(rows) for name, rows in cat.code_sets.items() if name in ("county", "employer_ownership", "naics2")},
    }
    told(seconds, sum(f.n_rows for f in batch.findings), rules=rules, rules_seconds=in_rules)


def pandera(path: Path, rules: dict[str, Any]) -> None:
    """Read it and check it by the same rules, all faults gathered."""
    import pandera.polars as pa
    import polars as pl
    from pandera.errors import SchemaErrors

    # Columns stay text: where one value cannot be coerced, pandera judges none of that column's others.
    columns = {
        name: pa.Column(
            pl.String,
            [_check(kind, words, rules["codes"]) for kind, *words in row["clauses"]],
            nullable=not row["required"],
        )
        for name, row in rules["columns"].items()
    }
    schema = pa.DataFrameSchema(columns, unique=list(rules["key"]))
    start = perf_counter()
    read = pl.read_csv(path, infer_schema=False)
    begin = perf_counter()
    try:
        schema.validate(read, lazy=True)
        cases: dict[str, int] = {}
    except SchemaErrors as found:
        cases = dict(found.failure_cases.group_by("check").len().iter_rows())
    seconds, in_rules = perf_counter() - start, perf_counter() - begin
    # Both rows of a pair are told here, the later one alone by us.
    twice = cases.pop("multiple_fields_uniqueness", 0)
    told(seconds, sum(cases.values()) + twice // 2, rules_seconds=in_rules)


def _check(kind: str, words: list[str], codes: dict[str, list[str]]) -> Any:
    """A clause of the catalog in pandera's words."""
    import pandera.polars as pa
    import polars as pl

    prefixes = [f"{n:02d}" for c in codes["naics2"] for n in range(int(c[:2]), int(c[-2:]) + 1)]
    return {
        "regex": lambda: _matches(words[0]),
        "max_length": lambda: pa.Check.str_length(max_value=int(words[0])),
        "in": lambda: pa.Check.isin(codes[words[0]]),
        "prefix_in": lambda: pa.Check(lambda data: data.lazyframe.select(pl.col(data.key).str.slice(0, 2).is_in(prefixes))),
        "between": lambda: pa.Check(
            lambda data: data.lazyframe.select(
                pl.col(data.key).cast(pl.Float64, strict=False).is_between(float(words[0]), float(words[1])).fill_null(True)
            )
        ),
        "type": lambda: pa.Check(
            lambda data: data.lazyframe.select(
                pl.col(data.key).cast({"integer": pl.Int64, "decimal": pl.Float64}[words[0]], strict=False).is_not_null()
            )
        ),
    }[kind]()


def _matches(pattern: str) -> Any:
    """A pattern; the one with look-aheads is written for an engine that has none."""
    import pandera.polars as pa
    import polars as pl

    if "(?!" not in pattern:
        return pa.Check.str_matches(pattern)
    x, wrong = r"^\d{9}$", r"^(000|666|9)|^\d{3}00|0000$"
    return pa.Check(lambda data: data.lazyframe.select(pl.col(data.key).str.contains(x) & ~pl.col(data.key).str.contains(wrong)))


def told(seconds: float, faults: int, **more: Any) -> None:
    """What the process that ran says to the one that compares."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "faults": faults} | more))


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["ours"]:
        ours(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["pandera"]:
        pandera(Path(sys.argv[2]), json.loads(sys.argv[3]))
    else:
        sys.exit(main())
