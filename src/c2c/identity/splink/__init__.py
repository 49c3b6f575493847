"""Out to Splink: the model of the run in force as a settings file, and any people file as the table that such a model reads.

Hides how a level is said in SQL and how a file is made ready. Never lets a name out of a site: a model holds levels and probabilities, and only a file that
its owner brings is made ready. The way in is `identity.match_file` with a model.
"""

from c2c.identity.splink._export import export_model
from c2c.identity.splink._prepare import prepare_file

__all__ = ["export_model", "prepare_file"]
