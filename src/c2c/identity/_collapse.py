"""Records into tuples: rows that agree on everything the match reads become one, with the weight of all.

A state's records do not fit in memory as text, so they are read in pieces, folded, and written to private scratch in the order of their digests.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from c2c import catalog
from c2c.identity._cores import each
from c2c.identity._normalise import COMPARED, NAMES, PLAIN, normalise
from c2c.vocabulary import Identifiers

NOT_ONE_PERSONS = ("family_case_number",)
"""Numbers of a household: they say who lives together, not who is who."""

RENAMED = {"retired_ssid": "ssid"}
"""An older number of a kind: it asserts a link to whoever held it, and two people's older and newer numbers may well differ."""

KEY_SCHEMA = {"row": pl.Int32, "kind": pl.String, "value": pl.String, "asserts": pl.Boolean, "current": pl.Boolean}
HELD_SCHEMA = {"place": pl.Int32} | dict(list(KEY_SCHEMA.items())[1:])
MARK_SCHEMA = {"lookup": pl.String, "record_key": pl.String}
PIECE = 500_000
"""Rows held as text at a time."""

GROUP = PIECE // 32
"""Rows of a piece that are written together: so a range of digests is read without the rest."""

FEW = 24
"""So many pieces are folded here; more are worth starting further interpreters for."""

DIGEST = ("digest_1", "digest_2")
"""Two 64-bit hashes of everything the match reads of a record: records of one digest are one tuple."""


@dataclass(frozen=True)
class Tuples:
    """What the match reads, in private scratch and in memory alone.

    `people`: a Parquet file, one row per tuple in the order of digests: `weight` (records it stands for), `COMPARED`, `source` if sent. A tuple is
    known by its place in it, its row. `keys`: person keys, long: row, kind, value, `asserts` (the issuer itself says so), `current` (differing
    from it means something). `records`: record_key, row, n_records, `seen_in` (partner and file). `lookups`: keyed marks of single ids, each with a
    row that bears it, for files that carry keys alone; `keys_only`: the record keys of such files. `sent`: files of what was sent, for those who
    show it to people; the match itself is not given them.
    """

    people: Path
    n: int
    keys: pl.DataFrame
    records: pl.DataFrame
    lookups: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"lookup": pl.String, "row": pl.Int32}))
    keys_only: pl.Series = field(default_factory=lambda: pl.Series("record_key", [], dtype=pl.String))
    sent: tuple[Path, ...] = ()

    def without_records(self) -> Tuples:
        """The same for who needs no record's key: they take more memory than all else here."""
        return replace(self, records=self.records.clear())


