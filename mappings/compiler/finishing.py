"""What is done to a document as a whole: fields that follow from others, and those that must be there.

These run over the finished dict, or over the model before it is written, and only where a
mapping has such entries; so all others pay nothing for them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from transload.canonical.places import MappingPlace
from transload.mappings.compiler.frames import has_late_fills, late_fills
from transload.mappings.compiler.reading import TROUBLE
from transload.mappings.language.converters.numbers import MATH, round_to
from transload.mappings.language.layout import AnyNode, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import (
    Computed,
    Condition,
    Constant,
    Derived,
    Field,
    Length,
    Operand,
    Operation,
    Scope,
    Total,
)

Location = tuple[str | int, ...]
_SIGNS = {"+": MATH.add, "-": MATH.subtract, "*": MATH.multiply, "/": MATH.divide}


@dataclass(frozen=True, kw_only=True)
class _Needed:
    """A field that must have a value where its object is there and all conditions of its node hold."""

    field: Field
    when: tuple[Condition, ...]
    at: MappingPlace
    reads: bool
    writes: bool


class Finishing:
    """The finishing steps of a mapping.  It is false where there are none."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self.late = has_late_fills(meaning)
        self.needed = tuple(_needed([*meaning.segments, *meaning.elements]))
        self.counted = [(path.split("."), limit) for path, limit in meaning.limits.items() if limit.items is not None]

    def __bool__(self) -> bool:
        return self.late or bool(self.needed or self.counted or self.meaning.derived)

    @property
    def looks(self) -> bool:
        """Whether there is anything to look at before writing."""
        return any(needed.writes for needed in self.needed) or bool(self.counted)

    def read(self, document: dict[str, Any], report: Any = None) -> None:
        """Complete a document that was read.  Without a report any fault raises."""
        if self.late:
            late_fills(self.meaning, document)
        for derived in self.meaning.derived:
            _derive(derived, document, report)
        for needed in self.needed:
            if needed.reads:
                self._need(needed, document, report)
        self._count(document, report, "E-VALUE")

    def derive(self, document: dict[str, Any]) -> None:
        """Give a document the fields that follow from others."""
        for derived in self.meaning.derived:
            _derive(derived, document, None)

    def write(self, document: BaseModel, report: Any = None) -> None:
        """Look at a document that is to be written.  Without a report any fault raises."""
        for needed in self.needed:
            if needed.writes:
                self._need(needed, document, report)
        self._count(document, report, None)

    def _need(self, needed: _Needed, document: Any, report: Any) -> None:
        path = needed.field.path
        for location, item in _items(document, needed.field.scope):
            if not all(_holds(condition, item, document, needed.field.scope) for condition in needed.when):
                continue
            holder = _get(item, path[:-1])
            if (holder is not None and (holder or len(path) == 1)) and _get(item, path) in (None, ()):
                if report is None:
                    raise TROUBLE
                place = (*location, *path)
                report.lacking(needed.at, place, f"{_text(place)} is required by the mapping, and has no value")

    def _count(self, document: Any, report: Any, code: str | None) -> None:
        for path, limit in self.counted:
            for location, items in _lists(document, path):
                if len(items) > (limit.items or 0):
                    if report is None:
                        raise TROUBLE
                    message = f"{_text(location)} has {len(items)} items, more than {limit.items}"
                    more = {"code": code} if code else {}
                    report.lacking(limit.at, location, message, **more)


def _needed(nodes: Sequence[AnyNode], when: tuple[Condition, ...] = ()) -> Iterator[_Needed]:
    for node in nodes:
        conditions = (*when, *node.when)
        for slot in node.own():
            if slot.required and slot.field is not None:
                yield _Needed(field=slot.field, when=conditions, at=slot.at, reads=slot.reads, writes=slot.writes)
        yield from _needed(below(node), conditions)


def _holds(condition: Condition, item: Any, document: Any, scope: Scope) -> bool:
    """Whether a condition holds; of one on an outer item that is not the document it is not known, and taken to."""
    if condition.field.scope is scope:
        return bool(_get(item, condition.field.path) == condition.value)
    return condition.field.scope.parent is not None or bool(_get(document, condition.field.path) == condition.value)


def _derive(derived: Derived, document: dict[str, Any], report: Any) -> None:
    path = derived.field.path
    for location, item in _items(document, derived.field.scope):
        holder: Any = _get(item, path[:-1])
        if holder is None and not isinstance(derived.value, Constant):
            holder = {}  # a constant alone makes no object
        if not isinstance(holder, dict) or holder.get(path[-1]) is not None:
            continue
        try:
            value = _value(derived.value, item, document)
            if value is not None and derived.rounds is not None:
                value = round_to(value, derived.rounds)
        except ArithmeticError:
            value = None
        if value is not None:
            holder[path[-1]] = value
            _put(item, path[:-1], holder)
            if report is not None:
                report.derived(derived, (*location, *path))


def _put(item: dict[str, Any], path: tuple[str, ...], holder: dict[str, Any]) -> None:
    """Make sure that the object at ``path`` is ``holder``."""
    for name in path[:-1]:
        item = item.setdefault(name, {})
    if path:
        item[path[-1]] = holder


def _value(computed: Computed, item: Any, document: Any) -> Any:
    """The value over an item; None where an operand is missing.  Fields of other scopes are the document's."""
    if isinstance(computed, Constant):
        return computed.value
    if isinstance(computed, Operand):
        scope = computed.field.scope
        outer = scope.parent if scope.key is not None else scope
        holder = document if outer is None or outer.parent is None else item
        return _get(_chosen(holder, scope), computed.field.path)
    if isinstance(computed, Length):
        return len(_get(_holder(computed.list, item, document), computed.list.path) or ())
    if isinstance(computed, Total):
        total: Any = 0
        for inner in _get(_holder(computed.list, item, document), computed.list.path) or ():
            value = _value(computed.inner, inner, document)
            if value is None:
                return None
            total = MATH.add(value, total)
        return total
    assert isinstance(computed, Operation)
    left, right = _value(computed.left, item, document), _value(computed.right, item, document)
    return None if left is None or right is None else _SIGNS[computed.sign](left, right)


def _holder(field: Field, item: Any, document: Any) -> Any:
    return document if field.scope.parent is None else item


def _chosen(holder: Any, scope: Scope) -> Any:
    """The item of a scope with a key inside ``holder``, else ``holder`` itself."""
    if scope.key is None:
        return holder
    items = _get(holder, scope.path) or ()
    return next((item for item in items if _get(item, (scope.key[0],)) == scope.key[1]), None)


def _get(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if value is None:
            return None
        value = value.get(name) if isinstance(value, dict) else getattr(value, name)
    return value


def _items(document: Any, scope: Scope) -> Iterator[tuple[Location, Any]]:
    """All items of a scope with their paths."""
    if scope.parent is None:
        yield (), document
        return
    for location, outer in _items(document, scope.parent):
        for index, item in enumerate(_get(outer, scope.path) or ()):
            if scope.key is None or _get(item, (scope.key[0],)) == scope.key[1]:
                yield (*location, *scope.path, index), item


def _lists(value: Any, names: list[str], location: Location = ()) -> Iterator[tuple[Location, Any]]:
    """The lists at a path, in whatever lists they are themselves."""
    found = _get(value, (names[0],))
    here = (*location, names[0])
    if found is None:
        return
    if len(names) == 1:
        yield here, found
    elif isinstance(found, list | tuple):
        for index, item in enumerate(found):
            yield from _lists(item, names[1:], (*here, index))
    else:
        yield from _lists(found, names[1:], here)


def _text(location: Location) -> str:
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text
