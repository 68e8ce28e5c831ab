"""The command line: ``transload COMMAND``."""

from transload.runner.cli.main import main

__all__ = ["main"]
