"""What a mapping has no place for when it writes, and does not list under ``loses:``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Field, Scope

Names = tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class Losing:
    """One model within a document: what would be lost of it in silence, and the models below it.

    ``lost`` maps fields to their defaults, which say nothing.  ``only`` are fields that nodes with ``when:`` carry,
    with the values that these are for.  ``objects`` and ``items`` are the models of fields and of the items of lists.
    """

    lost: dict[str, Any] = field(default_factory=dict)
    only: dict[str, frozenset[Any]] = field(default_factory=dict)
    objects: "dict[str, Losing]" = field(default_factory=dict)
    items: "dict[str, Losing]" = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.lost or self.only or self.objects or self.items)


def expanded(meaning: Meaning) -> tuple[str, ...]:
    """``loses:`` with each ``*`` as what it stands for: the fields of an object that are not carried both ways."""
    fields = [slot for slot in meaning.slots if slot.field is not None]
    read = {names_of(slot.field) for slot in fields if slot.field is not None and slot.reads}
    carried = read & {names_of(slot.field) for slot in fields if slot.field is not None and slot.writes}
    carried |= {
        (*_names_of_scope(scope), scope.key[0])
        for scope in meaning.scopes
        if scope.key is not None
        and any(names[: len(_names_of_scope(scope))] == _names_of_scope(scope) for names in carried)
    }
    carried |= {names_of(derived.field) for derived in meaning.derived}
    found: list[str] = []
    for path in meaning.loses:
        if path != "*" and not path.endswith(".*"):
            found.append(path)
            continue
        names = tuple(path.replace("[]", "").split(".")[:-1])
        model: type[BaseModel] | None = meaning.model
        for name in names:
            kind = field_type(model, name) if model is not None else None
            model = kind.model if kind is not None else None
        if model is not None:
            found += _others(model, names, path.removesuffix("*"), carried)
    return tuple(dict.fromkeys(found))


def _others(model: type[BaseModel], names: Names, prefix: str, carried: set[Names]) -> Iterator[str]:
    for name in model.model_fields:
        path = (*names, name)
        kind = field_type(model, name)
        if path in carried:
            continue
        if kind is not None and kind.model is not None and any(other[: len(path)] == path for other in carried):
            yield from _others(kind.model, path, f"{prefix}{name}{'[]' if kind.kind is Kind.ITEMS else ''}.", carried)
        else:
            yield f"{prefix}{name}"


def losing(meaning: Meaning) -> Losing:
    """What ``meaning`` would lose of a document that it writes."""
    written = {names_of(slot.field) for slot in meaning.slots if slot.field is not None and slot.writes}
    whens: dict[Names, set[Any]] = {}
    for node in meaning.nodes():
        for condition in node.when if node.writes else ():
            whens.setdefault(names_of(condition.field), set()).add(condition.value)
        if node.items is not None and node.writes:
            written.add((*names_of(node.items), ""))
    for scope in meaning.scopes:  # an item that is chosen by its key carries that, and items with other keys are lost
        if scope.key is not None and any(
            s.field is not None and s.field.scope is scope and s.writes for s in meaning.slots
        ):
            whens.setdefault((*_names_of_scope(scope), scope.key[0]), set()).add(scope.key[1])
    written |= {names_of(derived.field) for derived in meaning.derived}  # what follows from others is not lost
    listed = {tuple(path.replace("[]", "").split(".")) for path in meaning.loses}
    return _of(meaning.model, (), written, listed, {path: frozenset(found) for path, found in whens.items()})


def names_of(field: Field) -> Names:
    """The names from the document to a field, lists and objects alike."""
    return (*_names_of_scope(field.scope), *field.path)


def _names_of_scope(scope: Scope) -> Names:
    return () if scope.parent is None or scope.is_documents else (*_names_of_scope(scope.parent), *scope.path)


def _of(
    model: type[BaseModel],
    prefix: Names,
    written: set[Names],
    listed: set[Names],
    whens: Mapping[Names, frozenset[Any]],
) -> Losing:
    found = Losing()
    for name, declared in model.model_fields.items():
        path = (*prefix, name)
        if path in written or path in listed:
            continue
        kind = field_type(model, name)
        inside = any(other[: len(path)] == path for known in (written, listed, whens) for other in known)
        if kind is not None and kind.model is not None and inside:
            inner = _of(kind.model, path, written, listed, whens)
            if inner:
                (found.items if kind.kind is Kind.ITEMS else found.objects)[name] = inner
        elif path in whens:
            found.only[name] = whens[path] | {declared.default, None}
        elif not inside:
            found.lost[name] = None if declared.is_required() else declared.default
    return found


@dataclass(frozen=True)
class Lost:
    """A value that is not written: its field as ``lines[].origin``, where it is, and the value."""

    general: str
    location: tuple[str | int, ...]
    value: Any


def lost_values(plan: Losing, document: Any, general: str = "", location: tuple[str | int, ...] = ()) -> Iterator[Lost]:
    """The values of a document that are lost in silence."""
    values = vars(document)
    prefix = f"{general}." if general else ""
    for name, default in plan.lost.items():
        value = values[name]
        if value is not None and value != () and value != default:
            yield Lost(prefix + name, (*location, name), value)
    for name, known in plan.only.items():
        if values[name] not in known:
            yield Lost(prefix + name, (*location, name), values[name])
    for name, inner in plan.objects.items():
        if values[name] is not None:
            yield from lost_values(inner, values[name], prefix + name, (*location, name))
    for name, inner in plan.items.items():
        for index, item in enumerate(values[name]):
            yield from lost_values(inner, item, f"{prefix}{name}[]", (*location, name, index))
