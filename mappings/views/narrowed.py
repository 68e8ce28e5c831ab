"""The JSON Schema of the documents that a mapping reads: the canonical schema, narrowed to what the mapping carries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from transload.adapters.edi.guides.model import Element
from transload.canonical.schemas import schema
from transload.mappings.language.fields import Kind
from transload.mappings.language.layout import AnyNode, Segment
from transload.mappings.language.limits import Limit
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot
from transload.mappings.mapping import Mapping
from transload.mappings.views.origins import table_of

Path = tuple[str, ...]


@dataclass
class _Carried:
    """What gives a field its value: entries with their nodes, and values that come from elsewhere.

    ``open`` is True where a value can come that no entry narrows.
    """

    entries: list[tuple[AnyNode, Slot]] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    open: bool = False


def document_schema(mapping: Mapping) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the documents as `as_json` writes them.

    Only fields that the mapping reads, with the values of its code tables, the lengths of the message's
    guide and the limits of the file; nothing else may stand in a document.
    """
    meaning = mapping.meaning
    whole = schema(meaning.document)
    narrowing = _Narrowing(meaning, whole.get("$defs", {}))
    made = narrowing.object({key: value for key, value in whole.items() if key != "$defs"}, ())
    made.pop("$id", None)
    head = {"$schema": whole["$schema"], "title": f"{mapping.name}, version {mapping.version}"}
    return {**head, **{key: value for key, value in made.items() if key not in head}}


class _Narrowing:
    def __init__(self, meaning: Meaning, definitions: dict[str, Any]) -> None:
        self._meaning = meaning
        self._definitions = definitions
        self._carried: dict[Path, _Carried] = {}
        for node in meaning.nodes():
            for slot in node.own():
                if slot.field is not None and slot.reads:
                    self._of(slot.field.plain()).entries.append((node, slot))
            for condition in node.when:
                self._of(condition.field.plain()).values.append(condition.value)
        for derived in meaning.derived:
            self._of(derived.field.plain()).open = True
        for scope in meaning.scopes:
            if scope.key is not None:
                names: list[str] = [scope.key[0]]
                outer = scope
                while outer.parent is not None:
                    names[:0] = outer.path
                    outer = outer.parent
                self._of(".".join(names)).values.append(scope.key[1])
        self._above = {path[:length] for path in self._carried for length in range(len(path) + 1)}

    def _of(self, name: str) -> _Carried:
        path = tuple(name.removeprefix("documents.").split("."))
        return self._carried.setdefault(path, _Carried())

    def object(self, node: dict[str, Any], path: Path) -> dict[str, Any]:
        """An object with the properties that are carried."""
        properties: dict[str, Any] = {}
        required = [name for name in node.get("required", ()) if (*path, name) in self._above]
        for name, inner in node.get("properties", {}).items():
            below = (*path, name)
            default = inner.get("default")
            if below in self._above:
                properties[name] = self._narrow(inner, below)
            elif default not in (None, [], ()):
                properties[name] = {**_described(inner), "const": default}
            if any(slot.required for _, slot in self._entries(below)) and name not in required:
                required.append(name)
        made = {**_described(node), "type": "object", "properties": properties, "additionalProperties": False}
        return {**made, "required": required} if required else made

    def _entries(self, path: Path) -> list[tuple[AnyNode, Slot]]:
        found = self._carried.get(path)
        return found.entries if found is not None else []

    def _narrow(self, node: dict[str, Any], path: Path) -> dict[str, Any]:
        node = self._resolved(node)
        if "properties" in node:
            return self.object(node, path)
        if node.get("type") == "array":
            limit = self._meaning.limits.get(".".join(path))
            more = {"maxItems": limit.items} if limit is not None and limit.items is not None else {}
            kept: dict[str, Any] = {key: node[key] for key in ("type", "minItems", "maxItems") if key in node}
            return {**_described(node), **kept, **more, "items": self._narrow(node.get("items", {}), path)}
        made = {key: value for key, value in node.items() if key not in ("default", "known_at")}
        found = self._carried.get(path)
        if found is None or found.open:
            return made
        values = list(self._values(found, node.get("default")))
        if values and None not in values:
            allowed = node.get("enum")
            made["enum"] = sorted({str(v) for v in values if allowed is None or v in allowed}, key=str)
        elif node.get("type") == "string" and "enum" not in node and "format" not in node:
            self._shorten(made, found, node)
        limit = self._meaning.limits.get(".".join(path))
        if limit is not None:
            _limit(made, limit)
        return made

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        """The node without references, and without null, which documents never hold."""
        while True:
            if "$ref" in node:
                node = {**self._definitions[node["$ref"].rpartition("/")[2]], **_but(node, "$ref")}
                continue
            choices = [one for one in node.get("anyOf", ()) if one.get("type") != "null"]
            if len(choices) != 1:
                return node
            node = {**choices[0], **_but(node, "anyOf")}

    def _values(self, found: _Carried, default: Any) -> Iterator[Any]:
        """The values that can come; None where one entry allows any."""
        for _, slot in found.entries:
            table = table_of(slot)
            steps = slot.chain.steps if slot.chain is not None else ()
            strict = any(step.read_table is not None for step in steps)
            texts = slot.field is not None and slot.field.type.kind in (Kind.TEXT, Kind.TEXTS)
            if not texts or table is None or not strict or len(steps) != 1:
                yield None
            else:
                yield from table.read.values()
            if slot.default is not None:
                yield slot.default.value if slot.default.field is None else None
        yield from found.values
        if default is not None:
            yield default

    def _shorten(self, made: dict[str, Any], found: _Carried, node: dict[str, Any]) -> None:
        """The length that the guide allows, where the text goes to the wire as it is."""
        lengths: list[int] = []
        for place, slot in found.entries:
            element = self._element(place, slot)
            bare = slot.chain is not None and slot.chain.bare and len(slot.places) < 2
            if element is None or not bare or element.form.numeric:
                return
            lengths.append(element.form.most)
        if lengths and not found.values:
            made["maxLength"] = min(max(lengths), node.get("maxLength", max(lengths)))

    def _element(self, node: AnyNode, slot: Slot) -> Element | None:
        known = self._meaning.guide.segment(node.tag) if self._meaning.guide and isinstance(node, Segment) else None
        if known is None or not isinstance(node, Segment):
            return None
        place = slot.places[0] if slot.places else None
        if place is None:
            place = next((pairs.first[1] for pairs in node.pairs if any(one is slot for _, one in pairs.choices)), None)
        element = known.element(place) if place is not None else None
        return element if isinstance(element, Element) else None


def _limit(made: dict[str, Any], limit: Limit) -> None:
    if limit.length is not None:
        made["maxLength"] = min(limit.length, made.get("maxLength", limit.length))
    if limit.values and made.get("type") == "string":
        values = [str(value) for value in limit.values]
        made["enum"] = [value for value in made["enum"] if value in values] if "enum" in made else values


def _described(node: dict[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in ("title", "description") if key in node}


def _but(node: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != key}
