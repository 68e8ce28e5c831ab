"""Reading and writing JSON payloads."""

import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Context, Encoded, Message, Reject
from transload.adapters.json import JsonFormat, JsonOptions

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
PAGE = b"""{"meta": {"total": 2},
 "data": [
  {"number": "P\xc3\xb6-1", "amount": 10.50},
  {"number": "PO-2", "amount": 1e2}
 ]}
"""


def format_with(**options: object) -> JsonFormat:
    return JsonFormat(JsonOptions.model_validate(options))


def only(payload: bytes, **options: object) -> Message:
    reading = format_with(**options).read(payload, file="in.json")
    assert reading.findings == ()
    (message,) = reading
    assert message.findings == ()
    return message


def encode(value: Any, **options: object) -> bytes:
    return format_with(**options).write([Encoded(kind="", body=value)], context=CONTEXT)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_what_is_written_is_read_again(value: Any, indent: int | None) -> None:
    payload = encode(value, indent=indent)
    assert only(payload).body.root == value
    json.loads(payload)  # any other reader can read it too


@given(VALUES, st.sampled_from([None, 0, 1, 4]), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_a_payload_of_another_writer_keeps_its_layout(
    value: Any, indent: int | None, ascii_only: bool, separators: tuple[str, str]
) -> None:
    """The standard library's writer is the other side; numbers as texts, which it cannot write exactly."""
    plain = json.loads(encode(value), parse_float=str, parse_int=str)
    comma = "," if indent is not None else separators[0]
    text = json.dumps(plain, indent=indent, ensure_ascii=ascii_only, separators=(comma, separators[1]))
    message = only(text.encode())
    again = format_with().write([Encoded(kind="", body=message.body.root)], envelope=message.envelope, context=CONTEXT)
    # a text may mix both ways to write a character; what is asked of us is what one writer does throughout
    assert again == text.encode()


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += paths_of(child, (*path, key))
    return found


@given(VALUES, st.sampled_from([None, 2]))
def test_every_value_is_found_at_its_byte(value: Any, indent: int | None) -> None:
    payload = encode(value, indent=indent)
    body = only(payload).body
    for path in paths_of(value):
        place = body.place(path)  # type: ignore[arg-type]
        expected = value
        for step in path:
            expected = expected[step]
        text = payload[place.byte :].decode()
        assert json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).raw_decode(text)[0] == expected
        assert place.line == payload[: place.byte].count(b"\n") + 1


def test_the_items_of_a_page_are_messages_with_their_bytes() -> None:
    reading = format_with(items="data", kind="confirmation").read(PAGE, file="page.json")
    messages = list(reading)
    assert reading.findings == ()
    assert [m.body.root["number"] for m in messages] == ["Pö-1", "PO-2"]
    assert messages[1].body.root["amount"] == Decimal(100)
    assert [m.kind for m in messages] == ["confirmation", "confirmation"]
    for message in messages:
        assert json.loads(PAGE[message.start : message.end])["number"] == message.body.root["number"]
    place = messages[0].body.place(["amount"])
    assert str(place) == "page.json line 3 byte 66, message 1, /data/0/amount"
    assert PAGE[place.byte :].startswith(b"10.50")


def test_a_page_is_written_around_its_items_again() -> None:
    form = format_with(items="data")
    messages = list(form.read(PAGE))
    kept = [Encoded(kind="", body=message.body.root) for message in messages[:1]]
    again = json.loads(form.write(kept, envelope=messages[0].envelope, context=CONTEXT))
    assert again == {"meta": {"total": 2}, "data": [{"number": "Pö-1", "amount": 10.5}]}
    assert form.write([], context=CONTEXT) == b'{"data":[]}'
    assert format_with(items="$").write(kept, context=CONTEXT) == b'[{"number":"P\xc3\xb6-1","amount":10.50}]'
    assert format_with(items="a.b").write([], context=CONTEXT) == b'{"a":{"b":[]}}'


