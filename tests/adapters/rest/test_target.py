"""Sending to a REST API: the real partner API, and a server that breaks connections."""

import socket
from collections.abc import Callable

import pytest

from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop, Unknown
from transload.adapters.base.settings import template_fields
from transload.adapters.rest import RestApiTarget, RestTarget
from transload.runner.demo.partners.rest_api import RestApi

Make = Callable[..., RestApiTarget]
ORDER = b'{"number":"PO-1","lines":[]}'


def outbound(content: bytes = ORDER, key: str = "k-1", **metadata: str) -> Outbound:
    return Outbound(key=key, content=content, content_type="application/json", metadata=metadata)


def test_a_delivery_is_taken_once_for_one_key(api: RestApi, url: str, target: Make) -> None:
    to = target(url, idempotency="header")
    assert to.idempotent
    first = to.deliver(outbound())
    second = to.deliver(outbound())
    assert first.metadata["status"] == "201"
    assert first.reference == "/sales-orders/PO-1"
    assert first.content == b'{"id":"SO-1","number":"PO-1","status":"accepted","repeated":false}'
    assert second.metadata["status"] == "200"
    assert second.content is not None
    assert b'"repeated":true' in second.content
    assert api.counts["orders"] == 1
    assert api.counts["repeats"] == 1
    assert [record["order"] for record in api.orders.all()] == [{"number": "PO-1", "lines": []}]


def test_the_same_key_with_another_body_is_refused(url: str, target: Make) -> None:
    to = target(url, idempotency="header")
    to.deliver(outbound())
    with pytest.raises(Reject) as caught:
        to.deliver(outbound(b'{"number":"PO-2"}'))
    assert [str(finding) for finding in caught.value.findings] == [
        f"error H-422 POST {url}/sales-orders was answered with 422\n"
        '    value    \'{"error":"this key was used with another body"}\'\n'
        "    hint     correct the document or its mapping as the answer says, and send it again"
    ]


def test_conflict_is_a_refusal_unless_declared_accepted(url: str, target: Make) -> None:
    target(url).deliver(outbound())
    with pytest.raises(Reject, match="was answered with 409"):
        target(url).deliver(outbound())
    there = target(url, statuses={409: "accepted"}).deliver(outbound())
    assert there.summary == f"409 from POST {url}/sales-orders"
    with pytest.raises(Retry, match="was answered with 409"):
        target(url, statuses={409: "retry"}).deliver(outbound())


def test_path_and_query_come_frozen_with_their_values_escaped(api: RestApi, url: str, target: Make) -> None:
    to = target(url, path="/sales-orders/{document.number}", lookup="/sales-orders/{document.number}")
    target(url).deliver(outbound(b'{"number":"4500/12 ?#&"}'))
    found = to.verify(outbound(lookup="/sales-orders/4500/12 ?#&"))
    assert found is Landing.LANDED
    assert to.verify(outbound(lookup="/sales-orders/4500")) is Landing.NOT_LANDED
    assert set(template_fields(RestTarget)) == {
        "path",
        "query",
        "headers",
        "etag",
        "lookup",
        "lookup_query",
    }


def test_an_answer_lost_after_the_order_was_taken(api: RestApi, url: str, target: Make) -> None:
    api.mischief.plan(afterwards=True, delay=0.6)
    slow = {"timeouts": {"read": "200ms"}}
    with pytest.raises(Unknown, match="its answer was lost: time is up"):
        target(url, connection=slow, lookup="/sales-orders/PO-1").deliver(outbound())
    assert target(url, lookup="/sales-orders/PO-1").verify(outbound()) is Landing.LANDED
    assert target(url).verify(outbound()) is Landing.CANNOT_TELL
    assert api.counts["orders"] == 1


def test_a_lost_answer_is_asked_for_again_where_the_key_protects(
    api: RestApi, url: str, target: Make, naps: list[float]
) -> None:
    api.mischief.plan(afterwards=True, status=504, body="gateway")
    answer = target(url, idempotency="header").deliver(outbound())
    assert answer.content is not None
    assert b'"repeated":true' in answer.content
    assert api.counts["orders"] == 1
    assert len(naps) == 1


