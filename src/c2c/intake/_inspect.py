"""One delivery, checked: refused whole, or accepted with rows set aside, and always told why. The rules run in one pass of the engine."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from c2c.catalog import Catalog, FileLayout
from c2c.intake import _profile, _report
from c2c.intake._maps import ColumnMap
from c2c.intake._reading import Sent, Unreadable, read_delivery
from c2c.intake._rules import BITS, CODE_OF_KIND, Check, Rules, compiled, limits, policy
from c2c.intake._split import SCHOOL_YEAR, contracted, make_moment, trays_of
from c2c.plumbing import clock, engines, errors, keys, storage
from c2c.plumbing.site import Site, write_json
from c2c.vocabulary import Batch, Finding, Identifiers, Records, Submission

MEMORY = "1200MB"
"""What the engine may hold of one delivery before it spills into scratch."""


class IntakeError(errors.CodedError):
    """The delivery cannot be looked at in the way that was asked."""


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
    gone: Sequence[Submission] = (),
    companions: Mapping[str, Path] | None = None,
) -> Batch:
    """Check a delivery against its contract and split it; refused or accepted, its findings are written for the partner.

    `earlier` are the partner's deliveries of this file in force, `gone` those withdrawn or replaced: what was taken back may be sent
    again, as a delivery of its own. `companions` are the keyed marks of ids in the partner's people files of the same year. The trays
    are files in `scratch`; a refused delivery has none.

    Raises:
        IntakeError: INT-003 there is no such file to read.
        WrongUse: INT-002 the column map speaks of a column the file does not have.
    """
    if not path.is_file():
        raise IntakeError("INT-003", where=path.name, what="there is no such file", remedy="Check the path.")
    layout = catalog.files[file].on(clock.today())
    digest = storage.file_sha256(path)
    times = sum((s.period, s.sha256) == (period, digest) for s in gone)
    name = "|".join([partner, file, str(period), digest, *([str(times)] if times else [])])
    named = hashlib.sha256(name.encode()).hexdigest()[:16]
    sent = Submission(f"s-{named}", partner, file, period, clock.stamp(), digest, 0)
    with _own_database(site, sent.submission_id) as engine:
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


@functools.cache
def _engine(spill: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """One engine for a process: to open one takes as long as to check a small file."""
    return engines.bare_duckdb(threads=threads, memory_limit=MEMORY, temp_directory=str(spill))


@contextlib.contextmanager
def _own_database(site: Site, submission_id: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for one delivery, in memory, gone when left. What spills lies in the site's scratch, swept with the process's own."""
    name = f'"{submission_id}"'
    spill = site.folder("scratch") / f"{os.getpid()}-spill"
    with _engine(spill, int(site.settings["threads"])).cursor() as engine:
        engine.execute(f"ATTACH ':memory:' AS {name}")
        engine.execute(f"USE {name}")
        try:
            yield engine
        finally:
            engine.execute("USE memory")
            engine.execute(f"DETACH {name}")


