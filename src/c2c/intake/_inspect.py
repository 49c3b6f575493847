"""One delivery, checked: refused whole, or accepted with rows set aside, and always told why. The rules run in one pass of the engine."""

from __future__ import annotations

import csv
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import ibis

from c2c.catalog import Catalog, Element, FileLayout, broken, parse_rule
from c2c.intake import _profile, _report
from c2c.intake._maps import ColumnMap
from c2c.intake._reading import Broken, Unreadable, read_delivery
from c2c.intake._split import SCHOOL_YEAR, as_contracted, identifiers_of, record_key_of, records_of
from c2c.plumbing import clock, errors, keys, storage
from c2c.plumbing.site import Site, write_json
from c2c.vocabulary import Batch, Finding, Identifiers, Records, Submission

BITS = 62
"""Rules to a mask: as many as a 64-bit integer holds without its sign."""

CODE_OF_KIND = {
    "required": "FND-101",
    "type": "FND-102",
    "boolean": "FND-102",
    "regex": "FND-103",
    "in": "FND-104",
    "each_in": "FND-104",
    "prefix_in": "FND-104",
    "max_length": "FND-105",
    "between": "FND-106",
    "not_after_submission": "FND-107",
    "not_before": "FND-107",
    "at_least": "FND-108",
    "at_most": "FND-108",
    "only_if": "FND-109",
    "only_if_filled": "FND-109",
    "required_if": "FND-101",
    "unique": "FND-110",
    "primary_key": "FND-110",
    "broken_row": "FND-111",
    "cross_file": "FND-112",
}


class IntakeError(errors.CodedError):
    """The delivery cannot be looked at in the way that was asked."""


@dataclass(frozen=True)
class Check:
    """One rule of one column: how grave a fault of it is, and what becomes of the row."""

    column: str
    kind: str
    text: str
    severity: str
    action: str


def inspect(
    site: Site,
    catalog: Catalog,
    *,
    partner: str,
    file: str,
    path: Path,
    period: int,
    submission_date: date,
    column_map: ColumnMap | None = None,
    scratch: Path,
    earlier: Sequence[Submission] = (),
    companions: Mapping[str, Path] | None = None,
) -> Batch:
    """Check a delivery against its contract and split it; refused or accepted, its findings are written for the partner.

    `earlier` are the partner's deliveries of this file so far, `companions` the keyed marks of ids in its people files of the same year.
    The trays are files in `scratch`; a refused delivery has none.

    Raises:
        IntakeError: INT-003 there is no such file to read.
        WrongUse: INT-002 the column map speaks of a column the file does not have.
    """
    if not path.is_file():
        raise IntakeError("INT-003", where=path.name, what="there is no such file", remedy="Check the path.")
    layout = catalog.files[file]
    digest = storage.file_sha256(path)
    named = hashlib.sha256(f"{partner}|{file}|{period}|{digest}".encode()).hexdigest()[:16]
    sent = Submission(f"s-{named}", partner, file, period, clock.stamp(), digest, 0)
    with duckdb.connect(config={"threads": 2, "memory_limit": "1500MB", "temp_directory": str(scratch / "spill")}) as engine:
        look = _Look(site, catalog, layout, sent, engine, scratch, column_map)
        return look.batch(path, submission_date, earlier, companions or {})


def refused(site: Site, partner: str) -> set[tuple[str, int, str]]:
    """Deliveries of a partner that were refused before: file, period, hash. Sent again unchanged they need not be looked at again."""
    found = set()
    for path in (site.root / "findings").glob("*/summary.json"):
        said = json.loads(path.read_text("utf-8"))
        if said["partner"] == partner and said["verdict"] == "refused":
            found.add((said["file"], said["period"], said["sha256"]))
    return found


