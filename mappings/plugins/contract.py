"""What a plug-in of the mapping language is: two functions that undo each other, and values to try them with.

A plug-in has no state that changes: one object serves all threads.  The same value always gives the
same result; clock, network and files are not for it, since a mapping must read tomorrow what it wrote today.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

Parts = list[list[str]]
"""A segment without its tag: its elements, each a list of components."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site:
    """Where a plug-in is called: the mapping's name, the place (``IMD 7008``), the field, the partner's facts."""

    mapping: str
    place: str
    field: str
    partner: Mapping[str, str] = dataclasses.field(default_factory=dict)


class ValuePlugin(ABC):
    """A converter of your own: ``=description | py(tidy)``.

    ``takes`` is the kind of the field: text, number (`decimal.Decimal`), whole number, yes or no,
    date, time, moment (an aware `datetime.datetime`), or list of texts.  On the wire stands text.
    """

    takes: ClassVar[str] = "text"

    @abstractmethod
    def decode(self, value: str, site: Site) -> Any:
        """What stands on the wire, never empty, as a value of the field.

        Raise `ValueError` with the reason for what is not in the domain: it becomes E-VALUE.
        """

    @abstractmethod
    def encode(self, value: Any, site: Site) -> str:
        """The field's value as it stands on the wire: not empty.

        ``decode`` gives it back, or it is refused.  Raise `ValueError` for what is not in the domain: E-DOMAIN.
        """

    @abstractmethod
    def samples(self) -> Iterable[Any]:
        """Values of the field for the checks, the borders of the domain among them."""


class NodePlugin(ABC):
    """A handler for a whole segment: ``use: py(freight)`` beside its tag.

    ``fields`` are the fields that it reads and writes: paths from the current item, as in ``=path``.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def decode(self, parts: Parts, site: Site) -> Mapping[str, Any]:
        """The values of fields that a segment holds; those without a value may be left out.

        Raise `ValueError` with the reason for what is not in the domain.
        """

    @abstractmethod
    def encode(self, values: Mapping[str, Any], site: Site) -> Parts:
        """The segment for these fields, of which at least one has a value; those without are None.

        ``decode`` gives them back, or it is refused.  Literals of the mapping's node are put over it.
        """

    @abstractmethod
    def samples(self) -> Iterable[Mapping[str, Any]]:
        """Values of the fields for the checks."""
