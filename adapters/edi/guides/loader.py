"""Guide files: compact YAML that people read and write, checked with the line and column of every fault.

A version's folder holds ``segments.yaml`` (its directory: ``elements``, ``composites``,
``segments``, short ``codes``) and one file a message with its ``structure``.  A message's file
may hold the directory's keys too; what it says wins.  ``dictionary: d96a`` takes the
directory of another version's folder.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transload.adapters.base.positioned import Entries, Items, Node, Scalar, load
from transload.adapters.edi.guides.model import (
    UNLIMITED,
    Composite,
    Condition,
    Element,
    Entry,
    Form,
    Part,
    Rules,
    SegmentRule,
)
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace

_DIRECTORY = ("elements", "composites", "segments", "codes")
_KEYS = ("standard", "message", "version", "source", "coverage", "dictionary", "structure", *_DIRECTORY)
_EDIFACT_FORM = re.compile(r"(?P<kind>an|a|n)(?P<range>\.\.)?(?P<most>[1-9]\d{0,4})(?:\s+(?P<title>.+))?")
_X12_FORM = re.compile(
    r"(?P<kind>AN|ID|N\d|R|DT|TM|B)\s+(?P<least>[1-9]\d{0,4})/(?P<most>\d{1,5})(?:\s+(?P<title>.+))?"
)
_PART = re.compile(
    r"(?P<code>[A-Z]?\d{1,4})\s+(?P<status>[MCOX])(?:\s+x(?P<times>[1-9]\d?))?(?:\s+r(?P<repetitions>[1-9]\d{0,4}))?"
)
_ENTRY = re.compile(r"(?P<name>[A-Z][A-Z0-9]{1,5})\s+(?P<status>[MCO])\s+(?P<most>[1-9]\d{0,8}|>1)")
_CONDITION = re.compile(r"(?P<kind>[PRECL])(?P<positions>(?:\d\d){2,})")
_CLASS = {"edifact": "[MC]", "x12": "[MOX]"}


def load_rules(path: Path, dictionary: Callable[[str], Path | None], *, name: str | None = None) -> Rules:
    """Read the guide at ``path``; ``dictionary`` finds the ``segments.yaml`` of a version's folder.

    Raises `ConfigurationError` with a finding (``C-GUIDE``) for every fault at its line and column.
    """
    faults: list[Finding] = []
    message = _File(path=path, name=name or str(path), faults=faults)
    root = message.read()
    wanted = message.text(root, "dictionary", required=False)
    beside = dictionary(wanted or path.parent.name)
    shared = _File(path=beside, name=str(beside), faults=faults) if beside else None
    if wanted and shared is None:
        message.refuse(
            root.key("dictionary") or root,
            f"there is no dictionary {wanted!r}",
            "name a folder that has a segments.yaml",
        )
    standard = message.text(root, "standard") or path.parent.parent.name
    if standard not in _CLASS:
        message.refuse(root.get("standard") or root, f"there is no standard {standard!r}", "write edifact or x12")
        standard = "edifact"
    directory = _Directory(standard=standard)
    files = [*([(shared, shared.read())] if shared else []), (message, root)]
    # What a message's file says of an element must hold inside the shared composites and segments too.
    for take in (directory.take_elements, directory.take_composites, directory.take_segments):
        for file, entries in files:
            take(file, entries)
    for key, _ in root:
        if key.text not in _KEYS:
            message.refuse(key, f"a guide has no key {key.text!r}", f"keys are: {', '.join(_KEYS)}")
    structure = tuple(_structure(message, root.get("structure") or root, directory, deep=0))
    rules = Rules(
        standard=standard,
        message=message.text(root, "message") or "",
        version=message.text(root, "version") or "",
        source=message.text(root, "source") or "",
        file=message.name,
        subset=message.text(root, "coverage", required=False) == "subset",
        structure=structure,
        segments=dict(directory.segments),
    )
    if faults:
        raise ConfigurationError(f"the guide {message.name} has {len(faults)} faults", findings=faults)
    return rules


@dataclass(kw_only=True)
class _File:
    path: Path
    name: str
    faults: list[Finding]

    def read(self) -> Entries:
        root = load(self.path, name=self.name)
        if isinstance(root, Entries):
            return root
        self.refuse(root, "a guide file must be a mapping of keys")
        return Entries(pairs=(), line=1, column=1)

    def refuse(self, node: Node, message: str, hint: str | None = None) -> None:
        place = MappingPlace(file=self.name, line=node.line, column=node.column)
        self.faults.append(Finding(code="C-GUIDE", message=message, hint=hint, mapping=place))

    def text(self, root: Entries, key: str, *, required: bool = True) -> str | None:
        node = root.get(key)
        if isinstance(node, Scalar) and node.text:
            return node.text.strip()
        if node is not None or required:
            self.refuse(node or root, f"{key!r} must be a text" if node else f"the key {key!r} is missing")
        return None

    def entries(self, root: Entries, key: str) -> Iterator[tuple[Scalar, Node]]:
        node = root.get(key)
        if isinstance(node, Entries):
            yield from node
        elif node is not None:
            self.refuse(node, f"{key!r} must be a mapping of codes")

    def texts(self, node: Node | None, what: str) -> list[Scalar]:
        if not isinstance(node, Items):
            if node is not None:
                self.refuse(node, f"{what} must be a list")
            return []
        for item in node:
            if not isinstance(item, Scalar):
                self.refuse(item, f"{what} must be a list of texts")
        return [item for item in node if isinstance(item, Scalar)]


@dataclass(kw_only=True)
class _Directory:
    standard: str
    elements: dict[str, Element] = field(default_factory=dict)
    composites: dict[str, Composite] = field(default_factory=dict)
    segments: dict[str, SegmentRule] = field(default_factory=dict)

    def take_elements(self, file: _File, root: Entries) -> None:
        codes = {
            key.text: tuple(code.text for code in file.texts(node, "codes"))
            for key, node in file.entries(root, "codes")
        }
        for key, node in file.entries(root, "elements"):
            form = self._form(file, key, node)
            if form:
                self.elements[key.text] = Element(
                    code=key.text, title=form[1], form=form[0], codes=codes.pop(key.text, ())
                )
        for code, values in codes.items():
            known = self.elements.get(code)
            if known is None:
                file.refuse(root.get("codes") or root, f"codes are given for {code}, which is no element")
            else:
                self.elements[code] = Element(code=code, title=known.title, form=known.form, codes=values)

    def take_composites(self, file: _File, root: Entries) -> None:
        for key, node in file.entries(root, "composites"):
            title, parts, _ = self._body(file, key, node, within_composite=True)
            self.composites[key.text] = Composite(code=key.text, title=title, parts=parts)

    def take_segments(self, file: _File, root: Entries) -> None:
        for key, node in file.entries(root, "segments"):
            title, parts, conditions = self._body(file, key, node, within_composite=False)
            self.segments[key.text] = SegmentRule(
                tag=key.text, title=title, parts=parts, conditions=conditions, open=_is_open(node)
            )

    def _form(self, file: _File, key: Scalar, node: Node) -> tuple[Form, str] | None:
        text = node.text if isinstance(node, Scalar) else ""
        if self.standard == "edifact" and (found := _EDIFACT_FORM.fullmatch(text)):
            most = int(found["most"])
            return Form(kind=found["kind"], least=1 if found["range"] else most, most=most), found["title"] or ""
        found = _X12_FORM.fullmatch(text)
        if self.standard == "x12" and found and int(found["least"]) <= int(found["most"]):
            return Form(kind=found["kind"], least=int(found["least"]), most=int(found["most"])), found["title"] or ""
        example = "an..35 document number" if self.standard == "edifact" else "AN 1/22 order number"
        file.refuse(
            node, f"{text!r} is no form of element {key.text}", f"write a form and a title, such as {example!r}"
        )
        return None

    def _body(
        self, file: _File, key: Scalar, node: Node, *, within_composite: bool
    ) -> tuple[str, tuple[Part, ...], tuple[Condition, ...]]:
        if not isinstance(node, Entries):
            file.refuse(node, f"{key.text} must hold title and parts", "{title: reference, parts: [1153 M, 1154 C]}")
            return "", (), ()
        for name, value in node:
            if name.text not in ("title", "parts", "conditions"):
                file.refuse(name, f"{key.text} has no key {name.text!r}", "keys are: title, parts, conditions")
            del value
        parts: list[Part] = []
        listed = file.texts(node.get("parts"), f"the parts of {key.text}")
        for item in listed[:-1] if _is_open(node) and not within_composite else listed:
            parts += self._parts(file, item, within_composite=within_composite)
        conditions = []
        for item in file.texts(node.get("conditions"), f"the conditions of {key.text}"):
            found = _CONDITION.fullmatch(item.text)
            numbers = tuple(int(n) for n in re.findall(r"\d\d", item.text))
            if not found or not all(1 <= number <= len(parts) for number in numbers):
                file.refuse(
                    item, f"{item.text!r} is no condition of {key.text}", "write P, R, E, C or L and positions: P0304"
                )
                continue
            conditions.append(Condition(kind=found["kind"], positions=numbers))
        return file.text(node, "title", required=False) or "", tuple(parts), tuple(conditions)

    def _parts(self, file: _File, item: Scalar, *, within_composite: bool) -> list[Part]:
        found = _PART.fullmatch(item.text)
        if not found or not re.fullmatch(_CLASS[self.standard], found["status"]):
            statuses = "M or C" if self.standard == "edifact" else "M, O or X"
            file.refuse(
                item, f"{item.text!r} is no part", f"write a code and {statuses}, such as '1154 {statuses[-1]}'"
            )
            return []
        what: Element | Composite | None = self.elements.get(found["code"])
        if what is None and not within_composite:
            what = self.composites.get(found["code"])
        if what is None:
            file.refuse(item, f"the guide declares no {found['code']}", "add it to elements or composites")
            return []
        part = Part(element=what, status=found["status"], repetitions=int(found["repetitions"] or 1))
        return [part] * int(found["times"] or 1)


def _is_open(node: Node) -> bool:
    """Whether the parts end with ``...``: more elements may follow that the guide does not declare."""
    parts = node.get("parts") if isinstance(node, Entries) else None
    last = parts.values[-1] if isinstance(parts, Items) and parts.values else None
    return isinstance(last, Scalar) and last.text == "..."


def _structure(file: _File, node: Node, directory: _Directory, *, deep: int) -> Iterator[Entry]:
    if not isinstance(node, Items) or deep > 20:
        file.refuse(node, "the structure must be a list of segments and groups", "- BGM M 1")
        return
    for item in node:
        children: tuple[Entry, ...] = ()
        text: Node = item
        if isinstance(item, Entries) and len(item.pairs) == 1:
            text, below = item.pairs[0]
            children = tuple(_structure(file, below, directory, deep=deep + 1))
            if not children or children[0].children or children[0].most != 1:
                file.refuse(
                    below,
                    f"the group {text.text!r} must begin with the one segment that opens it",
                    "- SG1 C 10: [RFF M 1, DTM C 5]",
                )
                continue
        found = _ENTRY.fullmatch(text.text) if isinstance(text, Scalar) else None
        if not found:
            file.refuse(
                item,
                "this is neither a segment nor a group",
                "write name, status and highest number of times: DTM C 35",
            )
            continue
        if not children and found["name"] not in directory.segments:
            file.refuse(item, f"the guide declares no segment {found['name']}", "add it to segments")
        most = UNLIMITED if found["most"] == ">1" else int(found["most"])
        yield Entry(name=found["name"], status=found["status"], most=most, children=children)
