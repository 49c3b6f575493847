"""What an address asks: parsed strictly, said back canonically. What we do not know is refused; what no longer fits is named and left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest

from c2c import catalog
from c2c.publication import Query, releases, shelf
from c2c.vocabulary import Release

GEOGRAPHIES = ("county", "school_district", "legislative_district")
INNER = ("first_node", "last_node", "award_category", "outcome")
ID = re.compile(r"^[A-Za-z0-9_-]{1,60}$")


@dataclass(frozen=True)
class Seen:
    """The release a page reads, and the banner it stands under."""

    release: Release
    banner: str
    reason: str
    newest: str


def seen_release(request: HttpRequest) -> Seen | None:
    """The release the address names, else the newest that is not retired; None where nothing has been published."""
    root = Path(settings.RELEASES)
    every = releases(root)
    if not every:
        return None
    standing = [r for r in every if r.manifest["status"] == "current"] or list(every)
    newest = standing[-1]
    wanted = request.GET.get("release", "")
    if wanted and (not ID.match(wanted) or wanted not in {r.release_id for r in every}):
        raise Http404
    release = next((r for r in every if r.release_id == wanted), newest)
    banner = (
        "retired" if release.manifest["status"] == "retired" else "current" if release.release_id == newest.release_id else "newer"
    )
    return Seen(release, banner, str(release.manifest["reason"]), newest.release_id)


def read_query(request: HttpRequest, release: Release) -> Query:
    """The query of an address such as `measure=…&geo=county:06037&year=2014..2016&by=gender`.

    Raises:
        BadRequest: a part of it is not one we know.
    """
    get = request.GET
    measure = get.get("measure", "")
    if measure and measure not in published(release):
        raise BadRequest("measure")
    geography, _, listed = get.get("geo", "").partition(":")
    if geography and geography not in GEOGRAPHIES:
        raise BadRequest("geo")
    places = tuple(dict.fromkeys(p for p in [*listed.split(","), *get.getlist("place")] if p))
    known = shelf(release.folder).places
    if any(p not in known or known[p]["kind"] != geography for p in places):
        places = tuple(p for p in places if p in known and known[p]["kind"] == geography)
        if listed:
            raise BadRequest("geo")
    groups = tuple(dict.fromkeys(g for text in get.getlist("by") for g in text.split(",") if g))
    dimensions = catalog.load().code_sets["disaggregation"]
    if any(g not in dimensions for g in groups) or len(groups) > 3:
        raise BadRequest("by")
    return Query(measure, geography, places, read_years(get.getlist("year")), groups)


def read_years(texts: list[str]) -> tuple[int, ...]:
    """Years as `2014..2016` or `2014,2016`."""
    years: list[int] = []
    for part in (p for text in texts for p in text.split(",") if p):
        low, dots, high = part.partition("..")
        if (
            not low.isdigit()
            or (dots and not high.isdigit())
            or not 1900 < int(low) < 2200
            or (dots and not int(low) <= int(high) < 2200)
        ):
            raise BadRequest("year")
        years += range(int(low), int(high or low) + 1)
    return tuple(sorted(set(years)))


def published(release: Release) -> list[str]:
    """The measures of a release, in the catalog's order."""
    held = {measure for measure, _ in shelf(release.folder).by_shape}
    return [m for m in catalog.load().measures if m in held]


def groups_of(release: Release, measure: str) -> list[str]:
    """The groups that a measure was published by, alone or with others."""
    shapes = shelf(release.folder).shapes(measure)
    found = {d for shape in shapes for d in shape} - set(GEOGRAPHIES) - set(INNER)
    return [d for d in catalog.load().code_sets["disaggregation"] if d in found]


def years_of(release: Release, measure: str) -> list[int]:
    """The years that a measure was published for."""
    held = shelf(release.folder)
    return sorted(
        {int(y) for (m, _), table in held.by_shape.items() if m == measure for y in table["academic_year"].unique().to_list()}
    )


def places_of(release: Release, geography: str) -> list[str]:
    """The places of one kind that stand in the release."""
    held = shelf(release.folder)
    if geography not in held.cells.columns:
        return []
    return sorted({str(p) for p in held.cells[geography].drop_nulls().unique().to_list()} - {"Total"} & set(held.places))
