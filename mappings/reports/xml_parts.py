"""Attributes and texts of XML elements that nothing takes, as findings: one for each kind, with how many there are."""

from collections.abc import Iterator, Sequence
from typing import Any

from transload.adapters.base.format import Tree
from transload.canonical.findings import Finding, Severity
from transload.mappings.compiler.trees import TreeLevel
from transload.mappings.language.layout import Element
from transload.mappings.language.meaning import Meaning


class XmlPaths:
    """The paths of elements below a root; siblings are counted once, since each of thousands may be asked for."""

    def __init__(self, root: Any) -> None:
        self._known: dict[Any, tuple[str | int, ...]] = {root: ()}

    def of(self, element: Any, attribute: str | None = None) -> tuple[str | int, ...]:
        """The path from the root to an element or attribute, as `Tree.place` takes it."""
        path = self._known.get(element)
        if path is None:
            parent = element.getparent()
            above = self.of(parent)
            count: dict[Any, int] = {}
            for child in parent:
                number = count[child.tag] = count.get(child.tag, -1) + 1
                self._known[child] = (*above, child.tag, number)
            path = self._known[element]
        return (*path, f"@{attribute}") if attribute is not None else path


class Parts:
    """The unread attributes and texts of a message.  They are told of at the first of each kind, with the number."""

    def __init__(self, meaning: Meaning, body: Tree, remarks: Sequence[Any], severity: Severity) -> None:
        self._meaning, self._body, self._severity = meaning, body, severity
        self.paths = XmlPaths(body.root)
        self._count: dict[tuple[Element, str], int] = {}
        self._found: dict[tuple[str, Any], list[tuple[Element, str, str]]] = {}
        for remark in remarks:
            if remark[0] in ("attributes", "text") and (remark[0], remark[2]) not in self._found:
                self._look(*remark)

    def _look(self, kind: str, level: TreeLevel, element: Any) -> None:
        node = level.owner
        assert node is not None
        found = self._found[kind, element] = []
        parts = (
            [("text()", _loose_text(element, texted=level.texted))]
            if kind == "text"
            else [(f"@{name}", element.get(name)) for name in level.strangers(element)]
        )
        for part, value in parts:
            self._count[node, part] = self._count.get((node, part), 0) + 1
            if self._count[node, part] == 1:
                found.append((node, part, value))

    def findings(self, remark: Sequence[Any]) -> Iterator[Finding]:
        """What a remark has been the first to see; each is given once."""
        kind, _, element = remark
        found, self._found[kind, element] = self._found[kind, element], []
        for node, part, value in found:
            yield self._finding(node, part, value, element)

    def _finding(self, node: Element, part: str, value: str, element: Any) -> Finding:
        attribute = part[1:] if part.startswith("@") else None
        word = f"@{self._prefixed(attribute)}" if attribute else part
        more = self._count[node, part] - 1
        also = f" (and {more} more like it)" if more else ""
        reason = "the mapping does not name it" if attribute else "the mapping takes no text there"
        return Finding(
            code="E-UNMAPPED",
            severity=self._severity,
            message=f"{node.label}/{word} is left aside: {value!r} stands there, and {reason}{also}",
            hint=f'bind it, or list it under ignores: ["{node.label}/{word}"]',
            value=value,
            place=self._body.place(self.paths.of(element, attribute)),
            mapping=node.at,
        )

    def _prefixed(self, name: str) -> str:
        """An attribute's name as the mapping writes it; one of a namespace that it does not have, without prefix."""
        space, _, local = name.rpartition("}")
        prefix = next((known for known, address in self._meaning.namespaces.items() if address == space[1:]), "")
        return f"{prefix}:{local}" if prefix else local


def _loose_text(element: Any, *, texted: bool) -> str:
    """The text that stands directly in an element; if it is ``texted``, only what is not taken as its own."""
    pieces = [] if texted else [element.text or ""]
    pieces += [child.tail or "" for child in element if not texted or isinstance(child.tag, str)]
    return " ".join(" ".join(pieces).split())
