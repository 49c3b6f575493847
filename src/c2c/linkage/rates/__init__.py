"""How each group's records were linked, as facts for the gate: status of link, kinds of identifiers, and what the record's own file says of its group.

Hides whose records they are: a person is a number that means nothing outside one table. Never takes a group over from another agency's record:
a record that was not linked would have none, and the gap between groups would hide.
"""

from c2c.linkage.rates._facts import match_facts

__all__ = ["match_facts"]
