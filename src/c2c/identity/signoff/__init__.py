"""A run that is held, the signature that puts it in force all the same, and the closing of names that runs hold.

Hides which small files say what is held and what is in force. Never puts a run in force that nobody signed for by name and with a reason. Who may sign
is the portal's to say; the one at the command line holds the site.
"""

from c2c.identity.signoff._signing import accept, close_names, open_held, passed_over

__all__ = ["accept", "close_names", "open_held", "passed_over"]
