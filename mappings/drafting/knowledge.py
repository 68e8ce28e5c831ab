"""What is known of a document's fields before anybody has said anything: their usual places, values and codes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from transload.canonical.documents import document_model
from transload.mappings.language.fields import FieldType, Kind, field_type
from transload.mappings.loading import load_mapping
from transload.mappings.source.reading import library_names

_RECORD = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,2}) (?P<place>\d{2,4})(?:\[(?P<qualifier>[^\]]+)\])?")
_CODE = re.compile(r"\bcode\(\s*([^\s()]+)")


@dataclass(frozen=True, kw_only=True)
class Known:
    """A field of one scope, and one of its usual places: ``path`` leads to it from the scope, through objects.

    ``place`` is as `known` declares it: ``DTM 2380[137]`` gives tag, place and qualifier; a name of a tree
    gives ``steps``.
    """

    path: tuple[str, ...]
    form: FieldType
    model: type[BaseModel]
    tag: str = ""
    place: str = ""
    qualifier: str | None = None
    steps: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As an expression writes it."""
        return ".".join(self.path)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a scope by itself."""

    path: tuple[str, ...]
    form: FieldType
    model: type[BaseModel]

    @property
    def text(self) -> str:
        """As an expression writes it."""
        return ".".join(self.path)

    def accepts(self, values: Sequence[str]) -> bool:
        """Whether the model takes each of ``values`` as it stands, where the field is a text without closed choices."""
        if self.form.kind is not Kind.TEXT or self.form.choices:
            return True
        return all(_valid(self.model, self.path[-1], value) for value in values)


class Scope:
    """The fields of a document, of one item of a list, or of a party."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The fields of values, through objects that are no parties, by their text."""
        return {field.text: field for field in _fields(self.model, ())}

    @cached_property
    def known(self) -> list[Known]:
        """The usual places of all fields."""
        return [known for field in self.fields.values() for known in _places(field)]

    @cached_property
    def parties(self) -> dict[str, str]:
        """Qualifier of NAD or N1 to the field of a party: ``{"NAD BY": "buyer"}``."""
        found: dict[str, str] = {}
        for name, kind in _members(self.model):
            if kind.kind is Kind.OBJECT and _is_party(kind):
                for place in _known_at(self.model, name):
                    match = _RECORD.fullmatch(place)
                    if match and match["qualifier"]:
                        found.setdefault(f"{match['tag']} {match['qualifier']}", name)
        return found

    @cached_property
    def party_fields(self) -> frozenset[str]:
        """The names of the parties."""
        return frozenset(name for name, kind in _members(self.model) if kind.kind is Kind.OBJECT and _is_party(kind))

    @cached_property
    def lists(self) -> dict[str, "Scope"]:
        """The lists of objects, with the scope of their items."""
        return {
            name: Scope(kind.model)
            for name, kind in _members(self.model)
            if kind.kind is Kind.ITEMS and kind.model is not None
        }

    def party(self, name: str) -> "Scope":
        """The scope of the fields of a party."""
        kind = field_type(self.model, name)
        assert kind is not None
        assert kind.model is not None
        return Scope(kind.model)

    def at(self, tag: str, place: str, qualifiers: Sequence[str]) -> list[Field]:
        """The fields whose usual place this is, the ones that name a qualifier of ``qualifiers`` first."""
        exact, plain = [], []
        for known in self.known:
            if known.tag == tag and known.place == place:
                if known.qualifier in qualifiers:
                    exact.append(known.text)
                elif known.qualifier is None:
                    plain.append(known.text)
        return [self.fields[text] for text in dict.fromkeys([*exact, *plain])]

    def tags(self) -> set[str]:
        """The tags at which fields of the scope itself are known."""
        return {known.tag for known in self.known if known.tag}


def scope_of(document: str) -> Scope:
    """The scope of a document.  Raises `ConfigurationError` when there is no such document."""
    return Scope(document_model(document))