def collapse(trays: Iterable[Identifiers], private: Path, *, apart: frozenset[str] = frozenset()) -> Tuples:
    """Read every identifiers tray into tuples. A record key met again in a later year is the same record, seen again.

    `apart`: record keys that stay tuples of their own, because a steward parted them from another that looks the same.
    """
    layouts = catalog.load().files
    sent: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for number, tray in enumerate(trays):
        # A tray is wiped when the next one is opened; a second name in scratch keeps it until all its years are read.
        kept = private / f"tray-{number}.parquet"
        kept.hardlink_to(tray.path)
        sent.setdefault((tray.submission.partner, tray.submission.file), []).append((tray.submission.period, kept))
    named = {key: paths for key, paths in sorted(sent.items()) if layouts[key[1]].carries_names}
    alone = [_whole(paths).select("record_key").unique().collect() for key, paths in sent.items() if key not in named]
    keys_only = pl.concat([pl.DataFrame(schema={"record_key": pl.String}), *alone]).unique()
    keys_only.write_parquet(private / "keys-only.parquet")
    pieces = []
    for (partner, file), paths in named.items():
        n = -(-_whole(paths).select(pl.len()).collect().item() // PIECE)
        pieces += [_Piece(partner, file, tuple(paths), place, n, apart, private) for place in range(n)]
    if len(pieces) > FEW:
        # Fresh interpreters: an engine with threads does not survive a fork.
        with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
            list(pool.map(_fold_piece, pieces))
    else:
        for piece in pieces:
            _fold_piece(piece)
    for kept in private.glob("tray-*.parquet"):
        kept.unlink()
    tuples = _gather(private)
    marks = pl.concat([pl.LazyFrame(schema=MARK_SCHEMA), *map(pl.scan_parquet, sorted(private.glob("marks-*.parquet")))])
    rows = tuples.records.lazy().select("record_key", "row")
    lookups = marks.join(rows, on="record_key").select("lookup", "row").unique().collect()
    as_sent = tuple(sorted(private.glob("sent-*.parquet")))
    return replace(tuples, lookups=lookups, keys_only=keys_only["record_key"], sent=as_sent)


def fold(
    records: pl.DataFrame | pl.LazyFrame,
    id_columns: Sequence[str],
    private: Path,
    *,
    copy: Callable[[pl.DataFrame], pl.DataFrame] = normalise,
) -> Tuples:
    """Records of one table into tuples. Person keys stand in `id:<kind>:<asserts><current>` columns; `source`, where there is one, is kept.

    `copy` makes what is compared. The records of the tuples are in the order of the table.
    """

    def write(begin: int) -> None:
        _write(records.lazy().slice(begin, PIECE).collect(), copy, id_columns, "", private, f"{begin:012}", frozenset())

    for _ in each(write, range(0, records.lazy().select(pl.len()).collect().item(), PIECE)):
        pass
    return _gather(private)


@dataclass(frozen=True)
class _Piece:
    """Some record keys of one file over all its years (`paths`, each with its own): one of `n` equal ranges of them."""

    partner: str
    file: str
    paths: tuple[tuple[int, Path], ...]
    place: int
    n: int
    apart: frozenset[str]
    private: Path


def _whole(paths: Sequence[tuple[int, Path]]) -> pl.LazyFrame:
    return pl.concat([pl.scan_parquet(path).with_columns(school_year=year) for year, path in paths], how="diagonal_relaxed")


def _read(file: str) -> frozenset[str]:
    """The columns of a file that the match reads."""
    layout = catalog.load().files[file]
    scopes = (layout.element(column).id_scope for column in layout.person_id_columns)
    return frozenset(
        {"record_key", "n_records", "school_year", *NAMES, *PLAIN, *layout.person_id_columns, *(scope for scope in scopes if scope)}
    )


def _fold_piece(piece: _Piece) -> None:
    """Fold one piece, and keep what was sent and which keys of files without names its records bear."""
    whole = _whole(piece.paths)
    columns = [c for c in whole.collect_schema().names() if c in _read(piece.file) or c.startswith("lookup_")]
    # Trays lie in the order of record keys, which are hex: a range of them is read without the rest.
    begin, end = (f"{place * 16**8 // piece.n:08x}" for place in (piece.place, piece.place + 1))
    after = pl.col("record_key") >= pl.lit(begin if piece.place else "")
    mine = (
        whole.select(columns).filter(after & (pl.lit(piece.place + 1 == piece.n) | (pl.col("record_key") < pl.lit(end)))).collect()
    )
    # A key repeats over the years with the same values: one record, as often seen as it was sent.
    seen = mine.group_by("record_key").agg(pl.col("n_records").sum())
    once = mine.drop("n_records").unique("record_key", keep="first").join(seen, on="record_key")
    lookups = [c for c in once.columns if c.startswith("lookup_")]
    seen_in, layout = f"{piece.partner}.{piece.file}", catalog.load().files[piece.file]
    name = f"{seen_in}-{piece.place}"
    _kept_as_sent(mine, layout, seen_in).write_parquet(piece.private / f"sent-{name}.parquet", compression="lz4")
    keys_only = pl.read_parquet(piece.private / "keys-only.parquet").rename({"record_key": "lookup"})
    marks = pl.concat(
        [pl.DataFrame(schema=MARK_SCHEMA), *(once.select(pl.col(c).alias("lookup"), "record_key").drop_nulls() for c in lookups)]
    )
    marks.join(keys_only, on="lookup", how="semi").write_parquet(piece.private / f"marks-{name}.parquet", compression="lz4")
    people, ids = _as_sent(once.drop(lookups), layout)
    _write(people, normalise, ids, seen_in, piece.private, name, piece.apart)


def _write(
    sent: pl.DataFrame,
    copy: Callable[[pl.DataFrame], pl.DataFrame],
    id_columns: Sequence[str],
    seen_in: str,
    private: Path,
    name: str,
    apart: frozenset[str],
) -> None:
    """The distinct tuples of one piece of records, as they are compared, and which record is which of them, go to scratch.

    `copy` makes what is compared of what was sent.
    """
    marked = copy(sent).with_columns(pl.col("tax_number").alias("id:itin:01"))
    ids = sorted({*id_columns, "id:itin:01"})
    by = [*COMPARED, *(["source"] if "source" in marked.columns else [])]
    # What has neither birth date nor number nor key is one record's alone: a name does not make a person.
    bare = pl.all_horizontal(pl.col(c).is_null() for c in ("birth", "number", *ids))
    own = bare | pl.col("record_key").is_in(sorted(apart))
    told = marked.select("record_key", own.alias("own"), *(_digest([*by, *ids], n).alias(d) for n, d in enumerate(DIGEST)))
    digests = told.select(
        pl.when("own").then(pl.col(digest) + pl.col("record_key").hash(n)).otherwise(digest).alias(digest)
        for n, digest in enumerate(DIGEST)
    )
    first = _by_digest(digests).filter("new")
    once = marked.select(*by, *ids)[first["at"]]
    people = pl.concat([first.select(DIGEST), once.select(by)], how="horizontal")
    records = sent.select("record_key", pl.col("n_records").cast(pl.Int64), pl.lit(seen_in).alias("seen_in")).hstack(digests)
    for called, table in (("people", people), ("held", _long(once.select(ids))), ("records", records)):
        table.write_ipc(private / f"{called}-{name}.arrow", compression="lz4", record_batch_size=GROUP)


def _digest(columns: Sequence[str], seed: int) -> pl.Expr:
    """The sum of the digests of a row's values, each told with its column: the same whatever other columns there are, and blank here."""
    said = (pl.when(pl.col(c).is_not_null()).then(pl.col(c).hash(2 * zlib.crc32(c.encode()) + seed)) for c in columns)
    return pl.sum_horizontal(said)


def _by_digest(digests: pl.DataFrame) -> pl.DataFrame:
    """Digests sorted: `at`, where each stood, and whether it is `new`, other than the one before it. Of those alike the first stands first."""
    new = pl.any_horizontal((pl.col(c) != pl.col(c).shift()).fill_null(True) for c in DIGEST)
    return digests.select(DIGEST).with_row_index("at").sort(DIGEST, maintain_order=True).with_columns(new.alias("new"))


def _gather(private: Path) -> Tuples:
    """The tuples of all pieces together, in the order of their digests; their records as they lie in the pieces, in the order of those."""
    nobody = pl.LazyFrame(
        schema={"record_key": pl.String, "n_records": pl.Int64, "seen_in": pl.String} | dict.fromkeys(DIGEST, pl.UInt64)
    )
    paths = {called: sorted(private.glob(f"{called}-*.arrow")) for called in ("people", "held", "records")}
    records = pl.concat([nobody, *map(pl.scan_ipc, paths["records"])]).collect()
    # Within one file a record key stands once.
    if records["seen_in"].n_unique() > 1 and records["record_key"].n_unique() < len(records):
        alike = records.sort("record_key", *DIGEST).group_by("record_key", maintain_order=True)
        records = alike.agg(pl.col("n_records").sum(), pl.col("seen_in").min(), pl.col(*DIGEST).first())
    # Digests are sorted, and record keys stay where they are: a state's are a gigabyte.
    told = _by_digest(records).with_columns((pl.col("new").cum_sum() - 1).cast(pl.Int32).alias("row"))
    tuples = told.with_columns(weight=records["n_records"].gather(told["at"])).group_by("row", maintain_order=True).agg(
        pl.col("weight").sum(), pl.col(*DIGEST).first()
    )  # fmt: skip
    row = np.empty(len(records), dtype=np.int32)
    row[told["at"].to_numpy()] = told["row"].to_numpy()
    of_record = records.drop(DIGEST).with_columns(pl.Series("row", row))
    del records, told
    slices = max(1, -(-len(tuples) // PIECE))
    cuts = np.array([number * 2**64 // slices for number in range(1, slices)], dtype=np.uint64)
    pieces = [_Sorted.of(*both, cuts) for both in zip(paths["people"], paths["held"], strict=True)]
    begins = [0, *np.searchsorted(tuples[DIGEST[0]].to_numpy(), cuts).tolist(), len(tuples)]
    path, keys = private / "tuples.parquet", [pl.DataFrame(schema=KEY_SCHEMA)]
    writer: pq.ParquetWriter | None = None

    def ordered(number: int) -> tuple[pa.Table, pl.DataFrame]:
        begin, end = begins[number], begins[number + 1]
        return _ordered(pieces, number, tuples[begin:end])

    for table, numbers in each(ordered, range(slices)):
        keys.append(numbers)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="lz4", write_statistics=False)
        writer.write_table(table)
    if writer:
        writer.close()
    for piece in itertools.chain(*paths.values()):
        piece.unlink()
    return Tuples(path, len(tuples), pl.concat(keys), of_record)


@dataclass(frozen=True)
class _Sorted:
    """A piece in scratch, its tuples in the order of their digests and their person keys in the order of those; where each slice of all digests begins
    and ends among the `tuples` and among the `keys`."""

    people: pl.LazyFrame
    held: pl.LazyFrame
    tuples: list[int]
    keys: list[int]

    @staticmethod
    def of(people: Path, held: Path, cuts: np.ndarray) -> _Sorted:
        """`cuts`: the digests that divide the slices."""
        tuples, keys = pl.scan_ipc(people), pl.scan_ipc(held)
        digest, place = (table.select(c).collect().to_series().to_numpy() for table, c in ((tuples, DIGEST[0]), (keys, "place")))
        of_tuples = [0, *np.searchsorted(digest, cuts).tolist(), len(digest)]
        return _Sorted(tuples, keys, of_tuples, np.searchsorted(place, of_tuples).tolist())

    def slice(self, number: int) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        """One slice: its tuples, and their person keys, `place` counted from the slice's first tuple."""
        begin, end, first, last = *self.tuples[number : number + 2], *self.keys[number : number + 2]
        held = self.held.slice(first, last - first).with_columns(pl.col("place") - begin)
        return self.people.slice(begin, end - begin), held


def _ordered(pieces: Sequence[_Sorted], number: int, tuples: pl.DataFrame) -> tuple[pa.Table, pl.DataFrame]:
    """One slice of all pieces: its tuples as `Tuples.people` has them, and their person keys. `tuples`: their row, weight and digests, in order."""
    parts = [piece.slice(number) for piece in pieces]
    blank = pl.LazyFrame(schema=dict.fromkeys(DIGEST, pl.UInt64) | dict.fromkeys(COMPARED, pl.String))
    here = pl.concat([blank, *(people for people, _ in parts)], how="diagonal_relaxed").collect()
    # The order is found on the digests alone: the texts are moved once. Tuples of one digest say the same, keys and all: one of them is enough.
    once = _by_digest(here.select(DIGEST)).filter("new")
    if len(once) > len(tuples):
        once = once.join(tuples, on=DIGEST, how="semi", maintain_order="left")
    row = np.full(len(here), -1, dtype=np.int32)
    row[once["at"].to_numpy()] = tuples["row"].to_numpy()
    lengths = [piece.tuples[number + 1] - piece.tuples[number] for piece in pieces]
    begins = itertools.accumulate(lengths, initial=0)
    held = [keys.with_columns(pl.col("place") + begin) for (_, keys), begin in zip(parts, begins, strict=False)]
    known = pl.concat([pl.LazyFrame(schema=HELD_SCHEMA), *held]).collect()
    keys = known.with_columns(pl.Series("row", row[known["place"].to_numpy()])).filter(pl.col("row") >= 0)
    people = pl.concat([tuples.select("weight"), here[once["at"]]], how="horizontal")
    return people.to_arrow(), keys.select(*KEY_SCHEMA).sort("row", "kind", "value")


def _long(wide: pl.DataFrame) -> pl.DataFrame:
    """The person keys of some tuples, one row per tuple and column that has one, by the tuple's place. `wide`: a column `id:<kind>:<flags>` for each."""
    value, held = pl.col("value"), [pl.DataFrame(schema=HELD_SCHEMA)]
    place = pl.int_range(wide.height, dtype=pl.Int32, eager=True).alias("place")
    for column in wide.columns:
        _, kind, flags = column.split(":")
        mine = pl.DataFrame([place, wide[column].cast(pl.String).alias("value")]).drop_nulls()
        # One sign repeated stands for no number.
        mine = mine.filter(value.str.strip_chars_start(value.str.slice(0, 1)) != "")
        said = {"kind": kind, "asserts": flags[0] == "1", "current": flags[1] == "1"}
        held.append(mine.with_columns(pl.lit(v).alias(c) for c, v in said.items()).select(*HELD_SCHEMA))
    return pl.concat(held).sort("place", maintain_order=True)


def _as_sent(table: pl.DataFrame, layout: catalog.FileLayout) -> tuple[pl.DataFrame, list[str]]:
    """A tray under the names of the match, each person key as a column `id:<kind>:<asserts><current>`, and those columns."""
    ids = {}
    for column in layout.person_id_columns:
        if column in ("ssn", "itin", *NOT_ONE_PERSONS) or column not in table.columns:
            continue
        scope, scoped, value = layout.element(column).id_scope, _is_scoped(layout, column), _within_scope(layout, column)
        # An issuer's own number asserts; one whose scope is not in the row, or that another agency passes on, is evidence only.
        asserts = scope != "unknown" and (column == layout.person_id_columns[0] or column in RENAMED or scoped)
        current = column not in RENAMED and not scope
        ids[f"id:{RENAMED.get(column, column)}:{int(asserts)}{int(current)}"] = value
    known = [c for c in (*NAMES, *PLAIN) if c in table.columns]
    return table.select("record_key", "n_records", *known, *(value.alias(name) for name, value in ids.items())), list(ids)


def _is_scoped(layout: catalog.FileLayout, column: str) -> bool:
    return layout.element(column).id_scope not in ("", "unknown")


def _within_scope(layout: catalog.FileLayout, column: str) -> pl.Expr:
    """A person id as one office's own: two districts give one number to two children."""
    if not _is_scoped(layout, column):
        return pl.col(column)
    return pl.concat_str([pl.col(layout.element(column).id_scope), pl.col(column)], separator="|")


def _kept_as_sent(table: pl.DataFrame, layout: catalog.FileLayout, seen_in: str) -> pl.DataFrame:
    """What was sent under each record key: one row for each set of values, `first_year` to `last_year` and n_records of it.

    Names and numbers are in the key, so only what is not (an address, a gender) makes a second row of one key.
    """
    ids = {c: _within_scope(layout, c) for c in layout.person_id_columns if c in table.columns and c not in NOT_ONE_PERSONS}
    values = {c: pl.col(c) for c in (*NAMES, *PLAIN) if c in table.columns} | ids
    told = table.select("record_key", "school_year", "n_records", **{c: value.cast(pl.String) for c, value in values.items()})
    alike = told.select(
        pl.col("record_key").hash(seed=5), pl.struct([*values]).hash(seed=6).alias("values"), "school_year", "n_records"
    ).with_row_index("at")
    once = alike.group_by("record_key", "values").agg(
        pl.col("at").first(),
        pl.col("school_year").min().cast(pl.Int32).alias("first_year"),
        pl.col("school_year").max().cast(pl.Int32).alias("last_year"),
        pl.col("n_records").sum().cast(pl.Int64),
    )
    known = once.select(pl.lit(seen_in).alias("seen_in"), "first_year", "last_year", "n_records")
    return pl.concat([told.select("record_key", *values)[once["at"]], known], how="horizontal")
