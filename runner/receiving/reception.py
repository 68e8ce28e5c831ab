"""Receiving: a source's items become receipts, and only then are settled at the partner."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from transload.adapters.base import Inbound
from transload.canonical.errors import Reject, Retry, Stop, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.runner.dispatch.baton import Baton
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.breakers import Breaker
from transload.runner.ledger.references import Ref
from transload.runner.lines.gates import Closed, Gates
from transload.runner.lines.lines import Line
from transload.runner.lines.standing import LOOK_SECONDS, Look
from transload.runner.lines.summary import Tally
from transload.runner.logs import about, get_logger
from transload.runner.receiving.intake import Intake, Taken

CROWDED = timedelta(seconds=10)
"""How long a source is left alone before it is seen again whether too much of its route waits."""
_log = get_logger("reception")


@dataclass(frozen=True, kw_only=True)
class Later:
    """A source that was not asked to the end: ``failed``, left alone ``until`` then, or until others have asked theirs.

    ``at_least`` are the seconds that the partner wants to be left alone after a failure, or that its rate wants.
    """

    failed: bool = False
    until: datetime | None = None
    at_least: float | None = None


class Reception:
    """Polls the sources of routes.  ``stopping`` is asked between items; ``arrived`` hears of new work in a lane."""

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        gates: Gates,
        baton: Baton,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        arrived: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._gates = gates
        self._baton = baton
        self._tally = tally
        self._clock = clock
        self._stopping = stopping
        self._arrived = arrived
        self._crowded: set[str] = set()
        self._guard = threading.Lock()

    def poll(self, line: Line, name: str) -> Later | None:
        """Receive what the route's source has now; gives why it is to be asked again before its schedule says so.

        What is wrong with the source is counted and, where the connection is wrong,
        opens its breaker; `LedgerError` is raised, and nothing more is settled then.
        ``name`` is woken when the connection has a slot again that has none now.
        """
        if not line.route.is_polled:
            return None  # its partner comes to us, where we listen; or it reads answers
        connection = line.route.connection
        try:
            breaker = self._gates.check(connection, line.partner_artifact.digest, route=line.route.ref)
        except Closed as closed:
            self._told(closed)
            return Later(until=closed.until)
        if self._is_crowded(line):
            self._tally.note([crowded(line)])
            return Later(until=self._clock() + CROWDED)
        with self._gates.slots(connection, name) as slots:
            if not slots:
                return Later()
            granted, wait = self._gates.calls(connection, 1)
            if not granted:
                return Later(at_least=wait)
            with about(route=line.route.ref, partner=line.partner.name, connection=connection.ref):
                began = self._clock()
                outcome, later = self._ask(line, breaker)
                self._tally.observer.polled(line, outcome, began, self._clock())
                return later

    def _ask(self, line: Line, breaker: Breaker | None) -> tuple[str, Later | None]:
        """Receive; gives what came of it in one word, and when to ask again where not all went well."""
        connection, at = line.route.connection.ref, line.route.connection.at
        try:
            to_the_end = self._receive(line)
        except LedgerError:
            raise
        except Stop as error:
            return "failed", Later(until=self._stop(line, error.at(at)))
        except Retry as error:
            _log.warning("source not reachable", error=self._tally.said(error))
            self._tally.failure(error.at(at), later=True)
            return "later", Later(failed=True, at_least=error.wait)
        except TransloadError as error:
            _log.warning("item refused", error=self._tally.said(error))
            self._tally.failure(error.at(at))
        except Exception as error:  # noqa: BLE001  # a plug-in's fault must not end the others' work
            _log.exception("source failed unexpectedly")
            self._tally.failure(_fault(line.route.connection.adapter, error))
        else:
            if breaker:
                self._ledger.breakers.close(connection, self._clock(), lane=line.lane)
            return "ok", None if to_the_end else Later(until=self._clock() + CROWDED)
        return "failed", None

    def _is_crowded(self, line: Line) -> bool:
        """Whether more of the route waits than may; the log is told when that begins and when it ends."""
        route, most = line.route.ref, line.route.at_most_waiting
        if most is None:
            return False
        is_crowded = self._ledger.lanes.crowd(route, line.lanes, most) > most
        with self._guard:
            changed = is_crowded is not (route in self._crowded)
            self._crowded ^= {route} if changed else set()
        if changed and is_crowded:
            _log.warning("not asked, as too much waits", route=route, at_most=most)
        elif changed:
            _log.info("asked again", route=route)
        return is_crowded

    def _told(self, closed: Closed) -> None:
        """Pauses and windows are meant; a connection that rests after an error is not as it should be."""
        if closed.until is None:
            self._tally.note(closed.findings)
        else:
            self._tally.failure(closed, later=closed.findings[0].code == "W-CLOSED")

    def _receive(self, line: Line) -> bool:
        """Receive what there is; False where it was broken off since too much waits."""
        route = line.route
        look = Look(lambda: self._gates.paused(route.connection, route=route.ref))
        memory = self._ledger.memory(route=route.ref, connection=route.connection.ref)
        full, looked_at = False, time.monotonic()
        try:
            with (
                route.source() as source,
                self._ledger.database.asking_often(),
                self._baton.held(wanted=source.is_local),
            ):
                intake = Intake(
                    line,
                    self._ledger,
                    memory,
                    together=source.settles_together,
                    clock=self._clock,
                    taken=lambda taken: self._taken(line, taken),
                )
                try:
                    for inbound in source.receive(memory):
                        intake.add(inbound)
                        if self._stopping() or look():
                            break
                        if route.at_most_waiting is not None and time.monotonic() - looked_at >= LOOK_SECONDS:
                            looked_at, full = time.monotonic(), self._is_crowded(line)
                            if full:
                                break
                finally:
                    intake.commit()  # what was given out is good, whatever came after it
        except LedgerError:
            raise
        except BaseException:
            with suppress(LedgerError):  # the first error tells more
                self._ledger.arrivals.remember(memory, route.ref)
            raise
        self._ledger.arrivals.remember(memory, route.ref)
        return not full

    def _taken(self, line: Line, taken: Sequence[Taken]) -> None:
        """Tell of items that are committed, let their lane be worked, and settle them at the partner."""
        for each in taken:
            self._tally.arrived(new=each.new)
            self._tally.observer.received(line, each.receipt, each.began, each.ended, new=each.new)
            with about(receipt=str(Ref("receipt", each.receipt))):
                _log.info("received", origin=each.inbound.origin, new=each.new)
        if any(each.new for each in taken):
            self._arrived(line.lane)
        for each in taken:
            with about(receipt=str(Ref("receipt", each.receipt))):
                self._settle(line, each.inbound)
        self._baton.offer()

    def _settle(self, line: Line, inbound: Inbound) -> None:
        """Close the item at the partner; where that fails it comes again, and is known then."""
        try:
            inbound.settle()
        except Stop:
            raise
        except TransloadError as error:
            _log.warning("not settled", origin=inbound.origin, error=self._tally.said(error))
            self._tally.failure(error.at(line.route.connection.at), later=isinstance(error, Retry))
        except Exception as error:  # noqa: BLE001  # a plug-in's fault must not end the others' work
            _log.exception("settling failed unexpectedly", origin=inbound.origin)
            self._tally.failure(_fault(line.route.connection.adapter, error))

    def _stop(self, line: Line, error: Stop) -> datetime:
        connection = line.route.connection.ref
        breaker = self._ledger.breakers.open(
            connection,
            settings=line.partner_artifact.digest,
            findings=error.findings,
            now=self._clock(),
            lane=line.lane,
        )
        _log.error("connection stopped", error=self._tally.said(error), until=str(breaker.open_until))
        self._tally.failure(error)
        return breaker.open_until


def crowded(line: Line) -> Finding:
    """The remark that a source is not asked, since too much of what it gave before waits."""
    return Finding(
        code="R-CROWDED",
        severity=Severity.REMARK,
        message=f"the source of {line.route.ref} is not asked, as more than {line.route.at_most_waiting} wait",
        hint="it goes on by itself; transload pause --lanes tells what waits where",
    )


def _fault(adapter: str, error: Exception) -> Reject:
    message = f"the adapter {adapter!r} failed unexpectedly: {type(error).__name__}: {error}"
    hint = "this is a fault in the adapter; report it to its makers, with the log"
    return Reject(message, findings=[Finding(code="E-ADAPTER", message=message, hint=hint)])
