"""What a pause means while work is done: it is looked at once a second, and told once."""

import time
from collections.abc import Callable

from transload.canonical.findings import Finding, Severity
from transload.runner.ledger.pauses import Pause

LOOK_SECONDS = 1.0
"""How long work goes on before the pauses are looked at again."""


def standing(pause: Pause) -> Finding:
    """The remark that something stands still, and how it goes on."""
    return Finding(
        code="R-PAUSED",
        severity=Severity.REMARK,
        message=pause.what,
        hint=f"when the reason is gone: transload resume {pause.kind} {pause.name}",
    )


class Look:
    """Asks for a pause, at once and then once a second."""

    def __init__(self, ask: Callable[[], Pause | None]) -> None:
        self._ask = ask
        self._next = 0.0

    def __call__(self) -> Pause | None:
        """The pause, where it was time to look and there is one."""
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + LOOK_SECONDS
        return self._ask()
