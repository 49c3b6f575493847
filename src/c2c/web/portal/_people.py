"""The people behind requests: both steps taken, and the duties in force today."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from c2c.plumbing import clock
from c2c.web.portal._duties import IDENTITY, Standing
from c2c.web.portal._place import managing_entity
from c2c.web.portal.models import Person


def has_both_steps(request: HttpRequest) -> bool:
    """Did this person sign in with password and second step, and is the second step still theirs?"""
    user: Any = request.user
    if not user.is_authenticated:
        return False
    steps = {str(record.get("method")) for record in get_authentication_records(request, user)}
    return {"password", "mfa"} <= steps and has_second_step(user)


def has_second_step(person: Person) -> bool:
    """Is a device for codes enrolled?"""
    return Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.TOTP).exists()


def standing_of(user: object) -> Standing:
    """Who this is, for whom they act, and with which duties today."""
    person, today = cast(Person, user), clock.today()
    held = person.duties.filter(Q(to_day__isnull=True) | Q(to_day__gt=today), from_day__lte=today).order_by("duty")
    # A duty counts for the organisation it was given for, and one of the match for the managing entity alone.
    own = [d.duty for d in held if d.organisation == person.organisation]
    outside = person.organisation != managing_entity(settings.SITE)
    return Standing(person.name, person.organisation, tuple(d for d in own if not (outside and d in IDENTITY)))
