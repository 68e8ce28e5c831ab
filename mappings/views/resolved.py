"""A mapping with all that it extends merged in, as YAML that says of each line where it comes from."""

import json
from collections.abc import Iterator

from transload.canonical.places import MappingPlace
from transload.mappings.source.nodes import Rows, Source, Table, Text

_WIDEST = 60


def resolved_lines(table: Table) -> Iterator[tuple[str, MappingPlace]]:
    """Each line with its origin; the lines alone are the mapping, as one file without ``extends:``."""
    yield from _table(table, 0, "")


def resolved_text(table: Table) -> str:
    """The lines with their origins as comments."""
    return "".join(f"{line.ljust(_WIDEST)}  # {at.file}:{at.line}\n" for line, at in resolved_lines(table))


def _table(table: Table, depth: int, lead: str) -> Iterator[tuple[str, MappingPlace]]:
    """``lead`` is what the first line begins with instead of blanks: the dash of a list's item."""
    for number, (key, value) in enumerate(table):
        begin = lead if number == 0 and lead else "  " * depth
        yield from _entry(f"{begin}{_scalar(key)}:", key.at, value, depth)


def _entry(head: str, at: MappingPlace, value: Source, depth: int) -> Iterator[tuple[str, MappingPlace]]:
    if isinstance(value, Text):
        yield f"{head} {_scalar(value)}".rstrip(), at
    elif isinstance(value, Table):
        if not value.pairs:
            yield f"{head} {{}}", at
            return
        yield head, at
        yield from _table(value, depth + 1, "")
    elif not value.values:
        yield f"{head} []", at
    else:
        yield head, at
        yield from _rows(value, depth + 1)


def _rows(rows: Rows, depth: int) -> Iterator[tuple[str, MappingPlace]]:
    for item in rows:
        lead = "  " * depth + "- "
        if isinstance(item, Text):
            yield lead + _scalar(item), item.at
        elif isinstance(item, Table) and item.pairs:
            yield from _table(item, depth + 1, lead)
        elif isinstance(item, Table):
            yield f"{lead}{{}}", item.at
        elif item.values:
            yield lead.rstrip(), item.at
            yield from _rows(item, depth + 1)
        else:
            yield f"{lead}[]", item.at


def _scalar(text: Text) -> str:
    """A text as YAML; what was quoted stays quoted, since that tells a text from a number."""
    if text.plain and "\n" not in text.text:
        return text.text
    return json.dumps(text.text, ensure_ascii=False)
