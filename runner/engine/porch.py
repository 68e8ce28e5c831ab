"""The porch: it answers partners that call us, by bringing their requests to the doors."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from transload.adapters.base import Request, Response
from transload.canonical.errors import ConfigurationError
from transload.runner.engine.doors import Doors
from transload.runner.logs import get_logger
from transload.runner.workspace.model import Listening

_log = get_logger("doors")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_BODY_SECONDS = 60.0
"""So long a sender may take for a whole request."""
_START_SECONDS = 15.0


class Threshold:
    """The socket on which partners reach us: it stays open while what is behind it is replaced, so nobody is refused.

    ``shared``: other processes of this host listen at the same address, and the system divides the callers among them.
    """

    def __init__(self, listening: Listening, *, shared: bool = False) -> None:
        """Raises `ConfigurationError` where the address cannot be used."""
        self.listening = listening
        family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
        try:
            self.socket = socket.create_server(
                (listening.host, listening.port), family=family, backlog=128, reuse_port=shared
            )
        except OSError as error:
            message = f"we cannot listen on {listening.host}:{listening.port}: {error.strerror or error}"
            raise ConfigurationError(message, hint="choose another address under http: listen:") from error

    def suits(self, listening: Listening) -> bool:
        """Whether it is at the address of ``listening``."""
        return (self.listening.host, self.listening.port) == (listening.host, listening.port)

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        found: int = self.socket.getsockname()[1]
        return found

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self.socket.close()


class Porch:
    """Answers at a threshold, in a thread of its own, and brings requests to `Doors`.

    ``listening`` names the certificate.
    """

    def __init__(self, threshold: Threshold, listening: Listening, doors: Doors) -> None:
        self._threshold = threshold
        self._listening = listening
        self._doors = doors
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to answer.  Raises `ConfigurationError` where the certificate cannot be used."""
        where = self._listening
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
            message = f"certificate or key cannot be used: {error}"
            raise ConfigurationError(message, hint="see certificate: and key: under http:") from error
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="transload-doors")
        self._thread.start()
        if not self._listens():
            self.close()
            raise ConfigurationError(f"we cannot serve on {where.host}:{where.port}", hint="look into the log")
        _log.info("listening", host=where.host, port=self._threshold.port, tls=where.certificate is not None)

    def close(self) -> None:
        """Let the requests under way end, and answer no more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()

    def _listens(self) -> bool:
        assert self._server is not None
        assert self._thread is not None
        until = time.monotonic() + _START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        return bool(self._server.started)

    def _run(self) -> None:
        assert self._server is not None
        asyncio.run(self._served(self._server, self._threshold.socket.dup()))  # the server closes what it is given

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
