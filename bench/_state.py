"""A site's deliveries received and matched, without the rest of the year; and its records with names as one people file. Run by our interpreter.

`_state.py receive SITE YEAR` submits the inbox. `_state.py match SITE YEAR` prints what the match took. `_state.py judge LINKS TRUTH [PEOPLE]`
prints the figures of `match file`; PEOPLE: what is true of people, for twins, fathers and sons, and groups. `_state.py families SITE TRUTH N` makes a
state of N people with far more twins and sons of their fathers' names than there are, so that they can be counted. `_state.py people SITE TRUTH OUT` writes the distinct record keys of every file
with names that the site holds, with what identifies them as sent, and `OUT` with `.truth` before its ending; with a number behind it, some people's
that have so many records, and with `each` behind that, one row per row of a delivery.
`_state.py town FOLDER` writes the town of the tests as a people file with its truth. `_state.py copies PEOPLE N OUT` writes a people file of N states.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import polars as pl
import pyarrow.parquet as pq

from c2c import catalog, cycle, governance, identity, intake, synthetic, vault
from c2c.plumbing import clock, progress
from c2c.plumbing import site as sites
from c2c.vocabulary import Identifiers, Permit, Submission

NAMED = {"street_address": "street", "address_city": "city", "address_zip": "zip", "gender": "sex"}
PLAIN = ("first_name", "middle_name", "last_name", "name_suffix", "former_last_name", "birth_date", "ssn", "email", "phone", *NAMED)
NO_KEY = ("ssn", "itin", "retired_ssid", "local_student_id", "family_case_number")


def main() -> None:
    """Do what the command line says."""
    verb, place = sys.argv[1], Path(sys.argv[2])
    if verb == "receive":
        receive(sites.open_site(place), int(sys.argv[3]))
    elif verb == "match":
        match(sites.open_site(place), int(sys.argv[3]))
    elif verb == "town":
        write_town(place)
    elif verb == "judge":
        print(json.dumps(identity.evaluate(pq.read_table(place), *map(pq.read_table, sys.argv[3:]))))
    elif verb == "families":
        make_families(place, Path(sys.argv[3]), int(sys.argv[4]))
    elif verb == "copies":
        write_copies(place, int(sys.argv[3]), Path(sys.argv[4]))
    else:
        most = int(sys.argv[5]) if len(sys.argv) > 5 else 0
        write_people(sites.open_site(place), Path(sys.argv[3]), Path(sys.argv[4]), most, each="each" in sys.argv[6:])


def write_town(folder: Path) -> None:
    """The tests' town, whose records differ by slips, blanks and default dates."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from spec.identity.town import townspeople

    town = pl.DataFrame(townspeople(), infer_schema_length=None)
    town.drop("person").write_parquet(folder / "town.parquet")
    town.select("record_id", "person").write_parquet(folder / "town.truth.parquet")


def make_families(site: Path, truth: Path, people: int) -> None:
    """A state in which a fifth of younger children are twins and half of the families give a son his father's name."""
    synthetic.make_state(
        site / "inbox", people=people, seed=1, truth=truth, institutions=site / "institutions.parquet", twins=0.2, juniors=0.5
    )


def receive(site: sites.Site, year: int) -> None:
    """Submit every delivery with names that the inbox holds up to a year and an agreement covers: all that the match reads."""
    covered = {e.split(".")[1] for e in governance.permitted_elements(site, "submission", today=clock.today())}
    files = catalog.load().files
    for path in sorted((site.root / "inbox").glob("*/*/*.csv"), key=lambda p: p.stem):
        partner, file, period = path.parts[-3], path.parts[-2], int(path.stem)
        if file in covered and files[file].carries_names and period <= year:
            cycle.submit(site, partner, file, path, period=period, actor="operator")


def leave_to_match(site: sites.Site, year: int) -> Permit:
    """Leave to read the identifiers of every partner that shares them."""
    elements = governance.permitted_elements(site, "identity_match", today=clock.today())
    return governance.permit(site, "identity_match", actor="operator", elements=elements, years=(2000, year), today=clock.today())


def match(site: sites.Site, year: int) -> None:
    """Match what the site holds; seconds run from opening the trays to the sealed links."""
    leave = leave_to_match(site, year)
    progress.reset_peak()
    start = perf_counter()
    with sites.scratch(site) as private:
        trays = vault.open_trays(site, "identifiers", permit=leave, scratch=private)
        identity.resolve(site, (t for t in trays if isinstance(t, Identifiers)), permit=leave, year=year)
    seconds, said = perf_counter() - start, identity.report(site)
    print(json.dumps({"seconds": seconds, "peak_mib": progress.peak_mib(), "people": said["people"], "tuples": said["tuples"]}))


