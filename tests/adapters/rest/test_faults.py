"""What a bad server can do, and what comes of it: one table, printed with ``-s`` and kept in docs/rest.md."""

import gzip
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.hostile import (
    Script,
    answer,
    bad_server,
    drip,
    drip_headers,
    hang,
    markdown,
    outcome,
    refused,
    reset,
    say,
)

from transload.adapters.base import Outbound
from transload.adapters.rest import RestApiSource, RestApiTarget, RestConnection, RestSource, RestTarget

trustme = pytest.importorskip("trustme")
ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/rest.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"
GOOD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{"rows": [{"id": 1}]}'
DOCUMENT = Outbound(key="k-1", content=b'{"number": "PO-1"}', content_type="application/json")


def cut_chunk(client: Any, over: threading.Event) -> None:
    client.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"row')


HTML = b"<!DOCTYPE html><html><title>Please log in</title></html>"
BOMB = gzip.compress(bytes(30_000_000), 9)
MANY = b"".join(b"X-%d: y\r\n" % n for n in range(200))
LATER = (datetime.now(UTC) + timedelta(hours=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")

FAULTS: list[tuple[str, Script]] = [
    ("closes before it answers", say(b"")),
    ("resets the connection", reset),
    ("closes within the first line", say(b"HTTP/1.1 2")),
    ("closes within the headers", say(GOOD[:40])),
    ("closes within the body", say(GOOD[:-5])),
    ("closes within a chunk", cut_chunk),
    ("never answers", hang),
    ("sends its headers drop by drop", drip_headers),
    ("sends its body drop by drop", drip),
    ("says more bytes than it sends", say(GOOD.replace(b"21", b"99"))),
    ("says fewer bytes than it sends", say(GOOD.replace(b"21", b"11"))),
    ("speaks another protocol", say(b"SSH-2.0-OpenSSH_9.2\r\n")),
    ("sends a header without end", say(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n")),
    ("sends 200 headers", say(b"HTTP/1.1 200 OK\r\n" + MANY + b"Content-Length: 0\r\n\r\n")),
    ("sends broken chunks", say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")),
    ("sends broken gzip", answer("200 OK", "Content-Encoding: gzip", body=b"hello")),
    ("sends a gzip bomb", answer("200 OK", "Content-Encoding: gzip", body=BOMB)),
    ("sends HTML with 200", answer("200 OK", body=HTML, kind="text/html")),
    ("sends broken JSON with 200", answer("200 OK", body=b'{"rows": [')),
    ("sends no list where one was declared", answer("200 OK", body=b'{"rows": "none"}')),
    ("answers 302 to another host", answer("302 Found", "Location: https://elsewhere.example/")),
    ("answers 307 to another host", answer("307 Temporary Redirect", "Location: https://elsewhere.example/")),
    ("answers 400", answer("400 Bad Request", body=b'{"error": "no number"}')),
    ("answers 401", answer("401 Unauthorized")),
    ("answers 403", answer("403 Forbidden")),
    ("answers 404", answer("404 Not Found")),
    ("answers 408", answer("408 Request Timeout")),
    ("answers 409", answer("409 Conflict")),
    ("answers 412", answer("412 Precondition Failed")),
    ("answers 422", answer("422 Unprocessable Content")),
    ("answers 429, Retry-After: 120", answer("429 Too Many Requests", "Retry-After: 120")),
    ("answers 503, Retry-After: in 30 hours", answer("503 Service Unavailable", f"Retry-After: {LATER}")),
    ("answers 500", answer("500 Internal Server Error")),
    ("answers 502 with HTML", answer("502 Bad Gateway", body=HTML, kind="text/html")),
    ("answers 504", answer("504 Gateway Timeout")),
]


class Nothing(dict[str, str]):
    """A memory that knows nothing."""

    def seen(self, key: str) -> bool:
        return False

    def put(self, name: str, value: str | None) -> None:
        self[name] = value or ""

    def names(self, prefix: str = "") -> list[str]:
        return []


def three(url: str, tls: dict[str, Any] | None = None, auth: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """The outcomes of a POST, of a POST with a key, and of a GET of a list."""
    timeouts = {"connect": "5s", "read": "1s", "total": "1500ms"}
    settings = {"base_url": url, "tries": 1, "timeouts": timeouts, "max_body": 1_000_000, "tls": tls or {}}
    connection = RestConnection.model_validate({**settings, "auth": auth or {}})
    found = []
    for options in ({}, {"idempotency": "header"}):
        target = RestApiTarget(connection, RestTarget.model_validate({"path": "/orders", **options}))
        with target:
            found.append(outcome(lambda to=target: to.deliver(DOCUMENT)))
    pages = {"style": "cursor", "items": "rows", "next": "next", "max": 30}
    with RestApiSource(connection, RestSource.model_validate({"path": "/orders", "pages": pages})) as source:
        found.append(outcome(lambda: list(source.receive(Nothing()))))
    return found


def certificates() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The outcomes of servers whose certificates do not fit."""
    authority, stranger = trustme.CA(), trustme.CA()
    for name, by, host, until, change in (
        ("has a certificate of an unknown authority", stranger, "127.0.0.1", None, {}),
        ("has a certificate that has ended", authority, "127.0.0.1", datetime.now(UTC) - timedelta(days=1), {}),
        ("has a certificate for another name", authority, "other.example", None, {}),
        ("has a certificate that is not pinned", authority, "127.0.0.1", None, {"pins": ["0" * 64]}),
        ("wants a certificate of ours and gets none", authority, "127.0.0.1", None, {"client": True}),
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        by.issue_cert(host, not_after=until).configure_cert(context)
        if change.pop("client", False):
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)
        with authority.cert_pem.tempfile() as ca, bad_server(say(GOOD), context) as url:
            yield name, three(url, {"ca": ca, **change})


def pages(script: Callable[[int], bytes]) -> Script:
    """Answers each request with another page."""
    asked = iter(range(10_000))

    def serve(client: Any, over: threading.Event) -> None:
        body = script(next(asked))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        client.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    return serve


def lists() -> Iterator[tuple[str, Script]]:
    """Servers whose pages go wrong."""
    yield "repeats its cursor", pages(lambda n: b'{"rows": [%d], "next": "same"}' % n)
    yield "has pages without end", pages(lambda n: b'{"rows": [%d], "next": "%d"}' % (n, n))
    yield "has empty pages without end", pages(lambda n: b'{"rows": [], "next": "%d"}' % n)


def rows() -> Iterator[list[str]]:
    yield ["the server", "POST", "POST with a key", "GET of a list", "what the finding of the POST says"]
    faults = [("does not listen", three(refused())), ("has a name that nobody knows", three("https://erp.invalid"))]
    for name, script in FAULTS:
        with bad_server(script) as url:
            faults.append((name, three(url)))
    faults += certificates()
    with bad_server(answer("503 Service Unavailable")) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": f"{url}", "client_secret": "s"}
        faults.append(("has a token server that is down", three(url, auth={"oauth2": oauth2})))
    with bad_server(answer("401 Unauthorized", body=b'{"error": "invalid_client"}')) as url:
        oauth2 = {"token_url": f"{url}/token", "client_id": f"{url}", "client_secret": "s"}
        faults.append(("has a token server that refuses us", three(url, auth={"oauth2": oauth2})))
    for name, found in faults:
        yield [name, *(words for words, _ in found), found[0][1]]
    for name, script in lists():
        with bad_server(script) as url:
            words, says = three(url)[2]
            yield [name, "", "", words, says]


def test_every_fault_has_its_outcome_and_the_docs_say_so() -> None:
    table = markdown(list(rows()))
    print(table)
    text = PAGE.read_text()
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == table


def position_words(count: int) -> str:
    with bad_server(say(GOOD[:count])) as url:
        return " ".join(words for words, _ in three(url))


@pytest.mark.parametrize("count", range(len(GOOD)))
def test_closed_at_every_possible_byte_nothing_is_lost_and_nothing_is_torn(count: int) -> None:
    assert position_words(count) == "unknown retry retry"


def test_an_answer_that_is_whole_is_taken() -> None:
    assert position_words(len(GOOD)) == "taken taken taken"


def test_a_gzip_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(bytes(60_000_000), 9)
    with bad_server(answer("200 OK", "Content-Encoding: gzip", body=bomb)) as url:
        tracemalloc.start()
        try:
            found = three(url)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert [words for words, _ in found] == ["taken", "taken", "stop"]
    assert peak < 10_000_000