def test_a_pointer_is_escaped() -> None:
    assert only(b'{"a/b": {"m~n": 1}}').body.place(["a/b", "m~n"]).path == "/a~1b/m~0n"


def test_an_absent_value_stands_where_its_object_does() -> None:
    place = only(b'{"a":\n {"b": 1}}').body.place(["a", "c", "d"])
    assert (place.line, place.byte, place.path) == (2, 7, "/a/c/d")


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (b"", "in.json line 1 byte 0: error E-JSON the payload is empty"),
        (b" \n ", "in.json line 1 byte 0: error E-JSON the payload is empty"),
        (
            b'{"a": 1',
            "in.json line 1 byte 7: error E-JSON the JSON text ends too early, at line 1, column 8 "
            "(the payload was probably cut off on its way; fetch it again)",
        ),
        (
            b'{"a": "b',
            "in.json line 1 byte 6: error E-JSON the text that begins at line 1, column 7 has no closing quote "
            "(the payload was probably cut off on its way; fetch it again)",
        ),
        (
            b'{"a": 1}\n{"a": 2}',
            "in.json line 2 byte 9: error E-JSON something follows the end of the JSON value, at line 2, column 1 "
            "(one payload holds one JSON value; several belong into an array)",
        ),
        (
            b"{'a': 1}",
            'in.json line 1 byte 1: error E-JSON "\'" is not expected at line 1, column 2 (JSON wants double quotes)',
        ),
        (
            b'{"a": 1,\n}',
            "in.json line 2 byte 9: error E-JSON '}' is not expected at line 2, column 1 "
            "(a comma must not stand before the closing bracket)",
        ),
        (
            b"[1,]",
            "in.json line 1 byte 3: error E-JSON ']' is not expected at line 1, column 4 "
            "(a comma must not stand before the closing bracket)",
        ),
        (
            b'{"a": None}',
            "in.json line 1 byte 6: error E-JSON 'N' is not expected at line 1, column 7 "
            "(JSON writes null, true and false)",
        ),
        (
            b'{"a": 1} // done',
            "in.json line 1 byte 9: error E-JSON something follows the end of the JSON value, at line 1, column 10 "
            "(one payload holds one JSON value; several belong into an array)",
        ),
        (
            b"[/* two */ 2]",
            "in.json line 1 byte 1: error E-JSON '/' is not expected at line 1, column 2 (JSON has no comments)",
        ),
        (
            b'["a\tb"]',
            "in.json line 1 byte 3: error E-JSON '\\t' is not expected at line 1, column 4 "
            "(a control character inside a text must be escaped, as in \\n or \\u0009)",
        ),
        (
            b'["\\x41"]',
            "in.json line 1 byte 2: error E-JSON a backslash begins no valid escape, at line 1, column 3 "
            "(a backslash itself is written as two)",
        ),
        (
            b"<html>",
            "in.json line 1 byte 0: error E-JSON '<' is not expected at line 1, column 1 "
            "(this is HTML or XML; is the address right, and the format?)",
        ),
        (
            b'{"a": "\xe4"}',
            "in.json line 1 byte 7: error E-ENCODING byte 7 (0xE4) is not valid UTF-8 "
            "(declare the encoding that the partner really uses, as in 'encoding: iso-8859-1' under format:)",
        ),
        (
            '{"a": 1}'.encode("utf-16"),
            "in.json line 1 byte 0: error E-ENCODING this is UTF-16 text, but UTF-8 was declared "
            "(declare its encoding under format:, or ask the partner for UTF-8 (RFC 8259 section 8.1))",
        ),
        (
            b"[" * 101 + b"]" * 101,
            "in.json line 1 byte 100: error E-DEPTH objects and arrays are nested more than 100 deep "
            "(no business document is so deep; if this one is, raise 'deepest' under format:)",
        ),
        (
            b"[" * 200_000,
            "in.json line 1 byte 100: error E-DEPTH objects and arrays are nested more than 100 deep "
            "(no business document is so deep; if this one is, raise 'deepest' under format:)",
        ),
    ],
)
def test_what_is_no_json_is_said_with_its_place(payload: bytes, line: str) -> None:
    reading = format_with().read(payload, file="in.json")
    assert list(reading) == []
    assert [finding.line() for finding in reading.findings] == [line]


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (
            b'{"a": 1,\n "b": {"c": 1, "c": 2}}',
            "line 2 byte 24, /b/c: error E-DUPLICATE-KEY the key 'c' stands here a second time; the first is in line 2 "
            "(which of the two is meant cannot be known: the sender must write it once)",
        ),
        (
            b'{"a": [1, -Infinity]}',
            "line 1 byte 10, /a/1: error E-NUMBER -Infinity is no JSON number (RFC 8259 section 6) "
            "(the sender must leave the value out, or write null)",
        ),
        (
            b"[1e401]",
            "line 1 byte 1, /0: error E-NUMBER this number is beyond 1E+400 or below 1E-400 "
            "(no quantity or amount is so large or small; ask the sender what is meant)",
        ),
        (
            b"[1e99999999999999999999]",
            "line 1 byte 1, /0: error E-NUMBER this number is beyond 1E+400 or below 1E-400 "
            "(no quantity or amount is so large or small; ask the sender what is meant)",
        ),
        (
            b'{"a": "\\ud83d"}',
            "line 1 byte 6, /a: error E-ENCODING this text holds half of a surrogate pair, which is no character "
            "(the sender must write both halves of the pair, or the character itself in UTF-8)",
        ),
    ],
)
def test_a_value_that_cannot_be_meant_is_an_error_of_its_message(payload: bytes, line: str) -> None:
    (message,) = format_with().read(payload)
    assert [finding.line() for finding in message.findings] == [line]