class _Look:
    """One delivery while it is being looked at: its tables in the engine, and what was found so far."""

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
        site.folder("findings")
        self.folder = site.folder("findings", sent.submission_id)

    def batch(self, path: Path, submission_date: date, earlier: Sequence[Submission], companions: Mapping[str, Path]) -> Batch:
        other = next((s.period for s in earlier if s.sha256 == self.sent.sha256 and s.period != self.sent.period), 0)
        if other:
            return self._refuse("FND-003", f"as the delivery of {other}")
        try:
            sent = read_delivery(self.engine, path, self.column_map or ColumnMap(), self.scratch)
        except Unreadable as reason:
            return self._refuse("FND-001", str(reason))
        missing = self._compare_header(sent)
        if missing:
            return self._refuse("FND-002", ", ".join(missing))
        key = keys.naming_key(self.site, f"partner/{self.sent.partner}")
        make_moment(self.engine, key, day=submission_date, period=self.sent.period)
        try:
            self.engine.sql(contracted(self.layout, sent.columns, self.column_map)).create("loaded")
        except duckdb.Error:
            # What the engine says may hold a value, so it is not passed on.
            return self._refuse("FND-001", "it breaks off, or is damaged further in")
        n_broken = self._number_rows(sent)
        if self.sent.rows == 0:
            return self._refuse("FND-006", "only a header")
        other = self._other_year()
        if other:
            return self._refuse("FND-004", f"school year {other}, not {self.sent.period}")
        rules = compiled(self.catalog, self.layout, clock.today())
        aside = self._check(rules, n_broken, companions)
        allowed = limits(clock.today())
        if aside / self.sent.rows > allowed["max_share_set_aside"]:
            return self._refuse("FND-005", f"{aside} of {self.sent.rows}", aside)
        profile = _profile.profile_of(self.engine, self.layout)
        self.findings += _profile.compare(profile, _profile.read_earlier(self.site, self.sent, earlier), self._finding, allowed)
        write_json(self.folder / "profile.json", profile)
        who, what = self._split()
        verdict = "accepted_in_part" if aside else "accepted"
        self._tell(verdict, aside)
        return Batch(self.sent, verdict, tuple(self.findings), aside, who, what, self.folder / "findings.csv")

    def _compare_header(self, sent: Sent) -> list[str]:
        """The contract's required columns that the file has not; a column that no contract knows is told and left out."""
        made, used = (self.column_map.made, self.column_map.used) if self.column_map else (frozenset(), frozenset())
        missing = [e.element for e in self.layout.elements if e.required and e.element not in {*sent.columns, *made}]
        ours = {e.element for e in self.layout.elements}
        if not missing:
            self.findings += [
                self._finding("FND-113", "warning", name, "in the contract", 1)
                for name in sent.columns
                if name not in ours and name not in used
            ]
        return missing

    def _number_rows(self, sent: Sent) -> int:
        """Make `broken`, and `delivery`: the rows that were loaded, numbered as they were sent; how many are broken."""
        self.engine.sql(sent.broken).create("broken")
        n_rows, n_broken = self._count("SELECT (SELECT count(*) FROM loaded), (SELECT count(*) FROM broken)")
        self.sent = replace(self.sent, rows=n_rows + n_broken)
        if n_broken:
            # The i-th broken row moves all that follow it: those from its own number less i - 1, counted among the good ones.
            self.engine.execute(
                """CREATE TABLE moved AS SELECT row_ - i + 1 AS start, max(i) AS broken_above
                FROM (SELECT row_, row_number() OVER (ORDER BY row_) AS i FROM broken) GROUP BY start"""
            )
            self.engine.execute(
                """CREATE TABLE delivery AS SELECT l.row_ + coalesce(broken_above, 0) AS row_, l.* EXCLUDE row_
                FROM (SELECT rowid + 1 AS row_, * FROM loaded) l ASOF LEFT JOIN moved ON l.row_ >= moved.start"""
            )
            self.engine.execute("DROP TABLE loaded")
        else:
            self.engine.execute("CREATE VIEW delivery AS SELECT rowid + 1 AS row_, * FROM loaded")
        return n_broken

    def _other_year(self) -> int:
        """The closing year most rows are of, when that is another than the period; else 0."""
        years = [e.element for e in self.layout.elements if e.rule.startswith(SCHOOL_YEAR)]
        if not years:
            return 0
        found = self.engine.sql(
            f'SELECT try_cast(left("{years[0]}", 4) AS integer) + 1 AS y, count(*) AS n FROM delivery GROUP BY y ORDER BY n DESC, y LIMIT 1'
        ).fetchall()
        return int(found[0][0]) if found and found[0][0] and int(found[0][0]) != self.sent.period else 0

    def _check(self, rules: Rules, n_broken: int, companions: Mapping[str, Path]) -> int:
        """Judge every row; make `faults` (row_, check_) and `accepted`; the number of rows set aside, broken ones included."""
        self.engine.execute("CREATE TABLE faults (row_ BIGINT, check_ INTEGER)")
        self.engine.sql(rules.masks).create("masks")
        words = ", ".join(f"coalesce(bit_or(m{w}), 0)" for w in range(rules.words))
        found = self._count(f"SELECT {words} FROM masks")
        for number in range(len(rules.checks)):
            word, bit = divmod(number, BITS)
            if found[word] >> bit & 1:
                self.engine.execute(f"INSERT INTO faults SELECT row_, {number} FROM masks WHERE (m{word} >> {bit}) & 1 = 1")
        self.engine.execute("DROP TABLE masks")
        for rule in rules.keys:
            self.engine.sql(rule.repeated).create("repeated")
            if self._count("SELECT count(*) FROM repeated")[0]:
                self.engine.execute(f"INSERT INTO faults SELECT row_, {rule.check} FROM ({rule.faults})")
            self.engine.execute("DROP TABLE repeated")
        checks = [*rules.checks, *self._compare_keys(companions, len(rules.checks))]
        counted = self.engine.sql("SELECT check_, count(*), min(row_) FROM faults GROUP BY check_ ORDER BY check_").fetchall()
        for number, n, first in counted:
            check = checks[number]
            self.findings.append(self._finding(check.code, check.severity, check.column, check.text, int(n), int(first)))
        if n_broken:
            first, why = self.engine.sql("SELECT row_, why FROM broken ORDER BY row_ LIMIT 1").fetchall()[0]
            severity, _ = policy(clock.today())["broken_row", "any"]
            self.findings.append(self._finding("FND-111", severity, "", why, n_broken, int(first)))
        n_aside = self._set_aside(rules, checks) if counted else 0
        if not counted:
            self.engine.execute("CREATE VIEW accepted AS FROM delivery")
        self._write_rows(checks, bool(counted), bool(n_broken))
        return n_aside + n_broken

    def _compare_keys(self, companions: Mapping[str, Path], number: int) -> list[Check]:
        """Mark the rows whose key no people file of the same partner and year has. A file without names has that key as RecordKey."""
        if not companions or self.layout.carries_names:
            return []
        kind = self.layout.person_id_columns[0]
        held = " UNION ".join(f"SELECT lookup_{kind} AS record_key FROM read_parquet('{path}')" for path in companions.values())
        self.engine.execute(f"INSERT INTO faults SELECT row_, {number} FROM delivery ANTI JOIN ({held}) held USING (record_key)")
        severity, action = policy(clock.today())["cross_file", "any"]
        return [Check(kind, "cross_file", f"in {', '.join(sorted(companions))} of the same year", severity, action)]

    def _set_aside(self, rules: Rules, checks: Sequence[Check]) -> int:
        """Make `accepted` by what each broken rule asks for: the row set aside, or the value blanked; how many rows were set aside."""
        self.engine.execute('CREATE TABLE actions (check_ INTEGER, action VARCHAR, "column" VARCHAR)')
        self.engine.executemany("INSERT INTO actions VALUES (?, ?, ?)", [(n, c.action, c.column) for n, c in enumerate(checks)])
        self.engine.execute(
            """CREATE TABLE marks AS SELECT row_, bool_or(action = 'set_aside') AS aside_,
                list("column") FILTER (action = 'blank') AS blank_
            FROM faults JOIN actions USING (check_) WHERE action <> 'keep' GROUP BY row_"""
        )
        self.engine.sql(rules.accepted).create_view("accepted")
        return self._count("SELECT count(*) FROM marks WHERE aside_")[0]

    def _split(self) -> tuple[Identifiers, Records]:
        who, what = (self.scratch / f"{self.sent.submission_id}.{part}.parquet" for part in ("who", "what"))
        for path, statement in zip((who, what), trays_of(self.layout), strict=True):
            self.engine.sql(statement).write_parquet(str(path), compression="zstd")
        n_who, n_what = (pq.read_metadata(path).num_rows for path in (who, what))
        return Identifiers(self.sent, who, n_who), Records(self.sent, what, n_what)

    def _count(self, statement: str) -> tuple[int, ...]:
        return tuple(int(n) for n in self.engine.sql(statement).fetchall()[0])

    def _finding(self, code: str, severity: str, column: str, rule: str, n_rows: int, first_row: int | None = None) -> Finding:
        said = _report.messages()[code]
        return Finding(code, severity, column, rule, n_rows, said["what_en"], said["remedy_en"], first_row)

    def _refuse(self, code: str, rule: str, aside: int = 0) -> Batch:
        self.findings.insert(0, self._finding(code, "error", "", rule, self.sent.rows))
        self._tell("refused", aside)
        return Batch(self.sent, "refused", tuple(self.findings), aside, None, None, self.folder / "findings.csv")

    def _write_rows(self, checks: Sequence[Check], faulty: bool, broken: bool) -> None:
        """The row-level findings, for the partner alone: the only place where a value is told."""
        self.engine.execute('CREATE TABLE told (check_ INTEGER, code VARCHAR, severity VARCHAR, "column" VARCHAR, rule VARCHAR)')
        if not faulty and not broken:
            return
        rows = [(n, c.code, c.severity, c.column, c.text) for n, c in enumerate(checks)]
        self.engine.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?)", rows)
        columns = ", ".join(f'"{e.element}"' for e in self.layout.elements)
        severity, _ = policy(clock.today())["broken_row", "any"]
        self.engine.sql(
            f"""SELECT row_ AS "row", c.code, c.severity, c."column", c.rule, v.value
            FROM faults JOIN told c USING (check_)
            LEFT JOIN (UNPIVOT (SELECT row_, {columns} FROM delivery SEMI JOIN faults USING (row_)) ON COLUMNS(* EXCLUDE row_)
                       INTO NAME "column" VALUE value) v USING (row_, "column")
            UNION ALL SELECT row_, '{CODE_OF_KIND["broken_row"]}', '{severity}', '', why, text FROM broken
            ORDER BY "row", "column", code"""
        ).write_csv(str(self.folder / "findings.csv"))

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
        for path in self.folder.iterdir():
            path.chmod(0o600)
