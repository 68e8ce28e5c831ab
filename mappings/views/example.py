"""An example message of a mapping: from its tests, or else made for it; with what each part of it means."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from transload.adapters.base.format import Message, Records
from transload.mappings.laws.samples import messages_of, payload_of, samples_of
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping, Trace
from transload.mappings.reports.origins import field_text, raw_text
from transload.mappings.views.samples import fullest

MADE = "made for this page"
_LONGEST = 400
"""A line of a payload is seldom longer; one that is, is broken at the ends of its segments."""


@dataclass(kw_only=True)
class Shown:
    """One line of the example: its text and what stands in it, ``(field, value)`` each."""

    text: str
    parts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(kw_only=True)
class Example:
    """A payload with one message that the mapping reads without an error; ``name`` says where it is from."""

    mapping: Mapping
    name: str
    payload: bytes
    message: Message

    @cached_property
    def trace(self) -> Trace:
        """The message with the origin of every value."""
        return self.mapping.trace(self.message)

    def values(self) -> dict[int, str]:
        """What stands at the place of each entry, by its number: the first value that is met."""
        found: dict[int, str] = {}
        for touch in self.trace.touches:
            found.setdefault(touch.slot.number, raw_text(touch.raw))
        return found

    @property
    def is_text(self) -> bool:
        """Whether the payload can be shown as it is."""
        return _decoded(self.payload) is not None

    def lines(self) -> list[Shown]:
        """The payload in lines, each with the fields that come from it."""
        starts = self._starts()
        ends = [*starts[1:], len(self.payload)]
        shown = [Shown(text=_text(self.payload[a:b])) for a, b in zip(starts, ends, strict=True)]
        for byte, name, value in self._origins():
            row = bisect_right(starts, byte) - 1
            if (name, value) not in shown[max(row, 0)].parts:
                shown[max(row, 0)].parts.append((name, value))
        return [line for line in shown if line.text.strip() or line.parts]

    def _origins(self) -> Iterator[tuple[int, str, str]]:
        origins = self.trace.origins
        for touch in self.trace.touches:
            place = origins.place(touch.where)
            if place is not None and place.byte is not None:
                name = (
                    field_text(touch.location) if touch.location is not None else f"checked: {touch.rule.lstrip('=')}"
                )
                yield place.byte, name, raw_text(touch.raw)

    def _starts(self) -> list[int]:
        payload = self.payload
        starts = [0]
        at = payload.find(b"\n")
        while 0 <= at < len(payload) - 1:
            starts.append(at + 1)
            at = payload.find(b"\n", at + 1)
        body = self.message.body
        spans = getattr(body, "spans", None)
        if isinstance(body, Records) and spans and len(payload) > _LONGEST * len(starts):
            return sorted({0, *(start for start, _ in spans), *_ends(payload, spans[0][1], spans)})
        return starts


def _ends(payload: bytes, stop: int, spans: list[tuple[int, int]]) -> Iterator[int]:
    """Where segments of the envelope begin, in a payload without line ends."""
    end = payload[stop : stop + 1]
    if not end:
        return
    outside = [(0, spans[0][0]), (spans[-1][1], len(payload))]
    for first, last in outside:
        at = payload.find(end, first, last)
        while 0 <= at < last - 1:
            yield at + 1
            at = payload.find(end, at + 1, last)


def _decoded(payload: bytes) -> str | None:
    for charset in ("utf-8", "utf-16" if payload[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"):
        try:
            text = payload.decode(charset)
        except UnicodeDecodeError:
            continue
        strange = sum(not sign.isprintable() and sign not in "\r\n\t" for sign in text)
        return text if strange * 50 <= len(text) else None
    return None


def _text(piece: bytes) -> str:
    return (_decoded(piece) or piece.decode("latin-1")).strip("\r\n")


def example_of(mapping: Mapping) -> Example | None:
    """The first sample of the mapping's tests that it reads without an error, else a message made for it."""
    wire = Wire(mapping, mapping.guides)
    for sample in samples_of(mapping):
        payload = payload_of(sample, wire)
        for message in messages_of(sample, wire):
            if mapping.decode(message).documents:
                return Example(mapping=mapping, name=sample.name, payload=payload, message=message)
    return _made(mapping)


def _made(mapping: Mapping) -> Example | None:
    made = fullest(mapping, mapping.guides)
    if made is None:
        return None
    (message,) = Wire(mapping, mapping.guides).messages(made.payload)
    return Example(mapping=mapping, name=MADE, payload=made.payload, message=message)
