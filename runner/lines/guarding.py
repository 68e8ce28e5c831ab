"""Calls into formats, mappings and filters, whose own faults must not end anything but the work on one document."""

from collections.abc import Callable
from typing import Any

from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding
from transload.runner.logs import get_logger

_log = get_logger("drafting")


class NumbersLater(Exception):
    """An encoding asks for a control number, which only the transaction that stages it can give."""


class NoNumbers:
    """Stands for the control numbers where there are none to give (`transload.canonical.context.Numbers`)."""

    def next(self, series: str) -> int:
        """Raises `NumbersLater`."""
        raise NumbersLater


def guarded(what: str, call: Callable[[], Any]) -> Any:
    """``call()``; an exception that is none of ours becomes a `Reject` that says whose fault it is."""
    try:
        return call()
    except (TransloadError, NumbersLater):
        raise
    except Exception as error:
        _log.exception("unexpected error", part=what)
        message = f"{what} failed unexpectedly: {type(error).__name__}: {error}"
        hint = "this is a fault in the program, not in the document; report it with the log"
        raise Reject(message, findings=[Finding(code="E-INTERNAL", message=message, hint=hint)]) from error
