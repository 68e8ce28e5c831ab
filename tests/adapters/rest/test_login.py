"""Logins: what is sent, that tokens are fetched once, and that no secret can be seen."""

import base64
import logging
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Outbound, Retry, Stop
from transload.adapters.base.http import HttpConnection, Reply
from transload.adapters.rest import RestApiTarget, RestConnection
from transload.adapters.rest.login import _read_token
from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server

Make = Callable[..., RestApiTarget]
SECRET = "p:ss w%rd é"


def outbound(key: str = "k") -> Outbound:
    return Outbound(key=key, content=b'{"number":"%s"}' % key.encode(), content_type="application/json")


@pytest.fixture
def client() -> str:
    """A client name that no other test shares a token with."""
    return f"client {uuid.uuid4()}"


@pytest.fixture
def guarded(client: str) -> Iterator[tuple[RestApi, str]]:
    api = RestApi(clients={client: SECRET})
    with http_server(api.app) as url:
        yield api, url


def oauth2(url: str, client: str, secret: str = SECRET, **more: str) -> dict[str, Any]:
    return {"auth": {"oauth2": {"token_url": f"{url}/token", "client_id": client, "client_secret": secret, **more}}}


@pytest.mark.parametrize("client_auth", ["client_secret_basic", "client_secret_post"])
def test_a_token_is_fetched_once_and_renewed_once_when_refused(
    guarded: tuple[RestApi, str], client: str, target: Make, client_auth: str
) -> None:
    api, url = guarded
    settings = oauth2(url, client, client_auth=client_auth)
    to = target(url, connection=settings)
    to.deliver(outbound("1"))
    target(url, connection=settings).deliver(outbound("2"))
    assert api.counts["tokens"] == 1
    api.revoke_tokens()
    to.deliver(outbound("3"))
    assert api.counts["tokens"] == 2
    assert api.counts["orders"] == 3


def test_a_token_near_its_end_is_renewed_before_use(guarded: tuple[RestApi, str], client: str, target: Make) -> None:
    api, url = guarded
    api.token_life = 1
    to = target(url, connection=oauth2(url, client))
    to.deliver(outbound("1"))
    threading.Event().wait(1.0)  # nine tenths of its life are over
    to.deliver(outbound("2"))
    assert api.counts["tokens"] == 2
    assert api.counts["calls"] == 2  # no call was wasted on the old one


def test_many_threads_share_one_flight(guarded: tuple[RestApi, str], client: str, target: Make) -> None:
    api, url = guarded
    targets = [target(url, connection=oauth2(url, client)) for _ in range(8)]
    threads = [threading.Thread(target=to.deliver, args=(outbound(str(number)),)) for number, to in enumerate(targets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert api.counts["orders"] == 8
    assert api.counts["tokens"] == 1


def test_a_wrong_secret_stops_and_is_not_shown(guarded: tuple[RestApi, str], client: str, target: Make) -> None:
    _, url = guarded
    with pytest.raises(Stop) as caught:
        target(url, connection=oauth2(url, client, secret="not-this-one")).deliver(outbound())
    finding = caught.value.findings[0]
    assert finding.message == (
        f"POST {url}/token gave no token and answered with 401, invalid_client: wrong id or secret"
    )
    assert "not-this-one" not in str(finding)


def test_a_login_still_refused_with_a_new_token_stops(raw_server: Callable[..., Any], target: Make) -> None:
    def refuse(client: socket.socket, request: bytes) -> None:
        body = b'{"access_token": "t", "expires_in": 60}' if b"/token" in request else b""
        status = b"200 OK" if body else b"401 Unauthorized"
        client.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    server = raw_server(refuse)
    with pytest.raises(Stop, match="answered with 401"):
        target(server.url, connection=oauth2(server.url, str(uuid.uuid4()))).deliver(outbound())
    assert [request.split()[1] for request in server.requests] == [
        b"/token",
        b"/sales-orders",
        b"/token",
        b"/sales-orders",
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"access_token": 5}', b'{"access_token":"a\\nb"}'])
def test_an_answer_without_a_token_stops(raw_server: Callable[..., Any], target: Make, body: bytes) -> None:
    def answer(client: socket.socket, request: bytes) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    server = raw_server(answer)
    with pytest.raises(Stop, match="gave no access token"):
        target(server.url, connection=oauth2(server.url, str(uuid.uuid4()))).deliver(outbound())


def test_a_busy_token_server_is_a_retry_with_its_wait(raw_server: Callable[..., Any], target: Make) -> None:
    def busy(client: socket.socket, request: bytes) -> None:
        client.sendall(b"HTTP/1.1 429 Busy\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n")

    server = raw_server(busy)
    with pytest.raises(Retry) as caught:
        target(server.url, connection=oauth2(server.url, str(uuid.uuid4()))).deliver(outbound())
    assert caught.value.wait == 9


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({}, None),
        (
            {"basic": {"username": "bolt", "password": "päss:x"}},
            "Basic " + base64.b64encode("bolt:päss:x".encode()).decode(),
        ),
        ({"bearer": {"token": "abc"}}, "Bearer abc"),
    ],
)
def test_what_is_sent(
    raw_server: Callable[..., Any],
    target: Make,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    auth: dict[str, Any],
    header: str | None,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stray password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    def accept(client: socket.socket, request: bytes) -> None:
        client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = raw_server(accept)
    target(server.url, connection={"auth": auth}).deliver(outbound())
    rows = [row for row in server.requests[0].decode().split("\r\n") if row.startswith("Authorization")]
    assert rows == ([f"Authorization: {header}"] if header else [])


def test_no_secret_is_printed_or_logged(
    guarded: tuple[RestApi, str], client: str, target: Make, caplog: pytest.LogCaptureFixture
) -> None:
    _, url = guarded
    caplog.set_level(logging.DEBUG)
    settings = oauth2(url, client)
    target(url, connection=settings).deliver(outbound())
    shown = repr(RestConnection.model_validate({"base_url": url, **settings})) + caplog.text
    assert "p:ss" not in shown
    assert "p%3Ass" not in shown
    assert "Bearer " not in shown


def test_only_one_login() -> None:
    with pytest.raises(ValueError, match="there is more than one login: basic, bearer"):
        RestConnection.model_validate(
            {
                "base_url": "https://x.example",
                "auth": {"basic": {"username": "a", "password": "b"}, "bearer": {"token": "c"}},
            }
        )


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"[" * 100_000, "gave no access token"), (b'{"access_token": "a", "expires_in": 1' + b"0" * 400 + b"}", None)],
)
def test_an_answer_that_is_out_of_measure(answer: bytes, said: str | None) -> None:
    reply = Reply(method="POST", address="http://x/", status=200, headers={}, content=answer)
    if said is None:
        assert _read_token(reply, HttpConnection()).renew_at <= time.monotonic() + 86400
        return
    with pytest.raises(Stop, match=said):
        _read_token(reply, HttpConnection())
