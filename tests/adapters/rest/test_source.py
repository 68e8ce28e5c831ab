"""Fetching from a REST API: paging, watermarks, unchanged resources."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from transload.adapters.base import Inbound, Retry, Stop
from transload.adapters.base.http import Reply
from transload.adapters.rest import RestApiSource
from transload.adapters.rest.pages import Walk
from transload.adapters.rest.paging import Pages
from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server

Make = Callable[..., RestApiSource]
CURSOR = {"style": "cursor", "items": "data", "next": "meta.next", "size": 2}


def confirmations(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"number": f"PO-{n}", "updated_at": f"2026-01-01T10:{n:02}:00Z"} for n in range(start, start + count)]


def commit(memory: Any, source: RestApiSource) -> list[Inbound]:
    """Receive all and remember it, as the runner does."""
    found = []
    for inbound in source.receive(memory):
        memory.arrived.add(inbound.key)
        inbound.settle()
        found.append(inbound)
    return found


def numbers(found: list[Inbound]) -> list[list[str]]:
    return [[item["number"] for item in json.loads(inbound.content)["data"]] for inbound in found]  # type: ignore[arg-type]


def test_each_page_of_a_cursor_is_one_inbound(api: RestApi, url: str, source: Make, memory: Any) -> None:
    api.confirmations = confirmations(5)
    found = commit(memory, source(url, pages=CURSOR))
    assert numbers(found) == [["PO-0", "PO-1"], ["PO-2", "PO-3"], ["PO-4"]]
    assert found[1].metadata == {"status": "200", "page": "2", "content_type": "application/json"}
    assert found[1].origin == f"{url}/order-confirmations"
    assert commit(memory, source(url, pages=CURSOR)) == []


def test_an_empty_list_is_no_arrival(url: str, source: Make, memory: Any) -> None:
    assert commit(memory, source(url, pages=CURSOR)) == []


def test_a_watermark_asks_only_for_what_is_newer(api: RestApi, url: str, source: Make, memory: Any) -> None:
    api.confirmations = confirmations(3)
    assert numbers(commit(memory, source(url, pages=CURSOR, since="updated_at"))) == [["PO-0", "PO-1"], ["PO-2"]]
    assert memory["since /order-confirmations"] == "2026-01-01T10:02:00Z"
    assert commit(memory, source(url, pages=CURSOR, since="updated_at")) == []  # the newest one again: seen
    api.confirmations += confirmations(1, start=3)
    assert numbers(commit(memory, source(url, pages=CURSOR, since="updated_at"))) == [["PO-2", "PO-3"]]
    stepped = {"field": "updated_at", "overlap": "2m"}
    assert numbers(commit(memory, source(url, pages={**CURSOR, "size": 9}, since=stepped))) == [
        ["PO-1", "PO-2", "PO-3"]
    ]


def test_a_break_in_the_middle_of_a_pass_moves_no_watermark(api: RestApi, url: str, source: Make, memory: Any) -> None:
    api.confirmations = confirmations(4)
    receiving = source(url, pages=CURSOR, since="updated_at").receive(memory)
    memory.arrived.add(next(receiving).key)
    api.mischief.plan(status=500, times=3)
    with pytest.raises(Retry):
        next(receiving)
    assert "since /order-confirmations" not in memory
    assert numbers(commit(memory, source(url, pages=CURSOR, since="updated_at"))) == [["PO-2", "PO-3"]]


@pytest.fixture
def paged() -> Iterator[tuple[str, list[str]]]:
    """A list of five in three further styles of paging; the queries asked are kept."""
    asked: list[str] = []
    rows = [{"n": n} for n in range(5)]

    async def offset(request: Request) -> Response:
        asked.append(str(request.url.query))
        start = int(request.query_params["offset"])
        return JSONResponse({"rows": rows[start : start + int(request.query_params["limit"])], "total": 5})

    async def page(request: Request) -> Response:
        asked.append(str(request.url.query))
        start = (int(request.query_params["p"]) - 1) * 2
        return JSONResponse(rows[start : start + 2])

    async def link(request: Request) -> Response:
        asked.append(str(request.url.query))
        start = int(request.query_params.get("from", "0"))
        headers = {"Link": f'</link>; rel="first", </link?from={start + 2}>; rel="next"'} if start < 4 else {}
        return JSONResponse(rows[start : start + 2], headers=headers)

    async def following(request: Request) -> Response:
        asked.append(str(request.url.query))
        where = request.query_params.get("where", "same")
        target = {"same": "/next?where=last", "last": None, "away": "https://evil.example/next"}[where]
        return JSONResponse({"rows": rows[:2], "next": target})

    async def circle(request: Request) -> Response:
        return JSONResponse({"rows": rows, "next": "7"})

    async def etag(request: Request) -> Response:
        asked.append(request.headers.get("if-none-match", "-"))
        if request.headers.get("if-none-match") == '"v1"':
            return Response(status_code=304)
        return JSONResponse({"price": 1}, headers={"ETag": '"v1"'})

    async def page_of_login(request: Request) -> Response:
        return Response("<html>please log in</html>", media_type="text/html")

    routes = [
        Route(f"/{name}", handler)
        for name, handler in (
            ("offset", offset),
            ("page", page),
            ("link", link),
            ("next", following),
            ("circle", circle),
            ("etag", etag),
            ("login", page_of_login),
        )
    ]
    with http_server(Starlette(routes=routes)) as address:
        yield address, asked


@pytest.mark.parametrize(
    ("path", "pages", "queries"),
    [
        (
            "/offset",
            {"style": "offset", "items": "rows", "size": 2},
            ["limit=2&offset=0", "limit=2&offset=2", "limit=2&offset=4"],
        ),
        (
            "/offset",
            {"style": "offset", "items": "rows", "size": 5, "total": "total"},
            ["limit=5&offset=0"],
        ),
        ("/page", {"style": "page", "items": "$", "parameter": "p"}, ["p=1", "p=2", "p=3", "p=4"]),
        ("/link", {"style": "link", "items": "$"}, ["", "from=2", "from=4"]),
        ("/link", {"style": "link"}, ["", "from=2", "from=4"]),
        ("/next", {"style": "next", "items": "rows", "next": "next"}, ["", "where=last"]),
    ],
)
def test_every_style_of_paging_ends(
    paged: tuple[str, list[str]], source: Make, memory: Any, path: str, pages: dict[str, Any], queries: list[str]
) -> None:
    url, asked = paged
    found = commit(memory, source(url, path=path, pages=pages))
    assert asked == queries
    assert len({inbound.key for inbound in found}) == len(found)


def test_a_next_page_on_another_server_is_not_fetched(paged: tuple[str, list[str]], source: Make, memory: Any) -> None:
    url, _ = paged
    options = {"path": "/next", "query": {"where": "away"}, "pages": {"style": "next", "next": "next"}}
    with pytest.raises(Stop, match=r"the next page is on another server: https://evil\.example"):
        commit(memory, source(url, **options))


def test_pages_in_a_circle_and_pages_without_end_are_faults(
    paged: tuple[str, list[str]], source: Make, memory: Any
) -> None:
    url, _ = paged
    pages = {"style": "cursor", "items": "rows", "next": "next"}
    with pytest.raises(Stop, match=r"the partner's pages go in a circle at http://127\.0\.0\.1:\d+/circle$"):
        commit(memory, source(url, path="/circle", pages=pages))
    with pytest.raises(Stop, match="there are more than 2 pages"):
        commit(memory, source(url, path="/page", pages={"style": "page", "items": "$", "parameter": "p", "max": 2}))


def test_an_unchanged_resource_is_not_sent_again(paged: tuple[str, list[str]], source: Make, memory: Any) -> None:
    url, asked = paged
    assert len(commit(memory, source(url, path="/etag"))) == 1
    assert commit(memory, source(url, path="/etag")) == []
    assert asked == ["-", '"v1"']


def test_a_login_page_instead_of_the_list_is_tried_again_later(
    paged: tuple[str, list[str]], source: Make, memory: Any
) -> None:
    url, _ = paged
    with pytest.raises(Retry) as caught:
        commit(memory, source(url, path="/login", pages={"style": "cursor", "items": "data", "next": "next"}))
    assert str(caught.value.findings[0]) == (
        f"error H-CONTENT GET {url}/login answered with 200 and HTML instead of application/json\n"
        "    value    '<html>please log in</html>'\n"
        "    hint     a login or maintenance page? look at its beginning, at the address, at the login and at accept:"
    )


def test_a_page_that_is_not_as_declared_names_what_is_missing(
    paged: tuple[str, list[str]], source: Make, memory: Any
) -> None:
    url, _ = paged
    pages = {"style": "cursor", "items": "data", "next": "next"}
    with pytest.raises(Stop, match="without a list at 'data'"):
        commit(memory, source(url, path="/circle", pages=pages))
    with pytest.raises(Stop, match="an item has no 'changed'"):
        commit(memory, source(url, path="/circle", pages={**pages, "items": "rows"}, since="changed"))


def test_a_wrong_address_stops_and_a_large_answer_too(api: RestApi, url: str, source: Make, memory: Any) -> None:
    with pytest.raises(Stop, match="/nowhere was answered with 404"):
        commit(memory, source(url, path="/nowhere"))
    with pytest.raises(Stop, match="has more than 5 bytes"):
        commit(memory, source(url, connection={"max_body": 5}))


def test_a_dead_server_is_asked_a_few_times(
    raw_server: Callable[..., Any], source: Make, memory: Any, naps: list[float]
) -> None:
    def half(client: socket.socket, request: bytes) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")

    server = raw_server(half)
    with pytest.raises(Retry):
        commit(memory, source(server.url))
    assert len(server.requests) == 3
    assert len(naps) == 2


def test_a_key_in_the_query_is_kept_nowhere(api: RestApi, url: str, source: Make, memory: Any) -> None:
    api.confirmations = confirmations(1)
    found = commit(memory, source(url, query={"api_key": "SECRET"}))
    said = [found[0].key, found[0].origin, *found[0].metadata.values(), *memory.names("")]
    assert not any("SECRET" in text for text in said)


@pytest.mark.parametrize("target", ["http://[", "//[::1"])
def test_a_next_page_without_a_real_address_stops(target: str) -> None:
    reply = Reply(method="GET", address="http://x/", status=200, headers={}, content=b"{}")
    with pytest.raises(Stop, match="an address that is none"):
        Walk(Pages(style="next", next="next")).after({}, reply, "http://x/", {"next": target}, None)