def test_a_fault_belongs_to_its_item_or_to_the_page() -> None:
    payload = b'{"x": NaN, "data": [{"a": 1}, {"a": 1, "a": 2}], "x": 1}'
    reading = format_with(items="data").read(payload)
    assert [(f.code, f.place.byte if f.place else None) for f in reading.findings] == [
        ("E-DUPLICATE-KEY", 49),
        ("E-NUMBER", 6),
    ]
    first, second = reading
    assert first.findings == ()
    assert [(f.code, f.place and f.place.message) for f in second.findings] == [("E-DUPLICATE-KEY", 2)]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b'{"rows": []}', "the page has no 'data' where its items should be (found there: rows)"),
        (b"{}", "the page has no 'data' where its items should be (the object is empty)"),
        (b"[]", "the page has no 'data' where its items should be (found there: an array)"),
        (b'{"data": null}', "the items of the page should be an array, and are null (check 'items' under format:)"),
        (b'{"data": 5}', "the items of the page should be an array, and are a number (check 'items' under format:)"),
    ],
)
def test_a_page_that_is_not_as_declared(payload: bytes, message: str) -> None:
    reading = format_with(items="data").read(payload)
    assert list(reading) == []
    (finding,) = reading.findings
    assert finding.line().partition("E-ITEMS ")[2] == message


def test_an_escaped_pair_is_one_character() -> None:
    assert only(b'"\\ud83d\\ude00"').body.root == "\U0001f600"


def test_numbers_keep_their_digits() -> None:
    payload = b'{"price":0.10,"count":12345678901234567890123,"zero":-0.0}'
    message = only(payload)
    assert message.body.root["price"].as_tuple().exponent == -2
    again = format_with().write([Encoded(kind="", body=message.body.root)], envelope=message.envelope, context=CONTEXT)
    assert again == payload


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_other_encodings_where_they_are_declared(encoding: str) -> None:
    payload = '{"a":"é","b":1}'.encode(encoding)
    message = only(payload, encoding=encoding)
    assert message.body.root == {"a": "é", "b": Decimal(1)}
    place = message.body.place(["b"])
    assert payload[place.byte :].decode("utf-16-le" if encoding == "utf-16" else encoding).startswith("1}")
    form = format_with(encoding=encoding)
    kept = [Encoded(kind="", body=message.body.root)]
    assert form.write(kept, envelope=message.envelope, context=CONTEXT) == payload


