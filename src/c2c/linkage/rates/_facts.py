"""The facts behind the match report: one row per record and school year, told by its link, its identifiers and its own group."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ibis
import polars as pl
from ibis import _

from c2c import audit, governance
from c2c.linkage._derive import gender, race_ethnicity, yes_no
from c2c.linkage._facts import Bench
from c2c.linkage._weights import HOLDS, SURE, read_links
from c2c.plumbing import clock, engines
from c2c.plumbing.site import Site
from c2c.vocabulary import Links, Permit, Records

POPULATION = "record_links"
NOT_TOLD = "not_told"
"""The group of a record whose own file says nothing of it."""

FLAGS = {
    "ses_disadvantaged": ("ses_disadvantaged",),
    "foster": ("foster_youth",),
    "homeless": ("homeless",),
    "first_generation": ("first_generation",),
    "disability": ("dsps_participant", "disability_services"),
    "veteran": ("veteran",),
}
"""Groups that a flag tells, and the elements that carry it."""

TOLD = {"hispanic_latino": pl.Boolean, "race_codes": pl.String, "gender": pl.String, "age_bracket": pl.String} | dict.fromkeys(
    FLAGS, pl.Boolean
)


def match_facts(
    site: Site, scratch: Path, *, records: Iterable[Records], links: Links, permit: Permit, year: int
) -> dict[str, Path]:
    """Work out how every record that a permit opens was linked; returns one Parquet file in private scratch, for the gate and nothing else.

    One row per partner, record key and school year. `link_status`: automatic, provisional, steward, ambiguous, unlinked. `sure`: automatic or
    by a steward. `elsewhere`: another partner holds a record of the same person. `person` tells people apart, in this table alone.

    Raises:
        NotPermitted: the permit has expired, or the terms have been tightened since.
    """
    governance.check_permit(site, permit, purpose=permit.purpose, today=clock.today())
    audit.append(site, "linkage:match:told", actor=permit.actor, permit=permit.permit_id, run=links.run_id)
    shared = {tuple(path.split(".")[1:]) for path in permit.elements}
    told = scratch / "told"
    told.mkdir()
    for number, tray in enumerate(records):
        _lay_down(tray, frozenset(e for f, e in shared if f == tray.submission.file), told / f"{number}.parquet")
    blank = pl.LazyFrame(
        schema={"partner": pl.String, "period": pl.Int64, "record_key": pl.String, "tells_race": pl.Boolean} | TOLD
    )
    pl.concat([blank, *map(pl.scan_parquet, sorted(told.glob("*.parquet")))]).sink_parquet(scratch / "sent.parquet")
    read_links(links).write_parquet(scratch / "standing.parquet")
    settings: dict[str, Any] = {
        "memory_limit": str(site.settings["memory"]),
        "threads": int(site.settings["threads"]),
        "temp_directory": str(scratch / "spill"),
    }
    found = scratch / f"facts.{POPULATION}.parquet"
    with engines.bare_duckdb(**settings) as engine:
        bench = Bench(engine)
        bench.lay("sent", scratch / "sent.parquet")
        bench.lay("standing", scratch / "standing.parquet")
        bench.make("told", once_a_year(bench))
        bench.make(POPULATION, tell_links(bench, year))
        bench.write(POPULATION, found)
    for path in (*told.iterdir(), scratch / "sent.parquet", scratch / "standing.parquet"):
        path.unlink()
    return {POPULATION: found}


def once_a_year(bench: Bench) -> ibis.Table:
    """What a partner's files of one year say of a record, together. One row per partner, record key and school year."""
    sent = bench.table("sent")
    flags = {name: sent[name].any() for name in FLAGS}
    return sent.group_by("partner", "record_key", "period").agg(
        hispanic_latino=sent.hispanic_latino.any(), race_codes=sent.race_codes.min(), tells_race=sent.tells_race.any(),
        gender=sent.gender.min(), age_bracket=sent.age_bracket.min(), **flags,
    )  # fmt: skip


def tell_links(bench: Bench, year: int) -> ibis.Table:
    """How each record of each year was linked, and its group. One row per partner, record key and school year; `academic_year` is the run's."""
    records, standing = bench.table("told"), bench.table("standing")
    joined = records.left_join(standing, "record_key").drop("record_key_right")
    partners = (
        joined.filter(_.person_id.notnull()).group_by("person_id").agg(n_partners=_.partner.nunique()).rename(met_id="person_id")
    )
    met = joined.left_join(partners, joined.person_id == partners.met_id)
    flags = {name: met[name].notnull().ifelse(yes_no(met[name]), NOT_TOLD) for name in FLAGS}
    return met.select(
        "partner",
        academic_year=ibis.literal(year, type="int64"),
        school_year=met.period.cast("string"),
        person=met.person_id.fill_null(met.record_key).hash(),
        race_ethnicity=met.tells_race.ifelse(race_ethnicity(met.hispanic_latino, met.race_codes), NOT_TOLD),
        gender=met.gender.notnull().ifelse(gender(met.gender), NOT_TOLD),
        age_bracket=met.age_bracket.fill_null(NOT_TOLD),
        link_status=met.status.fill_null("unlinked"),
        sure=yes_no(met.status.isin(SURE)),
        elsewhere=yes_no(met.n_partners > 1),
        **flags,
        **{name: yes_no(met[name]) for name in HOLDS},
    )


def _lay_down(tray: Records, elements: frozenset[str], target: Path) -> None:
    """What a tray says of each record's group and no more: one row per record key, under names that all files share."""
    sent = pl.scan_parquet(tray.path)
    columns = set(sent.collect_schema().names())
    # Intake derives the bracket where a file holds birth dates; it comes with any element of the file.
    has = (elements & columns) | ({"age_bracket"} & columns)
    own: dict[str, pl.Expr] = {c: pl.col(c) for c in TOLD if c in has}
    own |= {name: pl.col(c) for name, carried in FLAGS.items() for c in carried if c in has}
    values = (own.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in TOLD.items())
    sent.select(
        pl.lit(tray.submission.partner).alias("partner"),
        pl.lit(tray.submission.period, dtype=pl.Int64).alias("period"),
        "record_key",
        pl.lit("race_codes" in has).alias("tells_race"),
        *values,
    ).unique().sink_parquet(target)
