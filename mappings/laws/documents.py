"""Documents made for a mapping: minimal, maximal, each optional field with and without each other, borders, random."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from transload.canonical.model import Model
from transload.mappings.compiler.finishing import Finishing
from transload.mappings.language.fields import FieldType, Kind, field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import operands
from transload.mappings.laws.agreement import Agreement, Made, drop, get, put
from transload.mappings.laws.candidates import allowed, candidates
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.picks import MANY, Chance, Coded, Pick, Whole
from transload.mappings.laws.shapes import Path, Shape


class Documents:
    """Makes the documents of one mapping."""

    def __init__(self, meaning: Meaning, shape: Shape, domains: Domains) -> None:
        self.meaning = meaning
        self.shape = shape
        self.domains = domains
        self.agreement = Agreement(meaning, shape, domains)
        self._finishing = Finishing(meaning)
        self._derived = [tuple(derived.field.plain().split(".")) for derived in meaning.derived]
        self._operands = operands_of(meaning)
        self._made: Made = {}
        self._fields: dict[tuple[Shape, Path], list[tuple[str, FieldType, Path]]] = {}

    def all(self, count: int, seed: str) -> Iterator[Model]:
        """``count`` documents: the systematic ones first, then as many by chance as are missing."""
        made = 0
        for pick in self.picks(count, seed):
            document = self.make(pick)
            if document is not None:
                made += 1
                yield document
            if made >= count:
                return

    def picks(self, count: int, seed: str) -> Iterator[Pick]:
        """How those documents are made; more than ``count``, since some cannot be."""
        yield Whole(full=False)
        yield Whole(full=True, items=2)
        longest = max((len(domain.inside) for domain in self.domains.all), default=1)
        borders = [Whole(full=True, number=number, items=1) for number in range(1, min(longest, max(count // 2, 8)))]
        numbers: dict[str, int] = {}
        self.make(Coded(numbers, 0, turned=True))
        pairs: list[Pick] = []
        for bit in range(max(len(numbers), 1).bit_length() + 2):
            pairs += [Coded(numbers, bit, turned=False), Coded(numbers, bit, turned=True)]
        yield from pairs
        yield Whole(full=True, items=MANY)
        yield from borders
        for number in range(count * 2):
            yield Chance(f"{seed} {number}")

    def make(self, pick: Pick) -> Model | None:
        """The document of a pick; None where the model has rules that it does not meet."""
        self._made = {}
        value = self._object(self.meaning.model, (), self.shape, pick, "") or {}
        self._needed(value)
        if not self.agreement.settled(value, pick, self._made):
            return None
        self._without_items(value)
        self._finishing.derive(value)
        return self._valid(value)

    def completed(self, document: Model) -> Model | None:
        """A document that was made smaller, with what follows from it; None where not all of it would be written."""
        value = document.model_dump()
        for names in self._derived:
            _forget(value, names)
        if not self.agreement.holds(value) or self._lacks(value):
            return None
        if not self._derived:
            return document
        self._finishing.derive(value)
        return self._valid(value)

    def _valid(self, value: dict[str, Any]) -> Model | None:
        try:
            return self.meaning.model.model_validate(value)
        except ValidationError:
            return None

    def _needed(self, value: dict[str, Any]) -> None:
        """Fields that only the items of a list hold cannot stand without one."""
        for carried in self.shape.fields.values():
            lacking = [path for path in carried.needs if not get(value, path)]
            if not lacking or get(value, carried.field.path) is None:
                continue
            if carried.required:
                for path in lacking:
                    put(value, path, self._items(self.shape, path, Whole(full=False), "", least=1))
            else:
                drop(value, carried.field.path)
        self._without_items(value)

    def _without_items(self, value: dict[str, Any]) -> None:
        """Items that a key chooses and that stand in those of another list cannot stand without one either."""
        for path, shapes in self.shape.lists.items():
            for shape in shapes:
                items = get(value, path)
                if not items or shape.scope.key is None:
                    continue
                needs = [need for carried in shape.fields.values() for need in carried.needs]
                if any(not get(value, need) for need in needs):
                    name, text = shape.scope.key
                    put(value, path, [item for item in items if item.get(name) != text])

    def _lacks(self, value: dict[str, Any]) -> bool:
        """Whether a field has a value, and no item of the list that holds it is there."""
        return any(
            get(value, carried.field.path) is not None and any(not get(value, path) for path in carried.needs)
            for carried in self.shape.fields.values()
        )

    def _object(
        self, model: type[BaseModel], prefix: Path, shape: Shape, pick: Pick, name: str
    ) -> dict[str, Any] | None:
        """The values of an object; None where it holds nothing of its own."""
        found: dict[str, Any] = {}
        telling = False
        for field, kind, path in self._reached(model, prefix, shape):
            value, tells = self._field(kind, path, shape, pick, f"{name}.{field}")
            if value is None and kind.required:
                value = _placeholder(shape, path, kind)
            if value is not None:
                found[field] = value
                telling = telling or tells
        self._settle(found, prefix, shape, pick, name)
        return found if telling and found else None

    def _reached(self, model: type[BaseModel], prefix: Path, shape: Shape) -> list[tuple[str, FieldType, Path]]:
        """The fields of an object that can have a value, by their names: they or something in them is carried."""
        known = self._fields.get((shape, prefix))
        if known is None:
            carried = {path[:end] for path in (*shape.fields, *shape.lists) for end in range(1, len(path) + 1)}
            known = []
            for field in model.model_fields:
                kind, path = field_type(model, field), (*prefix, field)
                assert kind is not None
                if kind.required or path in carried:
                    known.append((field, kind, path))
            self._fields[shape, prefix] = known
        return known

    def _field(self, kind: FieldType, path: Path, shape: Shape, pick: Pick, key: str) -> tuple[Any, bool]:
        """A field's value, and whether it is more than a default."""
        if path in shape.lists:
            items = self._items(shape, path, pick, key, least=0)
            return items or None, bool(items)
        if kind.kind is Kind.OBJECT and kind.model is not None:
            inside = self._object(kind.model, path, shape, pick, key)
            if inside is None and kind.required:
                inside = self._object(kind.model, path, shape, Whole(full=True), key)
            return inside, inside is not None
        carried = shape.fields.get(path)
        if carried is None:
            return None, False
        domain = self.domains.of(carried)
        if not domain.inside:
            return None, False
        if domain.listed:
            count = pick.count(key, least_of(domain.most, self._limit(carried.field.plain())))
            texts = tuple(pick.value(f"{key}{number}", domain.inside) for number in range(count))
            return texts or None, bool(texts)
        chosen = kind.required or pick.present(key)
        if not chosen and not carried.required and carried.field.key not in self._operands:
            return None, False
        value = pick.value(key, domain.inside)
        return value, chosen and value != self.domains.default(carried)  # an object is there for what was chosen

    def _items(self, shape: Shape, path: Path, pick: Pick, key: str, *, least: int) -> list[Any]:
        """The items of a list; those of one node of the mapping before those of the next, as they are written."""
        inner = shape.lists[path]
        if inner[0].scope.key is not None:
            return self._chosen(inner, pick, key)
        least = max(least, *(one.node.least if one.node is not None else 0 for one in inner))
        rooms = [one.node.most for one in inner if one.node is not None and one.node.most is not None]
        room = min(rooms) if len(rooms) == len(inner) else None
        limit = self._limit(".".join(part for part in key.replace("[]", "").split(".") if part))
        count = max(pick.count(key, least_of(room, limit)), least)
        items = []
        of = []
        for number in range(count):
            one = inner[number * len(inner) // count] if count >= len(inner) else inner[len(key) % len(inner)]
            item = self._item(one, pick, f"{key}[]")
            if item is not None:
                items.append(item)
                of.append(one)
        self._made[id(items)] = of
        return items

    def _chosen(self, inner: list[Shape], pick: Pick, key: str) -> list[Any]:
        """The items that are chosen by their keys, each once at most."""
        items = []
        of = []
        for shape in inner:
            assert shape.scope.key is not None
            assert shape.scope.model is not None
            name, text = shape.scope.key
            own = f"{key}[{name}={text}]"
            item = self._object(shape.scope.model, (), shape, pick, own) if pick.count(own, 1) else None
            if item is not None:
                items.append({**item, name: text})
                of.append(shape)
        self._made[id(items)] = of
        return items

    def _limit(self, name: str) -> int | None:
        """The most items of a list, by ``limits:``."""
        limit = self.meaning.limits.get(name)
        return limit.items if limit is not None else None

    def _item(self, shape: Shape, pick: Pick, key: str) -> Any:
        if shape.scope.model is None:
            carried = shape.fields.get(())
            values = self.domains.of(carried).inside if carried is not None else []
            return pick.value(key, values) if values else None
        item = self._object(shape.scope.model, (), shape, pick, key)
        if item is None:
            item = self._object(shape.scope.model, (), shape, Whole(full=True), key)
        return item

    def _settle(self, found: dict[str, Any], prefix: Path, shape: Shape, pick: Pick, key: str) -> None:
        """Make values agree with the conditions around them, and let one of several rivals win."""
        for condition in shape.conditions:
            if condition.field.path[:-1] == prefix:
                found[condition.field.path[-1]] = condition.value
        for paths, most in shape.rivals:
            names = [path[-1] for path in paths if path[:-1] == prefix and found.get(path[-1]) is not None]
            while len(names) > most:
                loser = pick.value(f"{key}?", names)
                names.remove(loser)
                if not shape.fields[(*prefix, loser)].required:
                    del found[loser]


def operands_of(meaning: Meaning) -> set[tuple[int, Path]]:
    """Fields with a default from which others follow: they always have a value, since reading gives them one."""
    used = {field.key for derived in meaning.derived for field in operands(derived.value)}
    filled = {slot.field.key for slot in meaning.slots if slot.field is not None and slot.default is not None}
    return used & filled


def least_of(*counts: int | None) -> int | None:
    """The least of some numbers, of which None is none."""
    return min((count for count in counts if count is not None), default=None)


def _placeholder(shape: Shape, path: Path, kind: FieldType) -> Any:
    """A value for a required field that the mapping does not carry both ways."""
    for value in candidates(kind):
        if allowed(shape.scope.model, path, value):
            return value
    return None


def _forget(value: Any, names: Path) -> None:
    """Take a field out of an object, and out of all items on the way to it."""
    if isinstance(value, list | tuple):
        for item in value:
            _forget(item, names)
    elif isinstance(value, dict) and len(names) == 1:
        value[names[0]] = None
    elif isinstance(value, dict):
        _forget(value.get(names[0]), names[1:])
