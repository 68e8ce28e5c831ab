"""The wire under an HTTP call: it can be cut off, it speaks TLS as the settings say, and it shows its other side.

A time-out of the library begins anew with each byte; so a server that answers drop by
drop could hold a worker for ever.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from transload.adapters.base.patience import at_most, hanging_up
from transload.adapters.base.tls import Peer, Tls, check_pins, context_of, peer_of


class Overdue(Exception):
    """The call took too long and was cut off."""


class _Lines:
    """A stream that remembers the last line that was read from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.last = b""

    def readline(self, *arguments: Any) -> bytes:
        self.last = self._stream.readline(*arguments)
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _WholeHeaders(http.client.HTTPResponse):
    """An answer whose headers ended as they should; the library takes the end of the connection for their end."""

    def begin(self) -> None:
        stream: Any = self.fp
        lines: Any = _Lines(stream)
        self.fp = lines
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = stream
        if lines.last == b"":
            raise http.client.RemoteDisconnected("the connection was closed within the headers of the answer")


def _alert(sock: Any) -> ssl.SSLError | None:
    """Why the other side broke off TLS while we were sending; None when it does not say.

    With TLS 1.3 a server refuses our certificate, or the lack of one, only after we began to send.
    """
    try:
        sock.settimeout(1)
        sock.recv(1)
    except ssl.SSLError as error:
        return None if isinstance(error, ssl.SSLEOFError) else error
    except (OSError, AttributeError):
        pass
    return None


class CutOffAdapter(HTTPAdapter):
    """Knows the socket of the call under way; a session with it is used by one thread at a time."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._used = time.monotonic()
        self._context: ssl.SSLContext | None = None
        self._socket: socket.socket | None = None
        self.peer: Peer | None = None
        """The other side of the newest connection; None without TLS."""
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Let the library's pools make connections that show their sockets."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools()

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        """The same for connections by way of a proxy."""
        manager: Any = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools()
        return manager

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Where to connect to, with our own TLS context, which is made when the first call needs it; raises `Stop`."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] != "https":
            return host, {}
        if self._context is None:
            self._context = context_of(self._tls)
        return host, {"ssl_context": self._context, "cert_reqs": self._context.verify_mode}

    def cert_verify(self, *arguments: Any, **options: Any) -> None:
        """Leave the connection as it is: the context knows all."""

    def renew(self, *, idle: float) -> None:
        """Use no connection again that was idle for more than so many seconds.

        A server closes idle ones; a request that meets it there is lost, and nobody knows whether it arrived.
        """
        if time.monotonic() - self._used > idle:
            self.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Raise `Overdue` when what is done inside takes longer: its socket is shut then."""
        self._socket = None
        try:
            with at_most(seconds, hanging_up(lambda: self._socket)) as over:
                yield
        except TimeoutError as error:
            if over.is_set():
                raise Overdue from error
            raise
        finally:
            self._used = time.monotonic()
        if over.is_set():  # an answer without a length seems to be whole then
            raise Overdue

    def _pools(self) -> dict[str, type[HTTPConnectionPool]]:
        adapter = self

        class Plain(HTTPConnection):
            response_class = _WholeHeaders

            def _new_conn(self) -> socket.socket:
                adapter._socket = super()._new_conn()
                return adapter._socket

            def request(self, *arguments: Any, **options: Any) -> None:
                adapter._socket = self.sock or adapter._socket
                super().request(*arguments, **options)

        class Secure(HTTPSConnection):
            response_class = _WholeHeaders

            def _new_conn(self) -> socket.socket:
                adapter._socket = super()._new_conn()  # a proxy may keep us waiting before TLS begins
                return adapter._socket

            def connect(self) -> None:
                super().connect()
                adapter._socket = self.sock
                adapter.peer = peer_of(self.sock)
                if adapter._tls.pins:
                    try:
                        check_pins(adapter.peer, adapter._tls.pins)
                    except ssl.SSLError:
                        self.close()
                        raise
                    self.is_verified = True

            def request(self, *arguments: Any, **options: Any) -> None:
                adapter._socket = self.sock or adapter._socket
                try:
                    super().request(*arguments, **options)
                except ssl.SSLEOFError as error:
                    raise _alert(self.sock) or error from error

        plain = type("Pool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        secure = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
        return {"http": plain, "https": secure}
