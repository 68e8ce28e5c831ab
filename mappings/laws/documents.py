"""Documents made for a mapping: minimal, maximal, each optional field with and without each other, borders, random."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from transload.canonical.model import Model
from transload.mappings.language.fields import FieldType, Kind, field_type
from transload.mappings.language.meaning import Meaning
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
        value = self._object(self.meaning.model, (), self.shape, pick, "")
        value = self._needed(value or {}, pick)
        try:
            return self.meaning.model.model_validate(value)
        except ValidationError:
            return None

    def _needed(self, value: dict[str, Any], pick: Pick) -> dict[str, Any]:
        """Fields that only the items of a list hold cannot stand without one."""
        for carried in self.shape.fields.values():
            lacking = [path for path in carried.needs if not _get(value, path)]
            if not lacking or _get(value, carried.field.path) is None:
                continue
            if carried.required:
                for path in lacking:
                    _set(value, path, self._items(self.shape, path, Whole(full=False), "", least=1))
            else:
                _drop(value, carried.field.path)
        del pick
        return value

    def _object(
        self, model: type[BaseModel], prefix: Path, shape: Shape, pick: Pick, name: str
    ) -> dict[str, Any] | None:
        """The values of an object; None where it holds nothing of its own."""
        found: dict[str, Any] = {}
        telling = False
        for field in model.model_fields:
            kind = field_type(model, field)
            assert kind is not None
            path, key = (*prefix, field), f"{name}.{field}"
            value, tells = self._field(kind, path, shape, pick, key)
            if value is None and kind.required:
                value = _placeholder(shape, path, kind)
            if value is not None:
                found[field] = value
                telling = telling or tells
        self._settle(found, prefix, shape, pick, name)
        return found if telling and found else None

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
            count = pick.count(key, domain.most)
            texts = tuple(pick.value(f"{key}{number}", domain.inside) for number in range(count))
            return texts or None, bool(texts)
        chosen = kind.required or pick.present(key)
        if not chosen and not carried.required:
            return None, False
        value = pick.value(key, domain.inside)
        return value, chosen and value != self.domains.default(carried)  # an object is there for what was chosen

    def _items(self, shape: Shape, path: Path, pick: Pick, key: str, *, least: int) -> list[Any]:
        """The items of a list; those of one node of the mapping before those of the next, as they are written."""
        inner = shape.lists[path]
        least = max(least, *(one.node.least if one.node is not None else 0 for one in inner))
        rooms = [one.node.most for one in inner if one.node is not None and one.node.most is not None]
        count = max(pick.count(key, min(rooms) if len(rooms) == len(inner) else None), least)
        items = []
        for number in range(count):
            one = inner[number * len(inner) // count] if count >= len(inner) else inner[len(key) % len(inner)]
            item = self._item(one, pick, f"{key}[]")
            if item is not None:
                items.append(item)
        return items

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
        for name in list(found):
            carried = shape.fields.get((*prefix, name))
            if carried is None or carried.required:
                continue
            if not any(_holds(binding.when, found, prefix, shape) for binding in carried.bindings):
                del found[name]


def _holds(when: Any, found: dict[str, Any], prefix: Path, shape: Shape) -> bool:
    """Whether conditions on fields of the same object hold; those on others are left to who looks at the whole."""
    for condition in when:
        if condition.field.scope is shape.scope and condition.field.path[:-1] == prefix:
            value = found.get(condition.field.path[-1])
            if value != condition.value:
                return False
    return True


def _placeholder(shape: Shape, path: Path, kind: FieldType) -> Any:
    """A value for a required field that the mapping does not carry both ways."""
    for value in candidates(kind):
        if allowed(shape.scope.model, path, value):
            return value
    return None


def _get(value: Any, path: Path) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _set(value: dict[str, Any], path: Path, new: Any) -> None:
    for name in path[:-1]:
        value = value.setdefault(name, {})
    value[path[-1]] = new


def _drop(value: dict[str, Any], path: Path) -> None:
    for name in path[:-1]:
        value = value.get(name) or {}
    value.pop(path[-1], None)
