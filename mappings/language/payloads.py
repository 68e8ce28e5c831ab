"""``documents:`` and ``file:``: how the rows of a payload fall into documents, and what stands around all of them.

Both become options of the format, which finds the messages; the layout knows only the rows of one document.
"""

from collections.abc import Mapping
from typing import Any

from transload.mappings.language.layout import Segment, walk
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.shapes import Spot
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, suggest

_WAYS = ("by", "start", "each")
_COUNTS = {"file.count": "documents", "file.records": "records", "file.lines": "lines"}


def refuse_payloads(table: Table, meaning: Meaning, problems: Problems) -> None:
    """Both keys are for rows: other formats know by themselves where a document ends; COBOL has its own `documents`."""
    for name, formats in (("documents", "csv, fixed and cobol"), ("file", "csv and fixed")):
        key = table.key(name)
        if key is not None and not (name == "documents" and meaning.format_type == "cobol"):
            problems.add("M-KEY", key.at, f"{name}: is for {formats}", hint="leave it out")


def documents_of(table: Table, meaning: Meaning, problems: Problems) -> dict[str, Any]:
    """``{by: [OrderNo]}``, ``{start: HDR}`` or ``{each: row}`` as options of the format; none: all rows are one."""
    value = table.get("documents")
    if value is None:
        return {}
    if not isinstance(value, Table) or len(value.pairs) != 1 or value.pairs[0][0].text not in _WAYS:
        hint = "{by: [OrderNo]}, {start: HDR} or {each: row}; without it all rows are one document"
        problems.add("M-VALUE", value.at, "documents: says in one way where a document begins", hint=hint)
        return {}
    key, way = value.pairs[0]
    if key.text == "by":
        return _by(way, meaning, problems)
    if key.text == "start":
        return _start(way, meaning, problems)
    word = meaning.shapes.word if meaning.shapes is not None else ""
    if not isinstance(way, Text) or way.text != word:
        problems.add("M-VALUE", way.at, f"documents: {{each: {word}}} makes each {word} a document")
        return {}
    return {"each": True}


def _by(value: Source, meaning: Meaning, problems: Problems) -> dict[str, Any]:
    items = value.values if isinstance(value, Rows) else (value,)
    known = {str(spot) for spot in _spots(meaning)}
    found = []
    for item in items:
        if not isinstance(item, Text):
            problems.add("M-VALUE", item.at, "documents: by: lists places")
        elif item.text not in known:
            hint = suggest(item.text, known, "bind it in the layout: it tells one document from the next")
            problems.add("M-VALUE", item.at, f"documents: by: the layout has no place {item.text!r}", hint=hint)
        else:
            found.append(item.text)
    return {"by": found}


def _start(value: Source, meaning: Meaning, problems: Problems) -> dict[str, Any]:
    """The first row of a document, by the literal that a node has, or by places with their texts."""
    if isinstance(value, Table):
        return {"start": {key.text: [item.text] for key, item in value if isinstance(item, Text)}}
    if not isinstance(value, Text):
        problems.add("M-VALUE", value.at, "documents: start: is a literal of the layout, such as HDR")
        return {}
    found: dict[str, tuple[str, ...]] = {}
    literals: set[str] = set()
    for node in walk(meaning.segments):
        assert isinstance(node, Segment)
        for slot in node.slots:
            if slot.literals and slot.spots and not slot.guard:
                literals.update(slot.literals)
                if value.text in slot.literals:
                    found[str(slot.spots[0])] = (*found.get(str(slot.spots[0]), ()), *slot.literals)
    if len(found) == 1:
        return {"start": {place: list(dict.fromkeys(texts)) for place, texts in found.items()}}
    if found:
        hint = f"say which place: start: {{{next(iter(found))}: {value.text}}}"
        problems.add("M-VALUE", value.at, f"{value.text!r} stands at several places of the layout", hint=hint)
        return {}
    close = suggest(value.text, literals, f"literals are: {', '.join(sorted(literals)) or 'none'}")
    problems.add("M-VALUE", value.at, f"documents: start: no node has the literal {value.text!r}", hint=close)
    return {}


def _spots(meaning: Meaning) -> list[Spot]:
    shapes: Mapping[str, Any] = meaning.shapes.shapes if meaning.shapes is not None else {}
    return [spot for shape in shapes.values() for spot in shape.spots]


def file_of(table: Table, meaning: Meaning, problems: Problems) -> dict[str, Any]:
    """``file: {header: [...], trailer: [...]}``: rows before the first document and after the last."""
    value = table.get("file")
    if value is None:
        return {}
    if not isinstance(value, Table) or any(key.text not in ("header", "trailer") for key, _ in value):
        problems.add("M-VALUE", value.at, "file: has header: and trailer:, each a list of nodes")
        return {}
    found = {}
    for key, nodes in value:
        rows = nodes.values if isinstance(nodes, Rows) else (nodes,)
        found[key.text] = [row for node in rows if (row := _file_row(node, meaning, problems)) is not None]
    return {"file": found}


def _file_row(node: Source, meaning: Meaning, problems: Problems) -> dict[str, Any] | None:
    word = meaning.shapes.word if meaning.shapes is not None else ""
    body = node.get(word) if isinstance(node, Table) and len(node.pairs) == 1 else None
    if not isinstance(body, Table):
        problems.add("M-NODE", node.at, f"file: a node is {word}: with a table of places, without modifiers")
        return None
    row: dict[str, Any] = {}
    for place, value in body:
        items = value.values if isinstance(value, Rows) else (value,)
        texts = [item.text for item in items if isinstance(item, Text) and item.text]
        if len(texts) != len(items) or not texts:
            problems.add("M-VALUE", value.at, "in file: stand literals and =file.count, =file.records or =file.lines")
            continue
        row[place.text] = _file_value(texts, value, problems)
    return row


def _file_value(texts: list[str], value: Source, problems: Problems) -> dict[str, Any]:
    if not texts[0].startswith("="):
        return {"text": texts}
    base, _, converter = (part.strip() for part in texts[0][1:].partition("|"))
    digits = converter.removeprefix("zeros(").removesuffix(")")
    good = not converter or (converter == f"zeros({digits})" and digits.isascii() and digits.isdigit())
    if base not in _COUNTS or not good or len(texts) > 1:
        hint = "such as  =file.count | zeros(6)"
        problems.add("M-EXPRESSION", value.at, f"{texts[0]!r} is no count of the file", hint=hint)
        return {"text": []}
    return {"count": _COUNTS[base], "digits": int(digits) if digits else 0}
