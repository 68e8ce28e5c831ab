"""Whether a guide can be made of an outline at all: names, numbers and sizes as guide files allow them."""

import re
from collections.abc import Iterator
from pathlib import Path

from transload.adapters.edi.guides.importing.markup import fault
from transload.adapters.edi.guides.importing.outlines.records import (
    CompositeUse,
    ElementUse,
    Key,
    Loop,
    Outline,
    SegmentUse,
)
from transload.canonical.findings import Finding

_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_NUMBER = re.compile(r"[A-Z]?\d{1,4}")
_LOOP = re.compile(r"(?=.*[A-Za-z0-9]).{1,60}")
_CODE = re.compile(r"[^|{}\[\]()=,\x00-\x1f\x7f\ufeff\ud800-\udfff]{1,80}")
"""What may stand between the marks of a guide's lists of codes."""
_FORM = re.compile(r"(?:AN|ID|N\d|R|DT|TM|B) (?P<least>\d+)/(?P<most>\d+)|(?:an|a|n)(?:\.\.)?(?P<size>\d+)")
_MOST_PARTS, _MOST_TIMES, _MOST_REPETITIONS, _LONGEST, _DEEPEST = 99, 999_999_999, 99_999, 99_999, 19


def faults_of(outline: Outline, path: Path) -> list[Finding]:
    """An error (``E-IMPORT``) for all that no guide file can hold; without any a guide can be made."""
    found = list(_children(outline.body, path, deep=0))
    if not any(isinstance(child, SegmentUse) or child.children for child in outline.body):
        found.append(fault(path, 1, f"the description of {outline.message} holds no segments"))
    return found


def _children(children: tuple[Loop | SegmentUse, ...], path: Path, *, deep: int) -> Iterator[Finding]:
    for child in children:
        if not 0 <= child.most <= _MOST_TIMES:
            yield fault(path, child.line, f"{child.most} is no highest number of times")
        if isinstance(child, SegmentUse):
            yield from _segment(child, path)
            continue
        if not _LOOP.fullmatch(child.name):
            yield fault(path, child.line, f"{child.name!r} is no name of a loop")
        if deep == _DEEPEST:
            yield fault(path, child.line, f"loops are nested more than {_DEEPEST} deep")
            return
        yield from _children(child.children, path, deep=deep + 1)


def _segment(segment: SegmentUse, path: Path) -> Iterator[Finding]:
    if not _TAG.fullmatch(segment.tag):
        yield fault(path, segment.line, f"{segment.tag!r} is no tag of a segment")
    if len(segment.parts) > _MOST_PARTS:
        yield fault(path, segment.line, f"{segment.tag} has {len(segment.parts)} elements, more than {_MOST_PARTS}")
    yield from _key(segment.key, segment.line, path)
    for part in segment.parts:
        if isinstance(part, ElementUse):
            yield from _element(part, path)
            continue
        yield from _number(part, path)
        if len(part.parts) > _MOST_PARTS:
            yield fault(path, part.line, f"{part.number} has {len(part.parts)} components, more than {_MOST_PARTS}")
        for inner in part.parts:
            yield from _element(inner, path)


def _element(element: ElementUse, path: Path) -> Iterator[Finding]:
    yield from _number(element, path)
    form = _FORM.fullmatch(element.form)
    sizes = [int(size) for size in form.groups() if size] if form else []
    if not sizes or not 1 <= sizes[0] <= sizes[-1] <= _LONGEST:
        yield fault(path, element.line, f"{element.form!r} is no form of data element {element.number}")
    yield from _codes(element.codes, element.line, path)


def _number(part: ElementUse | CompositeUse, path: Path) -> Iterator[Finding]:
    if not _NUMBER.fullmatch(part.number):
        yield fault(path, part.line, f"{part.number!r} is no number of a data element")
    if not 0 <= part.repetitions <= _MOST_REPETITIONS:
        yield fault(path, part.line, f"{part.repetitions} is no number of repetitions")


def _key(key: Key | None, line: int, path: Path) -> Iterator[Finding]:
    if key is not None:
        yield from _codes(key.codes, line, path)


def _codes(codes: tuple[str, ...], line: int, path: Path) -> Iterator[Finding]:
    for code in codes:
        if not _CODE.fullmatch(code):
            yield fault(path, line, f"{code!r} cannot stand in the list of codes of a guide")
