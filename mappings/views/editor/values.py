"""The right sides of entries: literals, lists of literals, expressions whose fields and converters exist."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from transload.mappings.language.expressions import GIVEN
from transload.mappings.views.editor.fields import CONVERTERS, Known, expressions_for

SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
"""A text in a mapping: an editor types it as YAML does, our loader does not."""
LITERAL: dict[str, Any] = {**SCALAR, "pattern": "^(?!=)"}
"""A literal: no expression."""
_FILLED: dict[str, Any] = {
    "pad": {**SCALAR, "description": "What fills the range up; a blank without it"},
    "align": {"enum": ["left", "right"], "description": "Where the text stands in its range"},
}
VALUE: dict[str, Any] = {"$ref": "#/definitions/value"}
"""What stands right of a place."""
_WORD = r"[A-Za-z_][A-Za-z0-9_]*"


def expression_pattern(fields: Mapping[str, Known], document: str) -> str:
    """What is no expression; or one of a known field; or a computed value or function; with known converters.

    Names of items, ``as: line``, are not known to a schema: behind any first word, any field may stand.
    """
    names = "|".join(re.escape(path) for path in sorted(fields, key=lambda path: (-len(path), path)))
    word = re.escape(document.partition("/")[0])
    pipes = r"(\s*\|\s*(" + "|".join(CONVERTERS) + r")(\([^)]*\))?)*\s*"
    path = f"(({word}|{_WORD})\\.)?({names})"
    functions = "|".join(["level", "parent", "children", "levels", *GIVEN])
    computed = f"{_WORD}\\(.*\\)|[^|']*[()+*/\\[\\-][^|']*|'[^']*'"
    return (
        f"^([^=].*|=\\s*({path}|case|\\.){pipes}|=\\s*parts\\(.+\\){pipes}"
        f"|=\\s*({functions})\\([^)]*\\){pipes}|=\\s*({computed}){pipes})?$"
    )


def definitions(fields: Mapping[str, Known], document: str, format_type: str) -> dict[str, Any]:
    """``value``, ``literal`` and the names that modifiers take."""
    suggested = [text for known in fields.values() for text in expressions_for(known, format_type)]
    paths = list(fields)
    text = {
        "type": ["string", "number", "boolean"],
        "pattern": expression_pattern(fields, document),
        "patternErrorMessage": "no such field or converter: write  =field | converter  or  a literal",
    }
    listed = {"type": "array", "items": LITERAL, "minItems": 1}
    long_form = {
        "type": "object",
        "description": "The long form of an entry",
        "properties": {
            "value": {"anyOf": [{"$ref": "#/definitions/expression"}, listed]},
            "text": {**SCALAR, "description": "A literal as it stands, also one that begins with ="},
            "note": {**SCALAR, "description": "A remark for people"},
            "required": {"enum": ["yes", "no", "true", "false", True, False], "description": "Must have a value"},
            "max": {"type": ["integer", "string"], "description": "The most characters on the wire"},
            **(_FILLED if format_type == "fixed" else {}),
        },
        "additionalProperties": False,
        "anyOf": [{"required": ["value"]}, {"required": ["text"]}],
    }
    return {
        "expression": {**text, "examples": suggested},
        "value": {
            "description": "A literal, a list of literals (the first is written), =field, or the long form",
            "anyOf": [
                {"$ref": "#/definitions/expression"},
                listed,
                long_form,
            ],
        },
        "list": _named([p for p in paths if fields[p].kind.kind.value.startswith("list")], also=("documents",)),
        "object": _named([p for p in paths if fields[p].kind.kind.value == "object"]),
        "field": _named(paths),
    }


def _named(suggested: Iterable[str], also: Iterable[str] = ()) -> dict[str, Any]:
    """A path of a certain kind; behind the name of an item any path may stand."""
    suggested = list(suggested)
    names = "|".join(re.escape(path) for path in [*suggested, *also])
    return {
        "type": "string",
        "anyOf": [{"enum": [*suggested, *also]}, {"pattern": f"^{_WORD}\\.({names})$"}],
    }


def code_values(codes: Iterable[str]) -> dict[str, Any]:
    """Any value, with known codes offered; numbers as numbers too, since an editor reads them so."""
    known = list(codes)
    numbers = [int(code) for code in known if code.isdigit() and str(int(code)) == code]
    return {"anyOf": [VALUE], "examples": [*known, *numbers]}
