"""The node graph of a mapping file: texts, lists and tables that know the file, line and column they come from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from transload.adapters.base import positioned
from transload.canonical.places import MappingPlace


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar; it is always text.  ``plain`` is False when it was quoted or a block."""

    text: str
    at: MappingPlace
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Rows:
    """A list."""

    values: "tuple[Source, ...]"
    at: MappingPlace

    def __iter__(self) -> "Iterator[Source]":
        return iter(self.values)


@dataclass(frozen=True, slots=True)
class Table:
    """Keys and values, in their order."""

    pairs: "tuple[tuple[Text, Source], ...]"
    at: MappingPlace

    def get(self, key: str) -> "Source | None":
        """The value under ``key``, or None."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def key(self, key: str) -> Text | None:
        """The key itself, for its place."""
        return next((name for name, _ in self.pairs if name.text == key), None)

    def with_pair(self, key: Text, value: "Source") -> "Table":
        """This table with ``key`` set: in the place of an earlier value, else at the end."""
        if self.key(key.text) is None:
            return replace(self, pairs=(*self.pairs, (key, value)))
        return replace(self, pairs=tuple((key, value) if old.text == key.text else (old, v) for old, v in self.pairs))

    def without(self, *keys: str) -> "Table":
        """This table without ``keys``."""
        return replace(self, pairs=tuple((k, v) for k, v in self.pairs if k.text not in keys))

    def __iter__(self) -> "Iterator[tuple[Text, Source]]":
        return iter(self.pairs)


Source = Text | Rows | Table


def located(node: positioned.Node, file: str) -> Source:
    """The same graph, with the name of its file at every node."""
    at = MappingPlace(file=file, line=node.line, column=node.column)
    if isinstance(node, positioned.Scalar):
        return Text(node.text, at, node.plain)
    if isinstance(node, positioned.Items):
        return Rows(tuple(located(value, file) for value in node), at)
    return Table(tuple((_key(key, file), located(value, file)) for key, value in node), at)


def _key(key: positioned.Scalar, file: str) -> Text:
    return Text(key.text, MappingPlace(file=file, line=key.line, column=key.column), key.plain)


def plain_value(node: Source) -> object:
    """The node as JSON-like values, typed as `transload.adapters.base.positioned.typed` does."""
    return positioned.typed(_bare(node))


def _bare(node: Source) -> positioned.Node:
    line, column = node.at.line, node.at.column
    if isinstance(node, Text):
        return positioned.Scalar(node.text, line, column, node.plain)
    if isinstance(node, Rows):
        return positioned.Items(tuple(_bare(value) for value in node), line, column)
    return positioned.Entries(
        tuple((positioned.Scalar(k.text, k.at.line, k.at.column, k.plain), _bare(v)) for k, v in node), line, column
    )
