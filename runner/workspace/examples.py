"""Examples of what may be written, made of the classes that read it: shown by ``transload adapters NAME``.

A class shows what must be written, each setting with the first of its ``examples``; a class that has examples of
its own (``json_schema_extra``) shows the first of these.
"""

from typing import Any

import yaml
from pydantic import BaseModel

from transload.runner.workspace.shapes import schema_of


def example_of(kind: type[BaseModel]) -> dict[str, Any]:
    """The least that may be written for ``kind``; a setting without an example is its own name in capitals."""
    schema = schema_of(kind)
    whole = schema.get("examples")
    if whole:
        return dict(whole[0])
    shapes = schema.get("properties", {})
    return {name: (shapes[name].get("examples") or [name.upper()])[0] for name in schema.get("required", ())}


def written_example(part: str, name: str, values: dict[str, Any]) -> str:
    """How ``values`` of the adapter called ``name`` are written in a partner's file, as ``part`` of it."""
    if part == "connection":
        return f"connections: {{mailbox: {_flow({'adapter': name, **values})}}}"
    if part in ("source", "endpoint"):
        return f"from: {_flow({'connection': 'mailbox', **values})}"
    if part == "target":
        return f"to: {_flow({'connection': 'mailbox', **values})}"
    if part == "format":
        return f"format: {_flow({'type': name, **values})}"
    return f"filters: [{_flow({'type': name, **values}) if values else name}]"


def _flow(values: dict[str, Any]) -> str:
    return str(yaml.safe_dump(values, default_flow_style=True, width=10**6, sort_keys=False)).strip()
