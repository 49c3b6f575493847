"""Agreements as code: who may use which elements of which years, for what, under which clause. Deny by default.

Hides how terms are written and how a permit is signed. Never touches a record, and alone makes a `Permit`.
"""

from c2c.governance._permits import NotPermitted, check_permit, permit, permitted_elements
from c2c.governance._terms import agreements, found_site, sign

__all__ = ["NotPermitted", "agreements", "check_permit", "found_site", "permit", "permitted_elements", "sign"]
