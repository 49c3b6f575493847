"""c2c: a statewide longitudinal data system, from partners' files to public pages.

Read the rooms from left to right: intake, vault, identity, linkage, disclosure, publication. `ARCHITECTURE.md` is the tour.
"""

__version__ = "0.1.0"
