"""One map of pyx12 as an outline, with a finding for all that is wrong or has no meaning here.

Both forms of its files are read: what stands in child elements (``map.xsd``) and what stands in attributes
(``map.v2.xsd``).  pyx12 tells the uses of a segment apart by one element: the first when it is a required ID with
codes of its own, ENT02, HL03, or the first component of a first composite (``segment_if`` of its map_if); that
element becomes the key of the use.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from lxml import etree

from transload.adapters.edi.guides.importing.markup import fault, line_of, read_markup, remark
from transload.adapters.edi.guides.importing.outlines.records import (
    CompositeUse,
    ElementUse,
    Key,
    Loop,
    Outline,
    SegmentUse,
)
from transload.adapters.edi.guides.importing.pyx12_maps.shared import Shared
from transload.canonical.findings import Finding

P = TypeVar("P", bound=ElementUse | CompositeUse)
_USAGES = {"R": "M", "S": "O", "N": "N"}
_ENVELOPE = ("ST", "SE")
_DIGITS = re.compile(r"\^?(?:\[0-9\]|\\d)\{(\d{1,2})\}\$?")
"""The one kind of pattern that a guide can say: so many digits."""
_PERIODS = {"D6": "DT 6/6", "D8": "DT 8/8", "TM": "TM 4/4"}
"""The forms of element 1251 by the code of 1250 before it, as far as they are forms of X12: YYMMDD, CCYYMMDD, HHMM."""


class _Unreadable(Exception):
    """A fault of a map that leaves nothing to read on with; carries its finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def read_map(path: Path, shared: Shared, findings: list[Finding]) -> Outline | None:
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
    around = header.getparent()
    try:
        body = _Reader(path, shared, findings).children(root if around is None else around)
    except _Unreadable as error:
        findings.append(error.finding)
        return None
    message = next(iter(_codes_at(header, 1)), "")
    if not re.fullmatch(r"\d{3}", message):
        findings.append(fault(path, line_of(header), f"ST01 must name the transaction set, and has {message!r}"))
        return None
    group = next((row for row in root.iter("segment") if row.get("xid") == "GS"), None)
    return Outline(
        file=path.name,
        standard="x12",
        title=_said(root, "name") or message,
        message=message,
        versions=_codes_at(header, 3) or (_codes_at(group, 8) if group is not None else ()),
        body=tuple(child for child in body if not (isinstance(child, SegmentUse) and child.tag in _ENVELOPE)),
    )


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
    def __init__(self, path: Path, shared: Shared, findings: list[Finding]) -> None:
        self.path = path
        self.shared = shared
        self.findings = findings
        self.unknown: set[str] = set()

    def children(self, parent: "etree._Element") -> tuple[Loop | SegmentUse, ...]:
        """Loops and segments by their positions; those of the same position as they are written."""
        rows = parent.iterchildren("loop", "segment")
        found = [self.loop(row) if row.tag == "loop" else self.segment(row) for row in rows]
        return tuple(sorted(found, key=lambda child: child.position))

    def loop(self, row: "etree._Element") -> Loop:
        return Loop(
            name=self.name(row),
            usage=self.usage(row),
            most=self.times(row, "repeat"),
            position=self.number(row, "pos"),
            line=line_of(row),
            wrapper=row.get("type") == "wrapper",
            children=self.children(row),
        )

    def segment(self, row: "etree._Element") -> SegmentUse:
        rows = list(row.iterchildren("element", "composite"))
        parts: list[ElementUse | CompositeUse] = [
            self.composite(part) if part.tag == "composite" else self.element(part) for part in rows
        ]
        parts.sort(key=lambda part: part.seq)
        self.contiguous(row, [part.seq for part in parts])
        parts = _with_periods(parts)
        return SegmentUse(
            tag=self.name(row),
            title=_said(row, "name").lower(),
            usage=self.usage(row),
            most=self.times(row, "max_use"),
            position=self.number(row, "pos"),
            line=line_of(row),
            parts=tuple(parts),
            conditions=_conditions(row),
            key=self.key(row.get("xid"), {self.number(part, "seq"): part for part in rows}),
        )

    def composite(self, row: "etree._Element") -> CompositeUse:
        parts = sorted((self.element(part) for part in row.iterchildren("element")), key=lambda part: part.seq)
        self.contiguous(row, [part.seq for part in parts])
        return CompositeUse(
            seq=self.number(row, "seq"),
            number=_said(row, "data_ele"),
            title="",
            usage=self.usage(row),
            line=line_of(row),
            repetitions=self.times(row, "repeat", default=1),
            parts=tuple(_with_periods(parts)),
            conditions=_conditions(row),
        )

    def element(self, row: "etree._Element") -> ElementUse:
        number = _said(row, "data_ele")
        known = self.shared.elements.get(number)
        if known is None and number not in self.unknown:
            self.unknown.add(number)
            self.remark(row, f"data element {number} has no form in dataele.xml; the guide lets any text pass")
        form = f"{known.kind} {known.least}/{known.most}" if known else "AN 1/99999"
        usage = self.usage(row)
        return ElementUse(
            seq=self.number(row, "seq"),
            number=number,
            title=(known.name if known else _said(row, "name")).lower(),
            form=form if usage == "N" else self.form(row, number, form),
            usage=usage,
            line=line_of(row),
            codes=() if usage == "N" else self.codes(row),
            repetitions=self.times(row, "repeat", default=1),
        )

    def codes(self, row: "etree._Element") -> tuple[str, ...]:
        """The codes of the map and of the external list that it names."""
        listed = row.find("valid_codes")
        name = listed.get("external") if listed is not None else None
        more = self.shared.codes.get(name) if name else ()
        if more is None:
            self.findings.append(
                fault(self.path, line_of(row), f"codes.xml has no code list {name!r}; any code will do")
            )
            return ()
        return tuple(dict.fromkeys((*_codes(row), *more)))

    def form(self, row: "etree._Element", number: str, form: str) -> str:
        """The form with what a pattern says of it."""
        pattern = _said(row, "regex")
        digits = _DIGITS.fullmatch(pattern)
        if digits:
            self.remark(
                row,
                f"the pattern {pattern!r} of data element {number} becomes a number of so many digits; "
                "pyx12 lets more stand around them",
            )
            return f"N0 {int(digits[1])}/{int(digits[1])}"
        if pattern:
            self.remark(row, f"the pattern {pattern!r} of data element {number} is left out")
        return form

    def key(self, tag: str | None, rows: "dict[int, etree._Element]") -> Key | None:
        """What pyx12 knows this use by; None when it knows it by its tag alone."""
        first = rows.get(1)
        if first is not None and first.tag == "element" and self.usage(first) == "M" and self.coded(first, "ID"):
            return Key(place="01", codes=_codes(first))
        second, third = rows.get(2), rows.get(3)
        if tag == "ENT" and second is not None and second.tag == "element" and self.coded(second, "ID"):
            return Key(place="02", codes=_codes(second))
        inner = first.find("element") if first is not None and first.tag == "composite" else None
        if inner is not None and self.coded(inner, "ID", *(["AN"] if tag == "CTX" else [])):
            return Key(place="01.1", codes=_codes(inner))
        if tag == "HL" and third is not None and third.tag == "element" and _codes(third):
            return Key(place="03", codes=_codes(third))
        return None

    def coded(self, row: "etree._Element", *kinds: str) -> bool:
        """Whether an element of one of these types has codes in the map itself."""
        known = self.shared.elements.get(_said(row, "data_ele"))
        return known is not None and known.kind in kinds and bool(_codes(row))

    def contiguous(self, row: "etree._Element", seqs: list[int]) -> None:
        if seqs != list(range(1, len(seqs) + 1)):
            raise _Unreadable(
                fault(self.path, line_of(row), f"the elements of {row.get('xid')} do not count from 1 on")
            )

    def name(self, row: "etree._Element") -> str:
        name = row.get("xid")
        if not name:
            raise _Unreadable(fault(self.path, line_of(row), f"a {row.tag} has no xid"))
        return name

    def usage(self, row: "etree._Element") -> str:
        usage = _USAGES.get(_said(row, "usage"))
        if usage is None:
            said = _said(row, "usage")
            raise _Unreadable(
                fault(
                    self.path, line_of(row), f"{said!r} is no usage of {row.get('xid')}", hint="usages are R, S and N"
                )
            )
        return usage

    def number(self, row: "etree._Element", name: str) -> int:
        text = _said(row, name)
        if not (text.isascii() and text.isdigit()):
            raise _Unreadable(fault(self.path, line_of(row), f"{text!r} is no {name!r} of {row.get('xid')}"))
        return int(text)

    def times(self, row: "etree._Element", name: str, *, default: int = 0) -> int:
        """How often something may stand: 0 for any number of times, which is what no word about it means too."""
        text = _said(row, name)
        if not text:
            return default
        return 0 if text == ">1" else self.number(row, name)

    def remark(self, row: "etree._Element", message: str) -> None:
        self.findings.append(remark(self.path, line_of(row), message))


def _with_periods(parts: Sequence[P]) -> list[P]:
    """The parts with the form that a use gives to 1251, a date, time or period, by the one code of 1250 before it.

    pyx12 checks such values too.  Where 1250 may have several codes a guide cannot say which form follows which.
    """
    return [_with_period(parts[at - 1] if at else None, part) for at, part in enumerate(parts)]


def _with_period(before: ElementUse | CompositeUse | None, part: P) -> P:
    if not (isinstance(before, ElementUse) and isinstance(part, ElementUse) and len(before.codes) == 1):
        return part
    form = _PERIODS.get(before.codes[0])
    if (before.number, part.number) != ("1250", "1251") or form is None or part.usage == "N":
        return part
    return replace(part, form=form)


def _conditions(row: "etree._Element") -> tuple[str, ...]:
    return tuple(str(syntax.text or "").strip() for syntax in row.iterfind("syntax"))
