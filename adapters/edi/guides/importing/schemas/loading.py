"""A schema with what it includes and imports: its global declarations by name.

Only files of the same folder are read, whatever a schema asks for.
"""

from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from transload.adapters.edi.guides.importing.markup import fault, line_of, read_markup, remark
from transload.canonical.findings import Finding

XSD = "http://www.w3.org/2001/XMLSchema"
MOST_FILES = 200

Name = tuple[str, str]
"""A namespace, empty for none, and a local name."""

_KINDS = ("element", "complexType", "simpleType", "group")
_REFERRING = ("include", "import")


@dataclass(frozen=True, kw_only=True, eq=False)
class Declared:
    """A piece of a schema: the node, the file that it is from, and that file's target namespace."""

    node: "etree._Element"
    path: Path
    namespace: str

    @property
    def line(self) -> int:
        """The line of the node."""
        return line_of(self.node)

    @property
    def kind(self) -> str:
        """The local name of the node, such as ``sequence``; empty for what is no part of the schema's language."""
        return kind_of(self.node)

    def within(self, node: "etree._Element") -> "Declared":
        """Another node of the same file."""
        return Declared(node=node, path=self.path, namespace=self.namespace)

    def children(self, *kinds: str) -> "list[Declared]":
        """The children of these kinds; without kinds, all of the schema's language."""
        return [
            self.within(child)
            for child in self.node.iterchildren(tag=etree.Element)
            if kind_of(child) and (not kinds or kind_of(child) in kinds)
        ]

    def child(self, *kinds: str) -> "Declared | None":
        """The first child of these kinds."""
        return next(iter(self.children(*kinds)), None)

    def name(self, text: str) -> Name:
        """The name that a text such as ``D03B:BGM`` means here."""
        prefix, _, local = text.strip().rpartition(":")
        known = self.node.nsmap.get(prefix or None)
        return (known if known is not None else "" if prefix else self.namespace, local)


@dataclass(kw_only=True)
class Schemas:
    """The declarations of a schema and its companions, by kind and name, and the files that hold them."""

    declared: dict[str, dict[Name, Declared]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    roots: list[Declared] = field(default_factory=list)

    def find(self, kind: str, name: Name) -> Declared | None:
        """A global declaration; one without namespace serves those who include its file too."""
        known = self.declared[kind]
        return known.get(name) or known.get(("", name[1]))


def kind_of(node: "etree._Element") -> str:
    """The local name of a node of the schema's language, else empty."""
    name = etree.QName(node)
    return name.localname if name.namespace == XSD else ""


def load_schemas(path: Path, findings: list[Finding]) -> Schemas:
    """The schema at ``path`` and those of its folder that it needs; what cannot be read is a finding."""
    schemas = Schemas()
    folder = path.resolve().parent
    waiting: list[tuple[Path, str | None]] = [(path, None)]
    seen: set[Path] = set()
    while waiting:
        one, around = waiting.pop(0)
        if one.resolve() in seen:
            continue
        if len(seen) == MOST_FILES:
            findings.append(fault(path, 1, f"the schema needs more than {MOST_FILES} files; the others are not read"))
            break
        seen.add(one.resolve())
        root = read_markup(one)
        if isinstance(root, Finding):
            findings.append(root)
            continue
        if kind_of(root) != "schema":
            findings.append(fault(one, line_of(root), f"the root is <{etree.QName(root).localname}>, not xs:schema"))
            continue
        schema = Declared(node=root, path=one, namespace=root.get("targetNamespace") or around or "")
        schemas.roots.append(schema)
        for child in schema.children():
            if child.kind in _KINDS and child.node.get("name"):
                key = (schema.namespace, str(child.node.get("name")))
                schemas.declared[child.kind].setdefault(key, child)
            elif child.kind in _REFERRING:
                named = _beside(child, folder, findings)
                if named is not None:
                    waiting.append((named, schema.namespace if child.kind == "include" else None))
            elif child.kind in ("redefine", "override"):
                findings.append(fault(one, child.line, f"xs:{child.kind} is not understood; it is left out"))
    return schemas


def _beside(reference: Declared, folder: Path, findings: list[Finding]) -> Path | None:
    location = reference.node.get("schemaLocation") or ""
    if not location:
        return None
    name = location.removeprefix("./")
    place = folder / name
    plain = bool(name) and not any(mark in name for mark in "/\\:") and name not in (".", "..")
    if not plain or not place.resolve().is_relative_to(folder):
        findings.append(
            remark(
                reference.path,
                reference.line,
                f"the schema {location!r} lies outside of the folder and is not read",
                hint="put it into the same folder, and name it without a path, if the message needs it",
            )
        )
        return None
    if not place.is_file():
        findings.append(fault(reference.path, reference.line, f"there is no schema {location!r} in the folder"))
        return None
    return place
