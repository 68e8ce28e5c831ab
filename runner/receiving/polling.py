"""Asking a route's source because a schedule has fired: what a tick asks for is done, or tried again later."""

from collections.abc import Callable
from datetime import datetime, timedelta

from transload.runner.ledger import Ledger
from transload.runner.lines.backoff import next_attempt
from transload.runner.lines.lines import Line
from transload.runner.logs import get_logger
from transload.runner.receiving.reception import Later, Reception

_log = get_logger("reception")


class Polling:
    """Lets ``reception`` ask the source of a route when a tick of the ledger wants it."""

    def __init__(
        self,
        ledger: Ledger,
        reception: Reception,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
    ) -> None:
        self._ledger = ledger
        self._reception = reception
        self._clock = clock
        self._stopping = stopping

    def poll(self, line: Line, name: str) -> None:
        """Ask, where a tick wants it.  Raises `LedgerError` as `Reception.poll` does: the tick stands then."""
        ticks, route, began = self._ledger.ticks, line.route.ref, self._clock()
        if not ticks.due(began, route):
            return
        later = self._reception.poll(line, name)
        now = self._clock()
        if later is None:
            if not self._stopping():  # else what is left is fetched by whoever goes on
                ticks.done(route, began, now)
        elif later.until is not None:
            ticks.wait(route, later.until)
        elif later.failed:
            self._again(line, later, began, now)
        elif later.at_least is not None:
            ticks.wait(route, now + timedelta(seconds=later.at_least))

    def _again(self, line: Line, later: Later, began: datetime, now: datetime) -> None:
        """Soon, and ever less often; after as many failures as a delivery may have, the next tick of the schedule."""
        ticks, route = self._ledger.ticks, line.route.ref
        tries, since = ticks.tries(route)
        policy = line.workspace.retry
        moment = next_attempt(policy, failures=tries + 1, staged_at=since or began, now=now, at_least=later.at_least)
        ticks.again(route, began, moment, now)
        _log.info("asked again later" if moment else "asked at the next time of its schedule", route=route, at=moment)
