"""What all maps of a folder share: data elements (``dataele.xml``) and external code lists (``codes.xml``)."""

from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from transload.adapters.edi.guides.importing.markup import line_of, read_markup, remark
from transload.canonical.findings import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class DataElement:
    """A data element: X12's type, least and most characters, and its name."""

    kind: str
    least: int
    most: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Data elements by number, and code lists by name."""

    elements: dict[str, DataElement] = field(default_factory=dict)
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_shared(folder: Path, findings: list[Finding]) -> Shared:
    """What a folder's maps share; what cannot be used is a finding."""
    elements: dict[str, DataElement] = {}
    for row in _rows(folder / "dataele.xml", "data_ele", findings):
        number, kind = row.get("ele_num"), row.get("data_type")
        least, most = row.get("min_len", ""), row.get("max_len", "")
        if not number or not kind or not least.isdecimal() or not most.isdecimal():
            findings.append(
                remark(folder / "dataele.xml", line_of(row), f"data element {number!r} has no type or no lengths")
            )
            continue
        elements[number] = DataElement(kind=kind, least=int(least), most=int(most), name=row.get("name") or "")
    codes: dict[str, tuple[str, ...]] = {}
    for row in _rows(folder / "codes.xml", "codeset", findings):
        name = (row.findtext("id") or "").strip()
        listed = (str(code.text or "").strip() for code in row.iterfind("version/code"))
        codes[name] = tuple(dict.fromkeys(code for code in listed if code))
    return Shared(elements=elements, codes=codes)


def _rows(path: Path, tag: str, findings: list[Finding]) -> "list[etree._Element]":
    root = read_markup(path)
    if isinstance(root, Finding):
        findings.append(root)
        return []
    return list(root.iter(tag))
