"""c2c: a statewide longitudinal data system, from partners' files to public pages.

Read the rooms from left to right: intake, vault, identity, linkage, disclosure, publication. `ARCHITECTURE.md` is the tour.
"""

import os

# No room does linear algebra: numpy's threads for it would only spin on the cores that the work needs.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
