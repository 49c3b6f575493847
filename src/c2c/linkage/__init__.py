"""Purpose-specific pulls: permitted elements of every partner joined by person, under pseudonyms of that purpose alone, with a receipt.

Hides how trays are joined and how the facts behind each measure are worked out. Never sees a name: it is given records and links, and what it
keeps is sealed, expires, and goes dark with any source that is withdrawn.
"""

from c2c.linkage._facts import facts
from c2c.linkage._pulls import LinkageError, assemble, pulls_using, rebuild, receipt, retire

__all__ = ["LinkageError", "assemble", "facts", "pulls_using", "rebuild", "receipt", "retire"]
