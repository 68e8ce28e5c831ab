"""The nodes of a first mapping, and how they are written as YAML with a comment on each open point."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

OPEN = "open:"
"""The word with which a comment on an open point begins."""
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/+()-]*[A-Za-z0-9._/+()-])?")
_WIDTH = 110
_REMARK_AT = 56


def quoted(text: str) -> str:
    """A text as a YAML scalar inside braces."""
    if _PLAIN.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def expression(text: str) -> str:
    """An expression after ``=`` as a YAML scalar inside braces."""
    whole = f"={text}"
    if whole.isprintable() and not re.search(r"[,\[\]{}#\"\\]|: |^= | $", whole):
        return whole
    return json.dumps(whole, ensure_ascii=not whole.isprintable())


@dataclass(eq=False, kw_only=True)
class Entry:
    """A place and what stands there: an ``expression``, or the ``literals`` of the samples.

    ``choices`` are those of a pair, ``remark`` is its comment, ``sample`` what a sample has there, ``order`` its
    element and component.
    """

    key: str
    expression: str = ""
    literals: tuple[str, ...] = ()
    choices: "list[Entry]" = field(default_factory=list)
    remark: str = ""
    sample: str = ""
    order: tuple[int, int | None] = (0, None)
    gone: bool = False

    @property
    def value(self) -> str:
        """The right side as YAML."""
        if self.choices:
            rows = ", ".join(f"{quoted(choice.key)}: {choice.value}" for choice in self.choices if not choice.gone)
            return f"{{{rows}}}"
        if self.expression:
            return expression(self.expression)
        texts = [quoted(text) for text in self.literals]
        if len(texts) == 1:
            return f"{{text: {texts[0]}}}" if self.literals[0].startswith("=") else texts[0]
        return f"[{', '.join(texts)}]"

    @property
    def left(self) -> str:
        """The left side as YAML."""
        return self.key if re.fullmatch(r"[\w.+:-]+\*?|pairs?\([\w. -]+\)", self.key) else json.dumps(self.key)

    def give_up(self, reason: str) -> bool:
        """Fall back: from a field to the sample's text, from that to nothing.  Whether there was anything left."""
        if self.gone:
            return False
        was_field = bool(self.expression) and not self.expression.startswith("'")
        data = data_entry(self.key, [self.sample]) if self.sample and (was_field or self.choices) else None
        self.remark = f"{OPEN} {_one_line(reason)}"
        self.choices = []
        if data is None or (was_field and data.value == self.value):
            self.gone = True
        else:
            self.expression, self.literals = data.expression, data.literals
        return True


def data_entry(key: str, values: Sequence[str], remark: str = "") -> Entry:
    """An entry that writes what the sample has and accepts anything: for data that no field is known for."""
    text = values[0]
    if "'" in text or not text.strip() or text != text.strip():
        return Entry(key=key, literals=tuple(dict.fromkeys(values)), remark=remark, sample=text)
    return Entry(key=key, expression=f"'{text}'", remark=remark, sample=text)


@dataclass(eq=False, kw_only=True)
class Node:
    """A segment, element or member with its entries and what belongs to it.

    In a tree ``inside`` stands in the node itself, else under ``then:``; one with a ``value`` is that entry alone.
    With ``telling``, what stands in it also tells it from its siblings, and so is written without dashes.
    """

    name: str
    entries: list[Entry] = field(default_factory=list)
    inside: "list[Node]" = field(default_factory=list)
    modifiers: list[tuple[str, str]] = field(default_factory=list)
    value: Entry | None = None
    tree: bool = False
    telling: bool = False
    remark: str = ""
    gone: bool = False

    @property
    def there(self) -> bool:
        """Whether anything in it is written."""
        value = self.value is not None and not self.value.gone
        inside = any(inner.there for inner in self.inside)
        return not self.gone and (value or inside or any(not entry.gone for entry in self.entries))

    def walk(self) -> "Iterator[Node]":
        """This node and all inside it."""
        yield self
        for node in self.inside:
            yield from node.walk()


