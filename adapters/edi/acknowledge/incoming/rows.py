"""The segments of an incoming acknowledgement, read by position and without trust."""

from collections.abc import Iterator

from transload.adapters.base.format import Records
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_MOST_DIGITS = 10


class Row:
    """One segment of ``records``, at ``index``."""

    def __init__(self, records: Records, index: int) -> None:
        self._records = records
        self._index = index
        self._elements = records.segments[index]

    @property
    def tag(self) -> str:
        """The segment's tag."""
        return self._elements[0]

    @property
    def place(self) -> Place:
        """Where it stands in the acknowledgement."""
        return self._records.place(self._index)

    def text(self, element: int, component: int | None = None) -> str:
        """An element from 1, without blanks around it, or one of its components; "" where there is none."""
        if element >= len(self._elements):
            return ""
        value = self._elements[element]
        if component is None:
            return value.strip()
        parts = value.split(self._records.component) if self._records.component else [value]
        return parts[component - 1].strip() if component <= len(parts) else ""

    def texts(self, element: int) -> tuple[str, ...]:
        """All components of an element."""
        value = self.text(element)
        return tuple(value.split(self._records.component)) if self._records.component and value else (value,)

    def number(self, element: int, component: int | None = None) -> int | None:
        """A whole number; None where there is none of at most ten digits."""
        text = self.text(element, component)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None

    def rest(self, first: int, last: int) -> Iterator[str]:
        """The elements from ``first`` to ``last`` that have a value."""
        for element in range(first, last + 1):
            if text := self.text(element):
                yield text


def rows(records: Records) -> Iterator[Row]:
    """All segments."""
    for index in range(len(records.segments)):
        yield Row(records, index)


def unreadable(what: str, place: Place, value: str | None = None) -> Finding:
    """The finding about a part of an acknowledgement that cannot be understood."""
    return Finding(
        code="E-ACK-UNREADABLE",
        message=what,
        value=value or None,
        hint="ask the partner what it means; the messages that it may speak of keep their states",
        place=place,
    )
