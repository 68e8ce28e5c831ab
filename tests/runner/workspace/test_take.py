"""Which documents a send route takes."""

from datetime import date
from decimal import Decimal

import pytest

from transload.canonical.order import Order, OrderLine
from transload.canonical.parts import Party
from transload.runner.workspace import Take
from transload.runner.workspace.take import field_texts, missing_step

ORDER = Order(
    number="1",
    issued_on=date(2026, 1, 5),
    buyer=Party(gln="9520001000003"),
    seller=Party(name="Bolts"),
    lines=(
        OrderLine(number="1", gtin="40170728", quantity=Decimal("1.50")),
        OrderLine(number="2", quantity=Decimal(2)),
    ),
)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"buyer.gln": ("9520001000003",)}, True),
        ({"buyer.gln": ("1", "9520001000003")}, True),
        ({"buyer.gln": ("1",)}, False),
        ({"buyer.name": ("1",)}, False),
        ({"lines.gtin": ("40170728",)}, True),
        ({"issued_on": ("2026-01-05",), "number": ("1",)}, True),
        ({"issued_on": ("2026-01-05",), "number": ("2",)}, False),
        ({"lines.quantity": ("1.50",)}, True),
    ],
)
def test_takes(when: dict[str, tuple[str, ...]], expected: bool) -> None:
    assert Take(document="order/1", when=when).takes(ORDER) is expected


def test_another_document_is_not_taken() -> None:
    assert not Take(document="order_response/1").takes(ORDER)


def test_texts_below_a_list() -> None:
    assert field_texts(ORDER, "lines.number") == ("1", "2")
    assert field_texts(ORDER, "lines.gtin") == ("40170728",)
    assert field_texts(ORDER, "currency") == ()


@pytest.mark.parametrize(
    ("path", "step"),
    [("number", None), ("buyer.gln", None), ("lines.ship_to.gln", None), ("buyr.gln", "buyr"), ("buyer.gln.x", "x")],
)
def test_missing_step(path: str, step: str | None) -> None:
    found = missing_step(Order, path)
    assert (found[0] if found else None) == step
