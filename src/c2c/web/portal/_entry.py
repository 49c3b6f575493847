"""Signing in and out, and the one page that turns a set-up link into a password and a second step. Each act is in the ledger first."""

from __future__ import annotations

import base64
from typing import Any

import pyrage
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.views import LoginView, LogoutView
from allauth.core import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from c2c import audit
from c2c.plumbing import errors, keys
from c2c.web.portal import _drawings, accounts
from c2c.web.portal._pages import language_of, not_found, show
from c2c.web.portal._people import has_second_step
from c2c.web.portal._words import say
from c2c.web.portal.models import Person, SetUpLink


class AccountRules(DefaultAccountAdapter):  # type: ignore[misc]
    """How accounts behave here: nobody signs up, nobody comes in without a second step, and the ledger knows before it happens."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by the operator alone."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Pages say themselves what happened."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """The person with this password; one whose account ended, or who has no second step, is answered like a wrong password."""
        person = super().authenticate(request, **credentials)
        if isinstance(person, Person) and person.is_active and has_second_step(person):
            return person
        if person is not None:
            self.authentication_failed(request, **credentials)
        return None

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Written with the name only if an account has it: what was typed may be a password in the wrong box."""
        name = str(credentials.get("username", ""))[:40].lower()
        known = Person.objects.filter(name=name).exists()
        audit.append(settings.SITE, "portal:signin:failed", actor=name if known else "unknown", step="password")

    def login(self, request: HttpRequest, user: Any) -> None:
        """Both steps are taken: a new session begins."""
        audit.append(settings.SITE, "portal:signin:done", actor=user.name)
        super().login(request, user)


class SecondStepRules(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second steps lie in the database sealed under the portal's key."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        key = keys.sealing_key(settings.SITE, "web/portal").to_public()
        return base64.b64encode(pyrage.encrypt(text.encode(), [key])).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret."""
        return pyrage.decrypt(base64.b64decode(encrypted_text), [keys.sealing_key(settings.SITE, "web/portal")]).decode()


class NameAndPassword(LoginForm):  # type: ignore[misc]
    """The first step, with fields as the page draws them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class Code(AuthenticateForm):  # type: ignore[misc]
    """The second step: a code of the device, or one of the recovery codes."""

    def _emit_authentication_failed(self, authenticator: Any) -> None:
        audit.append(settings.SITE, "portal:signin:failed", actor=self.user.name, step="code")
        super()._emit_authentication_failed(authenticator)


class SignIn(LoginView):  # type: ignore[misc]
    """The first step of signing in."""

    template_name = "sign_in.html"
    form_class = NameAndPassword

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page shows."""
        return {**super().get_context_data(**kwargs), "title": say(language_of(self.request), "sign_in")}


class SecondStep(AuthenticateView):  # type: ignore[misc]
    """The second step of signing in. No other device than one for codes is taken, so only a form with a code is read."""

    template_name = "code.html"
    form_class = Code

    def _build_forms(self) -> Any:
        user = self.stage.login.user
        self.webauthn_form = None
        self.auth_form = self.form_class(user=user, data=self.request.POST if self.request.method == "POST" else None)
        return self.auth_form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page shows."""
        return {**super().get_context_data(**kwargs), "title": say(language_of(self.request), "second_step")}


class SignOut(LogoutView):  # type: ignore[misc]
    """Signing out, by a button; a link alone does not."""

    template_name = "sign_out.html"

    def logout(self) -> None:
        """End the session."""
        if isinstance(self.request.user, Person):
            audit.append(settings.SITE, "portal:signout:done", actor=self.request.user.name)
        super().logout()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page shows."""
        return {**super().get_context_data(**kwargs), "title": say(language_of(self.request), "sign_out")}


class SetUp(forms.Form):
    """A new password, twice, and a first code of the device."""

    password = forms.CharField(strip=False, max_length=200)
    again = forms.CharField(strip=False, max_length=200)
    code = forms.CharField(max_length=12)

    def __init__(self, person: Person, secret: str, language: str, *args: Any) -> None:
        super().__init__(*args)
        self._person, self._secret, self._language = person, secret, language

    def clean_password(self) -> str:
        """Long, not common, not like the name."""
        password = str(self.cleaned_data["password"])
        validate_password(password, self._person)
        return password

    def clean_code(self) -> str:
        """The device shows the code of this very secret."""
        code = "".join(str(self.cleaned_data["code"]).split())
        if not validate_totp_code(self._secret, code):
            raise ValidationError(say(self._language, "wrong_code"))
        return code

    def clean(self) -> dict[str, Any]:
        """Both passwords are one."""
        cleaned = super().clean() or {}
        if cleaned.get("password") and cleaned.get("again") != cleaned["password"]:
            self.add_error("again", say(self._language, "not_alike"))
        return cleaned


@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Password, second step and recovery codes, at once. Looking at the page uses nothing up; sending it does, once."""
    if not ratelimit.consume(request, action="login"):
        return too_many(request)
    language = language_of(request)
    link = accounts.find_link(token)
    if link is None:
        return show(request, "used_link.html", {"title": say(language, "used_link")}, status=410)
    pending = f"set_up_{link.pk}"
    secret = request.session.get(pending) or generate_totp_secret()
    request.session[pending] = secret
    form = SetUp(link.person, secret, language, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        codes: list[str] = []
        try:
            accounts.set_up(settings.SITE, link, form.cleaned_data["password"], lambda: codes.extend(_enrol(link.person, secret)))
        except errors.CodedError:
            return show(request, "used_link.html", {"title": say(language, "used_link")}, status=410)
        request.session.flush()
        return show(request, "recovery_codes.html", {"title": say(language, "recovery_codes"), "codes": codes})
    return show(request, "set_up.html", {"title": say(language, "set_up"), "form": form, **_device(link, secret)})


def _enrol(person: Person, secret: str) -> list[str]:
    TOTP.activate(person, secret)
    return RecoveryCodes.activate(person).generate_codes()


def _device(link: SetUpLink, secret: str) -> dict[str, Any]:
    """What an app for codes reads: a picture, and the same as text."""
    rules = SecondStepRules()
    url = rules.build_totp_url(link.person, secret)
    spaced = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return {"name": link.person.name, "picture": SafeString(_drawings.qr_code(url)), "secret": spaced}


def too_many(request: HttpRequest) -> HttpResponse:
    """Too many attempts: wait."""
    language = language_of(request)
    said = {"title": say(language, "too_many"), "text": say(language, "too_many_text")}
    return show(request, "fault.html", said, status=429)


def nobody_signs_up(request: HttpRequest) -> HttpResponse:
    """An address that allauth names and this portal does not have."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("account_login"))
    return not_found(request, Exception())
