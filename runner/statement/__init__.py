"""A statement for a partner: what went between us in a period, and what became of it."""

from transload.runner.statement.gathering import Statement, gather

__all__ = ["Statement", "gather"]
