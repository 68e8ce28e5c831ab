"""Settings: one pydantic class declares what an adapter takes, and everything else comes from it.

Parsing, findings with line and column, ``--help``, the documentation and the JSON
Schema for editors are all made from the class and its field descriptions.
"""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, SecretStr, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def _written(value: timedelta) -> str:
    return f"{value.total_seconds():g}s"


class _Schemas(GenerateJsonSchema):
    """Shows a default duration as people write it."""

    def encode_default(self, dft: Any) -> Any:
        return _written(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


class Settings(BaseModel):
    """Base of all settings classes: frozen, unknown keys refused, secrets masked when printed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """The JSON Schema of these settings, as pydantic makes it, durations written like ``15s``."""
        return super().model_json_schema(*args, **{"schema_generator": _Schemas, **options})


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace(" ", "")
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{value!r} is not a duration; write it like 30s, 5m, 1h30m or 3d")
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(_written, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d|w) ?)+$", "examples": ["30s", "5m", "1h30m"]}
    ),
]
"""A span of time, written like ``30s``, ``5m``, ``1h30m`` or ``3d``."""


def _some(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


ONE_OR_MORE = BeforeValidator(_some, json_schema_input_type=str | tuple[str, ...])
"""Marks a ``tuple`` of texts that may be written as one text alone."""

Secret = SecretStr
"""A value that is never printed: given as a reference (``${env:NAME}``, ``${file:PATH}``) and masked in ``repr``."""


class TemplateMark:
    """Marks a field of a target's settings as a `Template`."""


Template = Annotated[str, TemplateMark()]
"""Text with holes like ``{document.number}``, filled and frozen when a delivery is staged: `Outbound.metadata`.

The values of a ``dict[str, Template]`` named ``headers`` are there as ``headers.NAME``.
"""


def template_fields(settings: type[BaseModel]) -> tuple[str, ...]:
    """The names of the fields of ``settings`` that are templates, or blocks of them, optional ones included."""
    return tuple(
        name
        for name, field in settings.model_fields.items()
        if any(isinstance(mark, TemplateMark) for mark in _marks(field.annotation, field.metadata))
    )


def _marks(annotation: Any, metadata: list[Any]) -> list[Any]:
    found = list(metadata) + list(getattr(annotation, "__metadata__", ()))
    for argument in getattr(annotation, "__args__", ()):
        found += _marks(argument, [])
    return found
