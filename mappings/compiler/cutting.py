"""The step before reading rows and after writing them: rows to records ``[tag, element...]``, and back.

A format whose rows have no tag and no elements of their own brings a `Cutting`, made of the mapping's `Shapes`.
All that follows (levels, groups, fields, findings, lineage) sees records, as it does for segments.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from transload.adapters.base.format import COMPONENT, Records
from transload.canonical.findings import Finding
from transload.canonical.places import Place
from transload.mappings.language.shapes import Shapes
from transload.mappings.language.terms import Slot


class Cut(Records):
    """The rows of a message, cut.  ``locate`` gives the place of an element, or of a whole row where it is None.

    ``word`` is what a mapping file calls an element of a record with that tag, also of one behind the last that is
    named; ``findings`` is what is wrong with the rows as such.

    A record is longer than its shape exactly where the row holds values at spots that no node names: they are the
    elements after the last one, and are told of as every unread value is.
    """

    component = COMPONENT  # in no element, since a format refuses control characters
    repetition = ""

    def __init__(
        self,
        segments: list[list[str]],
        *,
        locate: Callable[[int, int | None], Place],
        word: Callable[[str, int], str],
        findings: Sequence[Finding] = (),
    ) -> None:
        self.segments = segments
        self.word = word
        self.findings = findings
        self._locate = locate

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        """See `Records.place`."""
        del repetition, component
        return self._locate(segment, element)


class Cutting(ABC):
    """Cuts and joins the rows of one mapping."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    @abstractmethod
    def cut(self, body: Records) -> Cut:
        """The rows of ``body``, as its format gives them, as records.  Never raises for what stands in them."""

    @abstractmethod
    def join(self, records: Sequence[str]) -> Any:
        """The body of an `Encoded` from written records: texts, tag first, with `ELEMENT` between, empty tails trimmed.

        Raises `DomainError` for what cannot be put into a row.
        """

    def refused(self, slot: Slot, text: str) -> str | None:
        """Why ``text`` cannot be written at the slot's place; None if it can.  Asked where `join` has refused."""
        del slot, text
        return None
