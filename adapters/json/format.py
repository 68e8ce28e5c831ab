"""The JSON format: a payload is one message, or a page whose items are the messages."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from transload.adapters.base import Encoded, Finding, Format, Message, Place, Reading, Reject, Severity, Tree
from transload.adapters.json import positions
from transload.adapters.json.items import Span
from transload.adapters.json.options import JsonOptions, steps
from transload.adapters.json.pages import Page, contradictions, filled, page_of
from transload.adapters.json.parse import parse
from transload.adapters.json.text import Decoded, decode
from transload.adapters.json.writer import Layout, Ready, layouts_of, ready, write
from transload.canonical.context import Context


class JsonTree(Tree):
    """A JSON value with Decimal numbers; ``prefix`` leads from the payload's root to it."""

    def __init__(self, root: Any, source: Decoded, prefix: tuple[str | int, ...] = ()) -> None:
        self.root = root
        self._source = source
        self._prefix = prefix

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the value that ``path`` leads to stands; for one that is absent, where its object does."""
        whole = (*self._prefix, *path)
        start = self._source.positions.locate(whole)
        return self._source.place(start, positions.pointer(whole))


class JsonEnvelope:
    """What stood around a message: the layout of the text, and the page that held it, with its facts."""

    def __init__(self, source: Decoded, root: Any, page: Page | None = None) -> None:
        self._source = source
        self.root = root
        self.page = page
        self._layout: Layout | None = None

    @property
    def encoding(self) -> str:
        """The encoding that the payload was in."""
        return self._source.encoding

    @property
    def mark(self) -> str:
        """The byte order mark that the payload began with, or nothing."""
        return "\ufeff" if self._source.mark else ""

    @property
    def layout(self) -> Layout:
        """The layout that gives the payload again as it was, else the likeliest."""
        if self._layout is None:
            candidates = list(layouts_of(self._source.text))
            same = (layout for layout in candidates if self._wrote(layout))
            self._layout = next(same, candidates[0])
        return self._layout

    def _wrote(self, layout: Layout) -> bool:
        try:
            return write(self.root, layout) == self._source.text
        except Reject:  # a payload with errors holds what cannot be written
            return False


class JsonReading(Reading):
    """The messages of one JSON payload; ``page`` is what it says of itself as a page, also of one without items."""

    def __init__(self, messages: Sequence[Message], findings: Sequence[Finding], page: Page | None = None) -> None:
        self._messages = tuple(messages)
        self.findings = tuple(findings)
        self.page = page

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)


class JsonFormat(Format[JsonOptions]):
    """Reads and writes JSON texts.

    Findings: ``E-JSON`` (no JSON), ``E-ENCODING``, ``E-DUPLICATE-KEY``, ``E-NUMBER``,
    ``E-DEPTH``, ``E-SIZE``, ``E-ITEMS`` (the page is not as ``items`` says), ``W-PAGE`` (nor as it says itself),
    ``R-BOM``.
    """

    Options = JsonOptions
    content_type = "application/json"

    def read(self, payload: bytes, *, file: str | None = None) -> JsonReading:
        """Find the messages in ``payload``."""
        if len(payload) > self.options.largest:
            return JsonReading((), [_too_large(len(payload), self.options.largest, file)])
        source = decode(payload, encoding=self.options.encoding, file=file)
        if isinstance(source, Finding):
            return JsonReading((), [source])
        items = steps(self.options.items) if self.options.items is not None else None
        root, findings, spans = parse(source, deepest=self.options.deepest, items=items)
        if any(finding.code in ("E-JSON", "E-DEPTH") for finding in findings):
            return JsonReading((), [*source.findings, *findings])
        if self.options.items is None:
            envelope = JsonEnvelope(source, root)
            message = Message(
                kind=self.options.kind,
                end=len(payload),
                body=JsonTree(root, source),
                enveloped=lambda: envelope,
                findings=tuple(findings),
            )
            return JsonReading((message,), source.findings)
        return self._page(source, root, findings, spans)

    def _page(self, source: Decoded, root: Any, findings: Sequence[Finding], spans: Sequence[Span]) -> JsonReading:
        assert self.options.items is not None
        path = steps(self.options.items)
        items, fault = _items_at(source, root, path)
        if fault is not None:
            return JsonReading((), [*source.findings, *findings, fault])
        page = page_of(root, len(items), self.options)
        envelope = JsonEnvelope(source, root, page)
        wrong = contradictions(root, len(items), source, self.options)
        if len(spans) != len(items):  # the page was read whole, as something in it is unusual
            start = positions.locate(source.text, path)
            spans = [(entry.start, entry.end) for entry in positions.entries(source.text, start)]
        borders = source.bytes([end for span in spans for end in span])
        own: dict[int, list[Finding]] = {}
        for finding in findings:
            where = bisect_right(borders, finding.place.byte or 0) if finding.place else 0
            own.setdefault(where // 2 if where % 2 else -1, []).append(finding)  # odd: inside an item
        messages = [
            Message(
                kind=self.options.kind,
                start=borders[2 * index],
                end=borders[2 * index + 1],
                body=_Item(item, source, (*path, index), index + 1, spans[index][0]),
                enveloped=lambda: envelope,
                findings=tuple(finding.within(Place(message=index + 1)) for finding in own.get(index, ())),
            )
            for index, item in enumerate(items)
        ]
        return JsonReading(messages, [*source.findings, *own.get(-1, ()), *wrong], page)

    @property
    def holds_many(self) -> bool:
        """A page has its items; without items a payload is one message."""
        return self.options.items is not None

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        """The values of ``messages`` as one JSON text, compact unless ``indent`` says otherwise.

        With the envelope of a message that was read, the text has that payload's layout and
        the rest of its page; a new page is the first and last.  A number keeps its digits, without an exponent.

        Raises `Reject` for values that JSON or the encoding cannot carry and for more than a page holds
        (``E-DOMAIN``), and for several messages without ``items`` (``E-ITEMS``).
        """
        read = envelope if isinstance(envelope, JsonEnvelope) else None
        layout = read.layout if read else self._layout()
        text = (read.mark if read else "") + write(self._whole(messages, read), layout)
        return _encoded(text, read.encoding if read else self.options.encoding)

    def held(self, message: Encoded) -> Encoded:
        """The message with its text for its body: it takes less memory, and is made while its values are at hand."""
        if isinstance(message.body, Ready):
            return message
        depth = len(steps(self.options.items)) + 1 if self.options.items is not None else 0
        text = ready(message.body, self._layout(), depth)
        _encoded(text, self.options.encoding)
        return replace(message, body=text)

    def _whole(self, messages: Sequence[Encoded], read: JsonEnvelope | None) -> Any:
        values = [message.body for message in messages]
        if self.options.items is None:
            if len(values) != 1:
                message = f"a JSON payload without 'items' carries one document, not {len(values)}"
                finding = Finding(code="E-ITEMS", message=message, hint="name the array under format: items:")
                raise Reject(message, findings=[finding])
            return values[0]
        return filled(read.root if read else None, values, self.options)

    def _layout(self) -> Layout:
        if self.options.indent is None:
            return Layout()
        return Layout(indent=" " * self.options.indent, colon=": ", end="\n")


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise Reject(
            f"the character {character!r} (U+{ord(character):04X}) does not exist in {encoding.upper()}",
            findings=[
                Finding(
                    code="E-DOMAIN",
                    message=f"the character U+{ord(character):04X} does not exist in {encoding.upper()}",
                    hint="write UTF-8, or let the mapping replace the character",
                    value=text[max(0, error.start - 20) : error.end + 20],
                )
            ],
        ) from error


class _Item(JsonTree):
    """An item of a page: its places name the message too."""

    def __init__(self, root: Any, source: Decoded, prefix: tuple[str | int, ...], number: int, start: int) -> None:
        super().__init__(root, source, prefix)
        self._number = number
        self._start = start  # so that a page's items are not searched from its beginning, each anew

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the value that ``path`` leads to stands; for one that is absent, where its object does."""
        start = self._source.positions.locate(path, self._start)
        return self._source.place(start, positions.pointer((*self._prefix, *path)), self._number)


