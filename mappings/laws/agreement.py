"""Documents that agree with the conditions of a mapping: what is in them is also written.

A field under ``only_if:`` is carried where the condition holds, and only there.  So a document that was made at
random is looked at as a whole: values are set so that conditions hold, or what could not be written is taken out.
"""

from collections.abc import Sequence
from typing import Any

from transload.mappings.compiler.families import family
from transload.mappings.compiler.handling import Handling
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.converters.plugged import tried
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Comparison, Field, Junction, Negation, Test
from transload.mappings.laws.conditions import Items, compared, holds, is_so, is_true, item_of, value_of
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.picks import MENDED, Pick
from transload.mappings.laws.shapes import Asked, Carried, Path, Shape

Made = dict[int, list[Shape]]
"""The shapes of the items of each list that was made, by the list's identity."""
_ROUNDS = 12
_MENDING = 4


class Agreement:
    """The conditions of one mapping."""

    def __init__(self, meaning: Meaning, shape: Shape, domains: Domains) -> None:
        self.shape = shape
        self.domains = domains
        self.carried = {
            carried.field.key: carried for one in shape.all() for carried in one.fields.values() if carried.bindings
        }
        every = list(shape.all())
        self.asks = any(
            one.asked or one.handled or any(b.asked for c in one.fields.values() for b in c.bindings) for one in every
        )
        clean = family(meaning).clean
        self.handling = {node.number: Handling(node, clean) for one in every for node in one.handled}
        several = meaning.several
        self._roots = {meaning.root.number, *([several.number] if several is not None else [])}

    def start(self, value: dict[str, Any]) -> dict[int, Any]:
        """The document as the current item of its scope."""
        return dict.fromkeys(self._roots, value)

    def settled(self, value: dict[str, Any], pick: Pick, made: Made) -> bool:
        """Change ``value`` until it agrees; False where it cannot."""
        if not self.asks:
            return True
        for attempt in range(_ROUNDS):
            settling = _Settling(self, pick, made, mending=attempt < _MENDING)
            if not settling.run(value):
                return False
            if not settling.changed:
                return True
        return False

    def holds(self, value: dict[str, Any]) -> bool:
        """Whether all that a document holds would be written."""
        items = self.start(value)
        return not self.asks or (holds(self.shape.asked, items) and self._holds(self.shape, value, items))

    def _holds(self, shape: Shape, item: dict[str, Any], items: Items) -> bool:
        for path, carried in shape.fields.items():
            said = get(item, path) not in (None, (), self.domains.default(carried))
            if said and not any(holds(binding.asked, items) for binding in carried.bindings):
                return False
        for path, shapes in shape.lists.items():
            for inner in get(item, path) or ():
                if not any(self._fits(one, inner, items) for one in shapes):
                    return False
        return all(self.accepts(node, item) for node in shape.handled)

    def _fits(self, shape: Shape, item: Any, items: Items) -> bool:
        here = {**items, shape.scope.number: item}
        if shape.scope.key is not None and item.get(shape.scope.key[0]) != shape.scope.key[1]:
            return False
        return holds(shape.asked, here) and (not isinstance(item, dict) or self._holds(shape, item, here))

    def samples(self, node: Segment) -> list[Any]:
        """The values that the plug-in of a segment names itself; none where it fails, which L7 tells."""
        assert node.use is not None
        try:
            return tried(node.use.name, node.use.code.samples)
        except DomainError:
            return []

    def accepts(self, node: Segment, item: dict[str, Any]) -> bool:
        """Whether the plug-in of a segment takes the values of an item, or has none to take."""
        values = tuple(get(item, field.path) for field in handled_fields(node))
        if all(value is None for value in values):
            return True
        try:
            self.handling[node.number].write(values)
        except DomainError:
            return False
        return True


