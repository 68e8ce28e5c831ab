"""The report of a traced writing: what cannot be written, by field and by line of the mapping."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.mappings.compiler.given import Outside
from transload.mappings.language.layout import Node, Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Scope, Slot
from transload.mappings.reports.origins import Location, field_text, keyed


@dataclass
class WritingReport:
    """Collects the faults (``E-DOMAIN``) of a document; ``touched`` are the numbers of the slots that gave a value.

    ``clean`` refuses what the format can carry nowhere, ``misfit`` says what it cannot carry at the place of a slot.
    """

    meaning: Meaning
    clean: Callable[[str], str]
    given: Outside | None = None
    misfit: Callable[[Slot, str], str | None] = lambda slot, text: None
    findings: list[Finding] = field(default_factory=list)
    index: dict[int, int] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    def enter(self, scope: int, index: int) -> None:
        """The ``index``-th item of a list begins."""
        self.index[scope] = index

    def write(self, slot: Slot, value: Any) -> Any:
        """Convert a value, or note why it cannot be and give nothing."""
        assert slot.chain is not None
        self.touched.add(slot.number)
        try:
            written = slot.chain.write(value)
        except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError) as error:
            text = str(error) if isinstance(error, ValueError) and str(error) else f"{value!r} cannot be written here"
            self._fault(text, slot, value)
            return ("", "") if len(slot.places) == 2 else [] if slot.many else ""
        complaint = self.refused(written)
        if complaint is None and isinstance(written, str):
            complaint = self.misfit(slot, written)
        if complaint is not None:
            self._fault(complaint, slot, value)
        return written

    def text(self, slot: Slot, text: str) -> str:
        """One text of a list: make sure of it, or note why it cannot be written."""
        self.touched.add(slot.number)
        complaint = self.refused(text) or self.misfit(slot, text)
        if complaint is not None:
            self._fault(complaint, slot, text)
        return text

    def refused(self, written: Any) -> str | None:
        """Why the format cannot carry a text, or None."""
        for text in written if isinstance(written, list | tuple) else (written,):
            if isinstance(text, str):
                try:
                    self.clean(text)
                except ValueError as error:
                    return str(error)
        return None

    @property
    def now(self) -> Any:
        """What `Outside.now` is."""
        return self.given.now if self.given is not None else None

    @property
    def number(self) -> Any:
        """What `Outside.number` is."""
        return self.given.number if self.given is not None else None

    def joined(self, slot: Slot, parts: tuple[str, ...]) -> str:
        """Put parts together, or note why they cannot be."""
        assert slot.parts is not None
        try:
            return slot.parts.pattern.join(parts)
        except ValueError as error:
            wrong = slot.parts.pattern.unsplit(parts)
            self._fault(str(error), slot.parts.slots[wrong], parts[wrong])
            return ""

    def handled(self, node: Segment, write: Callable[[tuple[Any, ...]], str], values: tuple[Any, ...]) -> str:
        """Let a plug-in write a segment, or note why it cannot."""
        assert node.use is not None
        self.touched.update(slot.number for slot in node.use.slots)
        try:
            return write(values)
        except ValueError as error:
            self._fault(str(error), node.use.slots[0], None)
            return node.tag

    def chosen(self, scope: Scope, find: Callable[[Any], Any], items: Any) -> Any:
        """The one item with the scope's key, or note that there are several."""
        try:
            return find(items)
        except ValueError as error:
            assert scope.parent is not None
            location = (*self._item(scope.parent), *scope.path)
            slot = next(slot for slot in self.meaning.slots if slot.field is not None and slot.field.scope is scope)
            self.findings.append(
                Finding(code="E-DOMAIN", message=str(error), mapping=slot.at, field=field_text(location))
            )
            return None

    def lacking(self, at: MappingPlace, location: Location, message: str) -> None:
        """A required field has no value, or a list too many items."""
        self.findings.append(Finding(code="E-DOMAIN", message=message, mapping=at, field=field_text(location)))

    def uncomputable(self, slot: Slot) -> None:
        """A computed value has no result."""
        self._fault("the value cannot be computed: a division by zero, or a number beyond all bounds", slot, None)

    def many(self, node: Node, count: int) -> None:
        """A list is longer than its node may repeat."""
        assert node.items is not None
        location = (*self._item(node.items.scope), *node.items.path)
        self.findings.append(
            Finding(
                code="E-DOMAIN",
                message=f"{field_text(location)} has {count} items, and {node.name} may come {node.most} times",
                mapping=node.at,
                field=field_text(location),
            )
        )

    def crowded(self, slot: Slot, count: int) -> None:
        """A list has more texts than there are places."""
        self._fault(f"{count} texts do not fit: {slot.name} has fewer places", slot, None)

    def rivals(self, slot: Slot, qualifier: str) -> None:
        """Two fields want the one place of a pair."""
        self._fault(f"the place is taken by the value of {qualifier!r}: only one of the two can be written", slot, None)

    def full(self, slot: Slot, most: int) -> None:
        """More pairs than fit."""
        self._fault(f"all {most} places for pairs are taken", slot, None)

    def _item(self, scope: Scope) -> Location:
        if scope.parent is None:
            return ()
        if scope.key is not None:
            return keyed(self._item(scope.parent), scope)
        return (*self._item(scope.parent), *scope.path, self.index.get(scope.number, 0))

    def _fault(self, message: str, slot: Slot, value: Any) -> None:
        text = None
        if slot.field is not None:
            text = field_text((*self._item(slot.field.scope), *slot.field.path))
        self.findings.append(
            Finding(
                code="E-DOMAIN",
                message=message,
                value=None if value is None else str(value),
                mapping=slot.at,
                field=text,
            )
        )