class _Look:
    """One delivery while it is being looked at: its table in the engine, and what was found so far."""

    def __init__(
        self,
        site: Site,
        catalog: Catalog,
        layout: FileLayout,
        sent: Submission,
        engine: duckdb.DuckDBPyConnection,
        scratch: Path,
        column_map: ColumnMap | None,
    ) -> None:
        self.site, self.catalog, self.layout, self.sent = site, catalog, layout, sent
        self.engine, self.scratch, self.column_map = engine, scratch, column_map
        self.findings: list[Finding] = []
        self.folder = site.folder("findings", sent.submission_id)

    def batch(self, path: Path, submission_date: date, earlier: Sequence[Submission], companions: Mapping[str, Path]) -> Batch:
        if any(s.sha256 == self.sent.sha256 and s.period != self.sent.period for s in earlier):
            return self._refuse("FND-003", f"as the delivery of {next(s.period for s in earlier if s.sha256 == self.sent.sha256)}")
        try:
            names, broken_rows = read_delivery(self.engine, path, self.column_map or ColumnMap(), self.scratch)
        except Unreadable as reason:
            return self._refuse("FND-001", str(reason))
        header = self._as_contracted(names)
        if header:
            return self._refuse("FND-002", header)
        rows = int(self.engine.sql("SELECT count(*) FROM delivery").fetchall()[0][0]) + len(broken_rows)
        self.sent = replace(self.sent, rows=rows)
        if rows == 0:
            return self._refuse("FND-006", "only a header")
        other = self._other_year()
        if other:
            return self._refuse("FND-004", f"school year {other}, not {self.sent.period}")
        aside = self._check(submission_date, broken_rows, companions)
        limits = _limits()
        if aside / rows > limits["max_share_set_aside"]:
            self._write_rows()
            return self._refuse("FND-005", f"{aside} of {rows}", aside)
        profile = _profile.profile_of(self.engine, self.layout)
        self.findings += _profile.compare(profile, _profile.read_earlier(self.site, self.sent, earlier), self._finding, limits)
        self._write_rows()
        write_json(self.folder / "profile.json", profile)
        who, what = self._split()
        self._tell("accepted_in_part" if aside else "accepted", aside)
        return Batch(
            self.sent,
            "accepted_in_part" if aside else "accepted",
            tuple(self.findings),
            aside,
            who,
            what,
            self.folder / "findings.csv",
        )

    def _as_contracted(self, names: list[str]) -> str:
        """Make the table `delivery` under the contract's columns; the required columns that are missing, if any."""
        table = ibis.table({"row_": "int64"} | dict.fromkeys(names, "string"), name="sent")
        mapped = as_contracted(table, self.layout, self.column_map)
        known = set(names) | (_made_by(self.column_map) if self.column_map else set())
        missing = [e.element for e in self.layout.elements if e.required and e.element not in known]
        if missing:
            return ", ".join(missing)
        for name in names:
            if name not in {e.element for e in self.layout.elements} and not (
                self.column_map and name in _used_by(self.column_map)
            ):
                self.findings.append(self._finding("FND-113", "warning", name, "in the contract", 1))
        self.engine.sql(ibis.to_sql(mapped, dialect="duckdb")).create("delivery")
        return ""

    def _other_year(self) -> int:
        """The closing year most rows are of, when that is another than the period; else 0."""
        years = [e.element for e in self.layout.elements if e.rule.startswith(SCHOOL_YEAR)]
        if not years:
            return 0
        found = self.engine.sql(
            f'SELECT try_cast(left("{years[0]}", 4) AS integer) + 1 AS y, count(*) AS n FROM delivery GROUP BY y ORDER BY n DESC, y LIMIT 1'
        ).fetchall()
        return int(found[0][0]) if found and found[0][0] and int(found[0][0]) != self.sent.period else 0

    def _check(self, submission_date: date, broken_rows: list[Broken], companions: Mapping[str, Path]) -> int:
        """Run every rule; make `faults` (row_, check) and `accepted`; the number of rows set aside, broken ones included."""
        compiled = _compiled(self.catalog, self.layout)
        checks: list[Check] = list(compiled.checks)
        self.engine.execute(f"CREATE VIEW delivery_of_day AS SELECT *, DATE '{submission_date}' AS day_ FROM delivery")
        self.engine.sql(compiled.masks).create("masks")
        self.engine.execute("CREATE TABLE faults (row_ BIGINT, check_ INTEGER)")
        for number in range(len(checks)):
            word, bit = divmod(number, BITS)
            self.engine.execute(f"INSERT INTO faults SELECT row_, {number} FROM masks WHERE (m{word} >> {bit}) & 1 = 1")
        checks += self._cross_file(companions, len(checks))
        counted = self.engine.sql("SELECT check_, count(*), min(row_) FROM faults GROUP BY check_ ORDER BY check_").fetchall()
        for number, n, first in counted:
            check = checks[number]
            code = CODE_OF_KIND[check.kind]
            self.findings.append(self._finding(code, check.severity, check.column, check.text, int(n), int(first)))
        if broken_rows:
            rule = _policy()["broken_row", "any"]
            self.findings.append(self._finding("FND-111", rule[0], "", broken_rows[0].why, len(broken_rows), broken_rows[0].row))
        self._checks, self._broken = checks, broken_rows
        self.engine.sql(compiled.accepted).create("accepted")
        n_accepted = int(self.engine.sql("SELECT count(*) FROM accepted").fetchall()[0][0])
        return self.sent.rows - n_accepted

    def _cross_file(self, companions: Mapping[str, Path], number: int) -> list[Check]:
        """Keys that no people file of the same partner and year has."""
        if not companions or self.layout.carries_names:
            return []
        kind = self.layout.person_id_columns[0]
        table = ibis.table(dict.fromkeys(["row_", *(e.element for e in self.layout.elements)], "string"), name="delivery")
        keyed = table.select("row_", key=record_key_of(table, self.layout, self._key()))
        self.engine.sql(ibis.to_sql(keyed, dialect="duckdb")).create_view("keyed")
        held = " UNION ".join(f"SELECT lookup_{kind} AS key FROM read_parquet('{path}')" for path in companions.values())
        self.engine.execute(f"INSERT INTO faults SELECT row_, {number} FROM keyed ANTI JOIN ({held}) held USING (key)")
        severity, action = _policy()["cross_file", "any"]
        return [Check(kind, "cross_file", f"in {', '.join(sorted(companions))} of the same year", severity, action)]

    def _split(self) -> tuple[Identifiers, Records]:
        table = ibis.table(dict.fromkeys(["row_", *(e.element for e in self.layout.elements)], "string"), name="accepted")
        who, what = (
            self.scratch / f"{self.sent.submission_id}.who.parquet",
            self.scratch / f"{self.sent.submission_id}.what.parquet",
        )
        trays = {
            who: identifiers_of(table, self.layout, self._key()),
            what: records_of(table, self.layout, self._key(), self.sent.period),
        }
        for path, tray in trays.items():
            self.engine.sql(ibis.to_sql(tray, dialect="duckdb")).write_parquet(str(path), compression="zstd")
        counts = [int(self.engine.read_parquet(str(p)).count("*").fetchall()[0][0]) for p in (who, what)]
        return Identifiers(self.sent, who, counts[0]), Records(self.sent, what, counts[1])

    def _key(self) -> bytes:
        return keys.naming_key(self.site, f"partner/{self.sent.partner}")

    def _finding(self, code: str, severity: str, column: str, rule: str, n_rows: int, first_row: int | None = None) -> Finding:
        said = _report.messages()[code]
        return Finding(code, severity, column, rule, n_rows, said["what_en"], said["remedy_en"], first_row)

    def _refuse(self, code: str, rule: str, aside: int = 0) -> Batch:
        self.findings.insert(0, self._finding(code, "error", "", rule, self.sent.rows))
        self._tell("refused", aside)
        return Batch(self.sent, "refused", tuple(self.findings), aside, None, None, self.folder / "findings.csv")

    def _write_rows(self) -> None:
        """The row-level findings, for the partner alone: the only place where a value is told."""
        checks = [(n, CODE_OF_KIND[c.kind], c.severity, c.column, c.text) for n, c in enumerate(self._checks)]
        columns = ", ".join(f'"{e.element}"' for e in self.layout.elements)
        self.engine.execute('CREATE TABLE checks (check_ INTEGER, code VARCHAR, severity VARCHAR, "column" VARCHAR, rule VARCHAR)')
        if checks:
            self.engine.executemany("INSERT INTO checks VALUES (?, ?, ?, ?, ?)", checks)
        self.engine.sql(
            f"""SELECT row_ AS "row", c.code, c.severity, c."column", c.rule, v.value
            FROM faults JOIN checks c USING (check_)
            LEFT JOIN (UNPIVOT (SELECT row_, {columns} FROM delivery SEMI JOIN faults USING (row_)) ON COLUMNS(* EXCLUDE row_)
                       INTO NAME "column" VALUE value) v USING (row_, "column")
            ORDER BY row_, check_"""
        ).write_csv(str(self.folder / "findings.csv"))
        if self._broken:
            with (self.folder / "findings.csv").open("a", encoding="utf-8", newline="") as handle:
                rows = csv.writer(handle, lineterminator="\n")
                rows.writerows([b.row, "FND-111", "error", "", b.why, b.text] for b in self._broken)

    def _tell(self, verdict: str, aside: int) -> None:
        """Write the summary and both reports; the summary last, for it says that the look is whole."""
        if not (self.folder / "findings.csv").exists():
            (self.folder / "findings.csv").write_text("row,code,severity,column,rule,value\n", "utf-8")
        for language in ("en", "es"):
            page = _report.page(self.layout, self.sent, verdict, aside, self.findings, language)
            (self.folder / f"report.{language}.html").write_text(page, "utf-8")
        summary = {
            "submission": self.sent.submission_id,
            "partner": self.sent.partner,
            "file": self.sent.file,
            "period": self.sent.period,
            "sha256": self.sent.sha256,
            "rows": self.sent.rows,
            "verdict": verdict,
            "rows_set_aside": aside,
            "findings": [
                {"code": f.code, "severity": f.severity, "column": f.column, "rule": f.rule, "n_rows": f.n_rows}
                for f in self.findings
            ],
        }
        write_json(self.folder / "summary.json", summary)


