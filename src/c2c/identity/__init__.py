"""Who is who, year after year: records of every partner matched into people whose ids never change under a user.

Hides names, weights and clusters; its runs lie sealed under keys of their own. Never sees an outcome: it is given identifiers and gives
back links. Race and ethnicity are never evidence.
"""

from c2c.identity._decisions import decisions_digest
from c2c.identity._evaluate import evaluate
from c2c.identity._file import match_file
from c2c.identity._report import explain, report
from c2c.identity._runs import open_links, resolve

__all__ = ["decisions_digest", "evaluate", "explain", "match_file", "open_links", "report", "resolve"]
