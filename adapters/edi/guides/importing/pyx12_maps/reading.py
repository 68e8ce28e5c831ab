"""The XML of pyx12's map folder as records, with a finding for all that is wrong or has no meaning here.

Both of its forms are read: what stands in child elements (``map.xsd``) and what stands in attributes
(``map.v2.xsd``).
"""

from pathlib import Path

from lxml import etree

from transload.adapters.edi.guides.importing.markup import fault, line_of, read_markup, remark
from transload.adapters.edi.guides.importing.pyx12_maps.records import (
    DataElement,
    MapComposite,
    MapElement,
    MapLoop,
    MapSegment,
    Shared,
    TransactionMap,
)
from transload.canonical.findings import Finding

_USAGES = ("R", "S", "N")
_ENVELOPE = ("ST", "SE")


class Unreadable(Exception):
    """A fault of a map that leaves nothing to read on with; carries its finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def read_shared(folder: Path, findings: list[Finding]) -> Shared:
    """Data elements and external code lists of a folder, from its ``dataele.xml`` and ``codes.xml``."""
    elements: dict[str, DataElement] = {}
    for row in _rows(folder / "dataele.xml", "data_ele", findings):
        number, kind = row.get("ele_num"), row.get("data_type")
        least, most = row.get("min_len", ""), row.get("max_len", "")
        if not number or not kind or not least.isdigit() or not most.isdigit():
            findings.append(
                remark(folder / "dataele.xml", line_of(row), f"data element {number!r} has no type or no lengths")
            )
            continue
        elements[number] = DataElement(
            number=number, kind=kind, least=int(least), most=int(most), name=row.get("name") or ""
        )
    codes: dict[str, tuple[str, ...]] = {}
    for row in _rows(folder / "codes.xml", "codeset", findings):
        name = (row.findtext("id") or "").strip()
        listed = (str(code.text or "").strip() for code in row.iterfind("version/code"))
        codes[name] = tuple(dict.fromkeys(code for code in listed if code))
    return Shared(elements=elements, codes=codes)


def read_map(path: Path, findings: list[Finding]) -> TransactionMap | None:
    """The map in the file at ``path``; None, with a finding, where it holds no transaction set."""
    root = read_markup(path)
    if isinstance(root, Finding):
        findings.append(root)
        return None
    if root.tag != "transaction":
        findings.append(fault(path, line_of(root), f"a map is a <transaction>, and this is <{root.tag}>"))
        return None
    header = next((row for row in root.iter("segment") if row.get("xid") == "ST"), None)
    if header is None:
        findings.append(remark(path, line_of(root), "the map has no segment ST, so there is no message to make of it"))
        return None
    reader = _Reader(path, findings)
    try:
        within = header.getparent()
        body = reader.children(root if within is None else within)
    except Unreadable as error:
        findings.append(error.finding)
        return None
    message = next(iter(_codes_at(header, 1)), "")
    if not message:
        findings.append(fault(path, line_of(header), "ST01 has no code, so the message has no name"))
        return None
    group = next((row for row in root.iter("segment") if row.get("xid") == "GS"), None)
    versions = _codes_at(header, 3) or (_codes_at(group, 8) if group is not None else ())
    return TransactionMap(
        file=path.name,
        title=_said(root, "name") or message,
        message=message,
        versions=versions,
        body=tuple(child for child in body if not (isinstance(child, MapSegment) and child.tag in _ENVELOPE)),
    )


def _rows(path: Path, tag: str, findings: list[Finding]) -> "list[etree._Element]":
    root = read_markup(path)
    if isinstance(root, Finding):
        findings.append(root)
        return []
    return list(root.iter(tag))


def _said(row: "etree._Element", name: str) -> str:
    """What a map says of ``name``: an attribute or a child element."""
    return " ".join((row.get(name) or row.findtext(name) or "").split())


def _codes(row: "etree._Element") -> tuple[str, ...]:
    listed = (str(code.text or "").strip() for code in row.iterfind("valid_codes/code"))
    return tuple(dict.fromkeys(code for code in listed if code))


def _codes_at(segment: "etree._Element", seq: int) -> tuple[str, ...]:
    found = (row for row in segment.iterfind("element") if _said(row, "seq").lstrip("0") == str(seq))
    return next((_codes(row) for row in found), ())


class _Reader:
    def __init__(self, path: Path, findings: list[Finding]) -> None:
        self.path = path
        self.findings = findings

    def children(self, parent: "etree._Element") -> tuple[MapLoop | MapSegment, ...]:
        """Loops and segments by their positions; those of the same position as they are written."""
        rows = parent.iterchildren("loop", "segment")
        found = [self.loop(row) if row.tag == "loop" else self.segment(row) for row in rows]
        return tuple(sorted(found, key=lambda child: child.position))

    def loop(self, row: "etree._Element") -> MapLoop:
        return MapLoop(
            name=self.name(row),
            title=_said(row, "name"),
            usage=self.usage(row),
            most=self.times(row, "repeat"),
            position=self.number(row, "pos"),
            line=line_of(row),
            wrapper=row.get("type") == "wrapper",
            children=self.children(row),
        )

    def segment(self, row: "etree._Element") -> MapSegment:
        parts: list[MapElement | MapComposite] = [
            self.composite(part) if part.tag == "composite" else self.element(part)
            for part in row.iterchildren("element", "composite")
        ]
        parts.sort(key=lambda part: part.seq)
        self.contiguous(row, parts)
        return MapSegment(
            tag=self.name(row),
            name=_said(row, "name"),
            usage=self.usage(row),
            most=self.times(row, "max_use"),
            position=self.number(row, "pos"),
            line=line_of(row),
            parts=tuple(parts),
            conditions=self.conditions(row),
        )

    def composite(self, row: "etree._Element") -> MapComposite:
        parts = sorted((self.element(part) for part in row.iterchildren("element")), key=lambda part: part.seq)
        self.contiguous(row, parts)
        return MapComposite(
            seq=self.number(row, "seq"),
            number=_said(row, "data_ele"),
            name=_said(row, "name"),
            usage=self.usage(row),
            line=line_of(row),
            repetitions=self.times(row, "repeat", default=1),
            parts=tuple(parts),
            conditions=self.conditions(row),
        )

    def element(self, row: "etree._Element") -> MapElement:
        listed = row.find("valid_codes")
        return MapElement(
            seq=self.number(row, "seq"),
            number=_said(row, "data_ele"),
            name=_said(row, "name"),
            usage=self.usage(row),
            line=line_of(row),
            codes=_codes(row),
            external=listed.get("external") if listed is not None else None,
            pattern=_said(row, "regex") or None,
            repetitions=self.times(row, "repeat", default=1),
        )

    def conditions(self, row: "etree._Element") -> tuple[str, ...]:
        return tuple(str(syntax.text or "").strip() for syntax in row.iterfind("syntax"))

    def contiguous(self, row: "etree._Element", parts: "list[MapElement | MapComposite] | list[MapElement]") -> None:
        if [part.seq for part in parts] != list(range(1, len(parts) + 1)):
            raise Unreadable(fault(self.path, line_of(row), f"the elements of {row.get('xid')} do not count from 1 on"))

    def name(self, row: "etree._Element") -> str:
        name = row.get("xid")
        if not name:
            raise Unreadable(fault(self.path, line_of(row), f"a {row.tag} has no xid"))
        return name

    def usage(self, row: "etree._Element") -> str:
        usage = _said(row, "usage")
        if usage not in _USAGES:
            raise Unreadable(
                fault(
                    self.path, line_of(row), f"{usage!r} is no usage of {row.get('xid')}", hint="usages are R, S and N"
                )
            )
        return usage

    def number(self, row: "etree._Element", name: str) -> int:
        text = _said(row, name)
        if not (text.isascii() and text.isdigit()):
            raise Unreadable(fault(self.path, line_of(row), f"{text!r} is no {name!r} of {row.get('xid')}"))
        return int(text)

    def times(self, row: "etree._Element", name: str, *, default: int = 0) -> int:
        """How often something may stand: 0 for any number of times, which is what no word about it means too."""
        text = _said(row, name)
        if not text:
            return default
        if text == ">1":
            return 0
        return self.number(row, name)