@dataclass(frozen=True)
class _Compiled:
    """A layout's checks and the statements that run them. The day of submission is a column, so one text serves every year."""

    checks: tuple[Check, ...]
    masks: str
    accepted: str


@functools.lru_cache(maxsize=256)
def _compiled(catalog: Catalog, layout: FileLayout) -> _Compiled:
    names = ["row_", *(e.element for e in layout.elements)]
    schema = {"row_": "int64"} | dict.fromkeys(names[1:], "string")
    table = ibis.table(schema | {"day_": "date"}, name="delivery_of_day")
    checks: list[Check] = []
    faults: list[Any] = []
    for element in layout.elements:
        for kind, text, fault in _faults_of(element, table, catalog):
            checks.append(Check(element.element, kind, text, *_severity_of(kind, element)))
            faults.append(fault)
    key = ibis.window(group_by=[table[c] for c in layout.primary_key], order_by=table["row_"])
    checks.append(Check(layout.primary_key[0], "primary_key", " + ".join(layout.primary_key), *_policy()["primary_key", "any"]))
    faults.append(ibis.row_number().over(key) > 0)

    zero = ibis.literal(0, "int64")
    words = [faults[i : i + BITS] for i in range(0, len(faults), BITS)]
    masked = table.select(
        "row_",
        **{
            f"m{w}": functools.reduce(
                lambda a, b: a + b,
                [f.fill_null(False).ifelse(ibis.literal(1 << bit, "int64"), zero) for bit, f in enumerate(chunk)],
            )
            for w, chunk in enumerate(words)
        },
    )
    some = masked.filter(functools.reduce(lambda a, b: a | b, [masked[f"m{w}"] != 0 for w in range(len(words))]))

    # A row set aside is dropped; a value that is blanked is dropped alone. Both are read off the masks of the faulty rows.
    delivery = ibis.table(schema, name="delivery")
    marked = delivery.left_join(ibis.table({"row_": "int64"} | {f"m{w}": "int64" for w in range(len(words))}, name="masks"), "row_")

    def marks(action: str, column: str = "") -> list[Any]:
        chosen = [n for n, c in enumerate(checks) if c.action == action and column in ("", c.column)]
        bits = {w: sum(1 << n % BITS for n in chosen if n // BITS == w) for w in range(len(words))}
        return [(marked[f"m{w}"].fill_null(0) & ibis.literal(b, "int64")) != 0 for w, b in bits.items() if b]

    def unless(marks_: list[Any], value: Any) -> Any:
        return functools.reduce(lambda a, b: a | b, marks_).ifelse(ibis.null().cast("string"), value) if marks_ else value

    kept = marked.filter([~mark for mark in marks("set_aside")]) if marks("set_aside") else marked
    accepted = kept.select("row_", **{name: unless(marks("blank", name), delivery[name]) for name in names[1:]})
    return _Compiled(tuple(checks), ibis.to_sql(some, dialect="duckdb"), ibis.to_sql(accepted, dialect="duckdb"))


def _faults_of(element: Element, table: ibis.Table, catalog: Catalog) -> Iterable[tuple[str, str, Any]]:
    """Kind, text and fault of every rule of an element: presence, type, then the clauses of the catalog."""
    x = table[element.element]
    if element.required:
        yield "required", "required", x.isnull()
    if element.type == "integer":
        yield "type", "a whole number", x.notnull() & x.try_cast("int64").isnull()
    if element.type == "decimal":
        yield "type", "a number", x.notnull() & x.try_cast("float64").isnull()
    if element.type == "date":
        yield (
            "type",
            "a date such as 2026-06-30",
            x.notnull() & (~x.re_search(r"^\d{4}-\d{2}-\d{2}$") | x.try_cast("date").isnull()),
        )
    for clause in parse_rule(element.rule):
        fault = broken(clause, element, table, submission_date=table["day_"], catalog=catalog)
        if element.type in ("date", "integer", "decimal") and clause.kind in ("between", "not_before", "not_after_submission"):
            # What cannot be read is told once, by its type.
            fault = fault & x.try_cast("date" if element.type == "date" else "float64").notnull()
        yield clause.kind, clause.text, fault


def _severity_of(kind: str, element: Element) -> tuple[str, str]:
    applies_to = "required" if element.required else "optional"
    return _policy().get((kind, "any")) or _policy()[kind, applies_to]


@functools.cache
def _policy() -> Mapping[tuple[str, str], tuple[str, str]]:
    """How grave a fault is and what becomes of its row: the latest dated row for each kind of rule."""
    rows = csv.DictReader((files("c2c.intake") / "severity.csv").read_text("utf-8").splitlines())
    return {
        (r["rule_kind"], r["applies_to"]): (r["severity"], r["action"]) for r in sorted(rows, key=lambda r: r["effective_from"])
    }


@functools.cache
def _limits() -> Mapping[str, float]:
    rows = csv.DictReader((files("c2c.intake") / "limits.csv").read_text("utf-8").splitlines())
    return {r["limit"]: float(r["value"]) for r in sorted(rows, key=lambda r: r["effective_from"])}


def _made_by(column_map: ColumnMap) -> set[str]:
    return {*column_map.rename.values(), *column_map.constants, *column_map.concatenate, *column_map.split}


def _used_by(column_map: ColumnMap) -> set[str]:
    joined = [c for row in column_map.concatenate.values() for c in row["from"]]
    return {*column_map.rename, *joined, *(row["from"] for row in column_map.split.values())}
