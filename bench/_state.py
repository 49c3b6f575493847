"""A site's deliveries received and matched, without the rest of the year; and its records with names as one people file. Run by our interpreter.

`_state.py receive SITE YEAR` submits the inbox. `_state.py match SITE YEAR` prints what the match took. `_state.py judge LINKS TRUTH`
prints the figures of `match file`. `_state.py people SITE TRUTH OUT` writes the distinct record keys of every file
with names that the site holds, with what identifies them as sent, and `OUT` with `.truth` before its ending.
`_state.py town FOLDER` writes the town of the tests as a people file with its truth.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import polars as pl
import pyarrow.parquet as pq

from c2c import catalog, cycle, governance, identity, intake, vault
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
        print(json.dumps(identity.evaluate(pq.read_table(place), pq.read_table(sys.argv[3]))))
    else:
        write_people(sites.open_site(place), Path(sys.argv[3]), Path(sys.argv[4]))


def write_town(folder: Path) -> None:
    """The tests' town, whose records differ by slips, blanks and default dates."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from spec.identity.town import townspeople

    town = pl.DataFrame(townspeople(), infer_schema_length=None)
    town.drop("person").write_parquet(folder / "town.parquet")
    town.select("record_id", "person").write_parquet(folder / "town.truth.parquet")


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


def write_people(site: sites.Site, truth: Path, out: Path) -> None:
    """The records that `match evaluate` judges, as one file for a peer: one row per record key that the truth knows."""
    cat, found, known = catalog.load(), [], []
    said = pl.read_parquet(truth)
    with sites.scratch(site) as private:
        for tray in vault.open_trays(site, "identifiers", permit=leave_to_match(site, 2100), scratch=private):
            sent, layout = tray.submission, cat.files[tray.submission.file]
            if layout.carries_names:
                table = pl.read_parquet(tray.path)
                keys = [c for c in layout.person_id_columns if c in table.columns and c not in NO_KEY]
                named = [pl.col(k).alias(f"key_{k}") for k in keys]
                plain = [c for c in PLAIN if c in table.columns]
                found.append(
                    table.select(pl.col("record_key").alias("record_id"), *plain, *named).with_columns(pl.all().cast(pl.String))
                )
                known.append(truth_of(site, cat, sent, said))
    people = pl.concat(found, how="diagonal").rename(NAMED).unique("record_id", keep="first")
    persons = pl.concat(known).unique().unique("record_id", keep="none")
    # A row set aside at intake has a person and no tray: it stands here without values, as `match evaluate` counts it.
    both = persons.join(people, on="record_id", how="left").sort("record_id")
    both.drop("person").write_parquet(out)
    both.select("record_id", "person").write_parquet(out.with_suffix(".truth.parquet"))


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
