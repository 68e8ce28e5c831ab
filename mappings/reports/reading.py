"""The report of a traced reading: every fault, every remark, and where each field's value comes from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace, Place
from transload.mappings.compiler.frames import FAILED
from transload.mappings.language.converters.base import CodeError
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Condition, Derived, Field, Node, Scope, Segment, Slot

Location = tuple[str | int, ...]
"""A path in the document, as pydantic writes it: ``("lines", 3, "quantity")``."""
Locate = Callable[[Any], Place]
_TOLD = 30
"""So many codes of a table are named in a hint."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where one value of a document comes from.

    ``field`` is its path (``lines[3].quantity``), ``places`` where it stands on the wire, ``value`` what stands there,
    ``rule`` the right side of the entry, ``mapping`` the entry's place.  ``location`` is the path in steps, ``raw``
    the value as the entry got it, ``slot`` the entry; None for ``when:`` and ``derive:``.
    """

    field: str
    places: tuple[Place, ...]
    value: str
    rule: str
    mapping: MappingPlace
    location: Location = ()
    raw: Any = None
    slot: Slot | None = None

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        return {
            "field": self.field,
            "places": [place.as_dict() for place in self.places],
            "value": self.value,
            "rule": self.rule,
            "mapping": self.mapping.as_dict(),
        }


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


@dataclass(frozen=True, kw_only=True)
class Touch:
    """An entry that took a value: ``where`` is a build's idea of the place, as the body's family knows it.

    Records: ``(segment, element, component)``; XML: ``(element, attribute)``; JSON: the path.  ``raw`` is
    what stands there (a tuple for two places), ``location`` the field's path, None for a computed value.
    """

    slot: Slot
    where: Any
    raw: Any
    location: Location | None


@dataclass
class _Source:
    slot: Slot | None
    where: Any
    raw: Any
    rule: str
    mapping: MappingPlace


@dataclass
class ReadingReport:
    """Collects what the traced build reports.  ``locate`` turns a build's idea of a place into a `Place`.

    ``refused`` is True where the whole message is not what the mapping reads, so that nothing in it can be missing.
    ``wanted`` chooses whose origins are kept: to keep all takes longer than to read a large message.
    """

    meaning: Meaning
    locate: Locate
    refuse: Callable[[Slot, Any], str | None] = lambda slot, raw: None
    findings: list[Finding] = field(default_factory=list)
    remarks: list[Any] = field(default_factory=list)
    sources: dict[Location, list[_Source]] = field(default_factory=dict)
    starts: dict[Location, Any] = field(default_factory=dict)
    failed: set[Location] = field(default_factory=set)
    index: dict[int, int] = field(default_factory=dict)
    touches: list[Touch] = field(default_factory=list)
    refused: bool = False
    wanted: Callable[[Location], bool] | None = None

    def append(self, remark: Any) -> None:
        """Keep a remark, as the fast build does."""
        self.remarks.append(remark)

    def enter(self, scope: int, index: int, where: Any) -> None:
        """An item begins: the ``index``-th of its list."""
        self.index[scope] = index
        self.starts[self.item(self.meaning.scopes[scope])] = where

    def item(self, scope: Scope) -> Location:
        """The path of the current item of a scope."""
        if scope.parent is None:
            return ()
        if scope.key is not None:
            return keyed(self.item(scope.parent), scope)
        return (*self.item(scope.parent), *scope.path, self.index.get(scope.number, 0))

    def location(self, target: Field) -> Location:
        """The path of a field of the current item."""
        return (*self.item(target.scope), *target.path)

    def read(self, slot: Slot, raw: Any, where: Any) -> Any:
        """Convert a value, or note why it cannot be, and give `FAILED`."""
        assert slot.field is not None
        assert slot.chain is not None
        location = self.location(slot.field)
        self._keep(location, slot, where, raw)
        complaint = self.refuse(slot, raw)
        if complaint is None:
            try:
                return slot.chain.read(raw)
            except CodeError as error:
                self._fault("E-CODE", str(error), slot, where, raw, location, hint=error.hint or _code_hint(slot))
                return FAILED
            except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError) as error:
                complaint = _complaint(error, raw)
        self._fault("E-VALUE", complaint, slot, where, raw, location)
        return FAILED

    def seen(self, slot: Slot, raw: Any, where: Any, index: int) -> None:
        """Note where an item of a list of texts stands."""
        assert slot.field is not None
        location = self.location(slot.field)
        listed = slot.chain is None or slot.chain.bare
        self._keep((*location, index) if listed else location, slot, where, raw)

    def whole(self, slot: Slot, items: list[Any]) -> Any:
        """Convert what several places hold together."""
        assert slot.field is not None
        assert slot.chain is not None
        try:
            return slot.chain.read(items)
        except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError) as error:
            location = self.location(slot.field)
            where = self.sources[location][0].where if location in self.sources else None
            self._fault("E-VALUE", _complaint(error, items), slot, where, items, location)
            return FAILED

    def split(self, slot: Slot, raw: Any, where: Any) -> Any:
        """Take a text of several fields apart, or note why it cannot be."""
        assert slot.chain is not None
        assert slot.parts is not None
        self.touches.append(Touch(slot=slot, where=where, raw=raw, location=None))
        complaint = self.refuse(slot, raw)
        if complaint is None:
            try:
                return slot.parts.pattern.split(slot.chain.read(raw))
            except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError) as error:
                complaint = _complaint(error, raw)
        for part in slot.parts.slots:
            assert part.field is not None
            self.failed.add(self.location(part.field))
        self._fault("E-VALUE", complaint, slot, where, raw, None)
        return FAILED

    def handled(self, node: Segment, read: Callable[..., Any], record: tuple[Any, ...], where: Any) -> Any:
        """Let a plug-in read a segment, or note why it cannot."""
        assert node.use is not None
        try:
            return read(*record)
        except ValueError as error:
            for slot in node.use.slots:
                assert slot.field is not None
                self.failed.add(self.location(slot.field))
            self._fault("E-VALUE", str(error), node.use.slots[0], where, node.tag, None)
            return FAILED

    def took(self, slot: Slot, value: Any, where: Any) -> None:
        """Note where a value comes from that a plug-in gave."""
        assert slot.field is not None
        self._keep(self.location(slot.field), slot, where, value)

    def derived(self, derived: Derived, location: Location) -> None:
        """Note that a field follows from others."""
        where = self.starts.get(location[: -len(derived.field.path)])
        source = _Source(None, where, "", f"derive {derived.rule}", derived.at)
        self.sources.setdefault(location, []).append(source)

    def lacking(self, at: MappingPlace, location: Location, message: str, *, code: str = "E-MISSING") -> None:
        """A required field has no value, or a list too many items."""
        if code == "E-MISSING" and location in self.failed:
            return
        self.failed.add(location)
        place = self.where_of(location)[0]
        hint = f"it is read from {at.place}" if code == "E-MISSING" and at.place else None
        self.findings.append(
            Finding(code=code, message=message, hint=hint, place=place, mapping=at, field=field_text(location))
        )

    def stated(self, slot: Slot, raw: Any, where: Any) -> Any:
        """Convert what the wire says of a computed value."""
        assert slot.chain is not None
        self.touches.append(Touch(slot=slot, where=where, raw=raw, location=None))
        try:
            return slot.chain.read(raw)
        except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError) as error:
            self._fault("E-VALUE", _complaint(error, raw), slot, where, raw, None)
            return FAILED

    def clash(self, slot: Slot, raw: Any, where: Any, old: Any) -> None:
        """Two places of one field differ."""
        assert slot.field is not None
        location = self.location(slot.field)
        message = f"{field_text(location)} was {_shown(old)} before, and is {_shown(raw)} here"
        hint = "one field holds one value: the message contradicts itself, or two things are bound to one field"
        self._fault("E-CLASH", message, slot, where, raw, location, hint=hint)

    def another(self, slot: Slot, raw: Any, where: Any) -> None:
        """A value is left aside, since its field has another one: it is not where the field comes from."""
        assert slot.field is not None
        sources = self.sources.get(self.location(slot.field), [])
        if sources and sources[-1].slot is slot:
            sources.pop()
            self.touches.pop()
        self.remarks.append(("another", slot, where, raw))

    def contradicts(self, condition: Condition, where: Any, old: Any) -> None:
        """A node with ``when:`` is there although its field has another value."""
        location = self.location(condition.field)
        message = f"this stands only where {field_text(location)} is {_shown(condition.value)}, and it is {_shown(old)}"
        self.findings.append(
            Finding(
                code="E-CLASH",
                message=message,
                place=self._place(where),
                mapping=condition.at,
                field=field_text(location),
            )
        )

    def fulfilled(self, condition: Condition, where: Any) -> None:
        """A node with ``when:`` gives its field a value."""
        location = self.location(condition.field)
        rule = f"when {condition.value}"
        self.sources.setdefault(location, []).append(_Source(None, where, condition.value, rule, condition.at))

    def again(self, node: Node, where: Any) -> None:
        """A node comes more often than it may."""
        often = "once" if not node.most or node.most == 1 else f"{node.most} times"
        self.findings.append(
            Finding(
                code="E-DUP",
                message=f"{node.name} may come {often} here, and this is one more",
                hint="give the node each: or max:, or tell the two apart by a literal",
                place=self._place(where),
                mapping=node.at,
            )
        )

    def disordered(self, node: Node, where: Any, later: Node) -> None:
        """A node comes after one that the file has behind it."""
        self.findings.append(
            Finding(
                code="E-ORDER",
                message=f"{node.name} stands after {later.name}, and the mapping has it before",
                hint="ask the partner, or write  strict: true  to take them in any order",
                place=self._place(where),
                mapping=node.at,
            )
        )

    def few(self, node: Node, where: Any) -> None:
        """A node comes less often than it must."""
        often = "once" if node.least == 1 else f"{node.least} times"
        self.findings.append(
            Finding(
                code="E-MISSING",
                message=f"{node.name} must come at least {often} before this place",
                place=self._place(where),
                mapping=node.at,
            )
        )

    def unnumbered(self, slot: Slot, where: Any) -> None:
        """A level of a hierarchy has no number."""
        self._hierarchy("E-MISSING", f"{slot.name} is empty, and a level needs a number", slot, where, None)

    def twice(self, slot: Slot, number: str, where: Any) -> None:
        """Two levels of a hierarchy have one number."""
        self._hierarchy("E-DUP", f"a level before this one has the number {number!r}", slot, where, number)

    def misplaced(self, slot: Slot, stated: str, around: str, where: Any) -> None:
        """A level of a hierarchy does not stand below the one that it names."""
        stands = f"stands below level {around!r}" if around else "stands below no other"
        named = f"{slot.name} names level {stated!r}" if stated else f"{slot.name} names no level"
        hint = (
            "levels come depth first, each right below the one that it names: ask the partner, "
            "or look for a level in between that nothing takes"
        )
        self._hierarchy("E-ORDER", f"{named}, and this level {stands}", slot, where, stated or None, hint)

    def _hierarchy(
        self, code: str, message: str, slot: Slot, where: Any, value: str | None, hint: str | None = None
    ) -> None:
        self.findings.append(
            Finding(code=code, message=message, hint=hint, value=value, place=self._place(where), mapping=slot.at)
        )

    def lineage(self) -> Iterator[Lineage]:
        """Every value's origin, in the order of reading; only those ``wanted``."""
        for location, sources in self.sources.items():
            if self.wanted is not None and not self.wanted(location):
                continue
            for source in sources:
                place = self._place(source.where)
                yield Lineage(
                    field=field_text(location),
                    places=(place,) if place else (),
                    value=_text(source.raw),
                    rule=source.rule,
                    mapping=source.mapping,
                    location=location,
                    raw=source.raw,
                    slot=source.slot,
                )

    def where_of(self, location: Location) -> tuple[Place | None, MappingPlace | None, str | None]:
        """Place, mapping place and text of a field, or of the item that should hold it."""
        sources = self.sources.get(location)
        if sources:
            last = sources[-1]
            return self._place(last.where), last.mapping, _text(last.raw)
        mapping = self.mapping_of(location)
        for length in range(len(location), 0, -1):
            if location[:length] in self.starts:
                return self._place(self.starts[location[:length]]), mapping, None
            inside = [path for path in self.sources if path[:length] == location[:length]]
            if inside:
                return self._place(self.sources[inside[0]][0].where), mapping, None
        return None, mapping, None

    def mapping_of(self, location: Location) -> MappingPlace | None:
        """The entry that would have read the field, or one of its fields."""
        steps = location[2:] if location[:1] == ("documents",) and self.meaning.several is not None else location
        text = ".".join(str(step) for step in steps if not isinstance(step, int))
        for slot in self.meaning.slots:
            if slot.field is None or not slot.reads:
                continue
            name = slot.field.plain()
            if name == text or name.startswith(f"{text}."):
                return slot.at
        return None

    def _keep(self, location: Location, slot: Slot, where: Any, raw: Any) -> None:
        if self.wanted is not None and not self.wanted(location):
            return
        self.touches.append(Touch(slot=slot, where=where, raw=raw, location=location))
        self.sources.setdefault(location, []).append(_Source(slot, where, raw, slot.rule, slot.at))

    def _place(self, where: Any) -> Place | None:
        return self.locate(where) if where is not None else None

    def _fault(
        self,
        code: str,
        message: str,
        slot: Slot,
        where: Any,
        raw: Any,
        location: Location | None,
        hint: str | None = None,
    ) -> None:
        if location is not None:
            self.failed.add(location)
        self.findings.append(
            Finding(
                code=code,
                message=message,
                hint=hint,
                value=_text(raw),
                place=self._place(where),
                mapping=slot.at,
                field=field_text(location) if location is not None else None,
            )
        )


def _text(raw: Any) -> str:
    if isinstance(raw, tuple | list):
        return ":".join(str(part) for part in raw)
    return str(raw)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else _text(value)


def _complaint(error: Exception, raw: Any) -> str:
    text = str(error)
    return text if isinstance(error, ValueError) and text else f"{_shown(raw)} cannot be read here"


def _code_hint(slot: Slot) -> str | None:
    steps = slot.chain.steps if slot.chain else ()
    table = next((step.read_table for step in steps if step.read_table is not None), None)
    if table is None:
        return None
    more = f" and {len(table) - _TOLD} more" if len(table) > _TOLD else ""
    known = ", ".join(islice(table, _TOLD)) + more
    return f"the table has {known}; add the code to it in the partner's mapping"
