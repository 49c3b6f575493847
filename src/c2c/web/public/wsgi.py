"""The public site as a WSGI application."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "c2c.web.public.settings"  # this site and no other, whatever the process was told before

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

from c2c import catalog
from c2c.publication import releases, shelf

# The newest release and the catalog are in memory before the first visitor comes.
catalog.load()
for release in releases(Path(settings.RELEASES))[-1:]:
    shelf(release.folder)

application = WhiteNoise(get_wsgi_application(), root=str(Path(__file__).parent / "static"), prefix="static/", max_age=3600)
