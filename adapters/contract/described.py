"""Whether settings explain themselves: each described, those that must be given with an example."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

_SAYING = ("such as ", "for example ", "as in ", "${")
"""How a description gives an example."""


def mute_settings(kind: type[BaseModel], path: str = "", within: tuple[type[BaseModel], ...] = ()) -> Iterator[str]:
    """What is missing in the settings class ``kind`` and in those that it holds: ``NAME has no description``.

    ``path`` leads to ``kind``, through the classes ``within``: one that holds itself is looked at once.
    """
    for name, field in kind.model_fields.items():
        where = f"{path}{field.alias or name}"
        if not (field.description or "").strip():
            yield f"{where} has no description"
        elif field.is_required() and _free(field.annotation) and not _has_example(field):
            yield f"{where} must be given and has no example"
        for inner in _models(field.annotation):
            if inner not in (*within, kind):
                yield from mute_settings(inner, f"{where}.", (*within, kind))


def _free(annotation: Any) -> bool:
    """Whether a person must think of a value: text, a number, a path; no secret, no choice, no section."""
    parts = [part for part in _parts(annotation) if part is not type(None)]
    return any(isinstance(part, type) and not issubclass(part, BaseModel | bool | SecretStr) for part in parts)


def _parts(annotation: Any) -> Iterator[Any]:
    inner = get_args(annotation)
    if getattr(annotation, "__metadata__", None) is not None:
        yield from _parts(inner[0])
    elif not inner:
        yield annotation
    elif get_origin(annotation) is not Literal:
        for one in inner:
            yield from _parts(one)


def _has_example(field: FieldInfo) -> bool:
    if field.examples:
        return True
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "examples" in extra:
        return True
    return any(saying in (field.description or "") for saying in _SAYING)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
