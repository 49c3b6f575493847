"""What the portal keeps of people who work in it: an account, its duties, its set-up link. No e-mail address, nothing of any record."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Person(AbstractBaseUser):
    """Who signs in. `name` goes into the ledger, so it is a name of office and never an address."""

    name: models.CharField[str, str] = models.CharField(max_length=40, unique=True)
    organisation: models.CharField[str, str] = models.CharField(max_length=40)
    is_active: models.BooleanField[bool, bool] = models.BooleanField(default=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    ended: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    objects: ClassVar[BaseUserManager[Person]] = BaseUserManager()
    duties: models.Manager[Duty]
    links: models.Manager[SetUpLink]
    USERNAME_FIELD = "name"

    def __str__(self) -> str:
        return str(self.name)


class Duty(models.Model):
    """A duty someone has for an organisation, from a day until a day (that day not included)."""

    person: models.ForeignKey[Person, Person] = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="duties")
    organisation: models.CharField[str, str] = models.CharField(max_length=40)
    duty: models.CharField[str, str] = models.CharField(max_length=40)
    from_day: models.DateField[date, date] = models.DateField()
    to_day: models.DateField[date | None, date | None] = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.duty} of {self.organisation}"


class SetUpLink(models.Model):
    """A link that lets someone choose a password and a second step once. Its hash alone is kept."""

    person: models.ForeignKey[Person, Person] = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="links")
    digest: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link of {self.person}"
