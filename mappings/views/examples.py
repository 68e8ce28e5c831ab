"""What a mapping's own sample shows: a value for each entry, and the message with the fields in each line."""

from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from itertools import pairwise

from transload.adapters.base.format import Message, Records
from transload.mappings.laws.samples import messages_of, payload_of, samples_of
from transload.mappings.laws.wires import Wire, shown
from transload.mappings.mapping import Mapping

_MOST = 400
"""So many lines of a message are shown."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A segment or line of the sample, with the fields that are read from it."""

    text: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Example:
    """The first message of the first sample: ``values`` by the number of the slot; all empty without a sample."""

    file: str = ""
    values: Mapped[int, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    left: int = 0


def example_of(mapping: Mapping) -> Example:
    """The example that the tests beside the mapping give."""
    wire = Wire(mapping, mapping.guides)
    for sample in samples_of(mapping):
        for message in messages_of(sample, wire):
            trace = mapping.trace(message)
            if not trace.documents:
                continue
            values: dict[int, str] = {}
            for touch in trace.touches:
                raw = touch.raw
                text = ":".join(str(part) for part in raw) if isinstance(raw, tuple | list) else str(raw)
                if text:
                    values.setdefault(touch.slot.number, text)
            fields: dict[int, list[str]] = {}
            for row in trace.lineage:
                for place in row.places:
                    number = place.segment if isinstance(message.body, Records) and place.segment else place.line
                    named = fields.setdefault(number or 0, [])
                    if row.field not in named:
                        named.append(row.field)
            texts = _texts(message, payload_of(sample, wire))
            lines = tuple(Line(text=text, fields=tuple(fields.get(number, ()))) for number, text in texts[:_MOST])
            return Example(file=sample.name, values=values, lines=lines, left=max(len(texts) - _MOST, 0))
    return Example()


def _texts(message: Message, payload: bytes) -> list[tuple[int, str]]:
    """The segments of a message by their position, or the lines of the payload by their number."""
    body = message.body
    if not isinstance(body, Records) or not body.segments or body.place(0).segment is None:
        return list(enumerate(shown(payload).splitlines(), 1))
    count = min(len(body.segments), _MOST)
    starts = [body.place(number).byte or 0 for number in range(count + 1)]
    texts = [shown(payload[start:stop]).strip() for start, stop in pairwise(starts)]
    return [*enumerate(texts, 2), *((0, "") for _ in body.segments[count:])]
