"""A pretend state that plays all partners: coherent lives, the files each agency would send of them, and the truth kept apart.

Hides how lives are drawn. Never tells the truth to a room that is judged by it: truth is written where the caller says, outside the
files. Same seed, same bytes.
"""

from c2c.synthetic._spoil import KINDS, UNUSUAL, spoil
from c2c.synthetic._state import make_state

__all__ = ["KINDS", "UNUSUAL", "make_state", "spoil"]
