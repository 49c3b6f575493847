"""Settings of the public site: Django without a database, sessions or admin, under a strict content policy."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

HERE = Path(__file__).parent
RELEASES = Path(os.environ.get("C2C_RELEASES", "releases"))
DEBUG = False
SECRET_KEY = secrets.token_hex(32)  # signs nothing: the site has no sessions, forms or cookies
ALLOWED_HOSTS = os.environ.get("C2C_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
ROOT_URLCONF = "c2c.web.public.urls"
INSTALLED_APPS: list[str] = ["csp"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "c2c.web.public._cache.kept_pages",
    "django.middleware.gzip.GZipMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {"builtins": ["c2c.web.public.tags"]},
    }
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"], "style-src": ["'self'"], "img-src": ["'self'"], "font-src": ["'self'"], "form-action": ["'self'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"],
    }
}  # fmt: skip
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
USE_I18N = False
USE_TZ = True
# Faults are logged by our own handler, under a number; what visitors ask is logged nowhere.
# A logger with no handler at all would print whole faults, with what was asked in them.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "loggers": {"django": {"handlers": ["nowhere"], "propagate": False}},
}
DATABASES: dict[str, object] = {}
APPEND_SLASH = False
