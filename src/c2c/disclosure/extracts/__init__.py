"""De-identified extracts for research: one row per person, recoded until at least eleven people look alike, whole path of schools included.

Hides how the recoding of least loss is found and how the intruder is played. Never lets an element out that the plan does not declare and the
permit does not hold, an exact day or amount, or a pseudonym that another project knows.
"""

from c2c.disclosure.extracts._extract import check_request, close_project, deidentify, deidentify_file
from c2c.disclosure.extracts._plan import PURPOSE, Plan, read_plan

__all__ = ["PURPOSE", "Plan", "check_request", "close_project", "deidentify", "deidentify_file", "read_plan"]
