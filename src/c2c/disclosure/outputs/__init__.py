"""Output checks for research: what a researcher may take out of the room, file by file, and what it gives away beside all that is published.

Hides how each kind of file is taken apart and how the gate's auditor is asked. Never says a value, never decides alone: its colour sorts the
queue, and two people other than the author decide. It reads files and figures; it cannot tell a true name among words.
"""

from c2c.disclosure.outputs._acro import second_opinion
from c2c.disclosure.outputs._check import check_output
from c2c.disclosure.outputs._enter import enter_output
from c2c.disclosure.outputs._errors import OutputRefused
from c2c.disclosure.outputs._remarks import Checked, Remark

__all__ = ["Checked", "OutputRefused", "Remark", "check_output", "enter_output", "second_opinion"]