class _Settling:
    """One look at a whole document.  ``mending`` tries to make conditions hold before anything is taken out."""

    def __init__(self, agreement: Agreement, pick: Pick, made: Made, *, mending: bool) -> None:
        self.agreement = agreement
        self.pick = pick
        self.made = made
        self.mending = mending
        self.changed = False

    def run(self, value: dict[str, Any]) -> bool:
        """False where the document cannot stand."""
        shape, items = self.agreement.shape, self.agreement.start(value)
        if not holds(shape.asked, items) and not self._mended([shape.asked], items, required=True):
            return False
        return self._item(shape, value, items)

    def _item(self, shape: Shape, item: dict[str, Any], items: Items) -> bool:
        for path, carried in shape.fields.items():
            if get(item, path) in (None, ()) or any(holds(binding.asked, items) for binding in carried.bindings):
                continue
            asked = [binding.asked for binding in carried.bindings]
            if self._mended(asked, items, required=carried.required):
                continue
            self.changed = True
            if not self._without(shape, item, path, carried):
                return False
        for node in shape.handled:
            self._handled(node, item)
        return all(self._list(shape, item, path, shapes, items) for path, shapes in shape.lists.items())

    def _list(self, shape: Shape, item: dict[str, Any], path: Path, shapes: list[Shape], items: Items) -> bool:
        """The items that can stay; False where fewer do than there must be."""
        found = get(item, path)
        if not found:
            return True
        kept = []
        for inner, of in zip(found, self.made[id(found)], strict=True):
            here = {**items, of.scope.number: inner}
            stays = holds(of.asked, here) or self._mended([of.asked], here, required=False)
            if stays and isinstance(inner, dict):
                stays = self._item(of, inner, here) and self._tells(of, inner, ())
            if stays:
                kept.append((inner, of))
        if len(kept) < len(found):
            self.changed = True
            found[:] = [inner for inner, _ in kept]
            self.made[id(found)] = [of for _, of in kept]
            if not found:
                drop(item, path)
                self._prune(shape, item, path[:-1])
        counts = {id(one): sum(of is one for _, of in kept) for one in shapes}
        return all(one.node is None or counts[id(one)] >= one.node.least for one in shapes)

    def _without(self, shape: Shape, item: dict[str, Any], path: Path, carried: Carried) -> bool:
        """Take a field out, with its object where it must be in that; False where the item cannot be without."""
        if not carried.required:
            drop(item, path)
            self._prune(shape, item, path[:-1])
            return True
        if len(path) == 1:
            return False
        drop(item, path[:-1])
        self._prune(shape, item, path[:-2])
        return True

    def _prune(self, shape: Shape, item: dict[str, Any], path: Path) -> None:
        """Take objects out that say nothing any more."""
        while path and not self._tells(shape, item, path):
            drop(item, path)
            path = path[:-1]

    def _tells(self, shape: Shape, item: dict[str, Any], path: Path) -> bool:
        """Whether an object holds more than defaults."""
        if any(get(item, one) for one in shape.lists if one[: len(path)] == path):
            return True
        return any(
            get(item, one) not in (None, (), self.agreement.domains.default(carried))
            for one, carried in shape.fields.items()
            if one[: len(path)] == path
        )

    def _handled(self, node: Segment, item: dict[str, Any]) -> None:
        """Values that a plug-in takes together: they belong to each other."""
        if self.agreement.accepts(node, item):
            return
        self.changed = True
        fields = handled_fields(node)
        assert node.use is not None
        samples = self.agreement.samples(node)
        chosen = self.pick.value(f"{node.name}?", samples) if samples else {}
        for name, field in zip(node.use.code.fields, fields, strict=True):
            if chosen.get(name) is None:
                drop(item, field.path)
            else:
                put(item, field.path, chosen[name])

    def _mended(self, asked: Sequence[Asked], items: Items, *, required: bool) -> bool:
        """Try to make one of several conditions hold."""
        if not self.mending or not (required or self.pick.present(MENDED)):
            return False
        for one in asked:
            for condition in one.when:
                if not is_so(condition, items):
                    self._set(condition.field, condition.value, items)
            for test in one.tests:
                self._satisfy(test, items, wanted=True)
            if holds(one, items):
                return True
        return False

    def _satisfy(self, test: Test, items: Items, *, wanted: bool) -> None:
        if is_true(test, items) == wanted:
            return
        if isinstance(test, Negation):
            self._satisfy(test.part, items, wanted=not wanted)
        elif isinstance(test, Junction):
            parts = test.parts if test.every == wanted else (self.pick.value(MENDED, list(test.parts)),)
            for part in parts:
                self._satisfy(part, items, wanted=wanted)
        else:
            self._choose(test, items, wanted=wanted)

    def _choose(self, test: Comparison, items: Items, *, wanted: bool) -> None:
        """Give the field of a comparison another value."""
        carried = self.agreement.carried.get(test.field.key)
        if carried is None:
            return
        domain = self.agreement.domains.of(carried)
        other = value_of(test.other, items) if test.other is not None else test.value
        values: list[Any] = [(value,) if domain.listed else value for value in domain.inside]
        fitting = [value for value in values if compared(test, value, other) == wanted]
        if not carried.required and compared(test, self.agreement.domains.default(carried), other) == wanted:
            fitting.append(None)
        if fitting:
            self._set(test.field, self.pick.value(MENDED, fitting), items)

    def _set(self, field: Field, value: Any, items: Items) -> None:
        item = item_of(field.scope, items)
        if not isinstance(item, dict):
            return
        self.changed = True
        if value is None:
            drop(item, field.path)
        else:
            put(item, field.path, value)


def handled_fields(node: Segment) -> list[Field]:
    """The fields of a segment that a plug-in makes, in its order."""
    assert node.use is not None
    return [slot.field for slot in node.use.slots if slot.field is not None]


def get(value: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def put(value: dict[str, Any], path: Path, new: Any) -> None:
    """Set what stands at a path, with the objects around it."""
    for name in path[:-1]:
        value = value.setdefault(name, {})
    value[path[-1]] = new


def drop(value: dict[str, Any], path: Path) -> None:
    """Take away what stands at a path."""
    for name in path[:-1]:
        value = value.get(name) or {}
    value.pop(path[-1], None)
