"""Where the values of a document come from: a log that costs little while reading, and is looked at afterwards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from transload.canonical.places import MappingPlace, Place
from transload.mappings.language.terms import Scope, Slot

Location = tuple[str | int, ...]
"""A path in the document, as pydantic writes it: ``("lines", 3, "quantity")``."""
Locate = Callable[[Any], Place]


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where one value of a document comes from.

    ``field`` is its path (``lines[3].quantity``), ``places`` where it stands on the wire, ``value`` what stands there,
    ``rule`` the right side of the entry, ``mapping`` the entry's place.  ``location`` is the path in steps, ``raw``
    the value as the entry got it, ``slot`` the entry; None for ``when:`` and ``derive:``.  ``where`` is the place as
    the body's family knows it; ``beside`` are the further places of a value that stands over several.
    """

    field: str
    places: tuple[Place, ...]
    value: str
    rule: str
    mapping: MappingPlace
    location: Location = ()
    raw: Any = None
    slot: Slot | None = None
    where: Any = None
    beside: tuple[Place, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        return {
            "field": self.field,
            "places": [place.as_dict() for place in self.places],
            "value": self.value,
            "rule": self.rule,
            "mapping": self.mapping.as_dict(),
        }


class Touch(NamedTuple):
    """An entry that took a value: ``where`` is a build's idea of the place, as the body's family knows it.

    Records: ``(segment, element, component)``; XML: ``(element, attribute)``; JSON: the path.  ``raw`` is
    what stands there (a tuple for two places), ``item`` the path of the item that the field is in, None for a
    computed value, ``number`` that of a text in a list.
    A named tuple that shares its item with others, since a message of many lines makes very many of them.
    """

    slot: Slot
    where: Any
    raw: Any
    item: Location | None
    number: int | None = None

    @property
    def location(self) -> Location | None:
        """The field's path, None for a computed value."""
        if self.item is None or self.slot.field is None:
            return None
        path = (*self.item, *self.slot.field.path)
        return path if self.number is None else (*path, self.number)

    @property
    def rule(self) -> str:
        """The right side of the entry."""
        return self.slot.rule

    @property
    def mapping(self) -> MappingPlace:
        """Where the entry stands."""
        return self.slot.at


class Followed(NamedTuple):
    """A value that no entry took: it follows from a node that is there (``when:``), or from other fields."""

    location: Location
    where: Any
    raw: Any
    rule: str
    mapping: MappingPlace


Origin = Touch | Followed


def field_text(location: Location) -> str:
    """``lines[3].quantity``."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def keyed(parent: Location, scope: Scope) -> Location:
    """The path of the item of a list that is chosen by its key: its number is not known before all are read."""
    assert scope.key is not None
    return (*parent, *scope.path[:-1], f"{scope.path[-1]}[{scope.key[0]}={scope.key[1]}]")


def raw_text(raw: Any) -> str:
    """What stands on the wire, as one text."""
    if isinstance(raw, tuple | list):
        return ":".join(str(part) for part in raw)
    return str(raw)


class Origins:
    """The log of one reading, in its order."""

    def __init__(self, locate: Locate) -> None:
        self.log: list[Origin] = []
        self._locate = locate
        self._indexed = 0
        self._by_location: dict[Location, list[Origin]] = {}

    @property
    def by_location(self) -> dict[Location, list[Origin]]:
        """What each field comes from, in the order in which fields were met first."""
        found = self._by_location
        for origin in self.log[self._indexed :]:
            location = origin.location
            if location is not None:
                found.setdefault(location, []).append(origin)
        self._indexed = len(self.log)
        return found

    @property
    def touches(self) -> tuple[Touch, ...]:
        """The entries that took a value."""
        return tuple(origin for origin in self.log if isinstance(origin, Touch))

    def place(self, where: Any) -> Place | None:
        """The place of a build's idea of one."""
        return self._locate(where) if where is not None else None

    def lineage(self, wanted: Callable[[Location], bool] | None = None) -> Iterator[Lineage]:
        """The origin of every value, or of those whose path is ``wanted``: finding places takes longer than reading."""
        for location, origins in self._chosen(wanted):
            for origin in origins:
                yield self.row(origin, location)

    def row(self, origin: Origin, location: Location = ()) -> Lineage:
        """One origin with its place; ``location`` is the field's path, none for a computed value."""
        place = self.place(origin.where)
        return Lineage(
            field=field_text(location),
            places=(place,) if place else (),
            value=raw_text(origin.raw),
            rule=origin.rule,
            mapping=origin.mapping,
            location=location,
            raw=origin.raw,
            slot=origin.slot if isinstance(origin, Touch) else None,
            where=origin.where,
            beside=tuple(self._beside(origin)),
        )

    def _beside(self, origin: Origin) -> Iterator[Place]:
        for place in origin.slot.places[1:] if isinstance(origin, Touch) else ():
            yield self._locate((origin.where[0], place.element, place.component))

    def _chosen(self, wanted: Callable[[Location], bool] | None) -> Iterator[tuple[Location, list[Origin]]]:
        if wanted is None:
            yield from self.by_location.items()
            return
        found: dict[Location, list[Origin]] = {}
        for origin in self.log:
            location = origin.location
            if location is not None and wanted(location):
                found.setdefault(location, []).append(origin)
        yield from found.items()
