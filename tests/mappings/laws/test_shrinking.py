"""A counterexample is made as small as it can be."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from transload.canonical.documents import as_json
from transload.canonical.order import Order
from transload.mappings.laws.shrinking import shrink


def order(count: int) -> Order:
    line = {"quantity": Decimal("12.5"), "uom": "EA", "description": "Bolt", "notes": ("a", "b")}
    return Order.model_validate(
        {
            "number": "PO-1",
            "kind": "call_off",
            "issued_on": date(2026, 1, 5),
            "buyer": {"name": "ACME", "city": "Emden"},
            "notes": ("x", "y"),
            "lines": [line] * count,
        }
    )


def plain(names: tuple[str, ...]) -> list[Any]:
    return [Decimal(1)] if names == ("lines", "quantity") else []


@given(count=st.integers(1, 30))
@settings(max_examples=15)
def test_what_does_not_matter_goes(count: int) -> None:
    small = shrink(order(count), lambda one: any(line.notes for line in one.lines), 400, plain)
    found = as_json(small)
    assert len(found["lines"]) == 1
    assert found["lines"][0]["quantity"] == "1"
    assert len(found["lines"][0]["notes"]) == 1
    assert "description" not in found["lines"][0]
    assert "buyer" not in found
    assert "notes" not in found


def test_no_more_steps_than_allowed() -> None:
    calls = []
    shrink(order(20), lambda one: not calls.append(one), 7, plain)
    assert len(calls) <= 7


def test_one_that_cannot_be_smaller_stays() -> None:
    document = order(3)
    assert shrink(document, lambda one: one == document, 500, plain) == document