def write_people(site: sites.Site, truth: Path, out: Path, most: int = 0, *, each: bool = False) -> None:
    """The records that `match evaluate` judges, as one file for a peer: one row per record key that the truth knows; `each`: per row of a delivery.

    `most`: so many records, of people drawn by the digest of their name in the truth, each with all their records; without it, all.
    """
    cat, trays, known = catalog.load(), [], []
    said = pl.read_parquet(truth, columns=["partner", "file", "period", "primary_key", "person"])
    with sites.scratch(site) as private:
        for tray in vault.open_trays(site, "identifiers", permit=leave_to_match(site, 2100), scratch=private):
            layout = cat.files[tray.submission.file]
            if layout.carries_names:
                sent = f"{tray.submission.file}.{tray.submission.period}"
                kept = private / f"{sent}.kept"
                kept.hardlink_to(tray.path)  # a tray goes when the next is opened
                trays.append((kept, [c for c in layout.person_id_columns if c not in NO_KEY], sent))
                known.append(truth_of(site, cat, tray.submission, said).with_columns(pl.lit(sent).alias("sent")))
        del said
        # A row set aside at intake has a person and no tray: it stands here without values, as `match evaluate` counts it.
        own = ["record_id", "sent"] if each else ["record_id"]
        persons = pl.concat(known).select(*own, "person").unique()
        persons = persons.join(
            persons.select("record_id", "person").unique().unique("record_id", keep="none"), on=["record_id", "person"]
        )
        if most:
            held = persons.group_by("person").len().sort(pl.col("person").hash(seed=7), "person")
            persons = persons.join(held.filter(pl.col("len").cum_sum() <= most), on="person", how="semi")
        found = [fields_of(path, keys).join(persons.filter(pl.col("sent") == sent) if each else persons, on="record_id", how="semi")
                 .with_columns(pl.lit(sent).alias("sent")) for path, keys, sent in trays]  # fmt: skip
    people = pl.concat(found, how="diagonal").rename(NAMED).unique(own, keep="first")
    both = persons.join(people, on=own, how="left").sort(own)
    if each:
        both = both.with_columns(pl.concat_str("record_id", "sent", separator=".").alias("record_id"))
    both.drop("person", "sent").write_parquet(out)
    both.select("record_id", "person").write_parquet(out.with_suffix(".truth.parquet"))


def fields_of(path: Path, keys: list[str]) -> pl.DataFrame:
    """What identifies, as sent, of one tray: one row per record key."""
    held = pl.scan_parquet(path).collect_schema().names()
    named = [pl.col(k).alias(f"key_{k}") for k in keys if k in held]
    plain = [c for c in PLAIN if c in held]
    return (
        pl.read_parquet(path).select(pl.col("record_key").alias("record_id"), *plain, *named).with_columns(pl.all().cast(pl.String))
    )


def write_copies(people: Path, n: int, out: Path) -> None:
    """A people file of so many states: each copy is of other people, with the names and the habits of the first but other numbers, days and places."""
    first = pl.read_parquet(people)
    pl.concat([copy(first, k) for k in range(n)]).write_parquet(out)
    truth = pl.read_parquet(people.with_suffix(".truth.parquet"))
    pl.concat(truth.with_columns(pl.col("record_id", "person") + f"-{k}") for k in range(n)).write_parquet(
        out.with_suffix(".truth.parquet")
    )


def copy(first: pl.DataFrame, k: int) -> pl.DataFrame:
    """The k-th state. No digit of its numbers is the first state's, and its people are years older. Days that stand in for others stay what they are."""
    if not k:
        return first.with_columns(pl.col("record_id") + "-0")
    born = pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False)
    digits = [str(d) for d in range(10)]
    turned = dict(zip(digits, digits[3 * k % 10 :] + digits[: 3 * k % 10], strict=True))
    return first.with_columns(
        pl.col("record_id") + f"-{k}",
        pl.when(pl.col("birth_date").str.ends_with("-01-01")).then("birth_date").otherwise(
            pl.coalesce((born - pl.duration(days=1193 * k)).dt.strftime("%Y-%m-%d"), "birth_date")
        ).alias("birth_date"),
        # The first three digits of a number say where it was given out, and not all are.
        (pl.col("ssn").str.slice(0, 3) + pl.col("ssn").str.slice(3).str.replace_many(turned)).alias("ssn"),
        pl.col("street", "zip", "phone", "^key_.*$").str.replace_many(turned),
        (pl.col("city") + f" {'xyz'[k % 3]}").alias("city"),
        (pl.lit(f"s{k}.") + pl.col("email")).alias("email"),
    )  # fmt: skip


def truth_of(site: sites.Site, cat: catalog.Catalog, sent: Submission, said: pl.DataFrame) -> pl.DataFrame:
    """Whose each record key of one delivery is."""
    folder = site.root / "inbox" / sent.partner / sent.file
    column_map = folder / f"{sent.period}.map.toml"
    rows = intake.record_keys(
        site,
        cat,
        partner=sent.partner,
        file=sent.file,
        path=folder / f"{sent.period}.csv",
        column_map=intake.read_map(column_map) if column_map.exists() else None,
    )
    mine = said.filter(partner=sent.partner, file=sent.file, period=sent.period).select("primary_key", "person")
    table = pl.DataFrame(pl.from_arrow(rows)).join(mine, on="primary_key", how="inner")
    return table.select(pl.col("record_key").alias("record_id"), pl.col("person").cast(pl.String))


if __name__ == "__main__":
    main()
