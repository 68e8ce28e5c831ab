"""A mapping with all that it extends merged in, as YAML that says of each line where it comes from."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from transload.canonical.places import MappingPlace
from transload.mappings.source.nodes import Rows, Source, Table, Text

_PLAIN = re.compile(r"[A-Za-z0-9_=.(/][A-Za-z0-9_=.()+*/|<>' \-]*|~")
_KEY = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.()+*/\- ]*|@?[A-Za-z_][A-Za-z0-9_.:\-]*\*?")
_SIGNS = frozenset(("=", "<<", ""))
_WORDS = _SIGNS | {"null", "true", "false", "~"}
_WIDTH = 110
_STEP = "  "
_ROOM = 96
"""Up to so many characters the origins stand below each other."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the text, and where it comes from."""

    text: str
    at: MappingPlace


def resolved_lines(table: Table) -> list[Line]:
    """The lines of a merged file.  What stands in one line of one file stays in one line."""
    return list(_table(table, ""))


def resolved_text(table: Table) -> str:
    """The lines with their origins as comments: one file without ``extends:``."""
    lines = resolved_lines(table)
    width = min(max((len(line.text) for line in lines), default=0), _ROOM)
    return "".join(f"{line.text:<{width}}  # {line.at.file}:{line.at.line}\n" for line in lines)


def _table(table: Table, indent: str) -> Iterator[Line]:
    for key, value in table:
        yield from _entry(key, value, indent)


def _entry(key: Text, value: Source, indent: str, dash: str = "") -> Iterator[Line]:
    head = f"{indent}{dash}{_key(key.text)}:"
    deeper = indent + (_STEP if dash else "") + _STEP
    if isinstance(value, Text):
        yield Line(text=f"{head} {_scalar(value)}", at=key.at)
        return
    short = f"{head} {_flow(value)}"
    if not _contents(value) or (_in_one_line(value, key.at) and len(short) <= _WIDTH):
        yield Line(text=short, at=key.at)
        return
    yield Line(text=head, at=key.at)
    if isinstance(value, Table):
        yield from _table(value, deeper)
    else:
        yield from _rows(value, deeper)


def _rows(rows: Rows, indent: str) -> Iterator[Line]:
    for value in rows:
        if isinstance(value, Table) and value.pairs:
            (first_key, first), *rest = value.pairs
            short = f"{indent}- {_key(first_key.text)}: {_flow(first)}" if not rest else ""
            if short and _in_one_line(value, first_key.at) and len(short) <= _WIDTH:
                yield Line(text=short, at=first_key.at)
                continue
            yield from _entry(first_key, first, indent, "- ")
            for key, inner in rest:
                yield from _entry(key, inner, indent + _STEP)
        else:
            yield Line(text=f"{indent}- {_flow(value)}", at=value.at)


def _contents(value: Source) -> bool:
    return not isinstance(value, Rows | Table) or bool(value.values if isinstance(value, Rows) else value.pairs)


def _in_one_line(value: Source, at: MappingPlace) -> bool:
    return all((one.file, one.line) == (at.file, at.line) for one in _places(value))


def _places(value: Source) -> Iterator[MappingPlace]:
    if isinstance(value, Text):
        yield value.at
    elif isinstance(value, Rows):
        for item in value:
            yield from _places(item)
    else:
        for key, item in value:
            yield key.at
            yield from _places(item)


def _flow(value: Source) -> str:
    if isinstance(value, Text):
        return _scalar(value)
    if isinstance(value, Rows):
        return f"[{', '.join(_flow(item) for item in value)}]"
    return "{" + ", ".join(f"{_key(key.text)}: {_flow(item)}" for key, item in value) + "}"


def _scalar(value: Text) -> str:
    """A text as YAML; what was quoted stays quoted, since that tells a text from a number."""
    text = value.text
    plain = value.plain and _PLAIN.fullmatch(text) and text == text.strip() and text not in _SIGNS
    return text if plain else _quoted(text)


def _key(text: str) -> str:
    plain = _KEY.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS and text[0] != "@"
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    """In double quotes; what YAML takes for a line end, or does not allow, by its number."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in quoted)
