"""Addresses and paths as settings write them, and whether two addresses are the same server."""

from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


def address_of(value: str) -> str:
    """``value``, an http or https address without login and query.  Raises ValueError for anything else."""
    parts = urlsplit(value)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("this is no address; it begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a login does not stand in an address; write it under auth:")
    if parts.query or parts.fragment:
        raise ValueError("an address has no query here")
    return value


def path_of(value: str) -> str:
    """``value`` with a slash before it, a path below the connection's address.  Raises ValueError for anything else."""
    if "://" in value or value.startswith("//"):
        raise ValueError("this is a path below the connection's address, not an address")
    if "?" in value or "#" in value:
        raise ValueError("a path has no ? and no #; the query stands under query:")
    return value if value.startswith("/") else f"/{value}"


def same_server(one: str, other: str) -> bool:
    """Whether both addresses have the same scheme, host and port (RFC 6454), and the second one names no login.

    Raises ValueError where one is no address.
    """
    first, second = urlsplit(one), urlsplit(other)
    return second.username is None and second.password is None and _origin(first) == _origin(second)


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme.lower())
