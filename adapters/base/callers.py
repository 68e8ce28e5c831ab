"""Partners that call an address of ours: the address, who may call it, and how often."""

import math
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from transload.adapters.base.endpoint import Refused, Request, Response
from transload.adapters.base.rates import Rates
from transload.adapters.base.settings import ONE_OR_MORE, Duration, Secret, Settings
from transload.canonical.findings import Finding, Severity


def _path(value: str) -> str:
    if not value.startswith("/") or not value.isprintable() or any(sign in value for sign in "?#% ") or "//" in value:
        raise ValueError(f"{value!r} is no path; write it like /acme/orders")
    return value.rstrip("/") or "/"


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError(f"{value!r} is neither an address nor a network like 192.0.2.0/24") from None


OwnPath = Annotated[str, AfterValidator(_path)]
"""The path of an address of ours."""
Secrets = Annotated[
    tuple[Secret, ...],
    ONE_OR_MORE,
    Field(min_length=1, description="What both sides know; two of them while it is changed, either of which will do"),
]


class Rate(Settings):
    """How much one sender may bring; who sends more is asked to wait (status 429)."""

    requests: int = Field(default=50, ge=1, description="So many requests at once")
    per: Duration = Field(default=timedelta(seconds=1), gt=timedelta(), description="and again so many in this time")


Tolerance = Annotated[
    Duration,
    Field(gt=timedelta(), description="How far a signed moment may lie from our clock; older requests are replays"),
]
"""For connections whose requests say when they were signed."""


class CalledConnection(Settings):
    """An address of ours that a partner calls; `http: {listen: ...}` of the workspace says where we listen."""

    path: OwnPath = Field(description="Path of the address, such as /acme/orders", examples=["/acme/orders"])
    allowed: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], ONE_OR_MORE] = Field(
        default=(),
        description="Addresses or networks that may call; all when empty. Behind a proxy it is the proxy that calls",
    )
    largest: int = Field(default=10_000_000, ge=1, description="Bytes that a request may have")
    rate: Rate = Field(default=Rate(), description="How much one sender may bring")


class Callers:
    """Admits those who may call, as often as they may."""

    def __init__(self, settings: CalledConnection) -> None:
        self._rates = Rates(settings.rate.requests, settings.rate.per.total_seconds())
        self._networks = [ip_network(text) for text in settings.allowed]

    def admit(self, request: Request) -> None:
        """Raise `Refused` for who may not call, or must wait."""
        if not self._may_call(request.client):
            why = f"{request.client or 'the caller'} is not in allowed"
            raise refused(Response(status=403, content=b"not allowed\n"), why, request)
        wait = self._rates.wait(request.client)
        if wait:
            headers = {"Retry-After": str(math.ceil(wait))}
            told = Response(status=429, content=b"too many requests\n", headers=headers)
            raise refused(told, "more requests than rate allows", request)

    def _may_call(self, client: str) -> bool:
        if not self._networks:
            return True
        try:
            address = ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def refused(
    response: Response, why: str, request: Request, *, severity: Severity = Severity.WARNING, hint: str | None = None
) -> Refused:
    """A refusal that tells its sender ``response``, and our log ``why`` (``W-CALL``, or the remark ``R-CALL``)."""
    finding = Finding(
        code="W-CALL" if severity is Severity.WARNING else "R-CALL",
        severity=severity,
        message=f"a request to {request.path} from {request.client or 'unknown'} was not kept: {why}",
        hint=hint,
    )
    return Refused(response, finding)


def refused_plainly(
    status: int,
    told: str,
    why: str,
    request: Request,
    *,
    headers: Mapping[str, str] | None = None,
    severity: Severity = Severity.WARNING,
    hint: str | None = None,
) -> Refused:
    """The same, where its sender is told one line of text, or nothing but the status."""
    content = f"{told}\n".encode() if told else b""
    response = Response(status=status, content=content, headers=headers or {})
    return refused(response, why, request, severity=severity, hint=hint)