@pytest.mark.parametrize("status", [500, 502, 504, 408])
def test_a_server_error_leaves_open_whether_it_was_done(api: RestApi, url: str, target: Make, status: int) -> None:
    api.mischief.plan(status=status, body="<h1>Bad gateway</h1>", times=4)
    with pytest.raises(Unknown) as caught:
        target(url).deliver(outbound())
    assert caught.value.findings[0].value == "<h1>Bad gateway</h1>"
    with pytest.raises(Retry):
        target(url, idempotency="header").deliver(outbound())
    assert api.counts["calls"] == 4  # one try, then three


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT"}, 60.0),
        ({"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After": "Sun, 06 Nov 1994 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_for_as_long_as_it_says(
    raw_server: Callable[..., object],
    target: Make,
    naps: list[float],
    status: int,
    headers: dict[str, str],
    wait: float | None,
) -> None:
    rows = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def busy(client: socket.socket, request: bytes) -> None:
        client.sendall(f"HTTP/1.1 {status} Busy\r\n{rows}Content-Length: 0\r\n\r\n".encode())

    server = raw_server(busy)
    with pytest.raises(Retry) as caught:
        target(server.url, idempotency="header").deliver(outbound())  # type: ignore[attr-defined]
    assert caught.value.wait == wait
    assert naps == []
    assert len(server.requests) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(("status", "hint"), [(401, "the login is refused"), (403, "the login may not do this")])
def test_a_refused_login_stops_the_connection(api: RestApi, url: str, target: Make, status: int, hint: str) -> None:
    api.mischief.plan(status=status)
    with pytest.raises(Stop) as caught:
        target(url, idempotency="header").deliver(outbound())
    assert caught.value.hint == hint
    assert api.counts["calls"] == 1


def test_a_redirection_is_not_followed(api: RestApi, url: str, target: Make) -> None:
    api.mischief.plan(status=307, headers={"Location": "https://elsewhere.example/orders?token=abc"})
    with pytest.raises(Stop) as caught:
        target(url).deliver(outbound())
    assert caught.value.hint == "it names https://elsewhere.example/orders; correct the address"
    assert api.counts["orders"] == 0


def test_nobody_listens(free_port: int, target: Make, naps: list[float]) -> None:
    address = f"http://127.0.0.1:{free_port}"
    with pytest.raises(Retry, match="could not connect: Connection refused"):
        target(address).deliver(outbound())
    assert naps == []
    with pytest.raises(Retry):
        target(address, idempotency="header").deliver(outbound())
    assert len(naps) == 2


def test_a_connection_broken_after_the_request_is_unknown(
    raw_server: Callable[..., object], reset: object, target: Make
) -> None:
    server = raw_server(reset)
    with pytest.raises(Unknown, match="its answer was lost"):
        target(server.url).deliver(outbound())  # type: ignore[attr-defined]
    with pytest.raises(Retry, match="its answer was lost"):
        target(server.url, method="PUT").deliver(outbound())  # type: ignore[attr-defined]
    assert all(request.endswith(ORDER) for request in server.requests)  # type: ignore[attr-defined]
    assert len(server.requests) == 4  # type: ignore[attr-defined]


def _cut(client: socket.socket, request: bytes) -> None:
    client.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")


def _garbage(client: socket.socket, request: bytes) -> None:
    client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def _bad_chunk(client: socket.socket, request: bytes) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")


def _bad_gzip(client: socket.socket, request: bytes) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")


@pytest.mark.parametrize("script", [_cut, _garbage, _bad_chunk, _bad_gzip])
def test_an_answer_that_cannot_be_read_is_unknown(
    raw_server: Callable[..., object], target: Make, script: Callable[..., None]
) -> None:
    server = raw_server(script)
    with pytest.raises(Unknown):
        target(server.url).deliver(outbound())  # type: ignore[attr-defined]


def test_a_large_answer_is_not_kept_and_said_so(api: RestApi, url: str, target: Make) -> None:
    answer = target(url, connection={"max_body": 10}).deliver(outbound())
    assert answer.content is None
    assert [finding.code for finding in answer.findings] == ["H-LARGE"]
    assert api.counts["orders"] == 1


def test_headers_content_type_and_key_travel_as_declared(raw_server: Callable[..., object], target: Make) -> None:
    def accept(client: socket.socket, request: bytes) -> None:
        client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = raw_server(accept)
    to = target(
        server.url + "/v1/",  # type: ignore[attr-defined]
        connection={"headers": {"X-Tenant": "bolt"}, "auth": {"api_key": {"key": "s3cret"}}},
        idempotency="header",
        idempotency_header="X-Request-Id",
        content_type="application/vnd.order+json",
        query="type=order&number={document.number}",
    )
    answer = to.deliver(outbound(query="type=order&number=A&B=1"))
    assert answer.content is None
    head = server.requests[0].decode().lower()  # type: ignore[attr-defined]
    assert head.startswith("post /v1/sales-orders?type=order&number=a%26b%3d1 http/1.1\r\n")
    for row in (
        "x-tenant: bolt",
        "x-api-key: s3cret",
        "x-request-id: k-1",
        "content-type: application/vnd.order+json",
        "user-agent: transload",
    ):
        assert f"\r\n{row}\r\n" in head


@pytest.mark.parametrize("key", ["a\nb", "é\u20ac"])
def test_a_key_that_no_header_can_carry_stops_instead_of_breaking_out(url: str, target: Make, key: str) -> None:
    with pytest.raises(Stop):
        target(url, idempotency="header").deliver(outbound(key=key))
