"""JSON Schema for writing mapping files in an editor: completion of places, fields, converters, codes and modifiers."""

from transload.mappings.views.editor.schema import editor_schema
from transload.mappings.views.editor.wanted import Wanted, wanted

__all__ = ["Wanted", "editor_schema", "wanted"]
