"""The public site as a WSGI application."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "c2c.web.public.settings")

from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

application = WhiteNoise(get_wsgi_application(), root=str(Path(__file__).parent / "static"), prefix="static/", max_age=3600)
