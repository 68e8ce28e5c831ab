"""The whole way of a document: encode, the format's bytes, and back again; with a fixed clock and fixed numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from transload.adapters.base.format import Encoded, Format, Identity, Message, Records, Tree
from transload.adapters.base.registry import adapter
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.mappings.compiler.families import Family, family
from transload.mappings.mapping import Mapping

_NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Back:
    """What was read: the documents, none with an error, and what is said about them."""

    documents: tuple[Model, ...]
    findings: tuple[Finding, ...]


class Wire:
    """A mapping with its format; nothing it gives depends on the time or on what was written before."""

    def __init__(self, mapping: Mapping, guides: Sequence[Path] = ()) -> None:
        self.mapping = mapping
        self._guides = guides

    @cached_property
    def format(self) -> Format[Any]:
        """The mapping's format with its options."""
        found = adapter(self.mapping.format_type).format
        if found is None:
            raise ConfigurationError(f"the adapter {self.mapping.format_type!r} has no format")
        made: Format[Any] = found(found.Options.model_validate(self.mapping.format_options))
        return made.with_guides(self._guides)

    @cached_property
    def _family(self) -> Family:
        return family(self.mapping.meaning)

    @property
    def context(self) -> Context:
        """Always the same: a new source of numbers each time."""
        return Context(now=_NOW)

    def encode(self, document: Model) -> Encoded:
        """The body alone.  Raises `Reject`."""
        return self.mapping.encode(document, self.context)

    def write(self, document: Model) -> bytes:
        """A payload with the one document.  Raises `Reject` where mapping or format cannot carry a value."""
        return self.payload(self.encode(document))

    def payload(self, encoded: Encoded) -> bytes:
        """The format's bytes of an encoded body.  Raises `Reject`."""
        envelope = self.format.envelope(sender=Identity(id="SENDER"), receiver=Identity(id="RECEIVER"))
        return self.format.write([encoded], envelope=envelope, context=self.context)

    def body(self, message: Message) -> Records | Tree:
        """The body with the values that the mapping sees: rows are cut into them."""
        found: Records | Tree = self._family.body(message.body)
        return found

    def messages(self, payload: bytes, file: str | None = None) -> list[Message]:
        """The messages of a payload."""
        return list(self.format.read(payload, file=file))

    def read(self, payload: bytes) -> Back:
        """The documents of a payload; what guides say of its messages is left aside."""
        documents: list[Model] = []
        findings: list[Finding] = []
        for message in self.messages(payload):
            if not self.mapping.meaning.match and not self.mapping.matches(message):
                text = (
                    f"what is written is a message {message.kind} {message.version}, which this mapping does not read"
                )
                findings.append(Finding(code="E-UNMAPPED", message=text))
                continue
            decoded = self.mapping.decode(message)
            documents += decoded.documents
            findings += decoded.findings
        return Back(documents=tuple(documents), findings=tuple(findings))


def shown(payload: bytes) -> str:
    """A payload for people to read."""
    return payload.decode("utf-8", errors="backslashreplace") if _is_utf8(payload) else payload.decode("latin-1")


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
