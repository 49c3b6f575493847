"""The portal as a WSGI application. Its look is the public site's, with a small sheet of its own."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "c2c.web.portal.settings"  # this site and no other, whatever the process was told before

from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

HERE = Path(__file__).parent

application = WhiteNoise(get_wsgi_application(), root=str(HERE.parent / "public" / "static"), prefix="static/", max_age=3600)
application.add_files(str(HERE / "static"), prefix="static/portal/")
