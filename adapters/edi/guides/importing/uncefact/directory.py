"""The directory of a release: what its segments are made of, in the words of guide files.

A segment directory repeats the components and forms of what it uses, so it is enough alone; where the
composite and element directories are at hand, theirs are taken.  Code lists of elements whose notes allow codes
from elsewhere (*use UN/ECE Recommendation 20*, *user or association defined code*) are left out: a value that
such a list does not have is no fault.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from transload.adapters.edi.guides.importing.uncefact.elements import UnElement, read_codes, read_elements
from transload.adapters.edi.guides.importing.uncefact.parts import Part
from transload.adapters.edi.guides.importing.uncefact.rows import Row, Specification, head, rows, specifications
from transload.adapters.edi.guides.importing.uncefact.service import SERVICE_ELEMENTS, SERVICE_SEGMENTS
from transload.adapters.edi.guides.importing.writing import Body, Directory
from transload.canonical.findings import Finding, Severity

_MOST_ALIKE = 99
"""So many like parts may be written as one, ``4440 C x99``."""
_WHOLE = "give the whole release: the zip, or the folder that it was unpacked to"
_DEPENDENCY = re.compile(r"\bD([1-7])\s*\(\s*(\d{2,3}(?:\s*,\s*\d{2,3})+)\s*\)")
_OCCURS = re.compile(
    r"\bThe (?:composite|component) (?P<code>C?\d{3,4}) - .{1,60}? - occurs (?P<times>\d{1,3}(?:,\d{3})*|\d+) times "
    r"in the (?P<where>segment|composite)",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class _Sources:
    """What the files of a release say, by code."""

    segments: dict[str, tuple[Specification, str, list[Row], str]] = field(default_factory=dict)
    composites: dict[str, tuple[Specification, str, list[Row], str]] = field(default_factory=dict)
    elements: dict[str, UnElement] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)


def build_directory(parts: Mapping[str, Sequence[Part]], faults: list[Finding]) -> Directory:
    """The directory that the files of one release make; ``parts`` by kind: ``SD``, ``CD``, ``ED`` and ``CL``."""
    read = _Sources()
    for part in parts.get("ED", ()):
        read.elements = {**read_elements(part, faults), **read.elements}
    for part in parts.get("CL", ()):
        for element, codes in read_codes(part, faults).items():
            known = read.codes.setdefault(element, [])
            known += [code for code in codes if code not in set(known)]
        listed = read_elements(part, faults)
        read.elements = {**listed, **read.elements}
    _take(read.composites, parts.get("CD", ()), r"[A-Z]\d{3}", faults)
    _take(read.segments, parts.get("SD", ()), r"[A-Z]{3}", faults)
    return _Builder(read, faults).build()


def _take(
    known: dict[str, tuple[Specification, str, list[Row], str]],
    parts: Iterable[Part],
    code: str,
    faults: list[Finding],
) -> None:
    for part in parts:
        for specification in specifications(part):
            named = head(specification, code)
            if named is not None and named[0] not in known:
                known[named[0]] = (specification, named[1], *rows(specification, faults))


class _Builder:
    """Segments first; composites and elements as they are needed."""

    def __init__(self, read: _Sources, faults: list[Finding]) -> None:
        self.read = read
        self.faults = faults
        self.elements: dict[str, str] = dict(SERVICE_ELEMENTS)
        self.composites: dict[str, Body] = {}
        self.different: set[str] = set()

    def build(self) -> Directory:
        segments = dict(SERVICE_SEGMENTS)
        for tag, (specification, title, found, notes) in self.read.segments.items():
            body = self.segment(specification, title, found, notes)
            if body is not None:
                segments[tag] = body
        codes = {element: codes for element, codes in self.read.codes.items() if self.is_closed(element)}
        return Directory(
            elements=dict(sorted(self.elements.items())),
            composites=dict(sorted(self.composites.items())),
            segments=dict(sorted(segments.items())),
            codes=dict(sorted(codes.items())),
        )

    def is_closed(self, element: str) -> bool:
        """Whether the values of an element must be codes of the directory's list."""
        own = self.read.elements.get(element)
        return element in self.elements and not (own and own.open)

    def segment(self, specification: Specification, title: str, found: list[Row], notes: str) -> Body | None:
        if not found:
            self.refuse(specification, specification.line, "this segment has no elements")
            return None
        declared = [
            self.composite(specification, row) if row.code[0].isalpha() else self.element(specification, row)
            for row in found
        ]
        if not all(declared):
            return None
        repeated = {m["code"]: m["where"].lower() for m in _OCCURS.finditer(notes)}
        parts = list(_parts(found))
        if repeated.get(found[-1].code) == "segment":
            # In syntax 3 the array's cells stand one after the other, as many as there are.
            parts[-1] = parts[-1].partition(" r")[0]
            parts.append("...")
        return Body(title=title, parts=tuple(parts), conditions=self.conditions(specification, found, notes))

    def composite(self, specification: Specification, row: Row) -> bool:
        """Whether the composite of a row is known, now at the latest."""
        if row.code in self.composites:
            return True
        own = self.read.composites.get(row.code)
        where, title, found, notes = own or (specification, row.title, row.components, "")
        if not found:
            self.refuse(specification, row.line, f"composite {row.code} is in no directory of the source")
            return False
        known = [self.element(where, component) for component in found]
        if not all(known):
            return False
        times = {m["code"]: int(m["times"].replace(",", "")) for m in _OCCURS.finditer(notes)}
        self.composites[row.code] = Body(
            title=title, parts=tuple(_parts(found, times)), conditions=self.conditions(where, found, notes)
        )
        return True

    def element(self, specification: Specification, row: Row) -> bool:
        """Whether the element of a row is known, now at the latest; its own directory's form wins."""
        own = self.read.elements.get(row.code)
        if own is not None and row.form is not None and own.form != row.form and row.code not in self.different:
            self.different.add(row.code)
            self.faults.append(
                Finding(
                    code="R-IMPORT",
                    severity=Severity.REMARK,
                    message=f"element {row.code} is {row.form} here and {own.form} in the element directory, "
                    "whose form was taken",
                    place=specification.part.place(row.line),
                )
            )
        if row.code not in self.elements:
            form, title = (own.form, own.title) if own else (row.form, row.title)
            if form is None:
                self.refuse(specification, row.line, f"element {row.code} has no form in any directory of the source")
                return False
            self.elements[row.code] = f"{form} {title}".rstrip()
        return True

    def conditions(self, specification: Specification, found: list[Row], notes: str) -> tuple[str, ...]:
        """The dependency notes, with positions counted from 1 instead of in tens."""
        order = {row.position: number for number, row in enumerate(found, start=1)}
        written = []
        for match in _DEPENDENCY.finditer(notes):
            positions = [order.get(int(number)) for number in re.findall(r"\d+", match[2])]
            if None in positions or len(set(positions)) < len(positions):
                self.refuse(
                    specification,
                    specification.line,
                    f"the dependency note {match[0]} names no such position",
                    "look at the file: it counts the segment's or composite's positions in tens",
                )
                continue
            text = f"D{match[1]}({','.join(f'{number:02}' for number in positions)})"
            if text not in written:
                written.append(text)
        return tuple(written)

    def refuse(self, specification: Specification, line: int, message: str, hint: str = _WHOLE) -> None:
        self.faults.append(Finding(code="E-IMPORT", message=message, hint=hint, place=specification.part.place(line)))


def _parts(found: Sequence[Row], times: Mapping[str, int] | None = None) -> Iterable[str]:
    """The rows as guide files write them: like ones in a row as one, ``7160 C x2``."""
    texts = []
    for row in found:
        text = f"{row.code} {row.status}"
        repeats = f" r{row.times}" if row.times > 1 else ""
        texts += [(text, repeats)] * (times or {}).get(row.code, 1)
    for (text, repeats), same in groupby(texts):
        count = len(list(same))
        while count > 0:
            alike = min(count, _MOST_ALIKE)
            yield f"{text} x{alike}{repeats}" if alike > 1 else f"{text}{repeats}"
            count -= alike
