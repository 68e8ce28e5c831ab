"""Calls by way of a proxy: only where it is asked for, with its login, which is never shown."""

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import ValidationError

from transload.adapters.base import Retry, Stop
from transload.adapters.base.http import HttpConnection, Reply, exchange, open_session, refusal

trustme = pytest.importorskip("trustme")
PASSWORD = "s3cr:t @é"


class Proxy:
    """A proxy that opens tunnels and answers plain requests itself, if the login is right."""

    def __init__(self, login: str | None = None) -> None:
        self.asked: list[str] = []
        self._login = login and "Basic " + base64.b64encode(login.encode("latin-1")).decode()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            client.settimeout(5)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            rows = head.decode().split("\r\n")
            self.asked.append(rows[0])
            login = next((row.split(": ")[1] for row in rows if row.lower().startswith("proxy-authorization")), None)
            if self._login and login != self._login:
                client.sendall(b"HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n")
            elif rows[0].startswith("CONNECT"):
                host, _, port = rows[0].split()[1].partition(":")
                with socket.create_connection((host, int(port)), timeout=5) as server:
                    client.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
                    back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                    back.start()
                    self._pump(client, server)
                    back.join(5)
            else:
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy")

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while part := one.recv(65536):
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)


@pytest.fixture
def secure(tmp_path: Any) -> Iterator[tuple[str, str]]:
    """A TLS server, and the file of its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(ca)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                client, _ = listener.accept()
                with client, context.wrap_socket(client, server_side=True) as wire:
                    wire.recv(65536)
                    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserver")

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/", ca


def call(url: str, **settings: Any) -> Reply:
    made = HttpConnection.model_validate(settings)
    with open_session(made) as session:
        return exchange(session, "GET", url, settings=made, repeatable=True)


def test_tls_goes_through_a_tunnel_with_the_proxys_login(secure: tuple[str, str]) -> None:
    url, ca = secure
    with Proxy("bolt:s3cr:t @\xe9".replace("\xe9", "e")) as proxy:
        login = {"username": "bolt", "password": "s3cr:t @e"}
        reply = call(url, tls={"ca": ca}, proxy=proxy.url, proxy_login=login)
        assert reply.content == b"server"
        assert reply.peer is not None
        assert proxy.asked[0].startswith("CONNECT 127.0.0.1:")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_login_at_the_proxy_is_told_without_it(scheme: str) -> None:
    with Proxy("bolt:right") as proxy:
        settings: dict[str, Any] = {"proxy": proxy.url, "proxy_login": {"username": "bolt", "password": PASSWORD}}
        url = f"{scheme}://127.0.0.1:9/"
        if scheme == "http":  # the proxy answers in the server's place
            with pytest.raises(Stop, match="answered with 407") as caught:
                raise refusal(call(url, **settings), HttpConnection(), repeatable=True)
        else:
            with pytest.raises(Stop, match="the proxy refuses: Tunnel connection failed: 407 Login") as caught:
                call(url, **settings)
            assert caught.value.hint == "correct proxy: and proxy_login:, or ask those who run it"
    said = str(caught.value) + "".join(map(str, caught.value.findings)) + repr(HttpConnection.model_validate(settings))
    assert "s3cr" not in said


def test_the_environment_counts_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, raw_server: Callable[..., Any]
) -> None:
    server = raw_server(lambda client, request: client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nserver"))
    with Proxy() as proxy:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert call(server.url).content == b"server"
        assert call(server.url, proxy="environment").content == b"proxy"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert call(server.url, proxy="environment").content == b"server"


def test_a_proxy_that_is_not_there_is_a_retry_and_one_that_is_none_is_refused(free_port: int) -> None:
    with pytest.raises(Retry, match="could not connect"):
        call("https://erp.example/", proxy=f"http://127.0.0.1:{free_port}")
    for wrong, said in (("ftp://x", "no address of a proxy"), ("http://u:p@x", "under proxy_login")):
        with pytest.raises(ValidationError, match=said):
            HttpConnection.model_validate({"proxy": wrong})
