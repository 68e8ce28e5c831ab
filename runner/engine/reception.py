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
from transload.runner.engine.logs import about, get_logger
from transload.runner.engine.summary import Tally
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.references import Ref

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
        breaker = self._ledger.breakers.get(connection)
        if breaker and breaker.holds(line.partner_artifact.digest, self._clock()):
            self._tally.failure(_left_alone(connection, breaker.open_until))
            return
        with about(route=line.route.ref, partner=line.partner.name, connection=connection):
            began = self._clock()
            outcome = self._polled(line, reopened=breaker is not None)
            self._tally.observer.polled(line, outcome, began, self._clock())

    def _polled(self, line: Line, *, reopened: bool) -> str:
        """Receive; gives what came of it in one word."""
        at = line.route.connection.at
        try:
            self._receive(line)
        except LedgerError:
            raise
        except Stop as error:
            self._stop(line, error.at(at))
        except Retry as error:
            _log.warning("source not reachable", error=error.message)
            self._tally.failure(error.at(at), later=True)
            return "later"
        except TransloadError as error:
            _log.warning("item refused", error=error.message)
            self._tally.failure(error.at(at))
        except Exception as error:  # noqa: BLE001  # a plug-in's fault must not end the others' work
            _log.exception("source failed unexpectedly")
            self._tally.failure(_fault(line.route.connection.adapter, error))
        else:
            if reopened:
                self._ledger.breakers.close(line.route.connection.ref, self._clock(), lane=line.lane)
            return "ok"
        return "failed"

    def _receive(self, line: Line) -> None:
        route = line.route
        memory = self._ledger.memory(route=route.ref, connection=route.connection.ref)
        try:
            with route.source() as source:
                for inbound in source.receive(memory):
                    began = self._clock()
                    try:
                        receipt, new = self._ledger.arrivals.add(arrival_of(line, inbound), began, memory)
                    finally:
                        if isinstance(inbound.content, Path):
                            inbound.content.unlink(missing_ok=True)
                    self._tally.arrived(new=new)
                    self._tally.observer.received(line, receipt, began, self._clock(), new=new)
                    with about(receipt=str(Ref("receipt", receipt))):
                        _log.info("received", origin=inbound.origin, new=new)
                        if new:
                            self._arrived(line.lane)
                        self._settle(line, inbound)
                    if self._stopping():
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
            _log.warning("not settled", origin=inbound.origin, error=error.message)
            self._tally.failure(error.at(line.route.connection.at), later=isinstance(error, Retry))
        except Exception as error:  # noqa: BLE001  # a plug-in's fault must not end the others' work
            _log.exception("settling failed unexpectedly", origin=inbound.origin)
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
        _log.error("connection stopped", error=error.message, until=str(breaker.open_until))
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