def _items_at(source: Decoded, root: Any, path: Sequence[str]) -> tuple[list[Any], Finding | None]:
    """The items of a page, or what is wrong with it; null and an absent list are faults, an empty list is none."""
    value = root
    for depth, step in enumerate(path):
        if not isinstance(value, dict) or step not in value:
            start = positions.locate(source.text, path[:depth])
            there = ", ".join(list(value)[:8]) if isinstance(value, dict) else _name(value)
            return [], Finding(
                code="E-ITEMS",
                message=f"the page has no {step!r} where its items should be",
                hint=f"found there: {there}" if there else "the object is empty",
                place=source.place(start, positions.pointer(path[:depth])),
            )
        value = value[step]
    if isinstance(value, list):
        return value, None
    start = positions.locate(source.text, path)
    return [], Finding(
        code="E-ITEMS",
        message=f"the items of the page should be an array, and are {_name(value)}",
        hint="check 'items' under format:",
        place=source.place(start, positions.pointer(path)),
    )


def _name(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false"}
    return names.get(type(value), "a number")


def _too_large(size: int, largest: int, file: str | None) -> Finding:
    return Finding(
        code="E-SIZE",
        message=f"the payload has {size} bytes, more than the {largest} that are allowed",
        hint="raise 'largest' under format: if such payloads are meant",
        severity=Severity.ERROR,
        place=Place(file=file),
    )