class Page:
    """Lines of YAML, with the entry or node that each comes from."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.origins: dict[int, list[Entry | Node]] = {}

    def add(self, text: str, remark: str = "", *origins: Entry | Node) -> None:
        """A line, with a comment."""
        comment = f"# {_visible(remark)}" if remark else ""
        line = f"{text.ljust(_REMARK_AT)}  {comment}".rstrip() if comment and text.strip() else f"{text}{comment}"
        self.lines.append(line)
        self.origins[len(self.lines)] = list(origins)

    def nodes(self, nodes: Sequence[Node], indent: int) -> None:
        """A list of nodes."""
        for node in nodes:
            if node.gone:
                self.add(" " * indent, node.remark, node)
                continue
            self._node(node, indent)

    def _node(self, node: Node, indent: int) -> None:
        if node.tree and node.value is None and not node.there:
            self.add(" " * indent, f"{OPEN} {node.name} is left out: nothing in it is bound", node)
            return
        before = f"{' ' * indent}- "
        for key, value in node.modifiers:
            self.add(f"{before}{key}: {value}", "", node)
            before = " " * (indent + 2)
        name = node.name if re.fullmatch(r"[\w.:-]+\*?", node.name) else json.dumps(node.name)
        if node.value is not None and node.value.gone:
            self.add(" " * indent, f"{node.value.remark} ({name})", node.value)
            return
        if node.value is not None:
            self.add(f"{before}{name}: {node.value.value}", node.value.remark or node.remark, node.value, node)
            return
        self._entries(node, f"{before}{name}:", indent)
        if node.telling and not any(inner.modifiers for one in node.inside for inner in one.walk()):
            self._table(node.inside, indent + 4)
        elif node.tree:
            self.nodes(node.inside, indent + 4)
        elif any(not inner.gone for inner in node.inside):
            self.add(f"{' ' * (indent + 2)}then:")
            self.nodes(node.inside, indent + 4)
        else:
            self.nodes(node.inside, indent + 2)

    def _table(self, nodes: Sequence[Node], indent: int) -> None:
        """Nodes without modifiers, as keys of a table."""
        for node in nodes:
            name = node.name if re.fullmatch(r"[\w.:-]+\*?", node.name) else json.dumps(node.name)
            if node.gone:
                self.add(" " * indent, node.remark, node)
            elif node.value is not None and not node.value.gone:
                self.add(
                    f"{' ' * indent}{name}: {node.value.value}", node.value.remark or node.remark, node.value, node
                )
            elif node.value is not None:
                self.add(" " * indent, node.value.remark, node.value)
            elif node.entries and not node.inside:
                rows = ", ".join(f"{entry.left}: {entry.value}" for entry in node.entries if not entry.gone)
                remark = next((entry.remark for entry in node.entries if entry.remark), node.remark)
                self.add(f"{' ' * indent}{name}: {{{rows}}}", remark, node, *node.entries)
            else:
                self.add(f"{' ' * indent}{name}:", node.remark, node)
                self._table(node.inside, indent + 2)

    def _entries(self, node: Node, head: str, indent: int) -> None:
        there = [entry for entry in node.entries if not entry.gone]
        inline = f"{head} {{{', '.join(f'{entry.left}: {entry.value}' for entry in there)}}}"
        noted = [entry for entry in node.entries if entry.remark]
        if not (node.tree and node.inside) and not noted and len(inline) <= _WIDTH and there:
            self.add(inline, node.remark, node, *there)
            return
        empty = " {}" if not there and not node.tree else ""
        self.add(f"{head}{empty}", node.remark, node)
        step = " " * (indent + 4)
        mark = "- " if node.tree else ""
        for entry in node.entries:
            if entry.gone:
                self.add(f"{step}", f"{entry.remark} ({entry.left}: {quoted(entry.sample)})", entry)
            elif len(entry.choices) > 1:
                self.add(f"{step}{mark}{entry.left}:", entry.remark, entry)
                for choice in entry.choices:
                    if not choice.gone:
                        self.add(f"{step}  {quoted(choice.key)}: {choice.value}", choice.remark, choice)
            else:
                self.add(f"{step}{mark}{entry.left}: {entry.value}", entry.remark, entry)


def _visible(text: str) -> str:
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
