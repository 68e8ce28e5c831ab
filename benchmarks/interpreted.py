"""A mapping worked off entry by entry, for the comparison with the compiled one.

The same checked meaning, the same converters and the same result; only that each message is walked through with the
meaning in hand, as an engine without a compiler does it.  It knows what the mappings of the benchmark use: literals,
fields, lists, cases, pairs, repeating and double places.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import WirePlace
from transload.mappings.compiler.levels import takes, value_at
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Field, Pairs, Scope, Slot

_END = ["\x00"]


class Interpreter:
    """Reads messages of a record format by the meaning of a mapping."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self.items: dict[int, Any] = {}

    def read(self, body: Records) -> dict[str, Any]:
        """The document as a dict."""
        self.body = body
        self.records = [*body.segments, _END]
        document: dict[str, Any] = {}
        self.items = {self.meaning.root.number: document}
        self._level(self.meaning.segments, 0)
        return document

    def _level(self, nodes: Sequence[Segment], at: int) -> int:
        while self.records[at] is not _END:
            record = self.records[at]
            node = next((n for n in nodes if n.tag == record[0] and self._takes(n, record)), None)
            if node is None:
                return at
            at = self._node(node, record, at)
        return at

    def _takes(self, node: Segment, record: list[str]) -> bool:
        return node.reads and takes(node, record, self.body.component, self.body.repetition)

    def _node(self, node: Segment, record: list[str], at: int) -> int:
        if node.items is not None:
            self._list(node.items).append({})
            self.items[node.scope.number] = self._list(node.items)[-1]
        for slot in node.slots:
            if slot.reads and slot.field is not None and not slot.literals:
                self._slot(slot, record)
        for pairs in node.pairs:
            self._pairs(pairs, record)
        at = self._level(node.then, at + 1)
        if node.items is not None and node.scope.model is None:
            self._list(node.items)[-1] = self.items[node.scope.number]
        return at

    def _slot(self, slot: Slot, record: list[str]) -> None:
        assert slot.field is not None
        assert slot.chain is not None
        if slot.many:
            for raw in self._many(slot.places[0], record):
                self._list(slot.field).append(raw)
            return
        texts = [value_at(record, place, self.body.component, self.body.repetition) for place in slot.places]
        if texts[0]:
            self._put(slot.field, slot.chain.read(texts[0] if len(texts) == 1 else tuple(texts)))

    def _many(self, place: WirePlace, record: list[str]) -> Iterator[str]:
        if place.component is None:
            yield from (raw for raw in record[place.element : place.element + place.repeats] if raw)
        elif len(record) > place.element:
            parts = record[place.element].split(self.body.component)
            yield from (raw for raw in parts[place.component - 1 : place.component - 1 + place.repeats] if raw)

    def _pairs(self, pairs: Pairs, record: list[str]) -> None:
        qualifier, value = pairs.first
        last = len(record) if pairs.repeating else min(len(record), qualifier.element + 1)
        slots = dict(pairs.choices)
        for element in range(qualifier.element, last, pairs.step):
            moved = element - qualifier.element
            raw = self._at(record, value, moved)
            slot = slots.get(self._at(record, qualifier, moved))
            if raw and slot is not None and slot.field is not None and slot.chain is not None:
                self._put(slot.field, slot.chain.read(raw))

    def _at(self, record: list[str], place: WirePlace, moved: int) -> str:
        place = WirePlace(element=place.element + moved, component=place.component)
        return value_at(record, place, self.body.component, self.body.repetition)

    def _put(self, field: Field, value: Any) -> None:
        if not field.path:
            self.items[field.scope.number] = value
            return
        self._holder(field.scope, field.path)[field.path[-1]] = value

    def _list(self, field: Field) -> list[Any]:
        found: list[Any] = self._holder(field.scope, field.path).setdefault(field.path[-1], [])
        return found

    def _holder(self, scope: Scope, path: tuple[str, ...]) -> dict[str, Any]:
        holder: dict[str, Any] = self.items[scope.number]
        for name in path[:-1]:
            holder = holder.setdefault(name, {})
        return holder
