"""A partner over AS2 as a server: he opens what is sent to him, takes each Message-ID once, and gives his receipt."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import Response as Answer
from starlette.routing import Route
from tests.adapters.as2.identities import Identity

from transload.adapters.as2 import As2Connection, As2Endpoint, As2Options
from transload.adapters.base.endpoint import Refused, Request, Response

US, THEM = "BOLT", "ACME Trading"


def between(folder: Path, mine: tuple[str, Identity], theirs: tuple[str, Identity], **more: Any) -> As2Connection:
    """The connection of whoever has the name and the identity ``mine``; the other's certificate goes to ``folder``."""
    (us, own), (them, other) = mine, theirs
    certificate = folder / f"{us}-{them}.pem"
    if not certificate.exists() or certificate.read_text() != other.pem:  # others may be reading it
        certificate.write_text(other.pem)
    given = {"url": "http://127.0.0.1:1/as2", "us": us, "them": them, "partner": certificate, "path": "/as2"}
    given |= {"own": {"certificate": own.pem, "key": own.key_pem}, "rate": {"requests": 100_000}}
    return As2Connection.model_validate(given | more)


class Partner:
    """The partner behind the ASGI application ``app``: ``taken`` are the contents that he took, in their order."""

    def __init__(self, connection: As2Connection) -> None:
        self.taken: list[bytes] = []
        self.refused: list[str] = []
        self.app = Starlette(routes=[Route(connection.path, self._asked, methods=["POST"])])
        self._endpoint = As2Endpoint(connection, As2Options())
        self._known: dict[str, Mapping[str, str]] = {}

    async def _asked(self, asked: Asked) -> Answer:
        content = await asked.body()
        client = asked.client.host if asked.client else ""
        said = self._heard(
            Request(method="POST", path=asked.url.path, headers=dict(asked.headers), content=content, client=client)
        )
        return Answer(said.content, said.status, headers=dict(said.headers), media_type=said.content_type)

    def _heard(self, request: Request) -> Response:
        try:
            inbound = self._endpoint.accept(request, datetime.now(UTC))
        except Refused as refusal:
            self.refused.append(refusal.finding.message)
            return refusal.response
        earlier = self._known.get(inbound.key)
        self.refused += [finding.message for finding in inbound.findings]
        if earlier is None and not inbound.findings:
            self._known[inbound.key] = inbound.metadata
            self.taken.append(inbound.content)
        return self._endpoint.respond(inbound, earlier=earlier)
