"""What waits for its payload: as text, refused alone, and written as it would have been."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Context, Encoded, Reject
from transload.adapters.json import JsonFormat, JsonOptions
from transload.adapters.json.writer import Ready

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
PAGES = [
    {},
    {"items": "$"},
    {"items": "orders"},
    {"items": "result.orders", "count": "meta.count", "total": "meta.total"},
    {"items": "result.orders", "indent": 2},
    {"items": "$", "indent": 3},
    {"indent": 2},
    {"items": "orders", "encoding": "utf-16"},
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")) | st.decimals(allow_nan=False, allow_infinity=False, places=2),  # noqa: E501
    lambda children: st.lists(children) | st.dictionaries(st.text(st.characters(codec="utf-8")), children),
    max_leaves=12,
)  # fmt: skip


def made(**options: Any) -> JsonFormat:
    return JsonFormat(JsonOptions.model_validate(options))


def message(body: Any) -> Encoded:
    return Encoded(kind="", body=body)


@pytest.mark.parametrize("options", PAGES, ids=str)
@given(values=st.lists(VALUES, min_size=1, max_size=3))
def test_what_is_held_is_written_as_what_it_was(options: dict[str, Any], values: list[Any]) -> None:
    kept = made(**options)
    messages = [message(value) for value in (values if "items" in options else values[:1])]
    held = [kept.held(one) for one in messages]
    assert all(type(one.body) is Ready for one in held)
    assert [kept.held(one) for one in held] == held
    whole = kept.write(messages, context=CONTEXT)
    assert kept.write(held, context=CONTEXT) == whole
    assert kept.write([held[0], *messages[1:]], context=CONTEXT) == whole
    writing = kept.writing(context=CONTEXT)
    assert b"".join([*(writing.add(one) for one in held), writing.close()]) == whole


@pytest.mark.parametrize(
    ("wrong", "options", "told"),
    [
        (1.5, {}, "a float cannot be written as JSON"),
        (Decimal("NaN"), {}, "NaN is no JSON number"),
        ("\ud800", {}, "half of a surrogate pair"),
        ("Ж", {"encoding": "iso-8859-1"}, r"the character U\+0416 does not exist in ISO-8859-1"),
        (1.5, {"indent": 2}, "a float cannot be written as JSON"),
    ],
)
def test_a_message_that_cannot_be_carried_is_refused_alone(wrong: Any, options: dict[str, Any], told: str) -> None:
    writing = made(items="orders", **options).writing(context=CONTEXT)
    assert writing.add(message({"number": "1"})) == b""
    with pytest.raises(Reject) as caught:
        writing.add(message({"number": wrong}))
    (finding,) = caught.value.findings
    assert finding.code == "E-DOMAIN"
    assert re.search(told, finding.message)
    writing.add(message({"number": "3"}))
    assert json.loads(writing.close().decode(options.get("encoding", "utf-8"))) == {
        "orders": [{"number": "1"}, {"number": "3"}]
    }
