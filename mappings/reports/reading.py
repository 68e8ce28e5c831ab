"""The report of a traced reading: every fault, every remark, and where each field's value comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace, Place
from transload.mappings.compiler.frames import FAILED
from transload.mappings.language.converters.base import CodeError
from transload.mappings.language.layout import Node, Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Condition, Derived, Field, Scope, Slot
from transload.mappings.reports.origins import Followed, Locate, Location, Origins, Touch, field_text, keyed, raw_text

_TOLD = 30
"""So many codes of a table are named in a hint."""


@dataclass
class ReadingReport:
    """Collects what the traced build reports.  ``locate`` turns a build's idea of a place into a `Place`.

    ``refused`` is True where the whole message is not what the mapping reads, so that nothing in it can be missing.
    """

    meaning: Meaning
    locate: Locate
    refuse: Callable[[Slot, Any], str | None] = lambda slot, raw: None
    findings: list[Finding] = field(default_factory=list)
    remarks: list[Any] = field(default_factory=list)
    starts: dict[Location, Any] = field(default_factory=dict)
    failed: set[Location] = field(default_factory=set)
    refused: bool = False

    def __post_init__(self) -> None:
        self.origins = Origins(self.locate)
        self._note = self.origins.log.append
        self._items: dict[int, Location] = {self.meaning.root.number: ()}
        self._inner = {scope.number: _inner(scope, self.meaning.scopes) for scope in self.meaning.scopes}

    def append(self, remark: Any) -> None:
        """Keep a remark, as the fast build does."""
        self.remarks.append(remark)

    def enter(self, scope: int, index: int, where: Any) -> None:
        """An item begins: the ``index``-th of its list."""
        entered = self.meaning.scopes[scope]
        assert entered.parent is not None
        for inner in self._inner[scope]:
            self._items.pop(inner, None)
        item = (*self.item(entered.parent), *entered.path, index)
        self._items[scope] = item
        self.starts[item] = where

    def item(self, scope: Scope) -> Location:
        """The path of the current item of a scope; of its first where none began yet."""
        found = self._items.get(scope.number)
        if found is not None:
            return found
        assert scope.parent is not None
        if scope.key is not None:
            return keyed(self.item(scope.parent), scope)
        return (*self.item(scope.parent), *scope.path, 0)

    def location(self, target: Field) -> Location:
        """The path of a field of the current item."""
        return (*self.item(target.scope), *target.path)

    def read(self, slot: Slot, raw: Any, where: Any) -> Any:
        """Convert a value, or note why it cannot be, and give `FAILED`."""
        assert slot.field is not None
        assert slot.chain is not None
        self._note(Touch(slot, where, raw, self.item(slot.field.scope)))
        complaint = self.refuse(slot, raw)
        if complaint is None:
            try:
                return slot.chain.read(raw)
            except CodeError as error:
                self._fault(
                    "E-CODE",
                    str(error),
                    slot,
                    where,
                    raw,
                    self.location(slot.field),
                    hint=error.hint or _code_hint(slot),
                )
                return FAILED
            except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError) as error:
                complaint = _complaint(error, raw)
        self._fault("E-VALUE", complaint, slot, where, raw, self.location(slot.field))
        return FAILED

    def seen(self, slot: Slot, raw: Any, where: Any, index: int) -> None:
        """Note where an item of a list of texts stands."""
        assert slot.field is not None
        listed = slot.chain is None or slot.chain.bare
        self._note(Touch(slot, where, raw, self.item(slot.field.scope), index if listed else None))

    def whole(self, slot: Slot, items: list[Any]) -> Any:
        """Convert what several places hold together."""
        assert slot.field is not None
        assert slot.chain is not None
        try:
            return slot.chain.read(items)
        except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError) as error:
            location = self.location(slot.field)
            known = self.origins.by_location.get(location)
            where = known[0].where if known else None
            self._fault("E-VALUE", _complaint(error, items), slot, where, items, location)
            return FAILED

    def split(self, slot: Slot, raw: Any, where: Any) -> Any:
        """Take a text of several fields apart, or note why it cannot be."""
        assert slot.chain is not None
        assert slot.parts is not None
        self._note(Touch(slot, where, raw, None))
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
        self._note(Touch(slot, where, value, self.item(slot.field.scope)))

    def derived(self, derived: Derived, location: Location) -> None:
        """Note that a field follows from others."""
        where = self.starts.get(location[: -len(derived.field.path)])
        self._note(Followed(location, where, "", f"derive {derived.rule}", derived.at))

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
        self._note(Touch(slot, where, raw, None))
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
        self.origins.log.pop()  # the value was read right before this
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
        self._note(Followed(location, where, condition.value, rule, condition.at))

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

    def where_of(self, location: Location) -> tuple[Place | None, MappingPlace | None, str | None]:
        """Place, mapping place and text of a field, or of the item that should hold it."""
        known = self.origins.by_location
        if location in known:
            last = known[location][-1]
            return self._place(last.where), last.mapping, raw_text(last.raw)
        mapping = self.mapping_of(location)
        for length in range(len(location), 0, -1):
            if location[:length] in self.starts:
                return self._place(self.starts[location[:length]]), mapping, None
            inside = next((path for path in known if path[:length] == location[:length]), None)
            if inside is not None:
                return self._place(known[inside][0].where), mapping, None
        return None, mapping, None

    def mapping_of(self, location: Location) -> MappingPlace | None:
        """The entry that would have read the field, or one of its fields."""
        several = location[:1] == ("documents",) and self.meaning.several is not None
        text = ".".join(str(step) for step in location if not isinstance(step, int))
        texts = (text, text.removeprefix("documents.")) if several else (text,)  # its own field, or one that all share
        for slot in self.meaning.slots:
            if slot.field is None or not slot.reads:
                continue
            name = slot.field.plain()
            if any(name == text or name.startswith(f"{text}.") for text in texts):
                return slot.at
        return None

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
                value=raw_text(raw),
                place=self._place(where),
                mapping=slot.at,
                field=field_text(location) if location is not None else None,
            )
        )


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else raw_text(value)


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


def _inner(outer: Scope, scopes: Sequence[Scope]) -> tuple[int, ...]:
    """The scopes whose items lie in one of this scope's."""
    return tuple(scope.number for scope in scopes if scope is not outer and scope.within(outer))
