"""Messages that are made for a mapping."""

import pytest

from transload.canonical.documents import as_json
from transload.canonical.findings import errors_of
from transload.mappings import load_mapping
from transload.mappings.laws.wires import Wire
from transload.mappings.views.samples import generated

NAMES = ("edifact/orders-d96a", "x12/850-004010", "ubl/order-2.1", "csv/orders", "fixed/orders")


@pytest.mark.parametrize("name", NAMES)
def test_valid_ones_are_read_and_mutants_give_their_finding(name: str) -> None:
    mapping = load_mapping(f"library:{name}")
    made = list(generated(mapping))
    wire = Wire(mapping)
    assert any(one.document is not None for one in made)
    assert sum(one.document is None for one in made) >= 10
    assert {"E-CODE", "E-VALUE"} <= {one.findings[0].code for one in made if one.findings}
    for one in made:
        reading = wire.format.read(one.payload, file=None)
        found = [finding for message in reading for finding in (*message.findings, *mapping.decode(message).findings)]
        found += reading.findings
        assert errors_of(found) == list(one.findings)
        assert len(one.findings) == (one.document is None)
        if one.document is not None:
            documents = [as_json(d) for m in wire.messages(one.payload) for d in mapping.decode(m).documents]
            assert documents == [one.document]
    assert len({one.payload for one in made}) == len(made)
    assert [one.payload for one in generated(mapping)] == [one.payload for one in made]
