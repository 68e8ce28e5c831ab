"""The gate before a connection: whether a partner's system may be called now, by how many at once, and how often.

Breakers and rates stand in the ledger, and slots are claims, so all processes that share the ledger keep to them
together.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

from transload.canonical.errors import Stop
from transload.canonical.findings import Finding, Severity
from transload.runner.ledger import Ledger, ProcessLock
from transload.runner.ledger.breakers import Breaker
from transload.runner.ledger.pauses import Pause
from transload.runner.lines.standing import standing
from transload.runner.workspace.connection import Connection


class Closed(Stop):
    """The connection is left alone ``until`` then; None: until a person lets it go on."""

    def __init__(self, finding: Finding, until: datetime | None) -> None:
        super().__init__(finding.message, findings=[finding])
        self.until = until


class Gates:
    """The gates of all connections; ``wake`` hears of names that wanted a slot when one is free again."""

    def __init__(
        self,
        ledger: Ledger,
        lock: ProcessLock,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[Iterable[str]], None],
    ) -> None:
        self._ledger = ledger
        self._lock = lock
        self._clock = clock
        self._wake = wake
        self._wanting: dict[str, dict[str, None]] = defaultdict(dict)
        self._guard = threading.Lock()

    def paused(self, connection: Connection, *, route: str) -> Pause | None:
        """The pause of ``route``, its connection or a partner of either; None where nobody has paused them."""
        return self._ledger.pauses.of(route=route, connection=connection.ref)

    def check(self, connection: Connection, settings: str, *, route: str) -> Breaker | None:
        """Gives the breaker that one call may try now, None where all is well; ``settings`` as for `Breaker.holds`.

        Raises `Closed` while the connection is to be left alone by ``route``.
        """
        now = self._clock()
        pause = self.paused(connection, route=route)
        if pause is not None:
            raise Closed(standing(pause), None)
        until = connection.limits.closed_until(now)
        if until is not None:
            raise Closed(_outside(connection.ref, until), until)
        breaker = self._ledger.breakers.get(connection.ref)
        if breaker is not None and breaker.holds(settings, now):
            raise Closed(_resting(connection.ref, breaker.open_until), breaker.open_until)
        return breaker

    @contextmanager
    def slots(self, connection: Connection, name: str, *, most: int = 1) -> Iterator[int]:
        """Up to ``most`` of its slots for the work on ``name``: gives how many; none is free with 0.

        ``name`` is woken then, once one of this process is.
        """
        bound = connection.limits.slots
        if bound is None:
            yield most
            return
        with self._guard:
            self._wanting[connection.ref][name] = None  # first, so that one given back now is not missed
        claimed: list[str] = []
        with ExitStack() as stack:
            stack.callback(self._offer, connection.ref, claimed)
            for number in range(1, bound + 1):
                slot = f"slot {number} of {connection.ref}"
                if len(claimed) < most and self._lock.claim(slot):
                    stack.callback(self._lock.release, slot)
                    claimed.append(slot)
            if claimed:
                with self._guard:
                    self._wanting[connection.ref].pop(name, None)
            yield len(claimed)

    def calls(self, connection: Connection, most: int) -> tuple[int, float]:
        """How many of ``most`` calls its rate lets pass now, and in how many seconds the next."""
        limits = connection.limits
        if limits.rate is None:
            return most, 0.0
        return self._ledger.rates.take(
            connection.ref, most, interval=limits.rate.interval, burst=limits.burst, now=self._clock()
        )

    def _offer(self, connection: str, given_back: list[str]) -> None:
        if not given_back:
            return
        with self._guard:
            names, self._wanting[connection] = list(self._wanting[connection]), {}
        if names:
            self._wake(names)


def _outside(connection: str, until: datetime) -> Finding:
    return Finding(
        code="W-CLOSED",
        severity=Severity.WARNING,
        message=f"the connection {connection} is closed until {until:%Y-%m-%d %H:%M:%S} UTC, as its windows: say",
        hint="what waits for it goes on then by itself",
    )


def _resting(connection: str, until: datetime) -> Finding:
    return Finding(
        code="W-BREAKER",
        severity=Severity.WARNING,
        message=f"the connection {connection} was stopped by an error before, and rests until"
        f" {until:%Y-%m-%d %H:%M:%S} UTC",
        hint="mend it; a change of the partner's file, or closing the breaker, lets it be tried at once",
    )
