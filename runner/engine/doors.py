"""Doors: partners that call us.  A request becomes a receipt, and only then is its sender told that we have it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from transload.adapters.base import Endpoint, Inbound, Refused, Request, Response
from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.findings import Severity
from transload.runner.engine.lines import Line
from transload.runner.engine.logs import get_logger
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.arrivals import Arrival
from transload.runner.ledger.replies import OwnReply
from transload.runner.workspace.model import Listening

_log = get_logger("doors")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_BODY_SECONDS = 60.0
"""So long a sender may take for a whole request."""
_LATER = {"Retry-After": "30"}
_LARGEST_UNKNOWN = 1 << 16


class Doors:
    """The addresses of ``lines`` whose partners call us.

    ``arrived`` hears of new work in a lane.  Raises `Stop` where a secret of a connection cannot be had.
    """

    def __init__(
        self,
        lines: Iterable[Line],
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        arrived: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._stopping = stopping
        self._arrived = arrived
        self._doors: dict[str, tuple[Line, Endpoint[object, object]]] = {}  # type: ignore[type-var]
        for line in lines:
            if line.route.connection.is_called:
                endpoint = line.route.endpoint()
                self._doors[endpoint.path] = line, endpoint

    def __len__(self) -> int:
        return len(self._doors)

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
        if self._stopping():
            return Response(status=503, content=b"stopping\n", headers=_LATER)
        try:
            greeting = endpoint.greet(request)
            if greeting is not None:
                return greeting
            inbound = endpoint.accept(request, self._clock())
            receipt, new = self._ledger.arrivals.add(_arrival(line, inbound), self._clock())
            earlier = None if new else self._ledger.arrivals.facts(receipt)
        except Refused as refusal:
            finding = refusal.finding
            tell = _log.info if finding.severity is Severity.REMARK else _log.warning
            tell(finding.message, route=line.route.ref, status=refusal.response.status)
            return refusal.response
        except LedgerError as error:
            _log.error("a request could not be kept", route=line.route.ref, error=error.message)
            return Response(status=503, content=b"try again later\n", headers=_LATER)
        except TransloadError as error:
            _log.error("a request could not be taken", route=line.route.ref, error=error.message)
            return Response(status=500, content=b"this is our fault\n")
        except Exception:  # noqa: BLE001 - a plug-in's fault must not end the others' work
            _log.exception("endpoint failed unexpectedly", route=line.route.ref)
            return Response(status=500, content=b"this is our fault\n")
        _log.info("received", route=line.route.ref, receipt=receipt, origin=inbound.origin, new=new)
        if new:
            self._arrived(line.lane)
        if inbound.reply is not None and line.replying is not None:
            self._arrived(line.replying.lane)
        return endpoint.respond(inbound, earlier=earlier)


def _plain(path: str) -> str:
    return path.rstrip("/") or "/"


def _arrival(line: Line, inbound: Inbound) -> Arrival:
    return Arrival(
        route=line.route.ref,
        lane=line.lane,
        connection=line.route.connection.ref,
        source_key=inbound.key,
        origin=inbound.origin,
        content=inbound.content,
        metadata=inbound.metadata,
        evidence=inbound.evidence,
        findings=inbound.findings,
        answers=inbound.answers,
        reply=_reply(line, inbound),
    )


def _reply(line: Line, inbound: Inbound) -> OwnReply | None:
    if inbound.reply is None:
        return None
    way = line.replying
    if way is None:
        raise ConfigurationError(f"the adapter of {line.route.connection.ref} replies later, and cannot send")
    return OwnReply(
        lane=way.lane, target=way.target, connection=way.connection, product=line.product, outbound=inbound.reply
    )


class Porch:
    """Listens, in a thread of its own, and brings requests to `Doors`."""

    def __init__(self, listening: Listening, doors: Doors) -> None:
        self._listening = listening
        self._doors = doors
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        assert self._socket is not None
        found: int = self._socket.getsockname()[1]
        return found

    def open(self) -> None:
        """Begin to listen.  Raises `ConfigurationError` where the address or the certificate cannot be used."""
        where = self._listening
        family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        try:
            self._socket = socket.create_server((where.host, where.port), family=family, backlog=128)
        except OSError as error:
            message = f"we cannot listen on {where.host}:{where.port}: {error.strerror or error}"
            raise ConfigurationError(message, hint="choose another address under http: listen:") from error
        application = Starlette(routes=[Route("/{path:path}", self._serve, methods=_METHODS)])
        try:
            config = uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                lifespan="off",
                timeout_keep_alive=15,
                timeout_graceful_shutdown=5,  # what is cut off then was not answered, and is known when it comes again
                limit_concurrency=200,
                h11_max_incomplete_event_size=1 << 16,
                ssl_certfile=str(where.certificate) if where.certificate else None,
                ssl_keyfile=str(where.key) if where.key else None,
            )
            config.load()
        except (OSError, ValueError) as error:
            self._socket.close()
            message = f"certificate or key cannot be used: {error}"
            raise ConfigurationError(message, hint="see certificate: and key: under http:") from error
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="transload-doors")
        self._thread.start()
        _log.info("listening", host=where.host, port=self.port, tls=where.certificate is not None)

    def close(self) -> None:
        """Let the requests under way end, and listen no more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()

    def _run(self) -> None:
        assert self._server is not None
        assert self._socket is not None
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        asyncio.run(self._served(self._server, self._socket))

    @staticmethod
    async def _served(server: uvicorn.Server, listening: socket.socket) -> None:
        await server.serve(sockets=[listening])
        for connection in list(server.server_state.connections):  # of those who do not hang up
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()
        await asyncio.sleep(0.05)  # the loop closes their sockets

    async def _serve(self, request: StarletteRequest) -> StarletteResponse:
        largest = self._doors.largest(request.url.path)
        try:
            content = await asyncio.wait_for(_body(request, largest), _BODY_SECONDS)
        except TimeoutError:
            return _told(Response(status=408, content=b"too slow\n", headers={"Connection": "close"}))
        except ClientDisconnect:
            return _told(Response(status=400))
        if content is None:
            _log.warning("a request was larger than allowed", path=request.url.path, largest=largest)
            return _told(Response(status=413, content=b"too large\n", headers={"Connection": "close"}))
        headers: dict[str, str] = {}
        for name, value in request.headers.items():
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        found = Request(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=headers,
            content=content,
            client=request.client.host if request.client else "",
        )
        return _told(await run_in_threadpool(self._doors.answer, found))


async def _body(request: StarletteRequest, largest: int) -> bytes | None:
    """The body; None where it is larger than allowed, of which no more is read then."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > largest:
        return None
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > largest:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _told(response: Response) -> StarletteResponse:
    headers = {**response.headers}
    if response.content:
        headers["Content-Type"] = response.content_type
    return StarletteResponse(response.content, status_code=response.status, headers=headers)
