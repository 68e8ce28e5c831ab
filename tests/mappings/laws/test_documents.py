"""What the documents are that laws are checked with."""

from collections.abc import Callable
from itertools import combinations

import pytest

from transload.canonical.documents import as_json
from transload.mappings import Mapping, load_mapping
from transload.mappings.laws.differences import flat, general
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.shapes import Shape, shape_of

Load = Callable[[str], Mapping]


def made(mapping: Mapping, count: int, seed: str = "seed") -> tuple[Shape, list[dict[str, object]]]:
    shape = shape_of(mapping.meaning)
    documents = Documents(mapping.meaning, shape, Domains(mapping.meaning, shape))
    return shape, [flat(document) for document in documents.all(count, seed)]


def test_the_same_seed_gives_the_same_documents(acme: Load) -> None:
    mapping = acme("edifact")
    shape = shape_of(mapping.meaning)
    rows = [
        [as_json(one) for one in Documents(mapping.meaning, shape, Domains(mapping.meaning, shape)).all(80, seed)]
        for seed in ("a", "a", "b")
    ]
    assert rows[0] == rows[1]
    assert rows[0] != rows[2]


def test_the_first_is_minimal_and_the_second_holds_everything(acme: Load) -> None:
    shape, (least, most, *_) = made(acme("edifact"), 2)
    assert set(least) == {"number", "kind", "purpose", "issued_on"}
    assert {general(path) for path in most} == shape.paths()
    assert most["kind"] != "order", "a default would hide a place that is missing"
    assert most["purpose"] != "original"


@pytest.mark.parametrize("name", ["edifact", "x12", "json"])
def test_each_two_optional_fields_are_there_together_alone_and_not_at_all(acme: Load, name: str) -> None:
    mapping = acme(name)
    shape, rows = made(mapping, 40)
    present = [{general(path) for path in row} for row in rows]
    optional = ["requested_on", "contract", "currency", "buyer.gln", "buyer.name", "seller.city", "ship_to.postcode"]
    assert set(optional) <= shape.paths()
    for one, other in combinations(optional, 2):
        seen = {(one in row, other in row) for row in present}
        assert len(seen) == 4, (one, other, seen)


def test_lists_have_no_one_and_many_items(acme: Load) -> None:
    _, rows = made(acme("edifact"), 60)
    counts = {sum(path.startswith("lines[") and path.endswith(".quantity") for path in row) for row in rows}
    assert {0, 1, 2, 12} <= counts
    notes = {sum(path.startswith("notes[") for path in row) for row in rows}
    assert {0, 1, 12} <= notes


def test_texts_hold_what_formats_stumble_over(acme: Load) -> None:
    _, rows = made(acme("edifact"), 320)
    texts = {value for row in rows for path, value in row.items() if path == "contract"}
    for mark in "+:?'":
        assert any(mark in str(text) for text in texts)
    assert any(str(text).startswith(" ") for text in texts)
    assert any(str(text).endswith(" ") for text in texts)
    assert any(len(str(text)) >= 35 for text in texts)


def test_a_text_is_as_long_as_the_guide_allows() -> None:
    mapping = load_mapping("library:edifact/orders-d96a")
    shape = shape_of(mapping.meaning)
    domains = Domains(mapping.meaning, shape)
    lengths = [len(value) for value in domains.of(shape.fields["number",]).inside]
    assert max(lengths) == 35


def test_only_one_of_two_rivals_has_a_value() -> None:
    mapping = load_mapping("library:edifact/orders-d96a")
    shape, rows = made(mapping, 60)
    numbers = [[name for name in ("gln", "duns", "id") if f"buyer.{name}" in row] for row in rows]
    assert max(map(len, numbers)) == 1
    assert {name for row in numbers for name in row} == {"gln", "duns", "id"}
    assert ([("buyer", "gln"), ("buyer", "duns"), ("buyer", "id")], 1) in shape.rivals
