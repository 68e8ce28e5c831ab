"""Where values come from, over all library mappings and their samples."""

import json
from pathlib import Path
from typing import Any

import pytest

from transload.canonical.documents import as_json
from transload.mappings import library_names, load_mapping
from transload.mappings.laws.samples import messages_of, samples_of
from transload.mappings.laws.wires import Wire
from transload.mappings.views.origins import why
from transload.mappings.views.paths import parse_path, value_at


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path, value


@pytest.mark.parametrize("name", library_names())
def test_every_value_of_a_sample_has_an_origin_or_a_reason(name: str) -> None:
    mapping = load_mapping(name)
    wire = Wire(mapping)
    seen = 0
    for sample in samples_of(mapping)[:1]:
        for message in messages_of(sample, wire)[:1]:
            for number, document in enumerate(mapping.decode(message).documents[:2], 1):
                whole = why(mapping, message, (), number)
                named = {origin.field: origin for origin in whole.origins}
                for path, value in leaves(as_json(document)):
                    assert value_at(document, path) == value
                    one = next((found for found in named if parse_path(found) == path[: len(parse_path(found))]), None)
                    answer = why(mapping, message, path, number) if one is None else None
                    assert answer is None or answer.reason, path
                    seen += 1
                assert all(origin.value is not None for origin in whole.origins)
    assert seen > 5


def test_one_value_is_as_it_is_among_all() -> None:
    mapping = load_mapping("library:edifact/orders-d96a")
    sample = samples_of(mapping)[0]
    message = messages_of(sample, Wire(mapping))[0]
    for origin in why(mapping, message, ()).origins:
        alone = why(mapping, message, parse_path(origin.field)).origins
        assert origin in alone


def test_an_item_that_is_chosen_by_its_key(tmp_path: Path) -> None:
    file = tmp_path / "keyed.yaml"
    file.write_text(
        """\
mapping: keyed
version: 1
document: order/1
format: {type: json}
match: {}
loses: ["*"]
layout:
  - orderNumber: =number
  - orderDate: =issued_on | date(iso)
  - project: "=references[kind=project].number"
  - in: buyer
    customer: {gln: =gln}
  - each: lines
    items: {position: =number, quantity: =quantity | number}
""",
        encoding="utf-8",
    )
    mapping = load_mapping(file)
    body = {
        "orderNumber": "1",
        "orderDate": "2026-01-14",
        "project": "P-7",
        "customer": {"gln": "9521101000005"},
        "items": [{"position": "1", "quantity": 2}],
    }
    message = Wire(mapping).messages(json.dumps(body).encode())[0]
    (origin,) = why(mapping, message, parse_path("/references/0/number")).origins
    assert (origin.field, origin.value, origin.source.places[0].path) == ("references[0].number", "P-7", "/project")
    answer = why(mapping, message, parse_path("currency"))
    assert answer.reason == "the mapping keyed does not carry it: it is listed under loses:"
