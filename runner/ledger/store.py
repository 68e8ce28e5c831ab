"""What a ledger is kept in, as a workspace says it: texts that may hold references, resolved when it is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.encryption import Keyring

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SQLITE_BEGIN = "sqlite:///"
_DRIVERS = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "postgres": POSTGRESQL, "postgresql+psycopg": POSTGRESQL}
_HINT = "write sqlite:///var/ledger.db, or postgresql://user@host/database"


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, kw_only=True)
class Blobs:
    """Where large payloads are kept instead of the usual place: a folder, or an object store that fsspec knows.

    ``options`` are those of fsspec's file system.  Both may hold references.
    """

    place: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """Under which keys payloads are: ``use`` names that of what is written now, None: in plain.

    ``keys`` are references to their secrets by their names.
    """

    use: str | None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Store:
    """Where a ledger is kept, and how its database is spoken to.

    ``url`` is ``sqlite:///PATH`` or ``postgresql://USER@HOST/DATABASE``; a relative path counts from ``base``.  It,
    ``password``, the options of ``blobs`` and the keys of ``encryption`` may hold references, which ``resolve``
    replaces each time the ledger is opened.  All but ``url``, ``blobs`` and ``encryption`` is for PostgreSQL: ``pool``
    is how many connections a process has at most.
    """

    url: str = field(repr=False)
    base: Path = Path()
    password: str | None = field(default=None, repr=False)
    schema: str = "transload"
    pool: int = 10
    connect_timeout: timedelta = timedelta(seconds=10)
    statement_timeout: timedelta = timedelta(minutes=1)
    lock_timeout: timedelta = timedelta(seconds=10)
    blobs: Blobs | None = None
    encryption: Encryption | None = None
    resolve: Callable[[Any], Any] = field(default=_as_it_is, repr=False, compare=False)

    @property
    def shown(self) -> str:
        """Its address as people may see it: without the password and the options of the connection."""
        try:
            return shown(make_url(self.url))
        except ArgumentError:
            return self.url if self.url.startswith("${") else "store:"

    def address(self) -> URL:
        """The address with its secrets, which are looked up now.

        A reference within it stands for one part of it (a password, say), whatever characters that has.  Raises
        `ConfigurationError` when it is none, `Stop` or `Retry` when a secret cannot be had.
        """
        whole = self.url.startswith("${") and self.url.endswith("}")
        url = _parsed(self.resolve(self.url) if whole else self.url)
        if not whole:
            url = _resolved(url, self.resolve)
        if self.password is not None:
            url = url.set(password=self.resolve(self.password))
        kind = _DRIVERS[url.drivername]
        if kind == SQLITE:
            return url.set(database=str((self.base / str(url.database)).resolve()))
        return url.set(drivername="postgresql+psycopg")

    def keyring(self) -> Keyring:
        """The keys, which are looked up now.

        Raises `ConfigurationError` where one is none, `Stop` or `Retry` when a secret cannot be had.
        """
        if self.encryption is None:
            return Keyring()
        secrets = {name: str(self.resolve(key)) for name, key in self.encryption.keys.items()}
        return Keyring(secrets, use=self.encryption.use)


def check_address(url: str) -> None:
    """Look at an address whose parts may be references.  Raises `ConfigurationError` where it can be none."""
    _parsed(url)


def passwords_in(url: str) -> tuple[str, ...]:
    """The passwords, or the references to them, that stand in a good address."""
    parsed = make_url(url)
    named = (parsed.query.get(name) for name in ("password", "sslpassword"))
    return tuple(text for text in (parsed.password, *named) if isinstance(text, str))


def shown(url: URL) -> str:
    """An address as people may see it."""
    if url.get_backend_name() == SQLITE:
        return str(url.database)
    host = url.host or _text(url.query.get("host")) or ""  # several hosts stand in the query
    user = f"{url.username}@" if url.username else ""
    return f"postgresql://{user}{host}{f':{url.port}' if url.port else ''}/{url.database}"


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigurationError("store: is no database address", hint=_HINT) from None
    kind = _DRIVERS.get(url.drivername)
    if kind is None:
        raise ConfigurationError(f"a ledger cannot be kept in {url.drivername!r}", hint=_HINT)
    if url.database in (None, "", ":memory:"):
        raise ConfigurationError("store: names no database", hint=_HINT)
    return url


def _text(value: str | tuple[str, ...] | None) -> str | None:
    return ",".join(value) if isinstance(value, tuple) else value


def _resolved(url: URL, resolve: Callable[[Any], Any]) -> URL:
    return URL.create(
        drivername=url.drivername,
        username=resolve(url.username),
        password=resolve(url.password),
        host=resolve(url.host),
        port=url.port,
        database=resolve(url.database),
        query={name: resolve(value) for name, value in url.query.items()},
    )
