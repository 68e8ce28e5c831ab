"""What every connection takes over which a partner calls us: where, from which addresses, how much and how often."""

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from transload.adapters.base.endpoint import Refused, Request, Response
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


def is_among(client: str, networks: tuple[str, ...]) -> bool:
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
