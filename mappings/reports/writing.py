"""The report of a traced writing: what cannot be written, by field and by line of the mapping."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from transload.canonical.findings import Finding
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Node, Scope, Slot
from transload.mappings.reports.reading import Location, field_text


@dataclass
class WritingReport:
    """Collects the faults (``E-DOMAIN``) of a document; ``touched`` are the numbers of the slots that gave a value.

    ``clean`` refuses what the format can carry nowhere, ``misfit`` says what it cannot carry at the place of a slot.
    """

    meaning: Meaning
    clean: Callable[[str], str]
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