def test_a_byte_order_mark_is_a_remark_and_kept() -> None:
    payload = '\ufeff{"a":1}'.encode()
    reading = format_with().read(payload)
    (message,) = reading
    assert [finding.code for finding in reading.findings] == ["R-BOM"]
    assert message.body.place(["a"]).byte == 8
    kept = [Encoded(kind="", body=message.body.root)]
    assert format_with().write(kept, envelope=message.envelope, context=CONTEXT) == payload


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({"a": 1.5}, "/a", "a float cannot be written as JSON"),
        ([Decimal("NaN")], "/0", "NaN is no JSON number (RFC 8259 section 6)"),
        ({"a": "\ud800"}, "/a", "this text holds half of a surrogate pair, which is no character"),
        ({"\ud800": 1}, None, "this text holds half of a surrogate pair, which is no character"),
        ({1: 2}, None, "a key must be text, not int"),
        (Decimal("1e500"), None, "this number is beyond 1E+400 or below 1E-400"),
        ({"a": [datetime(2026, 1, 1, tzinfo=UTC)]}, "/a/0", "a datetime cannot be written as JSON"),
    ],
)
def test_what_json_cannot_carry_is_refused_with_its_place(value: Any, path: str | None, message: str) -> None:
    with pytest.raises(Reject) as caught:
        encode(value)
    (finding,) = caught.value.findings
    assert (finding.code, finding.message) == ("E-DOMAIN", message)
    assert finding.place is not None
    assert finding.place.path == path


def test_every_fault_of_a_document_is_told_at_once() -> None:
    with pytest.raises(Reject, match="2 values cannot be written as JSON") as caught:
        encode({"a": 1.5, "b": [2.5]})
    assert [finding.place and finding.place.path for finding in caught.value.findings] == ["/a", "/b/0"]


def test_a_character_outside_the_encoding_is_refused() -> None:
    with pytest.raises(Reject, match=r"does not exist in ISO-8859-1"):
        encode({"a": "5 €"}, encoding="iso-8859-1")


def test_several_documents_need_a_place_for_items() -> None:
    with pytest.raises(Reject, match="carries one document, not 2"):
        format_with().write([Encoded(kind="", body=1)] * 2, context=CONTEXT)


def test_a_payload_beyond_the_limit_is_not_parsed() -> None:
    (finding,) = format_with(largest=5).read(b'{"a": 1}').findings
    assert finding.message == "the payload has 8 bytes, more than the 5 that are allowed"


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u01d8e+-. \n', max_size=60).map(str.encode))
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    for options in ({}, {"items": "a"}, {"items": "$"}, {"encoding": "utf-16"}):
        reading = format_with(**options).read(payload)
        for message in reading:
            message.body.place(["a", 0])
            assert 0 <= message.start <= message.end <= len(payload)


def test_the_places_of_a_large_page_are_found_without_reading_it_anew_for_each() -> None:
    items = [{"n": number, "text": "x" * 100} for number in range(2000)]
    payload = json.dumps({"d": items}).encode()
    messages = list(JsonFormat(JsonOptions(items="d")).read(payload))
    began = time.process_time()
    places = [message.body.place(["n"]) for message in messages]
    assert time.process_time() - began < 2.0  # from the page's beginning each time, it is more than ten
    assert [payload[place.byte or 0 :].split(b",")[0] for place in places] == [b"%d" % n for n in range(2000)]
    assert (places[7].path, places[7].message) == ("/d/7/n", 8)
