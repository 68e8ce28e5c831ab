"""A guide file while it is read: its nodes, and a finding at line and column for everything that is wrong with it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transload.adapters.base.positioned import Entries, Items, Node, Scalar, load
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace

_CODE = re.compile(r"[^\s|{}()\[\],]{1,20}")
_NO_CODE = re.compile(r"[|{}()\[\],]|\S{21}")


@dataclass(kw_only=True)
class GuideFile:
    """One YAML file of a guide: ``name`` is what findings call it; files of one guide share ``faults``."""

    path: Path
    name: str
    faults: list[Finding] = field(default_factory=list)

    def read(self, keys: Collection[str] = (), kind: str = "a guide") -> Entries:
        """The file's top-level keys; those that are none of ``keys`` are refused.

        Raises `ConfigurationError` when the file cannot be read or is no YAML.
        """
        root = load(self.path, name=self.name)
        if not isinstance(root, Entries):
            self.refuse(root, f"{kind} file must be a mapping of keys")
            return Entries(pairs=(), line=1, column=1)
        if keys:
            self.refuse_others(root, keys, kind)
        return root

    def refuse(self, node: Node, message: str, hint: str | None = None) -> None:
        """Add a finding (``C-GUIDE``) at a node."""
        place = MappingPlace(file=self.name, line=node.line, column=node.column)
        self.faults.append(Finding(code="C-GUIDE", message=message, hint=hint, mapping=place))

    def refuse_others(self, node: Entries, keys: Collection[str], what: str) -> None:
        """Refuse each key of a mapping that is none of ``keys``."""
        for key, _ in node:
            if key.text not in keys:
                self.refuse(key, f"{what} has no key {key.text!r}", f"keys are: {', '.join(keys)}")

    def text(self, root: Entries, key: str, *, required: bool = True) -> str | None:
        """The text under a key; None where it is absent or wrong, which is refused."""
        node = root.get(key)
        if isinstance(node, Scalar) and node.text.strip():
            return node.text.strip()
        if node is not None or required:
            self.refuse(node or root, f"{key!r} must be a text" if node else f"the key {key!r} is missing")
        return None

    def entries(self, root: Entries, key: str) -> Iterator[tuple[Scalar, Node]]:
        """The pairs of the mapping under a key."""
        node = root.get(key)
        if isinstance(node, Entries):
            yield from node
        elif node is not None:
            self.refuse(node, f"{key!r} must be a mapping of codes")

    def texts(self, node: Node | None, what: str) -> list[Scalar]:
        """The texts of a list."""
        if not isinstance(node, Items):
            if node is not None:
                self.refuse(node, f"{what} must be a list")
            return []
        for item in node:
            if not isinstance(item, Scalar):
                self.refuse(item, f"{what} must be a list of texts")
        return [item for item in node if isinstance(item, Scalar)]

    def codes(self, node: Node, what: str) -> tuple[str, ...]:
        """A list of codes, or one text in which blanks stand between them."""
        if isinstance(node, Scalar):
            codes = tuple(node.text.split())
            if codes and not _NO_CODE.search(node.text):  # lists are long: one look at the whole text
                return codes
            listed = [(node, code) for code in codes]
        else:
            listed = [(item, item.text) for item in self.texts(node, what)]
        if not listed:
            self.refuse(node, f"{what} must hold at least one", "write them in a list, or as one text with blanks")
        for at, code in listed:
            if not _CODE.fullmatch(code):
                self.refuse(at, f"{code!r} is no code", "a code has no blanks, commas, brackets or bars")
        return tuple(code for _, code in listed)
