"""Several documents in one message (``each: documents``): what they share is outside, and the same in all."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.mappings.language.meaning import Meaning
from transload.mappings.reports.origins import field_text

KEY = "documents"


def divided(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The documents of a message that was read, each with what they share."""
    shared = {name: inner for name, inner in value.items() if name != KEY}
    return [_merged(shared, own) for own in value.get(KEY, ())]


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """``own`` with what it lacks of ``shared``; no field is in both, but parts of one object may be."""
    merged = {**shared, **own}
    for name in shared.keys() & own.keys():
        if isinstance(shared[name], dict) and isinstance(own[name], dict):
            merged[name] = _merged(shared[name], own[name])
    return merged


def joined(documents: Sequence[Model]) -> Any:
    """The documents as the one object that is written: shared values are those of the first."""
    return SimpleNamespace(**vars(documents[0]), **{KEY: tuple(documents)})


def disagreements(meaning: Meaning, documents: Sequence[Model]) -> Iterator[Finding]:
    """``E-DOMAIN`` for each shared field that is not the same in all documents."""
    seen: set[tuple[str, ...]] = set()
    for slot in meaning.slots:
        field = slot.field
        if field is None or field.scope is not meaning.root or not slot.writes or field.path in seen:
            continue
        seen.add(field.path)
        values = [_value(document, field.path) for document in documents]
        for number, value in enumerate(values[1:], 1):
            if value != values[0]:
                name = field_text(field.path)
                yield Finding(
                    code="E-DOMAIN",
                    message=f"{name} stands once in the message, and documents 1 and {number + 1} differ in it",
                    hint="write them into a message each, or bind the field inside each: documents",
                    value=None if value is None else str(value),
                    mapping=slot.at,
                    field=field_text((KEY, number, *field.path)),
                )
                break


def _value(document: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        document = getattr(document, name) if document is not None else None
    return document


def none_found(meaning: Meaning) -> Finding:
    """``E-MISSING``: the message holds no document."""
    node = next(node for node in meaning.nodes() if node.items is not None and node.items.path == (KEY,))
    message = f"the message holds no document: {node.name} does not stand in it"
    return Finding(code="E-MISSING", message=message, mapping=node.at)
