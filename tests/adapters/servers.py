"""Servers that keep their own books: one that is TLS or not, one that gives tokens to those who know the secret."""

import base64
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus


@dataclass(kw_only=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    client: str | None = None
    """Common name of the client's certificate."""


@dataclass(kw_only=True)
class Say:
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> "Say":
        known = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(
            status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **known}
        )


Handle = Callable[[Asked], Say]


@contextmanager
def serving(handle: Handle, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server of the standard library on loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        wbufsize = 65536  # head and body in one packet: the second one would wait for 40 ms

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            certificate = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
            names = {name: value for part in (certificate or {}).get("subject", ()) for name, value in part}
            said = handle(
                Asked(
                    method=self.command,
                    target=self.path,
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(length),
                    client=names.get("organizationalUnitName"),
                )
            )
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: object) -> None:
            return

        def get_request(self) -> Any:
            sock, address = super().get_request()
            return (tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False) if tls else sock), address

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class TokenServer:
    """Client credentials as RFC 6749 says: it knows secrets, the way they must come, and which tokens are good.

    ``ways`` are the accepted ways of client authentication, ``life`` the seconds that a token lives by its answer.
    """

    def __init__(
        self, clients: Mapping[str, str], *, ways: tuple[str, ...] = ("basic", "post"), life: int = 3600
    ) -> None:
        self.clients = dict(clients)
        self.ways = ways
        self.life = life
        self.given: list[str] = []
        self.good: set[str] = set()
        self.calls = 0
        self.broken: Say | None = None
        self.forms: list[dict[str, str]] = []
        self._lock = threading.Lock()

    def handle(self, asked: Asked) -> Say:
        """The answer of the token endpoint."""
        with self._lock:
            self.calls += 1
            if self.broken is not None:
                return self.broken
            if asked.headers.get("content-type") != "application/x-www-form-urlencoded" or asked.method != "POST":
                return Say.json({"error": "invalid_request"}, 400)
            form = {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}
            self.forms.append(form)
            if form.get("grant_type") != "client_credentials":
                return Say.json({"error": "unsupported_grant_type"}, 400)
            if not self._knows(asked.headers.get("authorization"), form):
                return Say.json({"error": "invalid_client", "error_description": "wrong id or secret"}, 401)
            token = secrets.token_urlsafe(24)
            self.given.append(token)
            self.good.add(token)
            return Say.json({"access_token": token, "token_type": "Bearer", "expires_in": self.life})

    def lets_in(self, asked: Asked) -> bool:
        """Whether a request carries a token that is good."""
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and token in self.good

    def _knows(self, header: str | None, form: Mapping[str, str]) -> bool:
        if header is not None:
            if "basic" not in self.ways or "client_secret" in form:  # RFC 6749 2.3: one way for each request
                return False
            kind, _, packed = header.partition(" ")
            name, _, secret = base64.b64decode(packed).decode().partition(":")
            name, secret = unquote_plus(name), unquote_plus(secret)
            return kind == "Basic" and secrets.compare_digest(self.clients.get(name, "\0").encode(), secret.encode())
        known = self.clients.get(form.get("client_id", ""), "\0")
        return "post" in self.ways and secrets.compare_digest(known.encode(), form.get("client_secret", "").encode())
