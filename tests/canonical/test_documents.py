import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from transload.canonical.context import Context, CountingNumbers
from transload.canonical.documents import DOCUMENTS, as_json, compact, digest, document_model, document_name
from transload.canonical.errors import ConfigurationError
from transload.canonical.order import Order
from transload.canonical.schemas import schema, schema_file, schema_text


def order(**changes: Any) -> Order:
    line = {"number": "1", "quantity": "12.50", "uom": "EA", "price": "0.035"}
    given_fields = {"number": "PO-1", "issued_on": "2026-01-05", "buyer": {"gln": "5412345000013"}, "lines": [line]}
    return Order.model_validate({**given_fields, **changes})


def test_json_has_plain_numbers_no_nulls_and_no_empty_lists() -> None:
    assert as_json(order(lines=[{"number": "1", "quantity": "1E+2"}])) == {
        "number": "PO-1",
        "kind": "order",
        "purpose": "original",
        "issued_on": "2026-01-05",
        "buyer": {"gln": "5412345000013"},
        "lines": [{"number": "1", "quantity": "100"}],
    }


def test_json_reads_back_as_the_same_document() -> None:
    first = order(notes=["a", "b"], taxes=[{"rate": "19.00"}])
    assert Order.model_validate(as_json(first)) == first


def test_the_compact_form_does_not_depend_on_the_order_of_fields() -> None:
    text = compact(order())
    assert json.loads(text)["lines"][0]["quantity"] == "12.50"
    assert text == compact(Order.model_validate(dict(reversed(as_json(order()).items()))))
    assert digest(order()) != digest(order(number="PO-2"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": ""}, "number"),
        ({"colour": "red"}, "colour"),
        ({"currency": "Euro"}, "currency"),
        ({"issued_at": "2026-01-05T10:30:00"}, "issued_at"),
        ({"kind": "gift"}, "kind"),
        ({"buyer": {"gln": "123"}}, "buyer.gln"),
        ({"lines": [{"number": "1", "quantity": "NaN"}]}, "lines.0.quantity"),
    ],
)
def test_wrong_values_are_refused_at_their_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        order(**changes)
    assert ".".join(str(step) for step in caught.value.errors()[0]["loc"]) == field


def test_documents_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        order().number = "other"  # type: ignore[misc]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=0))
def test_any_decimal_survives_json(value: Decimal) -> None:
    again = Order.model_validate(as_json(order(lines=[{"number": "1", "quantity": value}])))
    assert again.lines[0].quantity == value


def test_documents_are_found_by_name_and_misspelt_names_get_a_hint() -> None:
    assert document_model("order/1") is Order
    assert document_name(order()) == "order/1"
    with pytest.raises(ConfigurationError) as caught:
        document_model("ordre/1")
    assert caught.value.hint == "did you mean 'order/1'?"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_schema_is_current(name: str) -> None:
    assert schema_file(name).read_text(encoding="utf-8") == schema_text(name), "run: make schemas"


def test_the_schema_accepts_our_json_and_refuses_others() -> None:
    validator = Draft202012Validator(schema("order/1"))
    assert not list(validator.iter_errors(as_json(order())))
    assert list(validator.iter_errors({**as_json(order()), "colour": "red"}))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_has_a_description(name: str) -> None:
    definitions = schema(name)
    for title, part in {name: definitions, **definitions["$defs"]}.items():
        missing = [field for field, rule in part["properties"].items() if not rule.get("description")]
        assert not missing, f"{title}: {missing}"


def test_a_context_needs_a_time_zone_and_counts_by_series() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Context(now=dt.datetime(2026, 1, 5))  # noqa: DTZ001 - the fault under test
    numbers = CountingNumbers()
    assert [numbers.next("a"), numbers.next("a"), numbers.next("b")] == [1, 2, 1]
