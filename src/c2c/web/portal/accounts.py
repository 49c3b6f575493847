"""Accounts, as the operator makes and ends them. The ledger is written first; a set-up link is shown once and kept as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import transaction

from c2c import audit, catalog
from c2c.plumbing import clock, errors
from c2c.plumbing.site import Site
from c2c.web.portal import _place
from c2c.web.portal._duties import IDENTITY
from c2c.web.portal._people import has_second_step, standing_of
from c2c.web.portal.models import Duty, Person, SetUpLink

NAME = re.compile(r"^[a-z][a-z0-9._-]{1,39}$")
LINK_HOURS = 24


@dataclass(frozen=True)
class Account:
    """An account as the operator sees it. `state`: ready, waiting (the set-up link has not been used), ended."""

    name: str
    organisation: str
    duties: tuple[str, ...]
    state: str


def prepare() -> None:
    """Bring the database to the form this version needs, and clear away sessions that ran out."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("clearsessions", verbosity=0)


def add(site: Site, name: str, *, organisation: str, duties: Sequence[str], actor: str) -> str:
    """Make an account with its duties and return the path of its set-up link, which holds for a day and works once.

    Raises:
        WrongUse: POR-003 the name has other signs, POR-004 no such organisation or duty.
        CodedError: POR-005 the name is taken, POR-006 the duty belongs to the managing entity.
    """
    _check_name(name)
    _check_duties(site, organisation, duties)
    if Person.objects.filter(name=name).exists():
        raise errors.CodedError(
            "POR-005",
            where=f"account {name}",
            what="there is, or was, an account of this name",
            remedy="Take another name; for a lost password or phone use `c2c user link NAME`.",
        )
    audit.append(site, "portal:account:made", actor=actor, person=name, organisation=organisation)
    for duty in duties:
        audit.append(site, "portal:duty:given", actor=actor, person=name, organisation=organisation, duty=duty)
    with transaction.atomic():
        person = Person(name=name, organisation=organisation, made=clock.now())
        person.set_unusable_password()
        person.save()
        for duty in duties:
            Duty.objects.create(person=person, organisation=organisation, duty=duty, from_day=clock.today())
        return _new_link(person)


def renew(site: Site, name: str, *, actor: str) -> str:
    """A new set-up link for someone who lost password or phone. What they had, and every open session of theirs, ends now.

    Raises:
        CodedError: POR-007 there is no such account, or it has ended.
    """
    person = _living(name)
    audit.append(site, "portal:account:renewed", actor=actor, person=name)
    with transaction.atomic():
        _lock_out(person)
        return _new_link(person)


def end(site: Site, name: str, *, actor: str) -> None:
    """End an account: its duties end today, its sessions now. What it did stays in the ledger under its name.

    Raises:
        CodedError: POR-007 there is no such account, or it has ended.
    """
    person = _living(name)
    audit.append(site, "portal:account:ended", actor=actor, person=name)
    with transaction.atomic():
        _lock_out(person)
        person.duties.filter(to_day__isnull=True).update(to_day=clock.today())
        person.is_active, person.ended = False, clock.now()
        person.save()


def listed() -> tuple[Account, ...]:
    """Every account, by name."""
    people = Person.objects.order_by("name")
    return tuple(Account(p.name, p.organisation, standing_of(p).duties, _state(p)) for p in people)


def find_link(token: str) -> SetUpLink | None:
    """The link of a token while it holds: not used, not run out, the account living."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    link = SetUpLink.objects.select_related("person").filter(digest=digest, used__isnull=True, expires__gt=clock.now()).first()
    return link if link and link.person.is_active else None


def set_up(site: Site, link: SetUpLink, password: str, enrol: object) -> None:
    """Use a link: password and second step together, or neither. `enrol` is called inside the same transaction.

    Raises:
        CodedError: POR-008 somebody used the link a moment before.
    """
    audit.append(site, "portal:account:set_up", actor=link.person.name)
    with transaction.atomic():
        if not SetUpLink.objects.filter(pk=link.pk, used__isnull=True).update(used=clock.now()):
            raise errors.CodedError(
                "POR-008", where="set-up link", what="this link has been used", remedy="Ask the operator for a new one."
            )
        _lock_out(link.person)
        link.person.set_password(password)
        link.person.save()
        if callable(enrol):
            enrol()


def _new_link(person: Person) -> str:
    token = secrets.token_urlsafe(32)
    person.links.filter(used__isnull=True).update(used=clock.now())
    expires = clock.now() + timedelta(hours=LINK_HOURS)
    SetUpLink.objects.create(person=person, digest=hashlib.sha256(token.encode()).hexdigest(), expires=expires)
    return f"/set-up/{token}"


def _lock_out(person: Person) -> None:
    """Take password, second step, links and sessions away."""
    person.set_unusable_password()
    person.save()
    person.links.filter(used__isnull=True).update(used=clock.now())
    Authenticator.objects.filter(user_id=person.pk).delete()
    mine = [s.pk for s in Session.objects.iterator() if s.get_decoded().get("_auth_user_id") == str(person.pk)]
    Session.objects.filter(pk__in=mine).delete()


def _living(name: str) -> Person:
    person = Person.objects.filter(name=name, is_active=True).first()
    if person is None:
        raise errors.CodedError(
            "POR-007",
            where=f"account {name}",
            what="there is no account of this name, or it has ended",
            remedy="See the accounts with `c2c user list`.",
        )
    return person


def _state(person: Person) -> str:
    if not person.is_active:
        return "ended"
    return "ready" if person.has_usable_password() and has_second_step(person) else "waiting"


def _check_name(name: str) -> None:
    if not NAME.match(name):
        raise errors.WrongUse(
            "POR-003",
            where="NAME",
            what="a name is 2 to 40 small letters, digits, dots, dashes or underscores, and begins with a letter",
            remedy="Choose a name of office such as steward.one; it stands in the ledger, so no e-mail address.",
        )


def _check_duties(site: Site, organisation: str, duties: Sequence[str]) -> None:
    if organisation not in {p["partner_code"] for p in catalog.load().partners} or not duties or not set(duties) <= set(IDENTITY):
        raise errors.WrongUse(
            "POR-004",
            where="--organisation, --duty",
            what="there is no such organisation or duty",
            remedy=f"Organisations are the catalog's partner codes; duties are {', '.join(IDENTITY)}.",
        )
    if organisation != _place.managing_entity(site):
        raise errors.CodedError(
            "POR-006",
            where="--organisation",
            what="duties of the match belong to the managing entity alone",
            remedy=f"Give them to people of {_place.managing_entity(site)}.",
        )
