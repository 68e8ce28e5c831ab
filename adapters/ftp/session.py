"""Opening an FTP connection: TLS before the login, then what the server can do; and keeping it alive."""

import ftplib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ssl import TLSVersion

from transload.adapters.base import Stop
from transload.adapters.base.network import fault_of_login, later
from transload.adapters.base.tls import Peer, context_of, peer_of
from transload.adapters.ftp.client import Client, Wire
from transload.adapters.ftp.errors import (
    FOREIGN,
    UNKNOWN_COMMANDS,
    NotSpoken,
    code_of,
    of_connection,
    of_login,
    of_path,
    of_tls,
)
from transload.adapters.ftp.settings import FtpConnection

_NEEDED = ("type", "size", "modify")
"""The facts without which MLSD says too little (RFC 3659, 7.5)."""


class Session:
    """An open and logged in connection: one command, or one transfer, at a time.

    ``home`` is the folder where the login begins.  ``commands`` are those beyond RFC 959 that the server has.
    """

    def __init__(self, client: Client, peer: str, home: str, commands: frozenset[str]) -> None:
        self.client = client
        self.peer = peer
        self.home = home
        self.commands = commands
        self.lost = False
        self._turn = threading.Lock()
        self._used = time.monotonic()
        self._over = threading.Event()
        self._pulse: threading.Thread | None = None

    @property
    def tls(self) -> Peer | None:
        """The other side of the control connection, None without TLS."""
        return peer_of(self.client.sock)

    @contextmanager
    def turn(self, path: str | None = None) -> Iterator[Client]:
        """Use the connection for something about ``path``; nobody else uses it inside.

        Raises `FileFault` for what the server refuses about the path, else `Retry` or `Stop`; after these two
        the connection is closed, as nobody can say what its next answer belongs to.
        """
        with self._turn:
            if self.lost:
                raise later(f"{self.peer}: the connection was lost before")
            try:
                yield self.client
            except FOREIGN as error:
                fault = of_path(error, path) if path is not None else None
                if fault is not None:
                    raise fault from error
                self._lose()
                raise of_connection(error, self.peer) from error
            finally:
                self._used = time.monotonic()
                self.lost = self.lost or self.client.sock is None

    def without(self, command: str) -> None:
        """Remember that the server does not know ``command``."""
        self.commands -= {command}

    def keep_alive(self, seconds: float) -> None:
        """Send a sign of life whenever the connection was idle so long."""
        self._pulse = threading.Thread(target=self._live, args=(seconds,), name="ftp-keepalive", daemon=True)
        self._pulse.start()

    def close(self) -> None:
        """Log out and close the connection."""
        self._over.set()
        with self._turn:
            self.client.farewell()
            self.lost = True
        if self._pulse is not None:
            self._pulse.join()

    def _live(self, seconds: float) -> None:
        while not self._over.wait(max(0.05, seconds - (time.monotonic() - self._used))):
            if time.monotonic() - self._used < seconds or not self._turn.acquire(blocking=False):
                continue  # not idle
            try:
                if self._over.is_set() or self.lost:
                    return
                self.client.voidcmd("NOOP")
            except ftplib.error_perm:
                pass  # it does not know NOOP, and yet it lives
            except FOREIGN:
                self._lose()
            finally:
                self._used = time.monotonic()
                self._turn.release()

    def _lose(self) -> None:
        self.lost = True
        self.client.close()


