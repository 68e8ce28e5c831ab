"""What answers mean: the partner's table, its reasons led back to what we sent, answers for each item, conditions."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from tests.adapters.servers import Asked, Say, serving

from transload.adapters.base import Answer, Landing, Outbound, Reject, Retry, Stop, Unknown
from transload.adapters.rest import RestApiTarget, RestTarget
from transload.canonical.errors import TransloadError

Make = Callable[..., RestApiTarget]
ORDER = b"""{"number": "PO-1",
 "lines": [{"qty": 1},
  {"qty": -2, "unit": "PCE"}]}"""
DOCUMENT = Outbound(key="k", content=ORDER, content_type="application/json")


@pytest.fixture
def said() -> list[Say]:
    """What the server answers, one after the other; the last one stays."""
    return []


@pytest.fixture
def asked() -> list[Asked]:
    return []


@pytest.fixture
def url(said: list[Say], asked: list[Asked]) -> Iterator[str]:
    def handle(request: Asked) -> Say:
        asked.append(request)
        return said.pop(0) if len(said) > 1 else said[0]

    with serving(handle) as address:
        yield address


def outcome(target: RestApiTarget, document: Outbound = DOCUMENT) -> Answer | TransloadError:
    try:
        return target.deliver(document)
    except TransloadError as error:
        return error


ERRORS = {"errors": "errors", "code": "code", "message": "title", "field": "source.pointer"}


@pytest.mark.parametrize(
    ("named", "path", "value", "line"),
    [
        ("/lines/1/qty", "/lines/1/qty", "-2", 3),
        ("#/lines/1/qty", "/lines/1/qty", "-2", 3),
        ("lines[1].qty", "/lines/1/qty", "-2", 3),
        ("$.lines[1]['unit']", "/lines/1/unit", '"PCE"', 3),
        ("lines.0", "/lines/0", '{"qty": 1}', 2),
        ("number", "/number", '"PO-1"', 1),
    ],
)
def test_a_reason_leads_back_to_the_byte_that_we_sent(
    url: str, said: list[Say], target: Make, named: str, path: str, value: str, line: int
) -> None:
    said.append(Say.json({"errors": [{"code": "E7", "title": "must be\npositive", "source": {"pointer": named}}]}, 422))
    error = outcome(target(url, response=ERRORS))
    assert isinstance(error, Reject)
    first, reason = error.findings
    assert first.code == "H-422"
    assert reason.code == "H-REASON"
    assert reason.message == f"POST {url}/sales-orders says: E7: must be positive ({named})"
    assert reason.value == value
    assert reason.place is not None
    assert (reason.place.path, reason.place.line) == (path, line)
    assert reason.place.byte is not None
    assert ORDER[reason.place.byte :].startswith(value.encode())


def test_a_field_that_we_did_not_send_keeps_the_partners_name(url: str, said: list[Say], target: Make) -> None:
    said.append(Say.json({"errors": [{"title": "missing", "source": {"pointer": "/buyer/gln"}}]}, 400))
    error = outcome(target(url, response=ERRORS))
    assert isinstance(error, Reject)
    assert error.findings[1].place is not None
    assert error.findings[1].place.path == "/buyer/gln"
    assert error.findings[1].value is None


def test_the_partners_field_is_told_by_our_name(url: str, said: list[Say], target: Make) -> None:
    said.append(Say.json({"field": "lines[1].qty", "message": "no"}, 400))
    error = outcome(target(url, response={"errors": "$", "fields": {"lines[].qty": "lines[].quantity"}}))
    assert isinstance(error, Reject)
    assert error.findings[1].field == "lines[1].quantity"


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({"errors": ["first", 2]}, ["first", "2"]),
        ({"errors": {"code": "A"}}, ["A"]),
        ({"errors": []}, []),
        ({"errors": None}, []),
        ({}, []),
        ([1], []),
        ({"errors": [{"code": {"deep": 1}}]}, ["no reason is given"]),
        ({"errors": [{"code": n} for n in range(500)]}, [str(n) for n in range(50)]),
    ],
)
def test_reasons_in_any_shape_are_told_and_bounded(
    url: str, said: list[Say], target: Make, body: Any, messages: list[str]
) -> None:
    said.append(Say.json(body, 400))
    error = outcome(target(url, response=ERRORS))
    assert isinstance(error, Reject)
    assert [finding.message.partition("says: ")[2] for finding in error.findings[1:]] == messages


@pytest.mark.parametrize("body", [b"<html>no</html>", b'{"errors": [', b"[" * 100_000, b"\xff\xfe\x00", b""])
def test_a_refusal_that_is_no_json_is_a_refusal(url: str, said: list[Say], target: Make, body: bytes) -> None:
    said.append(Say(status=400, body=body))
    error = outcome(target(url, response=ERRORS))
    assert isinstance(error, Reject)
    assert len(error.findings) == 1


@pytest.mark.parametrize(
    ("status", "codes", "table", "kind"),
    [
        (409, ["DUPLICATE"], {"DUPLICATE": "accepted"}, Answer),
        (409, ["LOCKED"], {"LOCKED": "retry"}, Retry),
        (409, ["DUPLICATE", "OTHER"], {"DUPLICATE": "accepted"}, Reject),
        (409, ["DUPLICATE", "LOCKED"], {"DUPLICATE": "accepted", "LOCKED": "retry"}, Retry),
        (500, ["BAD"], {"BAD": "reject"}, Reject),
        (400, ["ACCOUNT"], {"ACCOUNT": "stop"}, Stop),
        (400, ["ODD"], {"ODD": "unknown"}, Unknown),
        (400, ["LOCKED", "BAD"], {"LOCKED": "retry", "BAD": "reject"}, Reject),
    ],
)
def test_a_code_says_more_than_the_status(
    url: str, said: list[Say], target: Make, status: int, codes: list[str], table: dict[str, str], kind: type
) -> None:
    said.append(Say.json({"errors": [{"code": code} for code in codes]}, status))
    assert type(outcome(target(url, response={**ERRORS, "codes": table}))) is kind


@pytest.mark.parametrize(
    ("status", "meaning", "kind"),
    [
        (409, "accepted", Answer),
        (409, "retry", Retry),
        (422, "stop", Stop),
        (404, "retry", Retry),
        (502, "retry", Retry),
        (200, "unknown", Unknown),
        (202, "reject", Reject),
    ],
)
def test_the_partners_table_of_statuses(
    url: str, said: list[Say], target: Make, status: int, meaning: str, kind: type
) -> None:
    said.append(Say.json({}, status))
    found = outcome(target(url, statuses={status: meaning}))
    assert type(found) is kind
    if isinstance(found, TransloadError):
        assert found.findings[0].hint == "the partner file says so of this status or code"


def test_a_key_still_worked_on_is_asked_for_again(url: str, said: list[Say], target: Make, naps: list[float]) -> None:
    said += [Say.json({}, 409), Say.json({}, 201)]
    assert isinstance(outcome(target(url, idempotency="header")), Answer)
    assert len(naps) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"state": "OK", "no": 17}, Answer),
        ({"state": True}, Answer),
        ({"state": "ERROR", "errors": [{"code": "X"}]}, Reject),
        ({}, Reject),
        ({"state": "ERROR", "errors": [{"code": "LATER"}]}, Retry),
    ],
)
def test_success_that_stands_in_the_body(url: str, said: list[Say], target: Make, body: Any, kind: type) -> None:
    said.append(Say.json(body))
    success = {"at": "state", "values": ["OK", "true"]}
    response = {**ERRORS, "success": success, "reference": "no", "codes": {"LATER": "retry"}}
    found = outcome(target(url, response=response))
    assert type(found) is kind
    if isinstance(found, Answer) and "no" in body:
        assert found.reference == "17"


def test_success_that_cannot_be_read_is_unknown(url: str, said: list[Say], target: Make) -> None:
    said.append(Say(body=b"", headers={"Content-Type": "application/json"}))
    response = {"success": {"at": "state"}}
    assert type(outcome(target(url, response=response))) is Unknown
    assert type(outcome(target(url, response=response, idempotency="header"))) is Retry
    said[0] = Say.json({"state": "x" * 2000})
    assert type(outcome(target(url, connection={"max_body": 100}, response=response))) is Unknown


ITEMS = {"items": "results", "errors": "errors", "code": "code", "message": "text"}
BATCH = Outbound(key="k", content=b'[{"n": 1}, {"n": 2}, {"n": 3}]', content_type="application/json")


@pytest.mark.parametrize(
    ("statuses", "idempotent", "kind"),
    [
        ([200, 201, 204], False, Answer),
        ([200, 400, 200], False, Reject),
        ([400, 422, 400], False, Reject),
        ([200, 429, 200], False, Reject),
        ([200, 429, 200], True, Retry),
        ([503, 429, 429], False, Retry),
        ([200, "x", 200], True, Reject),
    ],
)
def test_an_answer_for_each_item(
    url: str, said: list[Say], target: Make, statuses: list[Any], idempotent: bool, kind: type
) -> None:
    results = [
        {"status": status, "errors": [{"code": "Q", "text": "bad", "field": "/n"}] if status == 400 else []}
        for status in statuses
    ]
    said.append(Say.json({"results": results}, 207))
    to = target(url, response=ITEMS, idempotency="header" if idempotent else "none", connection={"tries": 1})
    found = outcome(to, BATCH)
    assert type(found) is kind
    if isinstance(found, Reject) and statuses == [200, 400, 200]:
        assert found.message == f"POST {url}/sales-orders refused 1 of 3 items"
        assert found.hint == "it has taken the items 1, 3: send the corrected others alone"
        reason = found.findings[1]
        assert reason.message == f"POST {url}/sales-orders, item 2, says: Q: bad (/n)"
        assert reason.place is not None
        assert (reason.place.path, reason.value) == ("/1/n", "2")


def test_a_207_without_its_list_leaves_it_open(url: str, said: list[Say], target: Make) -> None:
    said.append(Say.json({"other": 1}, 207))
    assert type(outcome(target(url, response=ITEMS), BATCH)) is Unknown
    said[0] = Say.json({"id": 1}, 201)
    assert type(outcome(target(url, response=ITEMS), BATCH)) is Answer


def test_a_change_counts_only_while_nobody_else_changed_it(
    url: str, said: list[Say], asked: list[Asked], target: Make
) -> None:
    said += [Say.json({}, ETag='"v7"'), Say.json({}, 200)]
    to = target(url, method="PUT", path="/orders/1", condition="unchanged")
    assert not to.idempotent
    assert isinstance(outcome(to), Answer)
    assert [(request.method, request.headers.get("if-match")) for request in asked] == [("GET", None), ("PUT", '"v7"')]
    said[:] = [Say.json({}, ETag='"v8"'), Say.json({}, 412)]
    error = outcome(to)
    assert isinstance(error, Reject)
    assert str(error.findings[0]) == (
        f"error H-412 PUT {url}/orders/1 was answered with 412: it was changed meanwhile\n"
        "    value    '{}'\n"
        "    hint     look what stands there now; then send the document again, or let it be"
    )
    said[:] = [Say.json({})]
    error = outcome(to)
    assert isinstance(error, Reject)
    assert "gave no ETag" in error.message


def test_an_etag_of_the_document_and_a_thing_that_must_not_be_there(
    url: str, said: list[Say], asked: list[Asked], target: Make
) -> None:
    said.append(Say.json({}))
    to = target(url, method="PATCH", condition="unchanged", etag='"{document.version}"')
    to.deliver(Outbound(key="k", content=b"{}", metadata={"etag": '"7%2F1"'}))
    assert asked[0].headers["if-match"] == '"7/1"'
    target(url, method="PUT", condition="absent").deliver(DOCUMENT)
    assert asked[1].headers["if-none-match"] == "*"
    said[0] = Say.json({}, 412)
    error = outcome(target(url, method="PUT", condition="absent"))
    assert isinstance(error, Reject)
    assert error.message.endswith("412: it is there already")
    with pytest.raises(ValidationError, match="an ETag belongs to condition: unchanged"):
        RestTarget.model_validate({"path": "/", "etag": "x"})


def test_headers_are_templates_and_carry_what_a_header_can(
    url: str, said: list[Say], asked: list[Asked], target: Make
) -> None:
    said.append(Say.json({}))
    to = target(url, headers={"X-Order": "{document.number}"})
    to.deliver(Outbound(key="k", content=b"{}", metadata={"headers.X-Order": "A%2FB 50%25"}))
    assert asked[0].headers["x-order"] == "A/B 50%"
    for bad in ("a%0D%0AEvil: 1", "caf\u00e9"):
        with pytest.raises(Reject, match=r"headers\.X-Order cannot be sent"):
            to.deliver(Outbound(key="k", content=b"{}", metadata={"headers.X-Order": bad}))
    assert len(asked) == 1
    with pytest.raises(ValidationError, match="should match pattern"):
        target(url, headers={"X Y": "1"})


def test_a_value_with_slashes_reaches_the_other_side_as_it_is(
    url: str, said: list[Say], asked: list[Asked], target: Make
) -> None:
    said.append(Say.json({}))
    metadata = {"path": "/orders/4500%2F12%25", "query": "no=A%26B"}
    to = target(url, path="/orders/{document.number}", query="no={document.reference}")
    to.deliver(Outbound(key="k", content=b"{}", metadata=metadata))
    assert asked[0].target == "/orders/4500%2F12%25?no=A%26B"
    with pytest.raises(Reject, match="a step to another folder"):
        to.deliver(Outbound(key="k", content=b"{}", metadata={**metadata, "path": "/orders/..%2Fadmin"}))


@pytest.mark.parametrize(
    ("answer", "landing"),
    [
        (Say.json({"data": [{"number": "PO-1"}]}), Landing.LANDED),
        (Say.json({"data": []}), Landing.NOT_LANDED),
        (Say.json({"data": None}), Landing.CANNOT_TELL),
        (Say.json({}, 404), Landing.NOT_LANDED),
        (Say.json({}, 400), Landing.CANNOT_TELL),
        (Say(body=b"{"), Landing.CANNOT_TELL),
        (Say(body=b"<html>log in", headers={"Content-Type": "text/html"}), Landing.CANNOT_TELL),
    ],
)
def test_a_lookup_by_a_search(
    url: str, said: list[Say], asked: list[Asked], target: Make, answer: Say, landing: Landing
) -> None:
    said.append(answer)
    to = target(url, lookup="/orders", lookup_query="number={document.number}", lookup_items="data")
    assert to.verify(Outbound(key="k", content=b"{}", metadata={"lookup_query": "number=PO-1"})) is landing
    assert asked[0].target == "/orders?number=PO-1"


@pytest.mark.parametrize(
    "lookup", [{"lookup": "/orders", "lookup_query": "n={document.number}"}, {"lookup": "/orders/{document.number}"}]
)
def test_what_was_staged_before_there_was_a_lookup_is_not_asked_for(
    url: str, said: list[Say], asked: list[Asked], target: Make, lookup: dict[str, str]
) -> None:
    """The template as written asks for no document, and its answer would say that nothing is there."""
    said.append(Say(status=404))
    to = target(url, **lookup)
    assert to.verify(Outbound(key="k", content=b"{}")) is Landing.CANNOT_TELL
    assert asked == []


def test_a_lookup_that_cannot_be_asked_now_is_asked_later(
    url: str, said: list[Say], target: Make, naps: list[float]
) -> None:
    to = target(url, lookup="/orders/{document.number}")
    staged = Outbound(key="k", content=b"{}", metadata={"lookup": "/orders/PO-1"})
    said.append(Say(status=503, headers={"Retry-After": "20"}))
    with pytest.raises(Retry) as caught:
        to.verify(staged)
    assert caught.value.wait == 20
    said[0] = Say(status=401)
    with pytest.raises(Stop):
        to.verify(staged)
    with pytest.raises(ValidationError, match="there is no lookup: that it could belong to"):
        RestTarget.model_validate({"path": "/", "lookup_items": "data"})


def test_a_huge_order_is_searched_in_a_moment(url: str, said: list[Say], target: Make) -> None:
    many = json.dumps({"lines": [{"qty": n} for n in range(50_000)]}).encode()
    reasons = [{"code": "Q", "source": {"pointer": f"/lines/{49_999 - n}/qty"}} for n in range(50)]
    said.append(Say.json({"errors": reasons}, 422))
    error = outcome(target(url, response=ERRORS), Outbound(key="k", content=many, content_type="application/json"))
    assert isinstance(error, Reject)
    assert error.findings[50].value == "49950"
