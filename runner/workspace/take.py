"""Which documents a send route takes, or which messages it passes on as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from transload.adapters.base import Message
from transload.adapters.edi.guides import Guide
from transload.canonical.documents import document_name, field_as_json
from transload.canonical.model import Model
from transload.mappings.matching import FACTS, fits

ANY = "*"
"""Written under ``message:`` of a take: messages of every kind."""


@dataclass(frozen=True, kw_only=True)
class Take:
    """Takes a ``document`` (``order/1``) whose fields have the texts of ``when``.

    ``when`` is by field path (``buyer.gln``); of each field one of the texts must fit.
    A path through a list (``lines.gtin``) fits when any item does.
    """

    document: str
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def takes(self, document: Model) -> bool:
        """Whether ``document`` is meant."""
        if document_name(document) != self.document:
            return False
        return all(set(field_texts(document, path)) & set(texts) for path, texts in self.when.items())


@dataclass(frozen=True, kw_only=True)
class Passing:
    """Takes messages by what their envelope and header say; no mapping reads them.

    ``facts`` are entries as in ``match:`` of a mapping, by name: ``message``, ``version``, ``sender``, ``receiver``,
    and places such as ``BGM 1001``; of each one of the texts must fit.
    """

    facts: Mapping[str, tuple[str, ...]]

    @property
    def places(self) -> tuple[str, ...]:
        """The places that it looks at."""
        return tuple(name for name in self.facts if name not in FACTS)

    def takes(self, message: Message, guide: Guide | None) -> bool:
        """Whether ``message`` is meant; ``guide`` is the message's, by which places are found."""
        return all(
            (name == "message" and ANY in values) or fits(message, name, values, guide)
            for name, values in self.facts.items()
        )

    def names(self, kind: str) -> bool:
        """Whether ``kind`` is named, and not only let in."""
        return kind in self.facts.get("message", ())


def field_texts(document: Model, path: str) -> tuple[str, ...]:
    """The values of the field that ``path`` leads to, as JSON texts: none when absent, several below a list."""
    first, *steps = path.split(".")
    found = field_as_json(document, first)
    values: list[Any] = [] if found is None else [found]
    for name in steps:
        values = [item[name] for value in values for item in _spread(value) if isinstance(item, dict) and name in item]
    return tuple(_text(item) for value in values for item in _spread(value))


def missing_step(model: type[BaseModel], path: str) -> tuple[str, list[str]] | None:
    """The first name of ``path`` that ``model`` has no field for, with the names that it has; None when all exist."""
    kind: type[BaseModel] | None = model
    for name in path.split("."):
        if kind is None:
            return name, []
        if name not in kind.model_fields:
            return name, sorted(kind.model_fields)
        kind = _model_in(kind.model_fields[name].annotation)
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_in(part))), None)


def _spread(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
