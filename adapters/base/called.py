"""What every connection takes over which a partner calls us: where, from which addresses, how much and how often."""

import math
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from transload.adapters.base.endpoint import Refused, Request, Response
from transload.adapters.base.rates import Rates
from transload.adapters.base.settings import Duration, Settings
from transload.canonical.findings import Finding, Severity


def _path(value: str) -> str:
    if not value.startswith("/") or not value.isprintable() or any(sign in value for sign in "?#% ") or "//" in value:
        raise ValueError(f"{value!r} is no path; write it like /acme/orders")
    return value.rstrip("/") or "/"


def some(value: Any) -> Any:
    """One text as a list of one."""
    return (value,) if isinstance(value, str) else value


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError(f"{value!r} is neither an address nor a network like 192.0.2.0/24") from None


OwnPath = Annotated[str, AfterValidator(_path)]
"""The path of an address of ours."""
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(some)]
"""Addresses and networks."""


class Rate(Settings):
    """How much one sender may bring; who sends more is asked to wait (status 429)."""

    requests: int = Field(default=50, ge=1, description="So many requests at once")
    per: Duration = Field(default=timedelta(seconds=1), gt=timedelta(), description="and again so many in this time")


class Gate:
    """Who may bring something at all: from an address that is ``allowed``, no more than ``rate``, and by POST."""

    def __init__(self, allowed: tuple[str, ...], rate: Rate) -> None:
        self._allowed = allowed
        self._rates = Rates(rate.requests, rate.per.total_seconds())

    def check(self, request: Request) -> None:
        """Raises `Refused`."""
        if not _is_among(request.client, self._allowed):
            raise refused(403, "not allowed", f"{request.client or 'the caller'} is not in allowed", request)
        wait = self._rates.wait(request.client)
        if wait:
            headers = {"Retry-After": str(math.ceil(wait))}
            raise refused(429, "too many requests", "more requests than rate allows", request, headers=headers)
        if request.method != "POST":
            raise refused(405, "only POST", f"the method is {request.method}", request, headers={"Allow": "POST"})


def _is_among(client: str, networks: tuple[str, ...]) -> bool:
    """Whether the address ``client`` lies in one of ``networks``; True where none is given."""
    if not networks:
        return True
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return any(address in ip_network(network) for network in networks)


def refused(
    status: int,
    told: str,
    why: str,
    request: Request,
    *,
    headers: dict[str, str] | None = None,
    severity: Severity = Severity.WARNING,
    hint: str | None = None,
) -> Refused:
    """A request that is not kept: what its sender is told, and (``W-CALL``, or the remark ``R-CALL``) what we note."""
    finding = Finding(
        code="W-CALL" if severity is Severity.WARNING else "R-CALL",
        severity=severity,
        message=f"a request to {request.path} from {request.client or 'unknown'} was not kept: {why}",
        hint=hint,
    )
    content = f"{told}\n".encode() if told else b""
    return Refused(Response(status=status, content=content, headers=headers or {}), finding)
