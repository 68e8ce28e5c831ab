"""Settings classes as tables for people: name, type, default and meaning of each setting."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel

from transload.runner.workspace.shapes import schema_of, type_words


class Setting(NamedTuple):
    """One row: what is written, what may stand there, what stands there when nothing is written, what it means."""

    name: str
    kind: str
    default: str
    meaning: str


def settings_of(kind: type[BaseModel]) -> Iterator[Setting]:
    """The settings that a class takes, in its order; the default of one that must be written is ``required``."""
    schema = schema_of(kind)
    required = schema.get("required", [])
    for name, shape in schema.get("properties", {}).items():
        default = "required" if name in required else written(shape.get("default"))
        yield Setting(name, type_words(shape, schema), default, shape.get("description", ""))


def written(value: Any) -> str:
    """A default as people would write it; nothing where it is empty."""
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in value.items() if item is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return str(value)
