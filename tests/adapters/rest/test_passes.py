"""Passes that are cut, lists that mislead, items one by one, and partners who want peace."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.adapters.servers import Asked, Say, serving

from transload.adapters.base import Inbound, Retry, Stop
from transload.adapters.rest import RestApiSource, RestConnection, RestSource
from transload.adapters.rest.bodies import at, extent, items_at, steps_of
from transload.adapters.rest.pages import linked

Make = Callable[..., RestApiSource]
CURSOR = {"style": "cursor", "items": "rows", "next": "next", "size": 2}


class Partner:
    """A list in pages of two, in every style; ``broken`` says what happens to a page instead, by its first item."""

    def __init__(self, count: int = 20) -> None:
        self.rows: list[dict[str, Any]] = [{"id": n, "at": f"2026-01-01T00:{n:02}:00Z"} for n in range(count)]
        self.asked: list[dict[str, str]] = []
        self.broken: dict[int, Say] = {}
        self.largest = 2

    def handle(self, asked: Asked) -> Say:
        query = dict(parse_qsl(urlsplit(asked.target).query))
        if asked.method == "POST":
            query = {name: str(value) for name, value in json.loads(asked.body).items()}
        self.asked.append(query)
        rows = [row for row in self.rows if row["at"] >= query.get("at", "")]
        start = int(query.get("cursor") or query.get("offset") or (int(query.get("page", "1")) - 1) * self.largest)
        if start in self.broken:
            return self.broken[start]
        size = min(int(query.get("limit", self.largest)), self.largest)
        end = start + size
        more = end < len(rows)
        body = {
            "rows": rows[start:end],
            "next": str(end) if more else None,
            "url": f"{urlsplit(asked.target).path}?cursor={end}&token=t" if more else None,
            "total": len(rows),
            "more": more,
        }
        link = {"Link": f'<?cursor={end}&token=t>; rel="prev next"'} if more else {}
        return Say.json(body, **link)


@pytest.fixture
def partner() -> Partner:
    return Partner()


@pytest.fixture
def url(partner: Partner) -> Iterator[str]:
    with serving(partner.handle) as address:
        yield address


def commit(memory: Any, source: RestApiSource, most: int = 1000) -> list[Inbound]:
    """Receive as the runner does, and break off after ``most``, as a process does that is killed."""
    found: list[Inbound] = []
    durable = dict(memory)
    receiving = source.receive(memory)
    for inbound in receiving:
        memory.arrived.add(inbound.key)
        durable = dict(memory)
        found.append(inbound)
        if len(found) == most:
            receiving.close()
            memory.clear()
            memory.update(durable)
            return found
    return found


def ids(found: list[Inbound]) -> list[int]:
    return [row["id"] for inbound in found for row in json.loads(inbound.content)["rows"]]  # type: ignore[arg-type]


STYLES: list[tuple[dict[str, Any], str]] = [
    (CURSOR, "cursor"),
    ({"style": "offset", "items": "rows", "size": 2}, "offset"),
    ({"style": "page", "items": "rows", "size": 2}, "page"),
    ({"style": "next", "items": "rows", "next": "url"}, "cursor"),
    ({"style": "link", "items": "rows"}, "cursor"),
    ({"style": "link"}, "cursor"),
]


@pytest.mark.parametrize(("pages", "name"), STYLES)
def test_a_pass_that_was_cut_after_page_7_goes_on_at_page_8(
    partner: Partner, url: str, source: Make, memory: Any, pages: dict[str, Any], name: str
) -> None:
    options = {"pages": pages, "query": {"token": "t"}}
    assert len(commit(memory, source(url, **options), most=7)) == 7
    assert "token" not in json.loads(memory["pass /order-confirmations"])["step"]
    partner.asked.clear()
    rest = commit(memory, source(url, **options))
    assert partner.asked[0][name] == ("8" if name == "page" else "14")
    assert all(asked["token"] == "t" for asked in partner.asked)
    assert ids(rest) == list(range(14, 20))
    assert "pass /order-confirmations" not in memory
    assert commit(memory, source(url, **options)) == []


def test_a_server_that_fails_in_the_middle_is_asked_for_that_page_alone(
    partner: Partner, url: str, source: Make, memory: Any
) -> None:
    partner.broken = {14: Say(status=500)}
    with pytest.raises(Retry):
        commit(memory, source(url, pages=CURSOR, since="at"))
    partner.broken, partner.asked = {}, []
    assert ids(commit(memory, source(url, pages=CURSOR, since="at"))) == list(range(14, 20))
    assert "at" not in partner.asked[0]  # the pass goes on as it was begun
    assert memory["since /order-confirmations"] == "2026-01-01T00:19:00Z"


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_cursor_that_is_gone_begins_the_pass_anew(
    partner: Partner, url: str, source: Make, memory: Any, status: int
) -> None:
    commit(memory, source(url, pages=CURSOR), most=3)
    partner.broken = {6: Say(status=status)}
    partner.asked.clear()
    with pytest.raises(Stop):  # and stops where it is gone within a pass
        commit(memory, source(url, pages=CURSOR))
    assert [asked.get("cursor") for asked in partner.asked] == ["6", None, "2", "4", "6"]


@pytest.mark.parametrize("change", ["old", "query", "off", "garbled", "list"])
def test_a_note_that_does_not_fit_is_not_followed(
    partner: Partner, url: str, source: Make, memory: Any, change: str
) -> None:
    options: dict[str, Any] = {"pages": {**CURSOR, "resume": "0s" if change == "off" else "1h"}}
    commit(memory, source(url, **options), most=3)
    assert ("pass /order-confirmations" in memory) == (change != "off")
    if change == "old":
        note = json.loads(memory["pass /order-confirmations"])
        note["begun"] = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
        memory["pass /order-confirmations"] = json.dumps(note)
    elif change in ("garbled", "list"):
        memory["pass /order-confirmations"] = {"garbled": '{"of":', "list": "[]"}[change]
    elif change == "query":
        options["query"] = {"kind": "b"}
    partner.asked.clear()
    found = commit(memory, source(url, **options))
    assert "cursor" not in partner.asked[0]
    assert ids(found)[-1] == 19


@pytest.mark.parametrize("most", range(1, 21))
def test_items_one_by_one_are_each_received_once_wherever_it_is_cut(
    partner: Partner, url: str, source: Make, memory: Any, most: int
) -> None:
    options = {"pages": {**CURSOR, "each": "item"}, "since": {"field": "at", "overlap": "3m"}}
    first = commit(memory, source(url, **options), most=most)
    rest = commit(memory, source(url, **options))
    assert [json.loads(inbound.content)["id"] for inbound in [*first, *rest]] == list(range(20))  # type: ignore[arg-type]
    partner.rows += [{"id": 20, "at": "2026-01-01T00:17:30Z"}]  # shows up late
    partner.rows.sort(key=lambda row: row["at"])
    assert [inbound.content for inbound in commit(memory, source(url, **options))] == [
        b'{"id": 20, "at": "2026-01-01T00:17:30Z"}'
    ]


def test_the_version_of_an_item_is_what_identity_says(partner: Partner, url: str, source: Make, memory: Any) -> None:
    partner.rows = [{"id": 1, "at": "a", "views": 1}]
    options = {"pages": {**CURSOR, "each": "item", "identity": ["id", "at"]}}
    assert len(commit(memory, source(url, **options))) == 1
    partner.rows[0]["views"] = 2
    assert commit(memory, source(url, **options)) == []
    partner.rows[0]["at"] = "b"
    assert len(commit(memory, source(url, **options))) == 1
    del partner.rows[0]["id"]
    with pytest.raises(Stop, match="an item has no 'id'"):
        commit(memory, source(url, **options))


def test_a_search_is_posted_and_its_parameters_stand_in_the_body(
    partner: Partner, url: str, source: Make, memory: Any
) -> None:
    options = {"method": "POST", "body": {"kind": "order"}, "parameters": "body", "pages": CURSOR, "since": "at"}
    assert ids(commit(memory, source(url, **options))) == list(range(20))
    assert partner.asked[:2] == [
        {"kind": "order", "limit": "2"},
        {"kind": "order", "limit": "2", "cursor": "2"},
    ]
    commit(memory, source(url, **options))
    assert partner.asked[-1] == {"kind": "order", "at": "2026-01-01T00:19:00Z", "limit": "2"}
    for wrong in ({"body": {}}, {"parameters": "body"}):
        with pytest.raises(ValidationError, match="a GET has no body"):
            RestSource.model_validate({"path": "/", **wrong})


@pytest.mark.parametrize("style", ["offset", "page"])
def test_a_server_with_smaller_pages_of_its_own_loses_nothing(
    partner: Partner, url: str, source: Make, memory: Any, style: str
) -> None:
    assert ids(commit(memory, source(url, pages={"style": style, "items": "rows", "size": 500}))) == list(range(20))


def test_a_list_shorter_than_it_says_is_told_and_asked_for_again(
    partner: Partner, url: str, source: Make, memory: Any
) -> None:
    partner.broken = {10: Say.json({"rows": [], "total": 20})}
    options = {"pages": {"style": "offset", "items": "rows", "size": 2, "total": "total"}, "since": "at"}
    with pytest.raises(Retry, match="ended 10 items short of the 20 that it speaks of"):
        commit(memory, source(url, **options))
    assert "since /order-confirmations" not in memory
    partner.broken = {}
    assert ids(commit(memory, source(url, **options))) == list(range(10, 20))


def test_a_server_that_does_not_heed_the_parameter_is_found_out(
    partner: Partner, url: str, source: Make, memory: Any
) -> None:
    wrong = {"style": "offset", "parameter": "skip", "items": "rows", "size": 2}
    with pytest.raises(Stop, match="gave the same page twice: it does not heed the parameter 'skip'"):
        commit(memory, source(url, pages=wrong))


def test_more_says_whether_there_is_a_next_page(partner: Partner, url: str, source: Make, memory: Any) -> None:
    keyset = {"style": "cursor", "items": "rows", "next": "rows.-1.id", "more": "more"}
    found = commit(memory, source(url, pages={**keyset, "max": 30}), most=2)
    assert ids(found) == [0, 1, 1, 2]  # this partner's cursor is a position: the last id is one short
    assert partner.asked[1] == {"cursor": "1"}


def test_empty_pages_are_gone_through_unless_they_are_the_end(source: Make, memory: Any) -> None:
    def handle(asked: Asked) -> Say:
        at_page = int(dict(parse_qsl(urlsplit(asked.target).query)).get("cursor", "0"))
        following = str(min(at_page + 1, 4))
        return Say.json({"rows": [{"id": at_page}] if at_page in (0, 3) else [], "next": following})

    with serving(handle) as url:
        pages = {"style": "cursor", "items": "rows", "next": "next"}
        assert ids(commit(memory, source(url, path="/a", pages=pages))) == [0, 3]  # the last one names itself
        assert ids(commit(memory, source(url, path="/b", pages={**pages, "empty": "end"}))) == [0]


def test_a_short_peace_is_kept_within_the_pass_and_a_long_one_durably(
    partner: Partner, url: str, memory: Any, naps: list[float]
) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    connection = RestConnection.model_validate({"base_url": url})
    options = RestSource.model_validate({"path": "/list", "pages": CURSOR})
    replies = iter([Say(status=429, headers={"Retry-After": "3"}), Say(status=503, headers={"Retry-After": "120"})])
    whole = partner.handle

    def busy(asked: Asked) -> Say:
        return next(replies) if asked.target.endswith("cursor=4") and len(partner.asked) < 4 else whole(asked)

    def counted(asked: Asked) -> Say:
        found = busy(asked)
        if found.status != 200:
            partner.asked.append({"busy": "1"})
        return found

    with serving(counted) as address:
        connection = RestConnection.model_validate({"base_url": address})
        poll = RestApiSource(connection, options, sleep=naps.append, clock=lambda: now[0])
        with pytest.raises(Retry) as caught:
            commit(memory, poll)
        assert caught.value.wait == 120
        assert len(naps) == 1
        assert 3 <= naps[0] < 6
        calls = len(partner.asked)
        now[0] += timedelta(seconds=60)
        with pytest.raises(Retry, match=r"asked to be left alone until 2026-01-01T00:02:00\+00:00") as caught:
            commit(memory, poll)
        assert caught.value.wait == 60
        assert len(partner.asked) == calls
        now[0] += timedelta(seconds=61)
        assert ids(commit(memory, poll)) == list(range(4, 20))
        assert "rest /list" not in memory
        poll.close()


def test_a_clock_that_was_set_back_does_not_end_all_polling(url: str, memory: Any, source: Make) -> None:
    memory["rest /order-confirmations"] = "2999-01-01T00:00:00+00:00"
    assert len(commit(memory, source(url, pages=CURSOR))) == 10
    memory["rest /order-confirmations"] = "soon"
    assert commit(memory, source(url, pages=CURSOR)) == []


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://x/?a=1;b=2,c>; rel="next"', "https://x/?a=1;b=2,c"),
        ("</1>; rel=prev, </2>; REL=Next", "/2"),
        ('</1>; title="a, <b>; rel=\\"next\\""; rel="prev", </3>; rel="last next"', "/3"),
        ('</1>; rel="next"; anchor="#other"', None),
        ('</1>; rel="prev"; rel="next"', None),
        ("</1>", None),
        ("rel=next", None),
        ("", None),
        ("<" * 10_000 + ";" * 50_000, None),
    ],
)
def test_link_headers_as_rfc_8288_has_them(header: str, target: str | None) -> None:
    assert linked(header) == target


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("@odata.nextLink", "/n"),
        ("a.b.c", 1),
        ("rows.-1.id", 2),
        ("rows.0.id", 1),
        ("rows.7", None),
        ("rows.id", None),
        ("$.a", {"b.c": 1}),
        ("", None),
        ("a.x", None),
    ],
)
def test_places_in_a_body(path: str, value: Any) -> None:
    body = {"@odata.nextLink": "/n", "a": {"b.c": 1}, "rows": [{"id": 1}, {"id": 2}]}
    assert at(body, path) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200)
@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_the_texts_of_items_are_the_items(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps({"x": {"y": [value, 1]}, "z": value}, indent=indent, ensure_ascii=ascii_only)
    assert [json.loads(item) for item in items_at(text, "x.y")] == [value, 1]
    for steps in (["x", "y", 0], ["z"]):
        found = extent(text, steps)
        assert found is not None
        assert json.loads(text[slice(*found)]) == value


@given(st.text(max_size=30))
def test_any_name_of_a_field_is_only_a_name(named: str) -> None:
    assert extent('{"a": [1]}', steps_of(named)) is None or steps_of(named)[:1] in ([], ["a"])
