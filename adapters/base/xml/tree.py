"""A parsed element as the body of a message: it knows where its values stand in the payload."""

from collections.abc import Sequence
from functools import cached_property

from lxml import etree

from transload.adapters.base.format import Tree
from transload.adapters.base.xml import positions
from transload.canonical.places import Place


class XmlTree(Tree):
    """An lxml element, and the payload that it was read from.

    ``root`` is the element that paths start at: the root of the payload, or one inside it, as in an envelope.
    """

    root: "etree._Element"

    def __init__(self, root: "etree._Element", payload: bytes, file: str | None) -> None:
        self.root = root
        self._payload = payload
        self._file = file
        self._known: dict[tuple[etree._Element, str], list[etree._Element]] = {}

    def place(self, path: Sequence[str | int]) -> Place:
        """Where an element or attribute stands; for one that is absent, where its parent does.

        The path in the place is an XPath with the document's own prefixes.
        """
        element = self.root
        words = [shown(ancestor) for ancestor in reversed([element, *element.iterancestors()])]
        attribute: str | None = None
        steps = list(path)
        while steps:
            name = str(steps.pop(0))
            if name.startswith("@"):
                attribute = etree.QName(name[1:]).localname
                words.append(f"@{attribute}")
                break
            index = steps.pop(0) if steps and isinstance(steps[0], int) else 0
            assert isinstance(index, int)
            same = self._children(element, name)
            if index >= len(same):
                rest = [_local(step) for step in (name, *steps) if isinstance(step, str)]
                words += rest
                break
            element = same[index]
            words.append(shown(element) + (f"[{index + 1}]" if len(same) > 1 else ""))
        line, byte = self._positions.find(element, attribute)
        return Place(file=self._file, line=line, byte=byte, path="/" + "/".join(words))

    @cached_property
    def _positions(self) -> positions.Positions:
        return positions.Positions(self.root, self._payload)

    def _children(self, element: "etree._Element", tag: str) -> list["etree._Element"]:
        """The children with that tag, which are looked for once: a list may hold thousands, and each be placed."""
        found = self._known.get((element, tag))
        if found is None:
            found = self._known[element, tag] = list(element.iterchildren(tag=tag))
        return found


def shown(element: "etree._Element") -> str:
    """The element's name with the document's own prefix."""
    name = str(element.tag).rpartition("}")[2]
    return f"{element.prefix}:{name}" if element.prefix else name


def _local(name: str) -> str:
    return "@" + etree.QName(name[1:]).localname if name.startswith("@") else etree.QName(name).localname
