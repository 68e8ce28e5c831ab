"""The guards of an HTTP call, and the translation of every foreign exception."""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3.exceptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.auth import AuthBase

from transload.adapters.base import Reject, Retry, Stop, Unknown
from transload.adapters.base.consequences import LOST, MISCONFIGURED, NOT_SENT, translate
from transload.adapters.base.http import (
    HttpConnection,
    HttpTimeouts,
    Reply,
    exchange,
    open_session,
    refusal,
    shown,
)


def classes_of(module: Any, base: type) -> list[type[BaseException]]:
    found = [item for item in vars(module).values() if isinstance(item, type) and issubclass(item, base)]
    return [item for item in found if not issubclass(item, Warning)]


FOREIGN = [
    *classes_of(requests.exceptions, requests.RequestException),
    *classes_of(urllib3.exceptions, urllib3.exceptions.HTTPError),
    *classes_of(http.client, http.client.HTTPException),
    *classes_of(ssl, ssl.SSLError),
]
BASES = {requests.RequestException, urllib3.exceptions.HTTPError, urllib3.exceptions.RequestError, ssl.SSLError}
"""Classes that are only raised by way of a subclass; ssl's have a rule of their own."""


@pytest.mark.parametrize(
    "kind", [k for k in FOREIGN if k not in BASES], ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
def test_every_foreign_class_stands_in_a_table(kind: type[BaseException]) -> None:
    assert issubclass(kind, (*NOT_SENT, *MISCONFIGURED, *LOST, ssl.SSLError))


def made(kind: type[BaseException]) -> BaseException:
    """An instance, its arguments left out, as translation must not depend on them."""
    error = kind.__new__(kind)
    error.args = ("said so",)
    if issubclass(kind, http.client.IncompleteRead):  # these print their fields
        ours = issubclass(kind, urllib3.exceptions.HTTPError)
        vars(error).update(partial=0 if ours else b"", expected=1, length=b"")
    return error


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_foreign_class_has_a_consequence(kind: type[BaseException]) -> None:
    safe = translate(made(kind), "POST http://x/", repeatable=True)
    unsafe = translate(made(kind), "POST http://x/", repeatable=False)
    assert type(safe) in (Retry, Stop)
    assert type(unsafe) is (Unknown if type(safe) is Retry and not issubclass(kind, NOT_SENT) else type(safe))
    assert "POST http://x/" in safe.message


def test_an_unknown_exception_counts_as_lost() -> None:
    assert type(translate(RuntimeError("new"), "PUT http://x/", repeatable=False)) is Unknown


def reply(status: int, **headers: str) -> Reply:
    return Reply(method="POST", address="http://x/", status=status, headers=headers, content=b"why " * 400)


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_has_a_consequence(status: int) -> None:
    settings = HttpConnection()
    safe = refusal(reply(status), settings, repeatable=True)
    unsafe = refusal(reply(status), settings, repeatable=False)
    if status < 400 or status in (401, 403, 405, 406, 407, 415, 501, 505):
        assert type(safe) is type(unsafe) is Stop
    elif status in (425, 429, 503):
        assert type(safe) is type(unsafe) is Retry
    elif status >= 500 or status == 408:
        assert (type(safe), type(unsafe)) == (Retry, Unknown)
    else:
        assert type(safe) is type(unsafe) is Reject
        assert safe.findings[0].value == ("why " * 400)[:500]


def test_an_address_is_shown_without_login_and_query() -> None:
    assert shown("https://user:pass@api.example:8443/a?key=secret#x") == "https://api.example:8443/a"
    assert shown("http://[::1") == "an invalid address"


@pytest.mark.parametrize(
    "url", ["nowhere", "ftp://x.example/", "http://", "http://x.example:99999/", "http://a..b/", "http://\u2603" * 2]
)
def test_an_impossible_address_stops(url: str) -> None:
    settings = HttpConnection()
    with open_session(settings) as session, pytest.raises((Stop, Retry)):
        exchange(session, "GET", url, settings=settings, repeatable=True)


def test_a_missing_certificate_file_stops(tmp_path: Path) -> None:
    settings = HttpConnection.model_validate({"tls": {"ca": tmp_path / "none.pem"}})
    with open_session(settings) as session, pytest.raises(Stop, match=r"none\.pem"):
        exchange(session, "GET", "https://127.0.0.1:9/", settings=settings, repeatable=True)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_server(authority: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    client, _ = listener.accept()
                except TimeoutError:
                    continue
                with client:
                    client.settimeout(5)
                    try:
                        with context.wrap_socket(client, server_side=True) as secured:
                            received = b""
                            while not received.endswith(b"\r\n\r\nx"):
                                received += secured.recv(65536)
                            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        over.set()
        thread.join(10)


def call(url: str, **settings: Any) -> Reply:
    made = HttpConnection.model_validate(settings)
    with open_session(made) as session:
        return exchange(session, "POST", url, settings=made, repeatable=False, body=b"x")


def test_an_unknown_certificate_stops_and_a_named_authority_is_trusted(
    tls_server: str, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))  # the environment decides nothing
    with pytest.raises(Stop, match="certificate verify failed") as caught:
        call(tls_server)
    assert caught.value.hint == "the server's certificate is not trusted; name its authority under tls: ca:"
    assert call(tls_server, tls={"ca": str(authority)}).content == b"ok"


def test_tls_to_a_server_without_it_stops(raw_server: Callable[..., Any]) -> None:
    server = raw_server(lambda client, request: client.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"))
    # a client hello holds no blank line, so the server would wait for the rest of the request
    server._request = lambda client: client.recv(65536)
    with pytest.raises(Stop, match="cannot agree on TLS"):
        call(server.url.replace("http:", "https:"))


@pytest.mark.parametrize("value", ["ge\nheim", "geheim\n", " geheim"])
@pytest.mark.parametrize("place", ["login", "headers"])
def test_a_header_that_cannot_be_sent_is_not_shown(value: str, place: str) -> None:
    class Login(AuthBase):
        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = value
            return request

    settings = HttpConnection(headers={"X-Key": value} if place == "headers" else {})
    auth = Login() if place == "login" else None
    with socket.create_server(("127.0.0.1", 0)) as listener, open_session(settings, auth=auth) as session:
        listener.settimeout(0.01)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        settings = settings.model_copy(update={"timeouts": HttpTimeouts(read=timedelta(seconds=0.1))})
        with pytest.raises((Stop, Retry)) as caught:
            exchange(session, "GET", url, settings=settings, repeatable=True)
    said = "\n".join(map(str, (caught.value, *caught.value.findings)))
    assert "heim" not in said
    if "\n" in value:
        assert isinstance(caught.value, Stop)
        assert "blank line" in said


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"H"])
def test_an_answer_drop_by_drop_is_cut_off(head: bytes) -> None:
    def drip(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client, suppress(OSError):
            client.sendall(head)
            while not over.wait(0.05):
                client.sendall(b"x")

    over = threading.Event()
    settings = HttpConnection(timeouts=HttpTimeouts(total=timedelta(seconds=0.4)))
    with socket.create_server(("127.0.0.1", 0)) as listener, open_session(settings) as session:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        began = time.monotonic()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(Unknown, match=r"not answered in full within 0\.4 seconds"):
            exchange(session, "POST", url, settings=settings, repeatable=False)
        assert time.monotonic() - began < 3
        over.set()
        thread.join()


def test_a_retry_after_beyond_all_years_is_none() -> None:
    far = reply(503, **{"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"})
    assert refusal(far, HttpConnection(), repeatable=True).wait is None