def code_meanings(format_type: str, field: str) -> dict[str, str]:
    """What codes of a field mean in the library's mappings of the format: wire to canonical.

    ``field`` is the last name of its path.  The codes are proposals, for a person to look at.
    """
    return dict(_meanings(format_type).get(field, {}))


@lru_cache(maxsize=16)
def party_names(format_type: str) -> Mapping[str, str]:
    """What qualifiers of parties mean in the library's mappings of the format: ``{"N1 VN": "seller"}``."""
    found: dict[str, str] = {}
    for name in library_names():
        mapping = load_mapping(name)
        if mapping.format_type == format_type:
            _cases(json.loads(mapping.resolved), found)
    return found


def _cases(value: Any, found: dict[str, str]) -> None:
    if isinstance(value, list):
        for item in value:
            _cases(item, found)
    elif isinstance(value, dict):
        cases = value.get("cases")
        if isinstance(cases, dict):
            rows = [(qualifier, party) for qualifier, party in cases.items() if isinstance(party, str)]
            for tag in (key for key in value if key.isupper()):
                for qualifier, party in rows:
                    found.setdefault(f"{tag} {qualifier}", party)
        for inner in value.values():
            _cases(inner, found)


@lru_cache(maxsize=16)
def _meanings(format_type: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in library_names():
        mapping = load_mapping(name)
        if mapping.format_type != format_type:
            continue
        for slot in mapping.meaning.slots:
            table = _CODE.search(slot.rule)
            if slot.field is None or table is None or not slot.field.path:
                continue
            rows = mapping.meaning.codes[table[1]].read
            if slot.field.path[-1] != "kind" or slot.field.type.choices:  # else each list has kinds of its own
                for code, meaning in rows.items():
                    found.setdefault(slot.field.path[-1], {}).setdefault(code, meaning)
            key = f"{slot.name.partition(' ')[0]} {slot.field.path[-1]}"
            found.setdefault(key, {}).update({code: rows[code] for code in rows if code not in found.get(key, {})})
    return found


def _members(model: type[BaseModel]) -> Iterator[tuple[str, FieldType]]:
    for name in model.model_fields:
        kind = field_type(model, name)
        if kind is not None:
            yield name, kind


def _fields(model: type[BaseModel], prefix: tuple[str, ...]) -> Iterator[Field]:
    for name, kind in _members(model):
        if kind.kind is Kind.OBJECT and kind.model is not None:
            if not _is_party(kind) and len(prefix) < 2:
                yield from _fields(kind.model, (*prefix, name))
        elif kind.kind not in (Kind.ITEMS, Kind.OTHER):
            yield Field(path=(*prefix, name), form=kind, model=model)


def _is_party(kind: FieldType) -> bool:
    return kind.model is not None and "gln" in kind.model.model_fields and "name" in kind.model.model_fields


def _known_at(model: type[BaseModel], name: str) -> list[str]:
    extra: Any = model.model_fields[name].json_schema_extra
    return list(extra.get("known_at", ())) if isinstance(extra, dict) else []


def _places(field: Field) -> Iterator[Known]:
    for place in _known_at(field.model, field.path[-1]):
        found = _RECORD.fullmatch(place)
        if found:
            yield Known(
                path=field.path,
                form=field.form,
                model=field.model,
                tag=found["tag"],
                place=found["place"],
                qualifier=found["qualifier"],
            )
        else:
            steps = tuple(step.rpartition(":")[2] for step in place.split("/"))
            steps = tuple(
                f"@{step.removeprefix('@')}" if "@" in place and step == steps[-1] else step for step in steps
            )
            yield Known(path=field.path, form=field.form, model=field.model, steps=steps)


def _valid(model: type[BaseModel], name: str, value: str) -> bool:
    info = model.model_fields[name]
    annotation: Any = info.annotation
    for extra in info.metadata:
        annotation = Annotated[annotation, extra]
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True
