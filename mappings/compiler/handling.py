"""Segments that a plug-in reads and writes as a whole (``use: py(name)``), at run time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from transload.adapters.base.format import COMPONENT, ELEMENT
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.converters.plugged import asked
from transload.mappings.language.layout import Segment
from transload.mappings.plugins.contract import NodePlugin, Parts


class Handling:
    """Calls the plug-in of a node, and makes sure of what it gives.  All faults are `DomainError`."""

    def __init__(self, node: Segment, clean: Callable[[str], str]) -> None:
        assert node.use is not None
        self.tag = node.tag
        self.name = node.use.name
        self.site = node.use.site
        self.code: NodePlugin = node.use.code
        self.fields = self.code.fields
        self.literals = [(slot.places[0], slot.literals[0]) for slot in node.slots if slot.literals and slot.writes]
        self.clean = clean

    def read(self, record: Sequence[str], component: str) -> tuple[Any, ...]:
        """The values of the plug-in's fields, None for those without one."""
        return self._read([text.split(component) if component else [text] for text in record[1:]])

    def _read(self, parts: Parts) -> tuple[Any, ...]:
        found = asked(self.name, lambda: self.code.decode([list(element) for element in parts], self.site))
        if not isinstance(found, Mapping):
            raise DomainError(f"the plug-in {self.name} gave no table of fields")
        unknown = next((key for key in found if key not in self.fields), None)
        if unknown is not None:
            raise DomainError(f"the plug-in {self.name} gave {unknown!r}, which is not among its fields")
        return tuple(None if found.get(name) in ("", None) else found[name] for name in self.fields)

    def write(self, values: tuple[Any, ...]) -> str:
        """The segment's text with control characters as separators."""
        given = dict(zip(self.fields, values, strict=True))
        parts = asked(self.name, lambda: self.code.encode(dict(given), self.site))
        if not isinstance(parts, list) or not all(
            isinstance(element, list) and all(isinstance(text, str) for text in element) for element in parts
        ):
            raise DomainError(f"the plug-in {self.name} gave no segment")
        parts = [list(element) for element in parts]
        for place, literal in self.literals:
            parts += [[""] for _ in range(place.element - len(parts))]
            element = parts[place.element - 1]
            element += [""] * ((place.component or 1) - len(element))
            element[(place.component or 1) - 1] = literal
        for element in parts:
            for text in element:
                self.clean(text)
        if self._read(parts) != values:
            raise DomainError(f"the plug-in {self.name} does not read back what it writes for {self.tag}")
        return ELEMENT.join([self.tag, *(COMPONENT.join(element) for element in parts)]).rstrip(ELEMENT + COMPONENT)
