"""OAuth 2.0 against a token server that checks secrets, and keys that must be seen nowhere."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.adapters.servers import Asked, Say, TokenServer, serving

from transload.adapters.base import Outbound, Reject, Retry, Stop
from transload.adapters.rest import RestApiSource, RestApiTarget

Make = Callable[..., RestApiTarget]
DOCUMENT = Outbound(key="k", content=b"{}", content_type="application/json")
SECRET = "p:ss w%rd + é"


@pytest.fixture
def books() -> TokenServer:
    return TokenServer({f"bolt {uuid.uuid4()}": SECRET})


@pytest.fixture
def api(books: TokenServer) -> Iterator[str]:
    def handle(asked: Asked) -> Say:
        if asked.target == "/token":
            return books.handle(asked)
        if not books.lets_in(asked):
            return Say.json({"error": f"token {asked.headers.get('authorization')} is not good"}, 401)
        return Say.json({}, 201)

    with serving(handle) as url:
        yield url


def login(books: TokenServer, url: str, **more: str) -> dict[str, Any]:
    settings = {"token_url": f"{url}/token", "client_id": next(iter(books.clients)), "client_secret": SECRET, **more}
    return {"auth": {"oauth2": settings}}


@pytest.mark.parametrize(("way", "accepted"), [("client_secret_basic", "basic"), ("client_secret_post", "post")])
def test_the_secret_travels_as_declared(books: TokenServer, api: str, target: Make, way: str, accepted: str) -> None:
    books.ways = (accepted,)
    settings = login(books, api, client_auth=way, scope="orders.write", audience="erp")
    assert target(api, connection=settings).deliver(DOCUMENT).summary.startswith("201")
    assert books.forms[0]["scope"] == "orders.write"
    assert books.forms[0]["audience"] == "erp"
    other = {"client_secret_basic": "client_secret_post", "client_secret_post": "client_secret_basic"}[way]
    books.good.clear()
    again = login(books, api, client_auth=other, scope="another")
    with pytest.raises(Stop, match="gave no token and answered with 401, invalid_client: wrong id or secret"):
        target(api, connection=again).deliver(DOCUMENT)


def test_a_token_is_renewed_before_its_end_and_once_when_refused(books: TokenServer, api: str, target: Make) -> None:
    to = target(api, connection=login(books, api))
    for _ in range(3):
        to.deliver(DOCUMENT)
    assert len(books.given) == 1
    books.good.clear()
    to.deliver(DOCUMENT)
    assert len(books.given) == 2
    books.clients, calls = {}, books.calls
    books.good.clear()
    with pytest.raises(Stop):
        to.deliver(DOCUMENT)
    assert books.calls == calls + 1


def test_the_lifetimes_of_tokens_with_another_clock(
    books: TokenServer, api: str, target: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("transload.adapters.rest.login.time.monotonic", lambda: now[0])
    to = target(api, connection=login(books, api))
    for moment, given in ((1000.0, 1), (4500.0, 1), (4541.0, 2), (8000.0, 2)):
        now[0] = moment
        to.deliver(DOCUMENT)
        assert len(books.given) == given


def test_many_threads_share_one_flight_and_its_failure(books: TokenServer, api: str, target: Make) -> None:
    books.broken = Say(status=503, headers={"Retry-After": "30"})
    settings = login(books, api)
    targets = [target(api, connection=settings) for _ in range(8)]
    waits: list[float | None] = []
    barrier = threading.Barrier(8)
    slow = threading.Event()
    handle = books.handle

    def slowly(asked: Asked) -> Say:
        slow.wait(0.3)
        return handle(asked)

    books.handle = slowly  # type: ignore[method-assign]

    def deliver(to: RestApiTarget) -> None:
        barrier.wait()
        try:
            to.deliver(DOCUMENT)
        except Retry as error:
            waits.append(error.wait)

    def run() -> None:
        threads = [threading.Thread(target=deliver, args=(to,)) for to in targets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run()
    assert waits == [30.0] * 8
    assert books.calls == 1
    books.broken = None
    run()
    assert books.calls == 2
    assert len(waits) == 8


def test_a_server_that_repeats_our_token_does_not_make_it_seen(
    books: TokenServer, api: str, target: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    to = target(api, connection=login(books, api))
    to.deliver(DOCUMENT)
    lets_in = books.lets_in
    books.lets_in = lambda asked: False  # type: ignore[method-assign]
    with pytest.raises(Stop) as caught:
        to.deliver(DOCUMENT)
    books.lets_in = lets_in  # type: ignore[method-assign]
    said = "\n".join(map(str, caught.value.findings)) + caplog.text + repr(to.connection)
    assert "token Bearer *** is not good" in said
    assert not any(token in said for token in books.given)
    assert SECRET not in said


def test_a_key_in_the_query_is_sent_and_seen_nowhere(
    target: Make, source: Callable[..., RestApiSource], memory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    def handle(asked: Asked) -> Say:
        seen.append(asked.target)
        if "key=gehe1m%2B" not in asked.target:
            return Say.json({}, 401)
        if asked.method == "POST":
            return Say.json({"message": "key gehe1m+ may not"}, 400)
        following = f"/list?after=1&key=gehe1m%2B&page={len(seen)}" if len(seen) < 4 else None
        return Say.json({"rows": [{"id": len(seen)}], "next": following})

    connection = {"auth": {"api_key": {"query": "key", "key": "gehe1m+"}}}
    with serving(handle) as url:
        with pytest.raises(Reject) as caught:
            target(url, connection=connection, query="a=1").deliver(DOCUMENT)
        assert seen == ["/sales-orders?a=1&key=gehe1m%2B"]
        pages = {"style": "next", "items": "rows", "next": "next"}
        receiving = source(url, connection=connection, path="/list", pages=pages).receive(memory)
        first = next(receiving)
        kept = str(dict(memory)) + first.origin + first.key + str(first.metadata)
        receiving.close()
        resumed = list(source(url, connection=connection, path="/list", pages=pages).receive(memory))
        assert len(resumed) == 2
        assert [target.count("key=") for target in seen] == [1] * 4
    said = "\n".join(map(str, caught.value.findings)) + caplog.text + kept + str(dict(memory))
    assert "key *** may not" in said
    assert "gehe1m" not in said


@pytest.mark.parametrize("path", ["/a b", "/x"])
def test_no_error_of_the_library_shows_the_query(free_port: int, target: Make, path: str) -> None:
    connection = {"auth": {"api_key": {"query": "key", "key": "gehe1m"}}, "timeouts": {"connect": "300ms"}}
    for base in (f"http://127.0.0.1:{free_port}", f"https://127.0.0.1:{free_port}", "https://erp.invalid"):
        with pytest.raises(Retry) as caught:
            target(base, connection=connection, path=path).deliver(DOCUMENT)
        assert "gehe1m" not in str(caught.value.findings[0])
