"""The porch: it answers partners that call us, by bringing their requests to the doors."""

import asyncio

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from transload.adapters.base import Request, Response
from transload.runner.doors.doors import Doors
from transload.runner.doors.web import Threshold, WebServer
from transload.runner.logs import get_logger
from transload.runner.workspace.model import Listening

_log = get_logger("doors")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_BODY_SECONDS = 60.0
"""So long a sender may take for a whole request."""


class Porch:
    """Answers at a threshold, in a thread of its own, and brings requests to `Doors`.

    ``listening`` names the certificate.
    """

    def __init__(self, threshold: Threshold, listening: Listening, doors: Doors) -> None:
        self._doors = doors
        application = Starlette(routes=[Route("/{path:path}", self._serve, methods=_METHODS)])
        self._server = WebServer(threshold, listening, application, key="http", log="doors")

    def open(self) -> None:
        """Begin to answer.  Raises `ConfigurationError` where the certificate cannot be used."""
        self._server.open()

    def close(self) -> None:
        """Let the requests under way end, and answer no more."""
        self._server.close()

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
