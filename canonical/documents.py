"""Canonical documents by name and version, and their one JSON form."""

from difflib import get_close_matches
from hashlib import sha256
from typing import Any

from transload.canonical.application_advice import ApplicationAdvice
from transload.canonical.compact import compact_bytes
from transload.canonical.despatch_advice import DespatchAdvice
from transload.canonical.errors import ConfigurationError
from transload.canonical.invoice import Invoice
from transload.canonical.model import Model
from transload.canonical.order import Order
from transload.canonical.order_response import OrderResponse

DOCUMENTS: dict[str, type[Model]] = {
    model.document: model for model in (Order, OrderResponse, DespatchAdvice, Invoice, ApplicationAdvice)
}
"""The models by name and version, such as ``order/1``."""


def document_model(name: str) -> type[Model]:
    """The model called ``name`` (``order/1``).  Raises `ConfigurationError` when there is none."""
    model = DOCUMENTS.get(name)
    if model is None:
        close = get_close_matches(name, DOCUMENTS, n=1, cutoff=0.5)
        known = ", ".join(DOCUMENTS)
        hint = f"did you mean {close[0]!r}?" if close else f"documents are: {known}"
        raise ConfigurationError(f"there is no document {name!r}", hint=hint)
    return model


def document_name(document: Model) -> str:
    """The name and version of a document, such as ``order/1``."""
    name: str = document.document  # type: ignore[attr-defined]
    return name


def as_json(document: Model) -> dict[str, Any]:
    """The document as JSON values: numbers as plain texts, ISO dates, neither nulls nor empty lists."""
    dumped = document.model_dump(mode="json", exclude_none=True)
    pruned: dict[str, Any] = _without_empty(dumped)
    return pruned


def field_as_json(document: Model, name: str) -> Any:
    """The field ``name`` as `as_json` gives it; None where the document has no such field, or nothing in it."""
    value = document.__dict__.get(name)
    if type(value) is str:  # as most that are asked for
        return value
    dumped = document.model_dump(mode="json", exclude_none=True, include={name})
    return _without_empty(dumped).get(name)


def compact(document: Model) -> bytes:
    """The one byte form of a document, over which hashes are taken: sorted keys, no blanks, UTF-8."""
    text = compact_bytes(document.model_dump(mode="json", exclude_none=True))
    if b"{}" in text or b"[]" in text:  # rarely: most documents need not be gone through for empty objects
        text = compact_bytes(as_json(document))
    return text


def digest(document: Model) -> str:
    """SHA-256 of the compact form, in hexadecimal."""
    return sha256(compact(document)).hexdigest()


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item not in ([], {})}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return value
