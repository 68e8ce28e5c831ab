"""Doors: partners that call us.  A request becomes a receipt, and only then is its sender told that we have it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from transload.adapters.base import Endpoint, Inbound, Refused, Request, Response
from transload.adapters.base.responding import RespondingEndpoint
from transload.canonical.errors import Retry, TransloadError
from transload.canonical.findings import Severity
from transload.runner.doors.responding import Responding
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.references import Ref
from transload.runner.lines.lines import Line
from transload.runner.lines.observer import Observer
from transload.runner.logs import about, get_logger
from transload.runner.masking.veil import Veil
from transload.runner.receiving.arriving import arrival_of

_log = get_logger("doors")
_LATER = {"Retry-After": "30"}
_LARGEST_UNKNOWN = 1 << 16


class Doors:
    """The addresses of ``lines`` whose partners call us.

    ``arrived`` hears of new work in a lane.  Raises `Stop` where a secret of a connection, or what it needs,
    cannot be had.
    """

    def __init__(
        self,
        lines: Iterable[Line],
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        arrived: Callable[[str], None],
        observer: Observer | None = None,
        veil: Veil | None = None,
    ) -> None:
        self._veil = veil or Veil()
        self._observer = observer or Observer()
        self._ledger = ledger
        self._clock = clock
        self._stopping = stopping
        self._arrived = arrived
        self._doors: dict[str, tuple[Line, Endpoint[Any, Any]]] = {}
        for line in lines:
            if line.route.is_called:
                endpoint = line.route.endpoint()
                endpoint.prepare()
                if isinstance(endpoint, RespondingEndpoint):
                    self._responding(line).check(endpoint.needed())
                self._doors[endpoint.path] = line, endpoint

    def largest(self, path: str) -> int:
        """Bytes that a request to ``path`` may have."""
        found = self._doors.get(_plain(path))
        return found[1].largest if found is not None else _LARGEST_UNKNOWN

    def answer(self, request: Request) -> Response:
        """What the sender of ``request`` is told, all that it brought being committed by then."""
        found = self._doors.get(_plain(request.path))
        if found is None:
            return Response(status=404, content=b"not found\n")
        line, endpoint = found
        with about(route=line.route.ref, partner=line.partner.name, connection=line.route.connection.ref):
            return self._answered(line, endpoint, request)

    def _answered(self, line: Line, endpoint: Endpoint[Any, Any], request: Request) -> Response:
        if self._stopping():
            return Response(status=503, content=b"stopping\n", headers=_LATER)
        try:
            paused = self._ledger.pauses.of(route=line.route.ref, connection=line.route.connection.ref)
            if paused:
                _log.info("a request was put off", route=line.route.ref, why=paused.what)
                return Response(status=503, content=b"try again later\n", headers=_LATER)
            return endpoint.greet(request) or self._taken(line, endpoint, request)
        except Refused as refusal:
            finding = self._veil.finding(refusal.finding)
            tell = _log.info if finding.severity is Severity.REMARK else _log.warning
            tell(finding.message, status=refusal.response.status)
            return refusal.response
        except LedgerError as error:
            _log.error("a request could not be kept", error=error.message)
            return Response(status=503, content=b"try again later\n", headers=_LATER)
        except Retry as error:
            _log.warning("a request cannot be answered now", error=error.message, hint=error.hint)
            return Response(status=503, content=b"try again later\n", headers=_LATER)
        except TransloadError as error:
            _log.error("a request could not be taken", error=error.message, hint=error.hint)
            return Response(status=500, content=b"this is our fault\n")
        except Exception:  # noqa: BLE001 - a plug-in's fault must not end the others' work
            _log.exception("endpoint failed unexpectedly")
            return Response(status=500, content=b"this is our fault\n")

    def _taken(self, line: Line, endpoint: Endpoint[Any, Any], request: Request) -> Response:
        """Commit what a request brings, and only then answer it; where answering fails, it comes again and is known."""
        inbound = endpoint.accept(request, self._clock())
        began = self._clock()
        receipt, new = self._ledger.arrivals.add(arrival_of(line, inbound), began)
        self._observer.received(line, receipt, began, self._clock(), new=new)
        with about(receipt=str(Ref("receipt", receipt))):
            _log.info("received", origin=inbound.origin, new=new)
            return self._told(line, endpoint, inbound, receipt, new=new)

    def _told(self, line: Line, endpoint: Endpoint[Any, Any], inbound: Inbound, receipt: int, *, new: bool) -> Response:
        if new:
            self._arrived(line.lane)
        if inbound.reply is not None and line.replying is not None:
            self._arrived(line.replying.lane)
        if isinstance(endpoint, RespondingEndpoint) and line.route.response_references:
            wanted = endpoint.wanted(inbound)
            if wanted is not None:
                result = self._responding(line).result(receipt, wanted, new=new)
                if not result.taken or result.content is not None:
                    return endpoint.respond_with(inbound, result)
        return endpoint.respond(inbound, earlier=None if new else self._ledger.arrivals.get(receipt).metadata)

    def _responding(self, line: Line) -> Responding:
        return Responding(ledger=self._ledger, line=line, clock=self._clock, again=lambda: self._arrived(line.lane))


def _plain(path: str) -> str:
    return path.rstrip("/") or "/"
