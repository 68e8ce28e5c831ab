"""The JSON Schema of mapping files of one kind, for editors: places, fields, converters and codes to choose from."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.guides.model import Composite, Element
from transload.adapters.edi.guides.places import SegmentGuide
from transload.canonical.documents import document_model
from transload.canonical.errors import ConfigurationError
from transload.canonical.model import Model
from transload.mappings.language.converters.chains import FACTORIES, SPECIAL
from transload.mappings.language.entries import OPTIONS
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.headers import FORMATS, KEYS
from transload.mappings.source.merging import MODIFIERS

Schema = dict[str, Any]
_FORMS = {"edifact": "dtm(102)", "x12": "date(yyyyMMdd)", "csv": "date(iso)", "fixed": "date(yyyyMMdd)"}
_MODIFIERS: dict[str, tuple[str, Schema]] = {
    "each": ("One node for each item of this list", {"type": "string"}),
    "as": ("A name for the item of each", {"type": "string"}),
    "in": ("Fields inside belong to this object", {"type": "string"}),
    "cases": ("One node for each qualifier: {BY: buyer}", {"type": "object"}),
    "when": ("Read: the field has this value; written only where it has it", {"type": "object"}),
    "only_if": ("Written only where this condition holds", {"type": "string"}),
    "min": ("How often it must come", {"$ref": "#/$defs/count"}),
    "max": ("How often it may come", {"$ref": "#/$defs/count"}),
    "first": ("The first counts: one more is left aside and told of", {"type": "boolean"}),
    "only": ("decode: read only; encode: written only", {"enum": ["decode", "encode"]}),
    "then": ("The nodes that follow this one", {"$ref": "#/$defs/nodes"}),
    "use": ("A plug-in for the whole segment: py(name)", {"type": "string"}),
    "note": ("A remark", {"type": "string"}),
    "id": ("A name for the reader", {"type": ["string", "integer"]}),
}
_KEYS: dict[str, tuple[str, Schema]] = {
    "mapping": ("The mapping's name", {"type": ["string", "integer"]}),
    "version": ("Its version, a whole number", {"$ref": "#/$defs/count"}),
    "extends": ("Another mapping, which this one changes", {"type": "string"}),
    "layout": ("The nodes, in the order of the message", {"$ref": "#/$defs/nodes"}),
    "codes": ("Code tables: wire to canonical", {"type": "object", "additionalProperties": {"type": "object"}}),
    "match": ("Which messages it is for", {"type": "object"}),
    "ignores": ("Parts of the message that are left aside", {"type": "array"}),
    "loses": ("Canonical fields without a place", {"type": "array"}),
    "change": ("What differs from the nodes of the extended file", {"type": "object"}),
    "add": ("Nodes beside those of the extended file", {"type": "array"}),
    "tests": ("Test cases", {"type": "array"}),
    "note": ("A remark", {"type": "string"}),
    "limits": ("Limits of fields", {"type": "object"}),
    "draft": ("true: the file is not finished", {"type": "boolean"}),
    "keep": ("true: what nothing takes is put back when written", {"type": "boolean"}),
    "strict": ("true, or order", {"enum": [True, False, "order"]}),
}
_LISTED = 400
"""Longer code lists are not offered."""


def editor_schema(message: str, document: str) -> Schema:
    """The schema for mapping files of one message and document, to be named in ``# yaml-language-server: $schema=``.

    ``message`` is ``ORDERS:D:96A`` for EDIFACT, ``850:004010`` for X12, else the name of a format.
    Raises `ConfigurationError` for a message without a guide or a document that is not there.
    """
    format_type, guide = _kind_of(message)
    model = document_model(document)
    form = _FORMS.get(format_type, "date(iso)")
    definitions: Schema = {
        "count": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]},
        "value": _value(_offers(model, form)),
        "nodes": {"type": "array", "items": {"$ref": "#/$defs/node"}},
    }
    if guide is not None:
        definitions["node"] = _record_node(guide, definitions)
    else:
        definitions["node"] = _free_node()
        inside = [{"$ref": "#/$defs/value"}, {"$ref": "#/$defs/body"}, {"$ref": "#/$defs/nodes"}]
        definitions["body"] = {"type": "object", "additionalProperties": {"anyOf": inside}}
    if guide is None:
        definitions["nodes"] = {"anyOf": [definitions["nodes"], {"$ref": "#/$defs/node"}]}
    keys = {name: {"description": text, **schema} for name, (text, schema) in _KEYS.items()}
    keys["document"] = {"description": "The canonical document", "const": document}
    keys["format"] = {
        "description": "The format of the messages, with its options",
        "type": "object",
        "properties": {"type": {"enum": [format_type]}, "message": {"type": "string"}},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Mapping of {message} to {document}",
        "type": "object",
        "properties": {key: keys.get(key, {}) for key in KEYS},
        "additionalProperties": False,
        "required": ["mapping"],
        "anyOf": [{"required": ["layout", "document", "format"]}, {"required": ["extends"]}],
        "$defs": definitions,
    }


def _kind_of(message: str) -> tuple[str, Guide | None]:
    if message in FORMATS and message not in ("edifact", "x12"):
        return message, None
    kind, _, version = message.partition(":")
    standard = "edifact" if ":" in version else "x12"
    guide = find_guide(standard, kind, version) if kind and version else None
    if guide is None:
        hint = "name ORDERS:D:96A, 850:004010, or one of xml, soap, json, csv, fixed, cobol"
        raise ConfigurationError(f"there is no guide for {message!r}", hint=hint)
    return standard, guide


def _value(offers: list[str]) -> Schema:
    """What stands right of a place: ``offers`` is what an editor may propose."""
    names = "|".join(sorted({*FACTORIES, *SPECIAL}))
    chain = rf"^(?!=)|^=[^|]*(\|\s*({names})\s*(\([^)]*\))?\s*)*$"
    scalar = {"anyOf": [{"type": "string", "pattern": chain}, {"type": ["integer", "number", "boolean"]}]}
    long = {
        "type": "object",
        "properties": {name: {} for name in OPTIONS},
        "additionalProperties": False,
        "anyOf": [{"required": ["value"]}, {"required": ["text"]}],
    }
    return {"anyOf": [{"enum": offers}, scalar, {"type": "array", "items": scalar, "minItems": 1}, long]}


def _offers(model: type[Model], form: str) -> list[str]:
    """The fields of a document and of the items of its lists, with the usual converter of their kind."""
    found: dict[str, None] = {}
    waiting: list[type[BaseModel]] = [model]
    seen: set[type[BaseModel]] = set()
    while waiting:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        for name, kind, item in _fields(current, ""):
            if item is not None:
                waiting.append(item)
            elif kind is Kind.DATE:
                found[f"={name} | {form}"] = None
            elif kind is Kind.BOOLEAN:
                found[f"={name} | yesno(Y N)"] = None
            else:
                found[f"={name}"] = None
    return list(found)


def _fields(model: type[BaseModel], prefix: str, depth: int = 0) -> Iterator[tuple[str, Kind, type[BaseModel] | None]]:
    for name in model.model_fields:
        kind = field_type(model, name)
        if kind is None:
            continue
        if kind.kind is Kind.OBJECT and kind.model is not None and depth < 4:
            yield from _fields(kind.model, f"{prefix}{name}.", depth + 1)
            yield from _fields(kind.model, "", depth + 1)
        else:
            yield f"{prefix}{name}", kind.kind, kind.model if kind.kind is Kind.ITEMS else None


def _record_node(guide: Guide, definitions: Schema) -> Schema:
    properties: Schema = {name: {"description": text, **schema} for name, (text, schema) in _MODIFIERS.items()}
    for tag in guide.tags:
        known = guide.segment(tag)
        if known is None:
            continue
        definitions[f"segment {tag}"] = _segment(known)
        properties[tag] = {"description": known.title, "$ref": f"#/$defs/segment {tag}"}
    names = sorted(set(properties) - MODIFIERS)
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in names],
    }


def _segment(known: SegmentGuide) -> Schema:
    """The places of a segment, each with title, form and codes; other ways to write them by pattern."""
    properties: Schema = {}
    codes: set[str] = set()
    composites: set[str] = set()
    for number, part in enumerate(known.parts, 1):
        if isinstance(part.element, Composite):
            composites.add(part.element.code)
            for component, inner in enumerate(part.element.parts, 1):
                element = inner.element
                assert isinstance(element, Element)
                codes.add(element.code)
                name = element.code if known.standard == "edifact" else f"{number:02}.{component}"
                full = f"{part.element.code}.{element.code}" if known.standard == "edifact" else name
                for key in dict.fromkeys((name, full)):
                    properties.setdefault(key, _place(element, inner.status))
        else:
            codes.add(part.element.code)
            name = part.element.code if known.standard == "edifact" else f"{number:02}"
            properties.setdefault(name, _place(part.element, part.status))
    position = r"[0-9]{1,2}(\[[0-9]+\])?(\.[0-9]{1,2})?\*?"
    place = position
    if known.standard == "edifact":
        holder = rf"(({'|'.join(sorted(composites))})(\[[0-9]+\])?\.)?" if composites else ""
        place = rf"({position}|{holder}({'|'.join(sorted(codes))})(\[[0-9]+\])?\*?)"
    pattern = rf"^{place}(\+{place})*$"
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": {
            pattern: {"$ref": "#/$defs/value"},
            rf"^pairs?\(\s*{place}\s+{place}\s*\)$": {
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/value"},
            },
        },
        "additionalProperties": False,
    }


def _place(element: Element, status: str) -> Schema:
    text = f"{element.title}, {element.form}, {status}"
    listed = element.codes if len(element.codes) <= _LISTED else ()
    offered = [int(code) if re.fullmatch("0|[1-9][0-9]*", code) else code for code in listed]
    choices = [{"enum": offered}] if offered else []
    return {"description": text, "anyOf": [*choices, {"$ref": "#/$defs/value"}]}


def _free_node() -> Schema:
    """A node of a format without guides: names are free, what stands below is checked."""
    body = {"anyOf": [{"$ref": "#/$defs/value"}, {"$ref": "#/$defs/body"}, {"$ref": "#/$defs/nodes"}]}
    properties: Schema = {name: {"description": text, **schema} for name, (text, schema) in _MODIFIERS.items()}
    return {"type": "object", "properties": properties, "additionalProperties": body, "minProperties": 1}
