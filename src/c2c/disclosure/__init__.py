"""The gate: no number about people leaves except through here, and none leaves that, with everything already public, shows someone.

Hides how cells are covered, the secret seed, and the auditor that has the last word. Never lets an unaudited number out: where it cannot tell,
it refuses, and the earlier release stands.
"""

from c2c.disclosure._files import attack_file, protect_file
from c2c.disclosure._products import load_product
from c2c.disclosure._rules import TooRevealing, list_rules
from c2c.disclosure._tabulate import plan, tabulate

__all__ = ["TooRevealing", "attack_file", "list_rules", "load_product", "plan", "protect_file", "tabulate"]
