"""From one format into another: what both carry comes through, and nothing else changes."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from transload.canonical.errors import Reject
from transload.canonical.model import Model
from transload.mappings import Mapping, load_mapping
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.shapes import shape_of
from transload.mappings.laws.wires import Wire

ROOT = Path(__file__).parents[2]
ACME = [f"acme/orders-{name}" for name in ("x12", "edifact", "ubl", "csv", "fixed", "json", "soap")]
LIBRARY = {
    "order": ["edifact/orders-d96a", "edifact/orders-d01b", "x12/850-004010", "ubl/order-2.1", "csv/orders"],
    "order_response": ["edifact/ordrsp-d96a", "x12/855-004010", "ubl/order-response-2.1"],
    "despatch_advice": ["edifact/desadv-d96a", "edifact/desadv-d01b", "x12/856-004010", "ubl/despatch-advice-2.1"],
    "invoice": ["edifact/invoic-d96a", "edifact/invoic-d01b", "x12/810-004010", "ubl/invoice-2.1"],
    "application_advice": ["edifact/aperak-d96a", "x12/824-004010"],
}
PAIRS = [*permutations(ACME, 2), *(pair for names in LIBRARY.values() for pair in permutations(names, 2))]
DOCUMENTS = 24


@cache
def mapping_of(name: str) -> Mapping:
    if name.startswith("acme/"):
        return load_mapping(ROOT / "fixtures/mappings" / f"{name}.yaml")
    return load_mapping(f"library:{name}")


@cache
def generated(name: str) -> tuple[Model, ...]:
    """Documents that the mapping carries, as they are after a way over its wire."""
    mapping = mapping_of(name)
    shape = shape_of(mapping.meaning)
    made = Documents(mapping.meaning, shape, Domains(mapping.meaning, shape))
    return tuple(found for document in made.all(DOCUMENTS, "across") if (found := over(mapping, document)) is not None)


def over(mapping: Mapping, document: Model) -> Model | None:
    """The document written and read again; None where a value is outside of what the format carries."""
    wire = Wire(mapping)
    try:
        payload = wire.write(document)
    except Reject:
        return None
    back = wire.read(payload)
    assert [finding.line() for finding in back.findings if finding.is_error] == []
    (found,) = back.documents
    return found


def shared(source: str, target: str) -> Iterator[tuple[Model, Model]]:
    """Documents that both carry: as the source reads them, and as the target does.

    What a standard insists on, such as the date of the order in an 855, few documents of the source's making have by
    chance: then those of the target's making are taken as far as the source carries them.
    """
    theirs = mapping_of(target)
    found = [(document, after) for document in generated(source) if (after := over(theirs, document)) is not None]
    yield from found
    if len(found) < 3:
        ours = mapping_of(source)
        made = (before for document in generated(target) if (before := over(ours, document)) is not None)
        yield from ((before, after) for before in made if (after := over(theirs, before)) is not None)


def said(document: Model) -> list[tuple[str, Any]]:
    """All values of a document, numbers by what they are and not how they are written."""
    return list(leaves(document.model_dump(exclude_none=True)))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its path, list items without their numbers."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


def defaults(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """The fields that have a value where nothing gives them one."""
    for name, info in model.model_fields.items():
        kind = field_type(model, name)
        where = f"{path}.{name}" if path else name
        if kind is not None and kind.model is not None:
            yield from defaults(kind.model, f"{where}[]" if kind.kind is Kind.ITEMS else where)
        elif not info.is_required() and info.default not in (None, ()):
            yield where, info.default


def is_lost(path: str, mapping: Mapping) -> bool:
    listed = (entry.replace("[]", "") for entry in mapping.meaning.loses)
    plain = path.replace("[]", "")
    return any(plain == entry or plain.startswith(f"{entry}.") for entry in listed)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_document_comes_through_minus_what_the_other_format_loses(source: str, target: str) -> None:
    mapping = mapping_of(target)
    known = set(defaults(mapping.meaning.model))
    carried = 0
    for document, found in shared(source, target):
        carried += 1
        before = Counter(leaf for leaf in said(document) if not is_lost(leaf[0], mapping) and leaf not in known)
        after = Counter(leaf for leaf in said(found) if leaf not in known)
        assert list(after - before)[:3] == []
        assert list(before - after)[:3] == []
    assert carried >= 3
