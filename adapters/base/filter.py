"""Filters between transport and format: compression, archives, character sets, encryption.

A filter *unwraps* what arrived into what the format reads, and *wraps* what the format wrote into
what the partner expects.  Raw bytes are committed as a receipt before any filter sees them, and
outgoing bytes are frozen behind the last one; so a filter runs once for each payload, and one
that refuses loses nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from transload.adapters.base.settings import Settings
from transload.canonical.findings import Finding

O = TypeVar("O", bound=Settings)  # noqa: E741  # options, as elsewhere C is the connection


@dataclass(frozen=True, kw_only=True)
class Payload:
    """One payload on its way through the filters.

    ``name`` is what people call it: the last part of a path, the name of an entry in an archive.  It comes from the
    partner: it is data, it may hold anything, and nothing of ours is named after it.
    ``metadata`` is plain facts for the record, added by the filters.
    """

    content: bytes = field(repr=False)
    name: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Filter(ABC, Generic[O]):
    """One wrapping that a connection's payloads have, in both directions.

    ``Options`` is what stands beside ``type:`` in the list ``filters:``.  Its template fields are filled when a
    delivery is staged, as those of a target are.
    """

    Options: ClassVar[type[Settings]] = Settings
    content_type: ClassVar[str | None] = None
    """The media type of what `wrap` gives; None where it stays what it was."""

    def __init__(self, options: O) -> None:
        self.options = options

    @abstractmethod
    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        """The payloads in ``payload``, one after the other: one, or those of an archive in its order.

        ``remark`` takes what is worth knowing about it and is no error.  Memory is bounded by the options, whatever
        the sizes say that the payload claims.

        Raises `Reject` when the payload is not what it should be, with a finding that has its byte;
        `Stop` when a key or password is wrong for every payload.
        """

    @abstractmethod
    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        """``content`` wrapped; ``filled`` holds the template fields of the options by name, holes filled.

        Raises `Reject` when the content cannot be wrapped so, `Stop` when a key is wrong for every payload.
        """

    def close(self) -> None:
        """Give back what was opened; called once, also after an error.  Nothing is opened before it is needed."""


def one(payload: Payload, content: bytes, *, name: str | None = None, **metadata: str) -> Payload:
    """``payload`` with other ``content``: what most filters give."""
    return Payload(content=content, name=name or payload.name, metadata={**payload.metadata, **metadata})
