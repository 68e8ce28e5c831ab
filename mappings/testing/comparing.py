"""The documents that a case expects, and where those that were read differ from them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from transload.adapters.base.regular import read_regular
from transload.canonical.documents import as_json
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.mapping import Mapping
from transload.mappings.source.bounds import beside
from transload.mappings.source.nodes import Rows, Source, Text, plain_value
from transload.mappings.testing.cases import Failure

LARGEST = 64 << 20
"""Bytes that a file with an expected document may have."""


def expected(mapping: Mapping, node: Source, folder: Path) -> list[Model]:
    """The documents under ``canonical:``: a file, a table, one that ``extends`` a file, or a list of these.

    Raises `Failure` for a file that is not there, and for what is no such document.
    """
    return [_document(mapping, value, node.at) for value in _values(node, folder)]


def _values(node: Source, folder: Path) -> list[Any]:
    if isinstance(node, Rows):
        return [value for item in node for value in _values(item, folder)]
    if isinstance(node, Text):
        value = _load(node, folder)
        return value if isinstance(value, list) else [value]
    over = plain_value(node.without("extends"))
    base = node.get("extends")
    if base is None:
        return [over]
    if not isinstance(base, Text):
        raise Failure("extends: names a file", at=base.at)
    below = _load(base, folder)
    assert isinstance(over, dict)
    return [{**below, **over} if isinstance(below, dict) else over]


def _load(node: Text, folder: Path) -> Any:
    try:
        text = read_regular(beside(node.text, folder, free=True), LARGEST).decode()
        return json.loads(text, parse_float=str, parse_int=_number)
    except OSError as error:
        raise Failure(f"cannot read {node.text}: {error.strerror}", at=node.at) from error
    except (ValueError, RecursionError) as error:
        raise Failure(f"{node.text} is no JSON: {error}", at=node.at) from error


def _number(text: str) -> int | str:
    """A number of JSON; Python refuses to read one of thousands of digits."""
    return int(text) if len(text) < 100 else text


def _document(mapping: Mapping, value: Any, at: MappingPlace) -> Model:
    try:
        return mapping.meaning.model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Failure(f"the expected document is no {mapping.document}: {where}: {first['msg']}", at=at) from error


def compare(found: Sequence[Model], wanted: Sequence[Model], at: MappingPlace) -> None:
    """Raise `Failure` when the documents differ.  They are compared as such: 1.5 and 1.50 are the same number."""
    if list(found) != list(wanted):
        rows = differences([as_json(one) for one in found], [as_json(one) for one in wanted])
        raise Failure("; ".join(rows) or "the documents differ", at=at)


def differences(found: Any, wanted: Any, path: str = "") -> list[str]:
    """Where two JSON values differ, in words; at most five places."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        rows: list[str] = []
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            inside = f"{path}.{key}" if path else key
            if key not in found:
                rows.append(f"{inside} is missing, expected {wanted[key]!r}")
            elif key not in wanted:
                rows.append(f"{inside} is {found[key]!r}, and nothing is expected")
            else:
                rows += differences(found[key], wanted[key], inside)
        return rows[:5]
    if not path and isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted) == 1:
        return differences(found[0], wanted[0])
    if isinstance(found, list) and isinstance(wanted, list):
        if len(found) != len(wanted):
            return [f"{path or 'the result'} has {len(found)} items, expected {len(wanted)}"]
        pairs = enumerate(zip(found, wanted, strict=True))
        return [row for number, (one, other) in pairs for row in differences(one, other, f"{path}[{number}]")][:5]
    return [] if found == wanted else [f"{path} is {found!r}, expected {wanted!r}"]
