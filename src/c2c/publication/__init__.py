"""Releases: safe tables frozen with their places and method, and answers sliced from them. Public by definition.

Hides how a release lies on disk and is kept in memory. Never reads a pull, computes no new number about people, and changes nothing of a
release but its status.
"""

from c2c.publication._answers import Query, answer, shelf
from c2c.publication._releases import cells, freeze, releases, retire

__all__ = ["Query", "answer", "cells", "freeze", "releases", "retire", "shelf"]
