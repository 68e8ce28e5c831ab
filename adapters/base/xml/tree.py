"""A parsed element as the body of a message: it knows where its values stand in the payload."""

from collections.abc import Sequence

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
            same = list(element.iterchildren(tag=name))
            if index >= len(same):
                rest = [_local(step) for step in (name, *steps) if isinstance(step, str)]
                words += rest
                break
            element = same[index]
            words.append(shown(element) + (f"[{index + 1}]" if len(same) > 1 else ""))
        line, byte = self._find(element, attribute)
        return Place(file=self._file, line=line, byte=byte, path="/" + "/".join(words))

    def _find(self, element: "etree._Element", attribute: str | None) -> tuple[int, int]:
        before = positions.number_of(element)
        text = positions.text_of(self._payload, self.root.getroottree().docinfo.encoding or "utf-8")
        tag = next(tag for number, tag in enumerate(positions.start_tags(text.text)) if number == before)
        start = positions.attribute_start(tag, attribute) if attribute else tag.start()
        return text.line(start), text.byte(start)


def shown(element: "etree._Element") -> str:
    """The element's name with the document's own prefix."""
    name = etree.QName(element).localname
    return f"{element.prefix}:{name}" if element.prefix else name


def _local(name: str) -> str:
    return "@" + etree.QName(name[1:]).localname if name.startswith("@") else etree.QName(name).localname
