"""Bytes to messages and back: what a format gives to a mapping, and takes from it.

A `Format` finds the messages in a payload, checks what can be checked without a
mapping (envelope, counts, the message's guide) and keeps every value's place.  A
compiled mapping turns the body of a message into a canonical document, and a
document into a body, which the format wraps into its envelope.

Two families of body exist.  `Records` is a list of segments; `Tree` is a root
element (XML) or a value (JSON).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar

from transload.adapters.base.acknowledgement import Reconciliation, Reference
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import Place

if TYPE_CHECKING:
    from transload.adapters.base.settings import Settings

S = TypeVar("S", bound="Settings")

ELEMENT = "\x1d"
REPETITION = "\x1e"
COMPONENT = "\x1f"
"""The separators inside an encoded record.  They are outside every partner character set, so no value is escaped
while a document is encoded: the format escapes and substitutes once, for the whole message."""


Value = str | list[str] | tuple[str | list[str], ...]
"""An element: a text, the list of its components, or a tuple of its repetitions, each a text or a list."""


def _split(value: str, component: str, repetition: str) -> Value:
    if repetition in value:
        parts = value.split(repetition)
        return tuple(part.split(component) if component and component in part else part for part in parts)
    return value.split(component) if component and component in value else value


class Records(ABC):
    """The body of a message in a record format: its segments, without header and trailer.

    ``segments`` holds one list a segment: the tag, then the elements.  An element
    that has components still holds them in one string, separated by ``component``
    (and repetitions by ``repetition``, or "" where the format has none): splitting
    is left to who needs it.  Release characters are already resolved; where a
    message holds any, ``component`` and ``repetition`` are the control characters
    above, so a split is always right.
    """

    segments: list[list[str]]
    component: str
    repetition: str

    @property
    def texts(self) -> tuple[list[str], str]:
        """The segments as texts, tag first, and what separates the elements in them."""
        return [ELEMENT.join(segment) for segment in self.segments], ELEMENT

    def split(self) -> Iterator[list[Value]]:
        """The segments one by one with all elements taken apart: see `Value`."""
        component, repetition = self.component, self.repetition
        texts, element = self.texts
        if repetition:
            for text in texts:
                yield [_split(value, component, repetition) for value in text.split(element)]
        elif component:
            for text in texts:
                values: list[Any] = text.split(element)
                index = 0  # counted by hand, and no comprehension: both are a call for each of very many segments
                for value in values:
                    if component in value:
                        values[index] = value.split(component)
                    index += 1  # noqa: SIM113
                yield values
        else:
            for text in texts:
                yield [*text.split(element)]

    @abstractmethod
    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        """Where a value stands, with line and byte: found by a second pass, on demand.

        ``segment`` is an index into ``segments``; -1 is the header, one past the end the trailer.
        ``element``, ``repetition`` and ``component`` count from 1, the tag not counted.
        """


class Tree(ABC):
    """The body of a message in a tree format: ``root`` is an lxml element, or a JSON value with Decimal numbers."""

    root: Any

    @abstractmethod
    def place(self, path: Sequence[str | int]) -> Place:
        """Where a value stands.  ``path`` leads to it from the root.

        XML: qualified child names, each followed by an index among its same-name siblings
        from 0, a last ``@name`` for an attribute.  JSON: keys and indexes.
        """


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A party as an envelope names it: ``id`` and its qualifier (EDIFACT 0007, X12 I05)."""

    id: str
    qualifier: str | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a payload: a transaction set, an XML document, an item of a JSON page.

    ``kind`` and ``version`` name its type (``ORDERS`` and ``D:96A:UN:EAN008``; ``850`` and
    ``004010``; the root element's name, and nothing), ``reference`` is its own number,
    ``start`` and ``end`` its bytes in the payload.  ``interchange`` is the control reference of the interchange
    that it came in, by which repeats are found.  ``findings`` is what the format found wrong with this message alone.
    ``enveloped`` gives the `envelope`, which most readers never ask for.
    """

    kind: str
    version: str = ""
    reference: str = ""
    sender: Identity | None = None
    receiver: Identity | None = None
    test: bool = False
    start: int = 0
    end: int = 0
    interchange: str = ""
    body: Records | Tree
    findings: tuple[Finding, ...] = ()
    enveloped: Callable[[], Any] = field(default=lambda: None, repr=False, compare=False)

    @cached_property
    def envelope(self) -> Any:
        """The format's own record of what stood around the message, which can be given back to `Format.write`."""
        return self.enveloped()


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A message that a mapping wrote, before its envelope.

    ``body`` is, for records, the list of segments as text with the control-character
    separators above, empty tails trimmed; for XML the text of the root element; for
    JSON a value.  ``findings`` are warnings: what of the document is not in the body.
    """

    kind: str
    version: str = ""
    body: Any
    findings: tuple[Finding, ...] = ()


class Reading(ABC):
    """The messages of one payload, in order, read as they are asked for.

    ``findings`` is what concerns more than one message (interchange, group, the file
    itself); it is complete before the first message is given out.
    """

    findings: Sequence[Finding] = ()

    @abstractmethod
    def __iter__(self) -> Iterator[Message]: ...


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """An acknowledgement to send back: its bytes, and what it speaks of for the record.

    ``reference`` is the acknowledged interchange's (or group's) control reference and
    ``accepted`` is False when any part of it was rejected.
    """

    kind: str
    content: bytes
    reference: str
    accepted: bool


class Writing(ABC):
    """One payload that is being written, message by message: what `add` and `close` give belongs together in order.

    What is kept in memory does not grow with the messages that were added, as far as the format allows that.
    """

    @abstractmethod
    def add(self, message: Encoded, envelope: Any = None) -> bytes:
        """The next bytes of the payload, with ``message`` in it; ``envelope`` as for `Format.write`, for this message.

        Raises `Reject` with a finding for each value that the format cannot carry (``E-DOMAIN``).  Nothing of
        the message is written then, and the payload may go on with other messages.
        """

    @abstractmethod
    def close(self) -> bytes:
        """The last bytes of the payload: all trailers, with their counts.

        Raises `Reject` when the format cannot end the payload, for example when it needs a message and has none.
        """


class _Gathering(Writing):
    """Writes everything at the end, for formats that must see all messages first."""

    def __init__(self, hold: Callable[[Encoded], Encoded] | None, write: Callable[[Sequence[Encoded]], bytes]) -> None:
        self._hold = hold
        self._write = write
        self._messages: list[Encoded] = []

    def add(self, message: Encoded, envelope: Any = None) -> bytes:
        if envelope is not None:
            raise ConfigurationError("this format takes no envelope for a single message")
        self._messages.append(message if self._hold is None else self._hold(message))
        return b""

    def close(self) -> bytes:
        return self._write(self._messages)


class Format(ABC, Generic[S]):
    """Reads and writes one family of payloads."""

    Options: "ClassVar[type[Settings]]"
    """What stands under ``format:`` in a route, beside ``type:``; nothing, unless a format says what."""
    content_type: ClassVar[str] = "application/octet-stream"
    body: ClassVar[Literal["object"] | None] = None
    """What bodies are: ``object`` for a `Tree` of JSON values, which mappings describe as they do JSON.

    None for formats whose bodies mappings know by the format's name, and for those that no mapping describes.
    """
    acknowledgements: ClassVar[frozenset[str]] = frozenset()
    """The kinds that `acknowledge` can make."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not hasattr(cls, "Options"):
            # here, so that the records above can be had without the weight of pydantic
            from transload.adapters.base.settings import Settings

            cls.Options = Settings

    def __init__(self, options: S) -> None:
        self.options = options

    def with_guides(self, folders: Sequence[Path]) -> Self:
        """This format, with the user's own ``folders`` of message guides, which win over those that it brings.

        A format that knows no guides stays what it is.
        """
        del folders
        return self

    @property
    def holds_many(self) -> bool:
        """Whether a payload may have several messages; where it may not, a route cannot write batches."""
        return True

    @abstractmethod
    def read(self, payload: bytes, *, file: str | None = None) -> Reading:
        """Find the messages in ``payload``; ``file`` is the name that places carry.

        Never raises for what stands in the payload: every fault is a finding.
        """

    @abstractmethod
    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        """Wrap ``messages`` into one payload.

        With the envelope of a message that was read, the payload is as it was read, byte for
        byte.  With none, a default one is made from the options and ``context``.

        Raises `Reject` with a finding for each value that the format cannot carry
        (``E-DOMAIN``): nothing is cut or replaced.
        """

    def writing(self, *, envelope: Any = None, context: Context) -> Writing:
        """Begin a payload that is written message by message; ``envelope`` is that of the first one, as for `write`.

        A format that cannot write in pieces gives all bytes at the end; what it cannot carry `held` refuses before.
        """
        hold = self.held if envelope is None else None
        return _Gathering(hold, lambda messages: self.write(messages, envelope=envelope, context=context))

    def held(self, message: Encoded) -> Encoded:
        """``message`` as it waits for others until a payload of ours is written, in whatever takes little memory.

        Raises `Reject` for what the format cannot carry (``E-DOMAIN``).  `write` takes both forms for the same.
        """
        return message

    def envelope(self, *, sender: Identity | None, receiver: Identity | None, test: bool = False) -> Any:
        """A new envelope from ``sender`` to ``receiver``; None where the format has no envelopes."""
        return None

    def acknowledge(
        self, payload: bytes, *, kind: str, context: Context, file: str | None = None
    ) -> Iterator[Acknowledgement]:
        """Make the acknowledgements of ``kind`` that ``payload`` calls for, from envelope and guide findings only.

        Raises `ConfigurationError` for a kind that is not among ``acknowledgements``.
        """
        known = ", ".join(sorted(self.acknowledgements)) or "none"
        raise ConfigurationError(f"this format makes no acknowledgement {kind!r}", hint=f"it makes: {known}")

    def references(self, payload: bytes) -> tuple[Reference, ...]:
        """The control numbers in a payload that we wrote, by which partners can acknowledge it."""
        return ()

    def acknowledged(self, message: Message) -> tuple[Reference, ...] | None:
        """The control numbers that an incoming acknowledgement speaks of; None for a message that is none."""
        return None

    def reconcile(self, message: Message, sent: bytes, *, file: str | None = None) -> Reconciliation:
        """What the acknowledgement ``message`` says of what was ``sent``; ``file`` is the name that places in it carry.

        Raises `ConfigurationError` for a message that is no acknowledgement of this format.
        """
        raise ConfigurationError(f"a message {message.kind} is no acknowledgement that this format reads")
