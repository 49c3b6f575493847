"""Receives a delivery: reads it whatever its form, checks it against its contract, tells its sender row by row what is wrong, and
splits *who* from *what*.

Hides encodings, column maps, and how rules run in one pass. Never keeps anything: trays lie in private scratch until the vault has
them; only findings stay, in a folder for the partner alone.
"""

from c2c.intake._inspect import IntakeError, inspect, refused
from c2c.intake._maps import ColumnMap, read_map
from c2c.intake._split import map_file, record_keys

__all__ = ["ColumnMap", "IntakeError", "inspect", "map_file", "read_map", "record_keys", "refused"]
