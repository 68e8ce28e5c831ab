"""The engine: receives, reads, maps, stages and delivers, on a ledger that survives whatever happens meanwhile."""

from transload.runner.engine.engine import Engine
from transload.runner.lines.summary import Summary
from transload.runner.logs import configure_logging

__all__ = ["Engine", "Summary", "configure_logging"]
