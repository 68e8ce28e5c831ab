"""The schema as a whole: the keys of a file, nodes with their modifiers, and the layouts of each family."""

from typing import Any

from transload.mappings.language.headers import FORMATS
from transload.mappings.language.limits import KEYS as LIMITS
from transload.mappings.testing.cases import KEYS as TESTS
from transload.mappings.views.editor.fields import fields_of
from transload.mappings.views.editor.places import PAIRED, PAIRS, segments, unguided
from transload.mappings.views.editor.values import SCALAR, VALUE, definitions
from transload.mappings.views.editor.wanted import Wanted

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The dialect that editors know best."""
_WHOLE = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "patternErrorMessage": "a whole number is expected"}
_TEXTS = {"type": "array", "items": SCALAR}
_SWITCH = {"enum": ["true", "false", "yes", "no", True, False]}
_TAG = "^[A-Z][A-Z0-9]{1,2}$"
_RANGE = r"[1-9][0-9]{0,5}(-[1-9][0-9]{0,5})?"
_RANGES = rf"^({_RANGE}(\*[1-9][0-9]?)?|{_RANGE}\s*\+\s*{_RANGE})$"


def editor_schema(wanted: Wanted) -> dict[str, Any]:
    """The schema for mapping files of a format, a message and a document."""
    fields = fields_of(wanted.model)
    about = " ".join(part for part in (wanted.format_type, wanted.message, wanted.version) if part)
    return {
        "$schema": DIALECT,
        "title": f"Mapping of {about} to {wanted.document}",
        "type": "object",
        "properties": _keys(wanted),
        "additionalProperties": False,
        "required": ["mapping"],
        "anyOf": [{"required": ["layout", "document", "format"]}, {"required": ["extends"]}],
        "definitions": {
            **definitions(fields, wanted.document, wanted.format_type),
            **_nodes(wanted),
        },
    }


def _keys(wanted: Wanted) -> dict[str, Any]:
    table = {"type": "object"}
    extended = {"type": "string", "description": "Another mapping, which this one changes: a path, or library:NAME"}
    return {
        "mapping": {**SCALAR, "description": "The mapping's name"},
        "version": {**_WHOLE, "description": "A whole number; raise it when the file changes"},
        "language": {"enum": ["1", 1]},
        "document": {"enum": [wanted.document], "description": "The canonical document"},
        "format": _format(wanted),
        "extends": extended,
        "change": {"type": "object", "description": "What differs, by address: LIN / QTY 21: {6060: =quantity}"},
        "add": {"type": "array", "description": "Nodes that come besides", "items": {"$ref": "#/definitions/added"}},
        "codes": {
            "type": "object",
            "description": "Code tables: left on the wire, right canonical; of several with one meaning the first is "
            "written",
            "additionalProperties": {
                "type": "object",
                "title": "a code table, {WIRE: CANONICAL}",
                "additionalProperties": SCALAR,
            },
        },
        "xrefs": {**table, "description": "Cross-references: the partner's numbers and ours"},
        "uses": {**_TEXTS, "description": "The plug-ins that the file calls"},
        "limits": {
            "type": "object",
            "description": "What a field carries, narrower than the model",
            "additionalProperties": {
                "type": "object",
                "properties": {name: {} for name in LIMITS},
                "additionalProperties": False,
            },
        },
        "derive": {**table, "description": "Fields that follow from others when read", "additionalProperties": SCALAR},
        "valid": {**SCALAR, "description": "The days on which it is in force: 2026-01-01..2026-06-30"},
        "pieces": {"description": "A shelf for parts with an anchor"},
        "pages": {**table, "description": "JSON: the member that holds the documents of a page"},
        "documents": {**table, "description": "CSV, fixed width, COBOL: which rows make up one document"},
        "file": {**table, "description": "CSV and fixed width: what stands around all documents"},
        "match": {**table, "description": "Which messages it is for: sender, receiver, message, BGM 1001: [220]"},
        "ignores": {**_TEXTS, "description": "What of the message is left aside quietly"},
        "loses": {**_TEXTS, "description": "Canonical fields that the message has no place for"},
        "strict": {"enum": [*_SWITCH["enum"], "order"], "description": "What nothing takes is an error"},
        "keep": {**_SWITCH, "description": "What nothing takes is kept, and put back when written"},
        "draft": {**_SWITCH, "description": "The file is not finished"},
        "note": {**SCALAR, "description": "A remark"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {} for name in TESTS},
                "additionalProperties": False,
                "anyOf": [{"required": ["wire"]}, {"required": ["canonical"]}],
            },
        },
        "layout": {"$ref": "#/definitions/layout"},
    }


def _format(wanted: Wanted) -> dict[str, Any]:
    known: dict[str, Any] = {"type": {"enum": [wanted.format_type], "description": f"One of {', '.join(FORMATS)}"}}
    needed = ["type"]
    if wanted.format_type == "edifact":
        suggested = f"{wanted.message}:{wanted.version}"
        pattern = f"^{wanted.message}:{':'.join(wanted.version.split(':')[:2])}(:.*)?$"
        known["message"] = {
            "type": "string",
            "pattern": pattern,
            "patternErrorMessage": f"this schema is for {suggested}",
            "examples": [suggested],
            "default": suggested,
        }
        needed.append("message")
    elif wanted.format_type == "x12":
        known["set"] = {"enum": [wanted.message, *([int(wanted.message)] if wanted.message.isdigit() else [])]}
        known["version"] = {**SCALAR, "default": wanted.version, "examples": [wanted.version]}
        needed += ["set", "version"]
    return {"type": "object", "properties": known, "required": needed}


def _modifiers() -> dict[str, Any]:
    return {
        "each": {"$ref": "#/definitions/list", "description": "One for each item of the list"},
        "as": {"type": "string", "description": "A name for the item of each:"},
        "in": {"$ref": "#/definitions/object", "description": "Fields inside belong to this object"},
        "cases": {
            "type": "object",
            "description": "One node for each qualifier: {BY: buyer, SU: seller}",
            "additionalProperties": {"$ref": "#/definitions/object"},
        },
        "when": {"type": "object", "description": "Only where a field has a value", "additionalProperties": SCALAR},
        "only_if": {"type": "string", "description": "Written only where the condition holds"},
        "min": {**_WHOLE, "description": "Fewer are E-MISSING"},
        "max": {**_WHOLE, "description": "More are E-DUP"},
        "first": {"type": "boolean", "description": "The first counts: one more is left aside and told of"},
        "only": {"enum": ["decode", "encode"], "description": "One direction only"},
        "note": {**SCALAR, "description": "A remark"},
        "id": {**SCALAR, "description": "A name for the reader"},
    }


def _nodes(wanted: Wanted) -> dict[str, Any]:
    """``layout``, ``node`` and ``added`` of a family."""
    node = _record_node(wanted) if wanted.family in ("records", "rows") else _tree_node()
    where = {
        name: {"type": "string", "description": "An address, such as  LIN / QTY 21"}
        for name in ("after", "before", "into")
    }
    added = {**node, "properties": {**where, **node["properties"]}}
    array = {"type": "array", "items": {"$ref": "#/definitions/node"}, "minItems": 1}
    if wanted.family in ("records", "rows"):
        return {"layout": array, "node": node, "added": added}
    short = {"type": "object", "additionalProperties": {"$ref": "#/definitions/body"}, "minProperties": 1}
    body = {
        "description": "A value; what stands inside, as {name: ...}; or a list of nodes with modifiers",
        "anyOf": [{"$ref": "#/definitions/value"}, short, array],
    }
    return {"layout": {"anyOf": [array, short]}, "node": node, "added": added, "body": body}


def _record_node(wanted: Wanted) -> dict[str, Any]:
    properties: dict[str, Any] = {**_modifiers(), "use": {"type": "string", "description": "py(name): a plug-in"}}
    properties["then"] = {"$ref": "#/definitions/layout", "description": "The nodes that follow this one"}
    node: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if wanted.family == "rows":
        row: dict[str, Any] = {"type": "object", "additionalProperties": VALUE, "minProperties": 1}
        if wanted.format_type == "fixed":
            row = {**row, "patternProperties": {_RANGES: VALUE, PAIRS: PAIRED}, "additionalProperties": False}
            return {**node, "properties": {**properties, "record": {"description": "A kind of record", **row}}}
        return {**node, "properties": {**properties, "row": {"description": "A kind of row", **row}}}
    if wanted.guide is None:
        return {**node, "properties": properties, "patternProperties": {_TAG: unguided()}}
    known = segments(wanted.guide)
    nameless = {"propertyNames": {"enum": list(properties)}}
    refused = {"required": ["the name of a segment"]}
    return {**node, "properties": {**properties, **known}, "allOf": [{"if": nameless, "then": refused}]}


def _tree_node() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": _modifiers(),
        "additionalProperties": {"$ref": "#/definitions/body"},
        "minProperties": 1,
    }
