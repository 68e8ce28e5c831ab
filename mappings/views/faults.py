"""One-fault changes of a message, and the finding that each must give, foretold from the mapping alone."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from transload.adapters.base.format import Message, Records
from transload.canonical.findings import Finding
from transload.mappings.language.fields import Kind
from transload.mappings.language.layout import Segment, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.shapes import Range
from transload.mappings.language.terms import Length, Slot
from transload.mappings.laws.candidates import allowed
from transload.mappings.mapping import Mapping, Trace
from transload.mappings.reports.origins import Lineage, Touch, field_text
from transload.mappings.views.extents import extent_of

_NUMBERS = (Kind.DECIMAL, Kind.INTEGER)
_TIMES = (Kind.DATE, Kind.TIME, Kind.INSTANT)
_WRONG = "QQ"
_CODES = ("QQ", "ZQ", "QZ", "Q", "Z", "QQQ")
_OPEN = ("py", "xref")
"""Converters of which it is not known what they refuse."""
_TRAILER = re.compile(rb"(?:UNT|SE).(\d+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong, the message with it, and what it must give.

    ``code``, ``field`` (of the document, empty for none) and ``place`` (in the words of the mapping) are those of the
    one finding.  ``certain`` is False where the rest of the mapping may take what is wrong in another way.
    """

    what: str
    payload: bytes
    code: str
    field: str
    place: str
    certain: bool = True

    def foretells(self, findings: list[Finding]) -> bool:
        """Whether these findings are the one that must come."""
        if len(findings) != 1:
            return False
        (one,) = findings
        if one.code != self.code or (one.field or "") != self.field:
            return False
        return not self.place or (one.mapping is not None and one.mapping.place == self.place)


def faults(mapping: Mapping, message: Message, payload: bytes) -> Iterator[Fault]:
    """The faults that can be made in a payload with one message, one for each entry and kind of fault."""
    made = _Faults(mapping, message, payload, mapping.trace(message))
    yield from made.of_values()
    yield from made.doubled()
    yield from made.strange()


Told = tuple[str, str, Callable[[], bytes | None], bool]
"""Code, what is wrong, the payload with it, and whether it is certain."""


