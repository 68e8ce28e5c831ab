"""Where a broker of jobs is: texts that may hold references, resolved each time a service begins."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from transload.canonical.errors import ConfigurationError

PLAIN, TLS = "amqp", "amqps"
_HINT = "write amqp://user:${env:BROKER_PASSWORD}@host/vhost, or amqps:// for TLS"


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A broker that speaks AMQP 0-9-1.

    ``url`` is ``amqp://USER:PASSWORD@HOST:PORT/VHOST`` or, for TLS, ``amqps://...``; its parts, or the whole, may be
    references, which ``resolve`` replaces.  ``ca`` is the file with the authority of its certificate, None: those
    that the system trusts.
    """

    url: str = field(repr=False)
    ca: Path | None = None
    resolve: Callable[[Any], Any] = field(default=_as_it_is, repr=False, compare=False)

    @property
    def shown(self) -> str:
        """Its address as people may see it: without the password."""
        try:
            url = make_url(self.url)
        except (ArgumentError, ValueError):
            return self.url if self.url.startswith("${") else "dispatch:"
        user = f"{url.username}@" if url.username else ""
        return f"{url.drivername}://{user}{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"

    def connecting(self) -> dict[str, Any]:
        """The arguments of kombu's connections, with secrets that are looked up now.

        A reference within the address stands for one part of it, whatever characters that has.  Raises
        `ConfigurationError` when it is no address, `Stop` or `Retry` when a secret cannot be had.
        """
        whole = self.url.startswith("${") and self.url.endswith("}")
        url = _parsed(self.resolve(self.url) if whole else self.url)
        resolve = _as_it_is if whole else self.resolve
        host = str(resolve(url.host))
        secure = {
            "cert_reqs": ssl.CERT_REQUIRED,
            "server_hostname": host,
            "tls_minimum_version": ssl.TLSVersion.TLSv1_2,
            **({"ca_certs": str(self.ca)} if self.ca is not None else {}),
        }
        return {
            "hostname": f"[{host}]" if ":" in host else host,
            "port": url.port or (5671 if url.drivername == TLS else 5672),
            "userid": resolve(url.username) or "guest",
            "password": resolve(url.password) or "guest",
            "virtual_host": resolve(unquote(url.database or "")) or "/",
            "transport": "pyamqp",
            "ssl": secure if url.drivername == TLS else False,
        }


def check_broker(url: str) -> None:
    """Look at an address whose parts may be references.  Raises `ConfigurationError` where it can be none."""
    _parsed(url)


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigurationError("dispatch: has no address of a broker", hint=_HINT) from None
    if url.drivername not in (PLAIN, TLS):
        raise ConfigurationError(f"a broker is not spoken to by {url.drivername!r}, only by AMQP", hint=_HINT)
    if not url.host:
        raise ConfigurationError("the address of the broker names no host", hint=_HINT)
    if url.query:
        raise ConfigurationError("the address of a broker ends with its virtual host", hint=_HINT)
    return url
