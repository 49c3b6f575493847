"""The command line: parse, obtain a permit, call one room's verb, render. Decides nothing."""

from c2c.cli._main import main

__all__ = ["main"]
