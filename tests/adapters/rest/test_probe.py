"""What a look at a connection tells, and what it says to write."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.servers import Asked, Say, TokenServer, serving

from transload.adapters.base import Probe
from transload.adapters.base.tls import look_at
from transload.adapters.rest import RestApiSource, RestApiTarget

trustme = pytest.importorskip("trustme")
Make = Callable[..., RestApiTarget]
LIST = {"data": [{"id": 1}, {"id": 2}], "meta": {"next_cursor": "abc", "total": 7}, "errors": []}


def lines(probe: Probe) -> list[str]:
    return [finding.line() for finding in probe.findings]


def codes(probe: Probe) -> list[str]:
    return [f"{finding.severity} {finding.code}" for finding in probe.findings]


def test_a_tls_server_is_described(tmp_path: Path, target: Make) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) + timedelta(days=9, hours=1)).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    own = authority.issue_cert("us@bolt.example", not_after=datetime.now(UTC) + timedelta(days=400))
    tls = {
        "ca": str(tmp_path / "ca.pem"),
        "certificate": own.cert_chain_pems[0].bytes().decode(),
        "key": own.private_key_pem.bytes().decode(),
    }
    asked: list[str] = []

    def handle(request: Asked) -> Say:
        asked.append(f"{request.method} {request.target}")
        return Say.json({})

    connection = {"tls": tls, "auth": {"basic": {"username": "a", "password": "b"}}, "probe": "ping"}
    with serving(handle, tls=context) as url:
        found = target(url + "/v1", connection=connection).probe()
        peer = look_at("127.0.0.1", int(url.rpartition(":")[2]), seconds=5)
    assert asked == ["GET /v1/ping"]
    assert found.ok
    assert peer is not None
    assert lines(found)[1].startswith("remark P-TLS TLSv1.3 with TLS_")
    assert codes(found) == [
        "remark P-OWN",
        "remark P-TLS",
        "warning P-CERTIFICATE",
        "remark P-PIN",
        "remark P-CLOCK",
        "remark P-LOGIN",
    ]
    assert "UTC, in 9 days (tell the partner to renew it" in lines(found)[2]
    assert f"to pin its key: tls: {{pins: [{peer.key_fingerprint}]}}" in lines(found)[3]
    assert lines(found)[4:] == ["remark P-CLOCK both clocks agree", "remark P-LOGIN basic: the server answers with 200"]


def test_an_untrusted_server_is_shown_with_what_would_trust_it(target: Make) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(lambda asked: Say.json({}), tls=context) as url:
        found = target(url).probe()
        assert found.ok is False
        assert codes(found)[0] == "error E-STOP"
        pin = lines(found)[-1].partition("fingerprint ")[2].split()[0]
        again = target(url, connection={"tls": {"verify": False, "pins": [pin]}}).probe()
        assert again.ok


@pytest.mark.parametrize(
    ("status", "ok", "said"),
    [
        (200, True, "no login: the server answers with 200"),
        (404, True, "it cannot be told whether the server takes it, since it answers with 404"),
        (401, False, "the login is refused"),
        (403, False, "the login may not do this"),
        (302, False, "correct the address"),
        (500, False, "was answered with 500"),
    ],
)
def test_what_the_login_comes_to(target: Make, status: int, ok: bool, said: str) -> None:
    with serving(lambda asked: Say.json({}, status)) as url:
        found = target(url, connection={"tries": 1}).probe()
    assert found.ok is ok
    assert any(said in line for line in lines(found))
    assert not ok or any("warning P-PLAIN" in line for line in lines(found))


def test_a_token_is_fetched_and_a_refused_secret_is_told(target: Make) -> None:
    books = TokenServer({"bolt": "right"})
    with serving(lambda asked: books.handle(asked) if asked.target == "/token" else Say.json({})) as url:
        for secret, ok in (("right", True), ("another", False)):
            oauth2 = {"token_url": f"{url}/token", "client_id": "bolt", "client_secret": secret}
            found = target(url, connection={"auth": {"oauth2": oauth2}}).probe()
            assert found.ok is ok
            words = "the token server gave a token" if ok else "invalid_client: wrong id or secret"
            assert any(words in line for line in lines(found))


@pytest.mark.parametrize(("hours", "words"), [(1, "ahead of ours"), (-1, "behind ours")])
def test_clocks_that_differ_are_a_warning(raw_server: Any, target: Make, hours: int, words: str) -> None:
    moment = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    answer = f"HTTP/1.1 200 OK\r\nDate: {moment}\r\nContent-Length: 0\r\n\r\n".encode()
    found = target(raw_server(lambda client, request: client.sendall(answer)).url).probe()
    line = next(line for line in lines(found) if "P-CLOCK" in line)
    assert line.startswith("warning")
    assert words in line
    nothing = raw_server(lambda client, request: client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert "remark P-CLOCK the server does not say what time it is" in lines(target(nothing.url).probe())


@pytest.mark.parametrize(
    ("answer", "pages", "said"),
    [
        (
            Say.json(LIST),
            {},
            [
                "remark P-PAGES a list of 2 stands at data (to follow it: pages: {items: data})",
                "remark P-PAGES meta.next_cursor leads to a next page "
                "(to follow it: pages: {style: cursor, items: data, next: meta.next_cursor})",
                "remark P-PAGES meta.total says 7: the number of all items? (pages: {total: meta.total})",
            ],
        ),
        (
            Say.json(LIST),
            {"style": "cursor", "items": "data", "next": "meta.next_cursor"},
            [
                "remark P-PAGES the first page has 2 items at data",
                "remark P-PAGES meta.next_cursor leads to a next page",
                "remark P-PAGES meta.total says 7: the number of all items? (pages: {total: meta.total})",
            ],
        ),
        (
            Say.json(LIST),
            {"items": "rows"},
            [
                "error P-PAGES no list stands at pages: items: rows (a list stands at data)",
                "remark P-PAGES meta.next_cursor leads to a next page "
                "(to follow it: pages: {style: cursor, items: data, next: meta.next_cursor})",
                "remark P-PAGES meta.total says 7: the number of all items? (pages: {total: meta.total})",
            ],
        ),
        (
            Say.json({"value": [1], "@odata.nextLink": "https://x/?a"}),
            {"items": "value"},
            [
                "remark P-PAGES the first page has 1 items at value",
                "remark P-PAGES @odata.nextLink leads to a next page "
                '(to follow it: pages: {style: next, items: value, next: "@odata.nextLink"})',
            ],
        ),
        (
            Say.json([1, 2], Link='</?p=2>; rel="next"'),
            {},
            [
                "remark P-PAGES the Link header names a next page (to follow it: pages: {style: link})",
                'remark P-PAGES a list of 2 stands at $ (to follow it: pages: {items: "$"})',
            ],
        ),
        (
            Say(body=b"<html>", headers={"Content-Type": "text/html"}),
            {},
            ["error H-CONTENT"],
        ),
        (Say(body=b"x"), {}, []),
    ],
)
def test_the_paging_of_a_first_page_and_how_to_write_it(
    source: Callable[..., RestApiSource], answer: Say, pages: dict[str, str], said: list[str]
) -> None:
    with serving(lambda asked: answer) as url:
        found = source(url, pages=pages).probe()
    shown = [line for line in lines(found) if "P-PAGES" in line or "H-CONTENT" in line]
    assert [line[: len(words)] for line, words in zip(shown, said, strict=True)] == said
    assert found.ok is not any(words.startswith("error") for words in said)
