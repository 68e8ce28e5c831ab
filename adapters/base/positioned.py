"""YAML files that people write, read with the line and column of every key and value.

Scalars stay text (``NO``, ``004010`` and ``1.10`` are what they look like); who
wants typed values asks `typed`, which knows only true, false, null and plain
decimal numbers.  Anchors work within a file; merge keys, duplicate keys, tags
and aliases that would grow without bound are refused.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from transload.adapters.base.regular import read_regular
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace

_MOST_NODES = 50_000
_MOST_BYTES = 4_000_000
_SMALL = 100_000
"""A text of so many characters has no more nodes than may be."""
_DEEPEST = 60
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_IMPLICIT_TAGS = frozenset(["str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map"])
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,99})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,99})\.\d{1,99}")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; ``plain`` is False when it was quoted or a block, and so was meant as text."""

    text: str
    line: int
    column: int
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    values: "tuple[Node, ...]"
    line: int
    column: int

    def __iter__(self) -> "Iterator[Node]":
        return iter(self.values)


@dataclass(frozen=True, slots=True)
class Entries:
    """A YAML mapping, in its order, with unique keys."""

    pairs: "tuple[tuple[Scalar, Node], ...]"
    line: int
    column: int

    def get(self, key: str) -> "Node | None":
        """The value under ``key``, or None."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its position."""
        return next((name for name, _ in self.pairs if name.text == key), None)

    def __iter__(self) -> "Iterator[tuple[Scalar, Node]]":
        return iter(self.pairs)


Node = Scalar | Items | Entries


def load(path: Path, *, name: str | None = None) -> Node:
    """Read the YAML file at ``path``; ``name`` is what findings call it, by default the path.

    Raises `ConfigurationError` when it cannot be read, is no UTF-8 or is no valid YAML.
    """
    file = name or str(path)
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        finding = _finding(
            file, 1, 1, f"this is no UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02X}"
        )
        raise ConfigurationError(finding.message, findings=[finding]) from error
    return parse(text.replace("\r\n", "\n").replace("\r", "\n"), file)


def parse(text: str, file: str) -> Node:
    """Parse YAML ``text``, called ``file`` in findings.

    Raises `ConfigurationError` with a finding at line and column.
    """
    try:
        _refuse_many(text, file)
        loader = _LOADER(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"this is no valid YAML: {error.problem or error.context}"
        finding = _finding(file, line, column, message, _yaml_hint(text, line))
        raise ConfigurationError(finding.message, findings=[finding]) from error
    except (yaml.YAMLError, RecursionError) as error:
        finding = _finding(file, 1, 1, f"this is no valid YAML: {' '.join(str(error).split())}")
        raise ConfigurationError(finding.message, findings=[finding]) from error
    if root is None:
        finding = _finding(file, 1, 1, "the file is empty")
        raise ConfigurationError(finding.message, findings=[finding])
    return _Reader(file).convert(root, 0)


def _refuse_many(text: str, file: str) -> None:
    """Count the nodes of a large text before they are made, since each takes a hundred times its room."""
    if len(text) <= _SMALL:
        return
    loader = _LOADER(text)
    try:
        count = 0
        while loader.check_event():
            event = loader.get_event()
            count += isinstance(event, yaml.NodeEvent)
            if count > _MOST_NODES:
                at = event.start_mark
                message = f"the file has more than {_MOST_NODES} keys and values"
                finding = _finding(file, at.line + 1, at.column + 1, message, "keep tables in CSV files")
                raise ConfigurationError(message, findings=[finding])
    finally:
        loader.dispose()


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0

    def convert(self, node: Any, depth: int) -> Node:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.count += 1
        if self.count > _MOST_NODES or depth > _DEEPEST:
            self.refuse(
                line, column, "aliases or nesting make this file too large to be meant", "write it out, or split it"
            )
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _IMPLICIT_TAGS:
            self.refuse(line, column, f"the tag {node.tag} is not allowed", "remove it; every value is plain text here")
        if isinstance(node, ScalarNode):
            return Scalar(node.value, line, column, node.style not in ("'", '"', "|", ">"))
        if isinstance(node, SequenceNode):
            return Items(tuple(self.convert(item, depth + 1) for item in node.value), line, column)
        assert isinstance(node, MappingNode)
        return Entries(tuple(self.pairs(node, depth)), line, column)

    def pairs(self, node: Any, depth: int) -> Iterator[tuple[Scalar, Node]]:
        known: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self.convert(key_node, depth + 1)
            if not isinstance(key, Scalar):
                self.refuse(key.line, key.column, "a key must be text", 'quote it if it begins with "{" or "["')
            if key.text == "<<" and key.plain:
                self.refuse(key.line, key.column, "merge keys (<<) are not allowed", "repeat the lines, or use a piece")
            if key.text in known:
                self.refuse(
                    key.line,
                    key.column,
                    f"the key {key.text!r} stands here a second time; the first is in line {known[key.text]}",
                )
            known[key.text] = key.line
            yield key, self.convert(value_node, depth + 1)

    def refuse(self, line: int, column: int, message: str, hint: str | None = None) -> NoReturn:
        finding = _finding(self.file, line, column, message, hint)
        raise ConfigurationError(message, findings=[finding])


def typed(node: Node) -> Any:
    """The node as JSON-like values: unquoted true, false, null and decimal numbers get their type, all else is text.

    A number with leading zeros or without digits before the point stays text.
    """
    if isinstance(node, Items):
        return [typed(item) for item in node.values]
    if isinstance(node, Entries):
        return {key.text: typed(value) for key, value in node.pairs}
    if not node.plain:
        return node.text
    if node.text in ("", "~", "null"):
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    if _INTEGER.fullmatch(node.text):
        return int(node.text)
    return float(node.text) if _DECIMAL.fullmatch(node.text) else node.text


def position(root: Node, path: Sequence[str | int], *, of_key: bool = False) -> tuple[int, int]:
    """Line and column of what ``path`` leads to, or of the deepest part of it that exists.

    With ``of_key`` the position of the last key instead of its value.
    """
    node = root
    where = (root.line, root.column)
    for step in path:
        if isinstance(node, Entries):
            key, value = node.key(str(step)), node.get(str(step))
            if key is None or value is None:
                return where
            where = (key.line, key.column) if of_key else (value.line, value.column)
            node = value
        elif isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.values):
            node = node.values[step]
            where = (node.line, node.column)
        else:
            return where
    return where


def _yaml_hint(text: str, line: int) -> str | None:
    """The traps of YAML that mapping files run into, each with its way out."""
    rows = text.splitlines()
    row = rows[line - 1] if 0 < line <= len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return "indent with blanks, not with tabs"
    if re.search(r"(^|[{,\s-])@\w", row):
        return 'quote names that begin with @: "@currency"'
    if re.search(r"(^|[{,-])\s*[*&]\S*\s*:", row):
        return "a key cannot begin with * or &; quote it"
    if found := re.search(r"(?:^|[{,])\s*([\w.]+\[\d+\][\w.]*)\s*:", row):
        return f'quote names that hold brackets: "{found[1]}"'
    return None


def _finding(file: str, line: int, column: int, message: str, hint: str | None = None) -> Finding:
    place = MappingPlace(file=file, line=line, column=column)
    return Finding(code="C-YAML", severity=Severity.ERROR, message=message, hint=hint, mapping=place)
