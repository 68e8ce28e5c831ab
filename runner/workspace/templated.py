"""The template fields of a target's options, as a partner's file writes them."""

from collections.abc import Mapping
from typing import Any

from transload.adapters.base.registry import adapter as find_adapter
from transload.adapters.base.settings import template_fields


def written_templates(adapter: str, options: Mapping[str, Any]) -> dict[str, str]:
    """The templates among ``options`` of the target of ``adapter``, by name; of a block, each as ``BLOCK.NAME``."""
    declared = find_adapter(adapter)
    names = template_fields(declared.target.Options) if declared.target else ()
    found: dict[str, str] = {}
    for name in names:
        value = options.get(name)
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": str(text) for key, text in value.items()}
        elif value is not None:
            found[name] = str(value)
    return found
