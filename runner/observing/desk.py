"""The desk of those who operate a service: /metrics, /healthz and /readyz, at an address that no partner is given."""

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from transload.runner.doors.web import Threshold, WebServer
from transload.runner.observing.pulse import Pulse
from transload.runner.workspace.model import Listening

_MOST = 20
"""Requests at a time; more are told to come again."""


class Desk:
    """Answers at ``listening``.  What ``mask`` knows as secret is taken out of reasons."""

    def __init__(
        self, listening: Listening, registry: CollectorRegistry, pulse: Pulse, *, mask: Callable[[str], str]
    ) -> None:
        self._registry = registry
        self._pulse = pulse
        self._mask = mask
        routes = [
            Route("/metrics", self._metrics, methods=["GET"]),
            Route("/healthz", self._health, methods=["GET"]),
            Route("/readyz", self._readiness, methods=["GET"]),
        ]
        self._listening = listening
        self._application = Starlette(routes=routes)
        self._threshold: Threshold | None = None
        self._server: WebServer | None = None

    @property
    def port(self) -> int:
        """The port, also where any free one was asked for."""
        assert self._threshold is not None
        return self._threshold.port

    def open(self) -> None:
        """Begin to listen.  Raises `ConfigurationError` where the address cannot be used."""
        self._threshold = Threshold(self._listening, key="operations")
        self._server = WebServer(
            self._threshold, self._listening, self._application, key="operations", log="observing", most=_MOST
        )
        self._server.open()

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
        if self._threshold is not None:
            self._threshold.close()

    async def _metrics(self, request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(await run_in_threadpool(encode, self._registry), headers={"Content-Type": content_type})

    async def _health(self, request: Request) -> Response:
        return self._told(*self._pulse.health())

    async def _readiness(self, request: Request) -> Response:
        return self._told(*self._pulse.readiness())

    def _told(self, well: bool, facts: dict[str, Any]) -> Response:
        if "why" in facts:
            facts["why"] = [self._mask(reason) for reason in facts["why"]]
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(facts, status_code=200 if well else 503, headers=headers)
