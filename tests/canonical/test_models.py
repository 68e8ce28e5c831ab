"""What all canonical models keep: descriptions, places, one form for nothing, schemas that say the same."""

from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import BaseModel, ValidationError

from transload.canonical.documents import DOCUMENTS, as_json, compact
from transload.canonical.invoice import Invoice
from transload.canonical.model import Model
from transload.canonical.schemas import schema, schema_file, schema_text

INVOICE = {
    "number": "R-1",
    "kind": "credit_note",
    "issued_on": "2026-02-01",
    "preceding": [{"number": "R-0", "issued_on": "2026-01-15"}],
    "period": {"starts_on": "2026-01-01", "ends_on": "2026-01-31"},
    "payment_means": [{"kind": "58", "account": "DE02120300000000202051", "remittance": "R-1"}],
    "taxes": [{"category": "S", "rate": "19", "taxable_amount": "100.00", "amount": "19.00"}],
    "totals": {"net_amount": "100.00", "tax_amount": "19.00", "total_amount": "119.00", "due_amount": "119.00"},
    "lines": [{"number": "1", "quantity": "10", "uom": "EA", "price": "10", "amount": "100.00"}],
}


def parts(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """The model and all models of its fields."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for inner in found(field.annotation):
            yield from parts(inner, seen)


def found(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from found(argument)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_says_what_it_is(name: str) -> None:
    for model in parts(DOCUMENTS[name], set()):
        assert issubclass(model, Model), model
        assert model.__doc__
        for field, info in model.model_fields.items():
            assert info.description, f"{model.__name__}.{field}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_models_do_not_hold_themselves(name: str) -> None:
    """A mapping nests lists as deep as the model does, so the model must end."""

    def deepest(model: type[BaseModel], above: tuple[type[BaseModel], ...]) -> None:
        assert model not in above, f"{model.__name__} holds itself"
        for field in model.model_fields.values():
            for inner in found(field.annotation):
                deepest(inner, (*above, model))

    deepest(DOCUMENTS[name], ())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_files_are_those_of_the_models(name: str) -> None:
    assert schema_file(name).read_text(encoding="utf-8") == schema_text(name)


def test_a_credit_note_goes_through_its_schema_and_back() -> None:
    credit = Invoice.model_validate(INVOICE)
    value = as_json(credit)
    jsonschema.Draft202012Validator(schema("invoice/1")).validate(value)
    assert Invoice.model_validate(value) == credit
    assert compact(Invoice.model_validate_json(compact(credit))) == compact(credit)


@pytest.mark.parametrize(
    "wrong",
    [{"number": ""}, {"kind": "bill"}, {"issued_on": "2026-02-30"}, {"total": "1"}, {"lines": [{"uom": "EA"}]}],
)
def test_what_an_invoice_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Invoice.model_validate({**INVOICE, **wrong})
    assert not jsonschema.Draft202012Validator(schema("invoice/1"), format_checker=jsonschema.FormatChecker()).is_valid(
        {**INVOICE, **wrong}
    )
