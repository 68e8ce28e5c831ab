"""JSON Schemas made from settings classes, walked along with what is written."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from transload.adapters.base.positioned import Entries, Items, Node, Scalar, typed

_ALTERNATIVES = ("anyOf", "oneOf", "allOf")


@cache
def schema_of(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what may be written for ``kind``; do not change it."""
    return kind.model_json_schema(by_alias=True, mode="validation", schema_generator=_Generator)


class _Generator(GenerateJsonSchema):
    """Writes the default of a duration as people write it, where pydantic writes the ISO 8601 form."""

    def encode_default(self, dft: Any) -> Any:
        return span(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def span(value: timedelta) -> str:
    """A duration in its largest whole unit: ``3d``, ``2h``, ``30s``."""
    seconds = value.total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length:g}{unit}"
    return f"{seconds:g}s"


class Shape:
    """What a schema allows at one place: the alternatives there, references followed."""

    def __init__(self, schemas: list[Any], root: dict[str, Any]) -> None:
        self._root = root
        self._description = next((schema["description"] for schema in schemas if "description" in schema), "")
        self._default = next((schema["default"] for schema in schemas if "default" in schema), None)
        self._schemas = [found for schema in schemas for found in self._spread(schema)]

    @classmethod
    def of(cls, kind: type[BaseModel]) -> "Shape":
        """The shape of a whole settings class."""
        schema = schema_of(kind)
        return cls([schema], schema)

    @property
    def types(self) -> set[str]:
        """The JSON types allowed here; empty where anything is."""
        found: set[str] = set()
        for schema in self._schemas:
            given = schema.get("type")
            if given is None and "const" not in schema and "enum" not in schema:
                return set()
            found |= set(given) if isinstance(given, list) else {given or "string"}
        return found

    @property
    def alternatives(self) -> list[dict[str, Any]]:
        """The schemas of which one must fit here; do not change them."""
        return self._schemas

    @property
    def is_path(self) -> bool:
        """Whether the path of a file or folder stands here."""
        return any(schema.get("format") in ("path", "file-path", "directory-path") for schema in self._schemas)

    @property
    def is_secret(self) -> bool:
        """Whether a secret stands here (`transload.adapters.base.Secret`)."""
        return any(schema.get("writeOnly") for schema in self._schemas)

    @property
    def words(self) -> str:
        """What is allowed here, in a few words."""
        return type_words({"anyOf": self._schemas}, self._root)

    @property
    def description(self) -> str:
        """What stands here, in the setting's own words; empty where it has none."""
        return self._description

    @property
    def names(self) -> list[str]:
        """The keys that are known here."""
        return sorted({name for schema in self._schemas for name in schema.get("properties", {})})

    @property
    def order(self) -> list[str]:
        """The keys that are known here, in the order of their class."""
        return list(dict.fromkeys(name for schema in self._schemas for name in schema.get("properties", {})))

    @property
    def default(self) -> Any:
        """What holds when nothing is written here; None where nothing does."""
        return self._default

    @property
    def only_block(self) -> "Shape | None":
        """The block of known keys that stands here, where nothing else may; None for anything else."""
        found = [schema for schema in self._schemas if schema.get("type") != "null"]
        blocks = [schema for schema in found if schema.get("properties")]
        return Shape(blocks, self._root) if len(found) == len(blocks) == 1 == len(self._schemas) else None

    def at(self, step: str | int) -> "Shape":
        """The shape below key or index ``step``."""
        below: list[Any] = []
        for schema in self._schemas:
            if isinstance(step, int):
                prefix = schema.get("prefixItems", [])
                below.append(prefix[step] if step < len(prefix) else schema.get("items"))
            else:
                below.append(schema.get("properties", {}).get(step, schema.get("additionalProperties")))
        return Shape([schema for schema in below if isinstance(schema, dict)], self._root)

    def _spread(self, schema: dict[str, Any]) -> list[dict[str, Any]]:
        if "$ref" in schema:
            target: Any = self._root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            return self._spread(target)
        inner = [found for word in _ALTERNATIVES for item in schema.get(word, ()) for found in self._spread(item)]
        return inner or [schema]


def value_of(node: Node, shape: Shape) -> Any:
    """``node`` as JSON values, typed by ``shape``: where only text is allowed ``004010`` and ``12345`` stay text."""
    if isinstance(node, Entries):
        return {key.text: value_of(value, shape.at(key.text)) for key, value in node.pairs}
    if isinstance(node, Items):
        return [value_of(item, shape.at(index)) for index, item in enumerate(node.values)]
    value = typed(node)
    if value is not None and shape.types and not shape.types & _suiting(value) and "string" in shape.types:
        return node.text
    return value


def located(value: Any, shape: Shape, base: Path) -> Any:
    """``value`` with each path of a file or folder counted from ``base``."""
    if isinstance(value, str):
        return str(base / value) if shape.is_path else value
    if isinstance(value, dict):
        return {key: located(item, shape.at(key), base) for key, item in value.items()}
    if isinstance(value, list):
        return [located(item, shape.at(index), base) for index, item in enumerate(value)]
    return value


def _suiting(value: Any) -> set[str]:
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    return {"number"} if isinstance(value, float) else {"string"}


def scalars(node: Node, shape: Shape) -> "list[tuple[Scalar, Shape]]":
    """Every text in ``node`` with the shape of its place."""
    if isinstance(node, Scalar):
        return [(node, shape)]
    if isinstance(node, Entries):
        return [found for key, value in node.pairs for found in scalars(value, shape.at(key.text))]
    return [found for index, item in enumerate(node.values) for found in scalars(item, shape.at(index))]


def type_words(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """What a setting's schema allows, in a few words, such as ``text or one of a, b``."""
    words: list[str] = []
    for found in Shape([schema], root).alternatives:
        word = _words(found, root)
        if word and word not in words:
            words.append(word)
    return " or ".join(words) or "anything"


def _words(schema: dict[str, Any], root: dict[str, Any]) -> str:
    if schema.get("writeOnly"):
        return "secret"
    if "const" in schema or "enum" in schema:
        return ", ".join(str(item) for item in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {type_words(schema['items'], root)}" if isinstance(schema.get("items"), dict) else "list"
    if schema.get("type") == "object":
        names = ", ".join(schema.get("properties", {}))
        return f"{{{names}}}" if names else "block of keys"
    if schema.get("type") == "string" and schema.get("examples"):
        return f"text such as {schema['examples'][0]}"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": ""}
    return words.get(str(schema.get("type")), "")
