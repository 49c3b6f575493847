"""A match in a process of its own, to be killed: `rerun.py SITE FOLDER` matches the town with its second year."""

from __future__ import annotations

import sys
from pathlib import Path

from builders import a_permit
from c2c import identity
from c2c.plumbing.site import open_site
from integration.identity.test_runs import trays

if __name__ == "__main__":
    site = open_site(Path(sys.argv[1]))
    identity.resolve(site, trays(Path(sys.argv[2]), later=True), permit=a_permit(site, "identity_match"), year=2026)
