"""What an address asks: parsed strictly, said back canonically. What we do not know is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest

from c2c import catalog
from c2c.publication import Query, releases, shelf
from c2c.vocabulary import Release
from c2c.web.public._words import say

ID = re.compile(r"^[A-Za-z0-9_-]{1,60}$")
MOST_GROUPS = 3


@dataclass(frozen=True)
class Seen:
    """The release a page reads, the banner it stands under (current, newer, corrected, retired or draft), and the newest one."""

    release: Release
    banner: str
    newest: Release
    every: tuple[Release, ...]


def seen_release(request: HttpRequest) -> Seen | None:
    """The release the address names, else the newest that is not retired; None where nothing has been published."""
    every = releases(Path(settings.RELEASES))
    if not every:
        return None
    newest = ([r for r in every if r.manifest["status"] != "retired"] or list(every))[-1]
    wanted = request.GET.get("release", "")
    if wanted and (not ID.match(wanted) or wanted not in {r.release_id for r in every}):
        raise Http404
    release = next((r for r in every if r.release_id == wanted), newest)
    return Seen(release, banner_of(release, newest), newest, every)


def source_line(language: str, release: Release) -> str:
    """Where a figure comes from, as it stands under every picture and file; and that it is an estimate, where counts are rounded."""
    said = say(language, "source_line", release=release.release_id)
    return f"{said}. {say(language, 'estimated')}" if is_estimated(release) else said


def is_estimated(release: Release) -> bool:
    """Are the counts of this release rounded, so that none points at a few people?"""
    return "rounding" in shelf(release.folder).method.get("disclosure", {})


def pinned(request: HttpRequest) -> list[tuple[str, str]]:
    """The release as a part of the address, where the address names one: who reads an older release goes on reading it."""
    return [("release", request.GET["release"])] if request.GET.get("release") else []


def banner_of(release: Release, newest: Release) -> str:
    """What a reader must know first: a draft is no release; one of the same year that came later is a correction, of a later year an addition."""
    if release.manifest.get("kind") == "draft":
        return "draft"
    if release.manifest["status"] == "retired":
        return "retired"
    if release.release_id == newest.release_id:
        return "current"
    return "corrected" if release.manifest["year"] == newest.manifest["year"] else "newer"


def published(release: Release) -> list[str]:
    """The measures of a release, in the catalog's order."""
    return [m for m in catalog.load().measures if m in shelf(release.folder).tables]


def read_query(request: HttpRequest, release: Release) -> Query:
    """The query of an address such as `measure=…&geo=county:06037&year=2014..2016&by=gender`.

    Raises:
        BadRequest: a part of it is not one we know.
    """
    get, held = request.GET, shelf(release.folder)
    measure = get.get("measure", "")
    if measure and measure not in catalog.load().measures:
        raise BadRequest("measure")
    geography, _, listed = get.get("geo", "").partition(":")
    places = tuple(dict.fromkeys(p for p in (*listed.split(","), *get.getlist("place")) if p))
    if (geography and not held.places_of(geography)) or any(held.places.get(p, {}).get("kind") != geography for p in places):
        raise BadRequest("geo")
    groups = tuple(dict.fromkeys(g for text in get.getlist("by") for g in text.split(",") if g))
    if any(g not in catalog.load().code_sets["disaggregation"] for g in groups) or len(groups) > MOST_GROUPS:
        raise BadRequest("by")
    return Query(measure, geography, places, read_years(get.getlist("year")), groups)


def read_years(texts: list[str]) -> tuple[int, ...]:
    """Years as `2014..2016` or `2014,2016`; `all`, like none, is every year.

    >>> read_years(["2014..2016", "2018"])
    (2014, 2015, 2016, 2018)
    """
    years: set[int] = set()
    for part in (p for text in texts for p in text.split(",") if p and p != "all"):
        ends = part.split("..")
        if len(ends) > 2 or not all(re.fullmatch(r"(19|20|21)\d\d", end) for end in ends):
            raise BadRequest("year")
        years.update(range(int(ends[0]), int(ends[-1]) + 1))
    return tuple(sorted(years))


def canonical(query: Query) -> list[tuple[str, str]]:
    """A query as the parts of an address, in one order."""
    parts = [("measure", query.measure)] if query.measure else []
    if query.geography:
        parts.append(("geo", f"{query.geography}:{','.join(query.places)}" if query.places else query.geography))
    if query.years:
        first, last = query.years[0], query.years[-1]
        run = len(query.years) > 1 and query.years == tuple(range(first, last + 1))
        parts.append(("year", f"{first}..{last}" if run else ",".join(map(str, query.years))))
    if query.groups:
        parts.append(("by", ",".join(query.groups)))
    return parts


def address(parts: list[tuple[str, str]]) -> str:
    """Parts as an address is written, with the signs that people read left as they are."""
    return urlencode(parts, safe=":,.|")


def permalink(release: Release, query: Query) -> str:
    """The canonical address of a query on this release: it will always show the same figures."""
    return address([*canonical(query), ("release", release.release_id)])
