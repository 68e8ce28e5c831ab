"""What the log is told of work that ended with an error."""

from typing import Any

from transload.canonical.errors import TransloadError
from transload.runner.ledger import Damaged, Erased, Fenced, LedgerError


def tell_failed(log: Any, name: str, error: BaseException) -> None:
    """Say that the work on ``name`` ended; where the ledger fails all of it does, which the work tells as one."""
    if isinstance(error, LedgerError) and not isinstance(error, Fenced | Erased | Damaged):
        return
    log.error("work failed", work=name, error=str(error), exc_info=not isinstance(error, TransloadError))