class _Faults:
    def __init__(self, mapping: Mapping, message: Message, payload: bytes, trace: Trace) -> None:
        self.mapping = mapping
        self.meaning: Meaning = mapping.meaning
        self.message = message
        self.payload = payload
        self.trace = trace
        self._readers: dict[tuple[int, tuple[str, ...]], int] = {}
        for slot in self.meaning.slots:
            if slot.field is not None and slot.reads and not slot.guard:
                self._readers[slot.field.key] = self._readers.get(slot.field.key, 0) + 1

    def of_values(self) -> Iterator[Fault]:
        """A value that is wrong, or not there."""
        seen: set[tuple[int, str]] = set()
        for touch in self.trace.touches:
            for code, what, change, certain in self._of(touch):
                if (touch.slot.number, code) in seen:
                    continue
                payload = change()
                if payload is None or payload == self.payload:
                    continue
                seen.add((touch.slot.number, code))
                location = touch.location
                field = field_text(location) if location is not None else ""
                if code == "E-MISSING" and self.mapping.gathers and location and location[0] != "documents":
                    field = f"documents[0].{field}"  # it is missing in each of them, and told of for the first
                place = touch.slot.at.place or ""
                yield Fault(what=what, payload=payload, code=code, field=field, place=place, certain=certain)

    def _of(self, touch: Touch) -> Iterator[Told]:
        slot = touch.slot
        steps = [step.name for step in slot.chain.steps if not step.checks] if slot.chain is not None else []
        if slot.parts is not None or any(name in _OPEN for name in steps) or isinstance(touch.raw, list):
            return
        if slot.computed is not None:
            yield from self._computed(touch)
            return
        if slot.field is None or touch.location is None or self._divides(slot):
            return
        kind = slot.field.type.kind
        origins = self.trace.origins.by_location.get(touch.location, [])
        once = len(origins) == 1
        if kind in (*_NUMBERS, *_TIMES) and slot.none is None:
            what = "no number" if kind in _NUMBERS else "no date or time"
            yield "E-VALUE", what, lambda: self._replaced(touch, _WRONG), True
        elif "code" in steps and self._closed(slot):
            unknown = self._unknown(slot)
            yield "E-CODE", "a code that the table does not have", lambda: self._replaced(touch, unknown), True
        elif slot.field.type.choices and not steps:
            yield "E-VALUE", "a value that the field does not take", lambda: self._replaced(touch, _WRONG), True
        elif slot.most is not None and kind is Kind.TEXT and once:
            most = slot.most
            yield "E-VALUE", f"more than {most} characters", lambda: self._replaced(touch, "Q" * (most + 1)), True
        single = self._readers.get(slot.field.key) == 1
        needed = (slot.field.type.required or slot.required) and slot.default is None and slot.none is None
        if once and single and needed and not (slot.chain is not None and slot.chain.only):
            yield "E-MISSING", "nothing where a value must be", lambda: self._replaced(touch, ""), True
        if not once and kind is Kind.TEXT and not steps and not slot.field.type.choices and self._takes(slot, _WRONG):
            last = next((one for one in reversed(origins) if isinstance(one, Touch)), None)
            if last is touch and slot.chain is not None and slot.chain.bare:
                yield "E-CLASH", "another value than at the place before", lambda: self._replaced(touch, _WRONG), False

    def _computed(self, touch: Touch) -> Iterator[Told]:
        text = touch.raw if isinstance(touch.raw, str) else str(touch.raw)
        if not text or not text[-1].isdigit() or touch.slot.rounds is not None or not touch.slot.reads:
            return
        other = text[:-1] + ("1" if text[-1] == "0" else "0")
        counts = isinstance(touch.slot.computed, Length)
        code, what = ("W-COUNT", "another count") if counts else ("W-SUM", "another amount")
        yield code, what, lambda: self._replaced(touch, other), False

    def _divides(self, slot: Slot) -> bool:
        """Whether the place says which rows belong to one document: another value there is another document."""
        by = self.meaning.format_options.get("by") or ()
        return bool(slot.spots) and str(slot.spots[0]) in by

    def _closed(self, slot: Slot) -> bool:
        """Whether a code outside of the table is refused."""
        found = [step for step in (slot.chain.steps if slot.chain is not None else ()) if step.name == "code"]
        return all(step.read_table is not None and not step.only for step in found)

    def _unknown(self, slot: Slot) -> str:
        tables = [step.read_table for step in (slot.chain.steps if slot.chain else ()) if step.read_table is not None]
        return next(text for text in _CODES if not any(text in table for table in tables))

    def _takes(self, slot: Slot, value: str) -> bool:
        assert slot.field is not None
        return allowed(slot.field.scope.model, slot.field.path, value)

    def _replaced(self, touch: Touch, text: str) -> bytes | None:
        """The payload with another text in the place of a value; None where its bytes are not known."""
        row = self.trace.origins.row(touch)
        found = extent_of(self.message.body, self.payload, self.mapping.format_type, row)
        if found is None:
            return None
        start, stop = found.offset, found.offset + found.length
        new = self._written(row, self.payload[start:stop], text)
        return self.payload[:start] + new + self.payload[stop:] if new is not None else None

    def _written(self, row: Lineage, old: bytes, text: str) -> bytes | None:
        slot = row.slot
        assert slot is not None
        if self.meaning.format_type == "json":
            return b"null" if not text else text.encode() if slot.computed is not None else f'"{text}"'.encode()
        if self.meaning.format_type == "cobol":
            return self._in_a_record(row, old, text)
        spot = slot.spots[0] if slot.spots else None
        if isinstance(spot, Range):
            if len(text) > len(old):
                return None
            return text.encode().rjust(len(old)) if spot.right and text else text.encode().ljust(len(old))
        return text.encode()

    def _in_a_record(self, row: Lineage, old: bytes, text: str) -> bytes | None:
        """A text of a mainframe's record, as long as before; None for numbers, which the format checks before."""
        codepage = str(self.meaning.format_options.get("codepage", "ascii"))
        try:
            same = old.decode(codepage).rstrip() == row.raw and not str(row.raw).isdigit()
            return text.ljust(len(old)).encode(codepage) if same and len(text) <= len(old) else None
        except (LookupError, UnicodeError):
            return None

    def doubled(self) -> Iterator[Fault]:
        """A segment twice that may come once."""
        body = self.message.body
        if self.meaning.family != "records" or not isinstance(body, Records):
            return
        spans: list[tuple[int, int]] = list(getattr(body, "spans", ()))
        for node in self.meaning.segments:
            if node.items is not None or (node.most or 1) != 1 or below(node) or not node.reads or node.first:
                continue
            number = next((n for n, segment in enumerate(body.segments) if self._is(node, segment)), None)
            if number is None or number >= len(spans):
                continue
            start, stop = spans[number]
            payload = self._with_segment(self.payload[start : stop + 1], stop + 1)
            if payload is not None:
                yield Fault(
                    what=f"{node.name} twice", payload=payload, code="E-DUP", field="", place=node.at.place or "",
                    certain=False,
                )  # fmt: skip
                return

    def _is(self, node: Segment, segment: Any) -> bool:
        return bool(segment[0] == node.tag and not node.literals)

    def strange(self) -> Iterator[Fault]:
        """Something that the mapping does not know."""
        payload: bytes | None = None
        body = self.message.body
        if self.meaning.keep:
            return  # it is kept, and no fault
        if self.meaning.family == "records" and isinstance(body, Records):
            spans: list[tuple[int, int]] = list(getattr(body, "spans", ()))
            if spans:
                end = self.payload[spans[-1][1] : spans[-1][1] + 1]
                mark = b"+" if self.meaning.format_type == "edifact" else self.payload[3:4]
                payload = self._with_segment(b"ZZZ" + mark + b"1" + end, spans[0][1] + 1)
        elif self.meaning.format_type == "xml":
            at = self.payload.rfind(b"</")
            payload = self.payload[:at] + b"<zzz>1</zzz>" + self.payload[at:]
        elif self.meaning.format_type == "json" and self.meaning.format_options.get("items") is None:
            at = self.payload.find(b"{") + 1
            payload = self.payload[:at] + b'"zzz": 1, ' + self.payload[at:] if at else None
        if payload is not None:
            what = "something that the mapping does not know"
            yield Fault(what=what, payload=payload, code="E-UNMAPPED", field="", place="", certain=False)

    def _with_segment(self, segment: bytes, at: int) -> bytes | None:
        """The payload with a further segment, and the count in the trailer of its message."""
        body = self.message.body
        assert isinstance(body, Records)
        place = body.place(len(body.segments))
        found = _TRAILER.match(self.payload, place.byte) if place.byte is not None else None
        if found is None:
            return None
        count = str(int(found[1]) + 1).encode()
        return self.payload[:at] + segment + self.payload[at : found.start(1)] + count + self.payload[found.end(1) :]
