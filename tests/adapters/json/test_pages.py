"""Pages: what they say of themselves is read, checked and written."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Context, Encoded, Reject
from transload.adapters.json import JsonFormat, JsonOptions, Page

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
PATHS = {
    "items": "result.data", "next": "links.next", "size": 3, "count": "meta.count", "total": "meta.total", "page": "meta.page",  # noqa: E501
}  # fmt: skip


def form(**options: Any) -> JsonFormat:
    return JsonFormat(JsonOptions.model_validate({**PATHS, **options}))


def page(items: list[Any], **facts: Any) -> dict[str, Any]:
    meta = {"count": len(items), "total": 9, "page": 2, "more": "kept", **facts}
    return {"result": {"data": items}, "links": {"next": facts.get("next", "/p/3")}, "meta": meta}


def write(kept: JsonFormat, values: list[Any], envelope: Any = None) -> Any:
    return json.loads(
        kept.write([Encoded(kind="", body=value) for value in values], envelope=envelope, context=CONTEXT)
    )


def test_the_facts_of_a_page_are_there_even_without_items() -> None:
    reading = form().read(json.dumps(page([1, 2])).encode())
    expected = Page(items=2, next="/p/3", number=2, total=9, size=3)
    assert (reading.page, list(reading.findings)) == (expected, [])
    assert [message.envelope.page for message in reading] == [expected] * 2
    assert form().read(json.dumps(page([], next=None)).encode()).page == Page(items=0, number=2, total=9, size=3)


def test_a_token_may_be_a_number() -> None:
    reading = form().read(json.dumps(page([1], next=17)).encode())
    assert reading.page is not None
    assert (reading.page.next, list(reading.findings)) == ("17", [])


@pytest.mark.parametrize(
    ("facts", "items", "finding"),
    [
        ({"count": 5}, [1], "W-PAGE the page says that it has 5 items, and has 1 @ line 1 byte 71, /meta/count"),
        ({"total": 1}, [1, 2], "W-PAGE the page says that there are 1 items in all, and has 2 itself"),
        ({"count": "x"}, [1], "W-PAGE the page's count is no whole number"),
        ({"page": 1.5}, [1], "W-PAGE the page's page is no whole number"),
        ({"next": [1]}, [1], "W-PAGE the page's next is neither a text nor a number"),
        ({}, [1, 2, 3, 4], "W-PAGE the page has 4 items, and 3 are the most"),
    ],
)
def test_what_a_page_says_wrongly_is_a_warning(facts: dict[str, Any], items: list[Any], finding: str) -> None:
    reading = form().read(json.dumps(page(items, **facts)).encode())
    assert len(list(reading)) == len(items)
    (found,) = reading.findings
    assert f"{found.code} {found.message} @ {found.place}".startswith(finding)


def test_a_new_page_is_the_first_and_last() -> None:
    assert write(form(), [1, 2]) == {
        "result": {"data": [1, 2]}, "meta": {"count": 2, "total": 2, "page": 1}, "links": {"next": None},
    }  # fmt: skip


def test_a_page_that_was_read_keeps_what_it_says() -> None:
    (message, *_) = form().read(json.dumps(page([1, 2])).encode())
    assert write(form(), [1, 2], message.envelope) == page([1, 2])
    assert write(form(), [1], message.envelope) == page([1])


def test_more_than_a_page_holds_is_refused() -> None:
    with pytest.raises(Reject) as caught:
        write(form(), [1, 2, 3, 4])
    (finding,) = caught.value.findings
    assert (finding.code, finding.message) == ("E-DOMAIN", "a page holds 3 documents, and these are 4")


@given(st.lists(st.integers(), max_size=3))
def test_what_is_written_is_read_as_the_same(values: list[int]) -> None:
    payload = form().write([Encoded(kind="", body=value) for value in values], context=CONTEXT)
    reading = form().read(payload)
    assert [message.body.root for message in reading] == values  # type: ignore[union-attr]
    assert reading.findings == ()
    assert reading.page == Page(items=len(values), number=1, total=len(values), size=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"items": None}, "next speaks of a page, which needs items"),
        ({"items": None, "next": None, "count": None, "total": None, "page": None}, "size speaks of a page, which needs items"),  # noqa: E501
        ({"items": "$"}, "next has no place in a payload that is an array"),
        ({"next": "meta.count"}, "meta.count and meta.count are in each other's place"),
        ({"next": "result.data.next"}, "result.data and result.data.next are in each other's place"),
    ],
)  # fmt: skip
def test_options_that_contradict_each_other(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("$", r"\$").replace(".", r"\.")):
        form(**options)
