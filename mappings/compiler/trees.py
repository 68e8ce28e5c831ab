"""Trees at run time: what distinguishes elements, and what is done with those that nothing takes."""

import re
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any

from transload.mappings.language.checks import guards
from transload.mappings.language.layout import Element, Node
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
"""A number as JSON has them (RFC 8259, section 6)."""
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
MACHINERY = frozenset(f"{_XSI}{name}" for name in ("schemaLocation", "noNamespaceSchemaLocation", "type", "nil"))
"""Attributes that speak to a parser and carry nothing of a document (XML Schema part 1, section 2.6)."""


class TreeLevel:
    """The elements that may stand beside each other inside one element (``owner``; None around the root).

    ``attributes`` are those that are named or ignored, ``texted`` is True where the owner's text is named, ``calm``
    where other text in it is ignored, and ``hushed`` where all that nothing takes inside it is.
    """

    def __init__(
        self, meaning: Meaning, owner: Element | None, nodes: Sequence[Element], above: tuple[str, ...]
    ) -> None:
        self.owner = owner
        self.nodes = [node for node in nodes if node.reads]
        self.tags = frozenset(node.tag for node in self.nodes)
        self.quiet = frozenset(entry.tag for entry in meaning.ignores if not entry.part and _ends(above, entry.above))
        self.guards = {node: guards(node) for node in self.nodes}
        self.hushed = any(
            _ends(above[:length], (*entry.above, entry.tag))
            for entry in meaning.ignores
            if not entry.part
            for length in range(1, len(above) + 1)
        )
        parts = {entry.part for entry in meaning.ignores if entry.part and _ends(above, (*entry.above, entry.tag))}
        ignored = frozenset(part[1:] for part in parts if part.startswith("@"))
        named = frozenset(name for name, _ in owner.attributes) if owner is not None else frozenset()
        self.ranks: dict[Node, int] = {}
        self.position = ""
        self.attributes = named | ignored | MACHINERY
        self.texted = owner is not None and owner.text is not None
        self.calm = self.hushed or "text()" in parts

    def skip(self, child: Any, report: Any) -> None:
        """Leave an XML node aside: quietly when it is a comment, a processing instruction, or ignored."""
        tag = child.tag
        if isinstance(tag, str) and not self.hushed and tag not in self.quiet and _local(tag) not in self.quiet:
            report.append(("child", self, child))

    def further(self, node: Element, found: Any, where: Any, report: Any) -> None:
        """Leave aside what ``node`` would take if it were the first."""
        if not self.hushed and node.tag not in self.quiet and _local(node.tag) not in self.quiet:
            report.append(("further", node, found, where))

    def leaf(self, element: Any, report: Any) -> str | None:
        """The text of an element that the mapping has nothing inside of, although it holds comments or elements."""
        for child in element:
            self.skip(child, report)
            tail = child.tail
            if tail is not None and not tail.isspace() and not self.calm:
                self.after(child, element, report)
        return xml_text(element)

    def after(self, child: Any, element: Any, report: Any) -> None:
        """Text stands after a child of an element; where the element's text is named, it goes on after a comment."""
        if isinstance(child.tag, str) or not self.texted:
            report.append(("text", self, element))

    def strangers(self, element: Any) -> list[str]:
        """The attributes of an element that nothing names; an ignored one without prefix is of any namespace."""
        return [name for name in element.keys() if not self.attributes & {name, _local(name)}]  # noqa: SIM118

    def unknown(self, members: dict[str, Any]) -> list[str]:
        """The members of a JSON object that nothing takes."""
        return [] if self.hushed else [key for key in members if key not in self.tags and key not in self.quiet]


def _ends(path: Sequence[str], steps: Sequence[str]) -> bool:
    """Whether ``path`` ends with ``steps``; one without namespace fits a name of any namespace."""
    last = path[len(path) - len(steps) :]
    return len(last) == len(steps) and all(step in (name, _local(name)) for name, step in zip(last, steps, strict=True))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def xml_text(element: Any) -> str | None:
    """The text of a leaf: in one piece although comments may stand in it."""
    if len(element) == 0:
        text: str | None = element.text
        return text
    parts = [element.text or ""]
    parts += [child.tail or "" for child in element if not isinstance(child.tag, str)]
    return "".join(parts)


def xml_guard(element: Any, path: Sequence[str]) -> str | None:
    """The text at ``path`` inside ``element``: names of children, a last ``@name``; None where there is none."""
    for name in path:
        if name.startswith("@"):
            found: str | None = element.get(name[1:])
            return found
        element = element.find(name)
        if element is None:
            return None
    return xml_text(element) or ""


def json_guard(value: Any, path: Sequence[str]) -> Any:
    """The value at ``path`` inside ``value``, or None."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def json_literal(text: str) -> Any:
    """What a literal is in JSON: a number or true and false where it looks like one, else a text."""
    if text in ("true", "false"):
        return text == "true"
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def is_literal(found: Any, literals: Collection[str]) -> bool:
    """Whether a value is one of ``literals``; a number is by what it is worth, and digits may be a text."""
    if isinstance(found, str):
        return found in literals
    if isinstance(found, bool):
        return ("true" if found else "false") in literals
    if isinstance(found, int | Decimal):
        return any(_NUMBER.fullmatch(text) and Decimal(text) == found for text in literals)
    return False


class Guard:
    """Whether an element is the one that a node means: its literals hold.

    An attribute or the text of the element itself must be there; a literal further
    inside only where the element needs it to be told from its siblings (``strict``).
    """

    def __init__(self, node: Element, *, xml: bool, strict: bool) -> None:
        self.xml = xml
        self.checks: list[tuple[tuple[str, ...], frozenset[str], bool]] = []
        for path, slot in guards(node).items():
            own = not path or path[0].startswith("@")
            self.checks.append((path, frozenset(slot.literals), own or strict))

    def __bool__(self) -> bool:
        return bool(self.checks)

    def test(self) -> Callable[[Any], bool]:
        """`holds`, made for this guard where it is one literal of the element itself, as nearly all are."""
        path, literals, needed = self.checks[0]
        if len(self.checks) > 1 or len(path) != 1 or not needed:
            return self.holds
        name = path[0]
        if not self.xml:
            return lambda value: type(value) is dict and is_literal(value.get(name), literals)
        if not name.startswith("@"):
            return self.holds
        attribute = name[1:]
        return lambda element: element.get(attribute) in literals

    def holds(self, element: Any) -> bool:
        """Whether all literals hold."""
        find = xml_guard if self.xml else json_guard
        for path, literals, needed in self.checks:
            found = find(element, path)
            if found is None and not needed:
                continue
            if not is_literal(found, literals):
                return False
        return True


def wrong_guard(node: Element, element: Any, *, xml: bool) -> tuple[Slot, Any] | None:
    """The first literal of ``node`` that does not hold in ``element``, with what stands there."""
    find = xml_guard if xml else json_guard
    for path, slot in guards(node).items():
        found = find(element, path)
        if found is None and path and not path[0].startswith("@"):
            continue
        if not is_literal(found, slot.literals):
            return slot, found
    return None