def connect(settings: FtpConnection) -> Session:
    """Connect, agree on TLS, check the certificate, log in, and ask what the server can do.

    Raises `Stop` for a certificate that is not trusted, a server without TLS, a refused login or an unknown host;
    `Retry` when the server is not there, or full.
    """
    peer = f"{settings.username}@{settings.host}:{settings.port_number}"
    password = settings.password.get_secret_value()
    if fault := fault_of_login(password):
        raise Stop(f"{peer}: the password {fault}", hint="correct the secret that password refers to")
    client = Client(_wire(settings))
    for what, value in (("password", password), ("username", settings.username)):
        if fault := client.fault_of(value):
            raise Stop(f"{peer}: the {what} cannot be sent: {fault}", hint="compare it with encoding")
    try:
        _reach(client, settings, peer)
        _log_in(client, settings.username, password, peer)
        try:
            if settings.security != "none":
                client.protect_data()  # only now: some servers want the login first, and all data comes after it
            home = _home(client)
            session = Session(client, peer, home, _commands(client, settings, home))
        except FOREIGN as error:
            raise of_connection(error, peer) from error
    except BaseException:
        client.close()
        raise
    if pause := settings.keepalive.total_seconds():
        session.keep_alive(pause)
    return session


def _wire(settings: FtpConnection) -> Wire:
    context = None
    if settings.security != "none":
        context = context_of(settings.tls)
        context.maximum_version = TLSVersion.TLSv1_2 if settings.tls_max == "1.2" else TLSVersion.TLSv1_3
    return Wire(
        connect=settings.timeouts.connect.total_seconds(),
        answer=settings.timeouts.answer.total_seconds(),
        data=settings.timeouts.data.total_seconds(),
        context=context,
        pins=settings.tls.pins,
        implicit=settings.security == "implicit",
        active=settings.active,
        trust_address=settings.trust_address,
        encoding=settings.encoding,
    )


def _reach(client: Client, settings: FtpConnection, peer: str) -> None:
    try:
        client.open(settings.host, settings.port_number)
    except FOREIGN as error:
        raise of_connection(error, peer, connecting=True) from error
    if settings.security == "explicit":
        try:
            client.start_tls()
        except FOREIGN as error:
            raise of_tls(error, peer) from error


def _log_in(client: Client, username: str, password: str, peer: str) -> None:
    try:
        client.login(username, password)
    except FOREIGN as error:
        raise of_login(error, peer, password) from None


def _home(client: Client) -> str:
    """Where the login begins; a server that does not say it is one where a folder cannot be looked for."""
    answer = client.sendcmd("PWD")
    home = answer.partition('"')[2].rpartition('"')[0].replace('""', '"')
    if not home:
        raise NotSpoken(f"it does not say where the login begins: {answer[:80]!r}")
    return home


def _commands(client: Client, settings: FtpConnection, home: str) -> frozenset[str]:
    """Which of MLSD (with MLST), SIZE, MDTM and REST can be used.

    Names are switched to UTF-8 where that is to be asked for.  A server without FEAT is asked by using them.
    """
    found = client.features()
    if found is None:
        client.set_type("I")
        return frozenset(name for name in ("SIZE", "MDTM") if _knows(client, f"{name} {home}"))
    if settings.encoding == "utf-8" and "UTF8" in found:
        _ask(client, "OPTS UTF8 ON")
    known = {"SIZE", "MDTM"} & set(found)
    if found.get("REST", "").strip().upper() == "STREAM":
        known.add("REST")
    if settings.listing == "auto" and "MLST" in found:
        facts = {fact.strip().lower() for fact in found["MLST"].split(";")}
        on = {fact.removesuffix("*") for fact in facts if fact.endswith("*")}
        if set(_NEEDED) <= on or (
            set(_NEEDED) <= {fact.removesuffix("*") for fact in facts} and _ask(client, "OPTS MLST type;size;modify;")
        ):
            known.add("MLSD")
    return frozenset(known)


def _knows(client: Client, command: str) -> bool:
    """Whether the server understands ``command``, whatever it says to it."""
    try:
        client.sendcmd(command)
    except ftplib.error_perm as error:
        return code_of(error) not in UNKNOWN_COMMANDS
    return True


def _ask(client: Client, command: str) -> bool:
    """Send an option that the server may refuse."""
    try:
        client.voidcmd(command)
    except ftplib.error_perm:
        return False
    return True
