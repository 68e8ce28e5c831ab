"""Receiving: a source's items become receipts, and only then are settled at the partner."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from transload.adapters.base import Inbound
from transload.canonical.errors import Reject, Retry, Stop, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.runner.engine.arriving import arrival_of
from transload.runner.engine.lines import Line
from transload.runner.engine.logs import get_logger
from transload.runner.engine.standing import Look, standing
from transload.runner.engine.summary import Tally
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.pauses import Pause

_log = get_logger("reception")


class Reception:
    """Polls the sources of routes.  ``stopping`` is asked between items; ``arrived`` hears of new work in a lane."""

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        arrived: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._tally = tally
        self._clock = clock
        self._stopping = stopping
        self._arrived = arrived

    def poll(self, line: Line) -> None:
        """Receive what the route's source has now.

        What is wrong with the source is counted and, where the connection is wrong,
        opens its breaker; `LedgerError` is raised, and nothing more is settled then.
        """
        if not line.route.is_polled:
            return  # its partner comes to us, where we listen; or it reads answers
        connection = line.route.connection.ref
        paused = self._paused(line)
        if paused:
            self._tally.note([standing(paused)])
            return
        breaker = self._ledger.breakers.get(connection)
        if breaker and breaker.holds(line.partner_artifact.digest, self._clock()):
            self._tally.failure(_left_alone(connection, breaker.open_until))
            return
        at = line.route.connection.at
        try:
            self._receive(line)
        except LedgerError:
            raise
        except Stop as error:
            self._stop(line, error.at(at))
        except Retry as error:
            _log.warning("source not reachable", route=line.route.ref, error=error.message)
            self._tally.failure(error.at(at), later=True)
        except TransloadError as error:
            _log.warning("item refused", route=line.route.ref, error=error.message)
            self._tally.failure(error.at(at))
        except Exception as error:  # noqa: BLE001  # a plug-in's fault must not end the others' work
            _log.exception("source failed unexpectedly", route=line.route.ref)
            self._tally.failure(_fault(line.route.connection.adapter, error))
        else:
            if breaker:
                self._ledger.breakers.close(connection, self._clock(), lane=line.lane)

    def _paused(self, line: Line) -> Pause | None:
        return self._ledger.pauses.of(route=line.route.ref, connection=line.route.connection.ref)

    def _receive(self, line: Line) -> None:
        route = line.route
        look = Look(lambda: self._paused(line))
        memory = self._ledger.memory(route=route.ref, connection=route.connection.ref)
        try:
            with route.source() as source:
                for inbound in source.receive(memory):
                    try:
                        receipt, new = self._ledger.arrivals.add(arrival_of(line, inbound), self._clock(), memory)
                    finally:
                        if isinstance(inbound.content, Path):
                            inbound.content.unlink(missing_ok=True)
                    self._tally.arrived(new=new)
                    _log.info("received", route=route.ref, receipt=receipt, origin=inbound.origin, new=new)
                    if new:
                        self._arrived(line.lane)
                    self._settle(line, inbound)
                    if self._stopping() or look():
                        break
        except LedgerError:
            raise
        except BaseException:
            with suppress(LedgerError):  # the first error tells more
                self._ledger.arrivals.remember(memory, route.ref)
            raise
        self._ledger.arrivals.remember(memory, route.ref)

    def _settle(self, line: Line, inbound: Inbound) -> None:
        """Close the item at the partner; where that fails it comes again, and is known then."""
        try:
            inbound.settle()
        except Stop:
            raise
        except TransloadError as error:
            _log.warning("not settled", route=line.route.ref, origin=inbound.origin, error=error.message)
            self._tally.failure(error.at(line.route.connection.at), later=isinstance(error, Retry))
        except Exception as error:  # noqa: BLE001  # a plug-in's fault must not end the others' work
            _log.exception("settling failed unexpectedly", route=line.route.ref, origin=inbound.origin)
            self._tally.failure(_fault(line.route.connection.adapter, error))

    def _stop(self, line: Line, error: Stop) -> None:
        connection = line.route.connection.ref
        breaker = self._ledger.breakers.open(
            connection,
            settings=line.partner_artifact.digest,
            findings=error.findings,
            now=self._clock(),
            lane=line.lane,
        )
        _log.error("connection stopped", connection=connection, error=error.message, until=str(breaker.open_until))
        self._tally.failure(error)


def _left_alone(connection: str, until: datetime) -> Stop:
    message = (
        f"the connection {connection} was stopped by an error before, and rests until {until:%Y-%m-%d %H:%M:%S} UTC"
    )
    finding = Finding(
        code="W-BREAKER",
        severity=Severity.WARNING,
        message=message,
        hint="mend it; a change of the partner's file, or closing the breaker, lets it be tried at once",
    )
    return Stop(message, findings=[finding])


def _fault(adapter: str, error: Exception) -> Reject:
    message = f"the adapter {adapter!r} failed unexpectedly: {type(error).__name__}: {error}"
    hint = "this is a fault in the adapter; report it to its makers, with the log"
    return Reject(message, findings=[Finding(code="E-ADAPTER", message=message, hint=hint)])
