"""The JSON Schema of what a mapping carries."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from transload.canonical.documents import as_json, document_model
from transload.mappings import library_names, load_mapping
from transload.mappings.laws.samples import messages_of, samples_of
from transload.mappings.laws.wires import Wire
from transload.mappings.views.narrowed import document_schema


@pytest.mark.parametrize("name", library_names())
def test_documents_of_the_samples_are_valid_and_others_are_not(name: str) -> None:
    mapping = load_mapping(name)
    schema = document_schema(mapping)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    documents = [
        as_json(document)
        for sample in samples_of(mapping)
        for message in messages_of(sample, Wire(mapping))
        for document in mapping.decode(message).documents
    ]
    assert documents
    for document in documents:
        assert [error.message for error in validator.iter_errors(document)] == []
        assert not validator.is_valid({**document, "unheard_of": "1"})
        for required in schema["required"]:
            assert not validator.is_valid({key: value for key, value in document.items() if key != required})


def _property(schema: dict[str, Any], path: str) -> Any:
    for name in path.split("."):
        schema = schema["properties"][name] if name != "[]" else schema["items"]
    return schema


def test_what_is_narrowed() -> None:
    schema = document_schema(load_mapping("library:edifact/orders-d96a"))
    mapping = load_mapping("library:edifact/orders-d96a")
    assert "issued_at" in document_model("order/1").model_fields
    assert "issued_at" not in schema["properties"]
    assert _property(schema, "number")["maxLength"] == 35
    assert _property(schema, "lines.[].uom")["enum"] == sorted(set(mapping.meaning.codes["uom"].read.values()))
    assert "exemption" not in _property(schema, "taxes.[]")["properties"]
    assert "$ref" not in json.dumps(schema)


def test_limits_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "limited.yaml"
    file.write_text(
        """\
mapping: limited
version: 1
document: order/1
format: {type: json}
match: {}
loses: ["*"]
limits: {number: {length: 10}, lines: {items: 2}, currency: {values: [EUR, USD]}}
layout:
  - orderNumber: =number
  - orderDate: =issued_on | date(iso)
  - money: =currency
  - in: buyer
    customer: {gln: =gln}
  - each: lines
    items: {position: =number, quantity: =quantity | number}
""",
        encoding="utf-8",
    )
    schema = document_schema(load_mapping(file))
    assert _property(schema, "number")["maxLength"] == 10
    assert _property(schema, "lines")["maxItems"] == 2
    assert _property(schema, "currency")["enum"] == ["EUR", "USD"]
    assert set(_property(schema, "buyer")["properties"]) == {"gln"}
