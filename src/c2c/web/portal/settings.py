"""Settings of the portal: accounts and second steps by allauth, sessions of half an hour, a content policy without exceptions."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from c2c.plumbing import keys
from c2c.plumbing.site import open_site
from c2c.web.portal import _place

HERE = Path(__file__).parent
SITE = open_site(Path(os.environ.get("C2C_SITE", "site")))
ADDRESS = _place.address_of(SITE)
IS_ENCRYPTED = ADDRESS.startswith("https://")
HOST = urlsplit(ADDRESS).hostname or ""

DEBUG = False
SECRET_KEY = keys.naming_key(SITE, "web/portal").hex()
ALLOWED_HOSTS = [HOST] if IS_ENCRYPTED else ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "c2c.web.portal.urls"
DATABASES = {"default": _place.database_of(SITE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "c2c.web.portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "c2c.web.portal._layers.kept_nowhere",
    "c2c.web.portal._layers.in_language",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "c2c.web.portal._layers.signed_in_only",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "builtins": ["c2c.web.portal.tags"],
            "context_processors": ["django.template.context_processors.request", "c2c.web.portal._pages.around"],
        },
    }
]
# Faults are logged by our own handler, under a number; who asked for what stands in the ledger and nowhere else. A logger with no handler
# at all would print whole faults, with what was asked in them.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "loggers": {name: {"handlers": ["nowhere"], "propagate": False} for name in ("django", "allauth")},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"], "style-src": ["'self'"], "script-src": ["'self'"], "img-src": ["'self'"], "font-src": ["'self'"], "form-action": ["'self'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"],
    }
}  # fmt: skip
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = IS_ENCRYPTED
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_ENCRYPTED else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_ENCRYPTED else 0
CSRF_TRUSTED_ORIGINS = [ADDRESS] if IS_ENCRYPTED else []
# A name with the prefix is taken by browsers from this very host over an encrypted connection alone.
SESSION_COOKIE_NAME = "__Host-portal" if IS_ENCRYPTED else "portal"
CSRF_COOKIE_NAME = "__Host-portal-form" if IS_ENCRYPTED else "portal-form"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_ENCRYPTED
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # it goes when the browser closes
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True  # the half hour begins anew with each page: it is a limit on idleness
CSRF_FAILURE_VIEW = "c2c.web.portal._pages.form_too_old"
# Attempts at signing in are counted in the database, so that all workers count together.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"}}

AUTH_USER_MODEL = "portal.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["name"]}},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "c2c.web.portal._entry.AccountRules"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = int(_place.said(SITE).get("proxies", 1 if IS_ENCRYPTED else 0))
MFA_ADAPTER = "c2c.web.portal._entry.SecondStepRules"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "c2c"

USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
APPEND_SLASH = False
