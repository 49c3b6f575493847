"""What may be sent, asked and shown: partners, files, elements, codes, measures, research questions, as data.

Hides where the tables lie and how rules are written down. Never knows a person. Adding an element, a file or a partner is a
change of the data in `data/`, never of code.
"""

from c2c.catalog._contracts import contract
from c2c.catalog._rules import broken, parse_rule
from c2c.catalog._tables import Catalog, Element, FileLayout, load

__all__ = ["Catalog", "Element", "FileLayout", "broken", "contract", "load", "parse_rule"]
