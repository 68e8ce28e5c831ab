"""From a map of pyx12 to a guide in Transload's form, and what of the map a guide cannot say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from transload.adapters.edi.guides.importing.markup import fault, remark
from transload.adapters.edi.guides.importing.pyx12_maps.keys import contested, key_of
from transload.adapters.edi.guides.importing.pyx12_maps.records import (
    MapComposite,
    MapElement,
    MapLoop,
    MapSegment,
    Shared,
    TransactionMap,
    walk,
)
from transload.adapters.edi.guides.importing.pyx12_maps.uses import (
    Uses,
    common_codes,
    is_condition,
    is_countable,
    widened,
)
from transload.adapters.edi.guides.importing.writing import Body, Directory, Line, MessageFile
from transload.canonical.findings import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much a map holds between ST and SE; ``elements`` are those of all uses, with their components."""

    loops: int
    segments: int
    elements: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """One map for a guide.  Where two maps share a guide, ``name`` and ``only`` tell them apart.

    ``only`` are the codes of the element ``place`` of their first segment.
    """

    map: TransactionMap
    path: Path
    name: str = ""
    place: str = ""
    only: tuple[str, ...] = ()


def size_of(one: TransactionMap) -> Size:
    """The size of a map, to compare it with what was made of it."""
    nodes = list(walk(one.body))
    segments = [node for node in nodes if isinstance(node, MapSegment)]
    return Size(
        loops=sum(isinstance(node, MapLoop) for node in nodes),
        segments=len(segments),
        elements=sum(1 for segment in segments for _ in _elements(segment)),
    )


def draft(parts: list[Part], version: str, source: str, shared: Shared, findings: list[Finding]) -> MessageFile:
    """The guide of one version and message.  It holds its whole directory itself.

    Left out without a remark are only the names that a map gives to single uses of elements.
    """
    segments = [node for part in parts for node in walk(part.map.body) if isinstance(node, MapSegment)]
    uses = Uses(
        shared=shared,
        common=common_codes((element for segment in segments for element in _elements(segment)), shared),
    )
    structure: list[Line] = []
    for part in parts:
        writer = _Writer(part=part, uses=uses, findings=findings)
        written = writer.lines(part.map.body, "")
        structure += [Line(text=f"{part.name} O 1", children=writer.told_apart(written))] if part.name else written
    # A tag with one way of use needs no variant.
    lone = _alone(uses.segments)
    plain = _alone(uses.composites)
    made = {name: body for name, body in _with_plain(uses.segments).items() if name not in lone}
    composites = {code: body for code, body in _with_plain(uses.composites).items() if code not in plain}
    return MessageFile(
        folder=version.lower(),
        message=parts[0].map.message,
        version=version,
        source=source,
        title=parts[0].map.title,
        structure=tuple(_renamed(line, lone) for line in structure),
        own=Directory(
            elements=dict(sorted(uses.elements.items(), key=lambda item: _by_number(item[0]))),
            composites={code: _with_names(body, plain) for code, body in sorted(composites.items())},
            segments={name: _with_names(body, plain) for name, body in sorted(made.items())},
            codes={
                number: codes
                for number, codes in sorted(uses.common.items(), key=lambda item: _by_number(item[0]))
                if number in uses.elements
            },
        ),
    )


class _Writer:
    def __init__(self, *, part: Part, uses: Uses, findings: list[Finding]) -> None:
        self.path = part.path
        self.part = part
        self.uses = uses
        self.findings = findings
        self.contested = contested(_unwrapped(part.map.body), uses.shared)
        self.seen: set[str] = set()

    def lines(self, children: tuple[MapLoop | MapSegment, ...], loop: str) -> list[Line]:
        written: list[Line] = []
        self.positions(children)
        for child in children:
            if isinstance(child, MapSegment):
                if child.usage != "N":
                    written.append(self.segment(child, loop, children))
            elif not child.children:
                if child.usage == "R":
                    self.remark(child.line, f"the loop {child.name} is required and holds nothing; it is left out")
            elif child.transparent:
                written += self.wrapper(child)
            elif child.usage != "N" and child.opener is not None:
                written.append(self.loop(child, child.opener))
        return written

    def wrapper(self, loop: MapLoop) -> list[Line]:
        """What a wrapper holds, in its place."""
        inner = [child for child in loop.children if child.usage != "N"]
        told = len(inner) == 1 and inner[0].most in (0, loop.most)
        if loop.most != 1 and not told:
            self.remark(
                loop.line,
                f"the wrapper {loop.name} may repeat and no segment opens it; the guide counts what it holds by itself",
            )
        return self.lines(loop.children, loop.name)

    def loop(self, loop: MapLoop, opener: MapSegment) -> Line:
        name = re.sub(r"[^A-Za-z0-9]", "", loop.name)[:10]
        if opener.most not in (0, 1):
            self.remark(
                opener.line,
                f"{opener.tag} opens {loop.name} and may stand {opener.most} times in it; "
                "in the guide each of them opens it anew",
            )
        first, *held = self.lines(loop.children, loop.name)
        opening = Line(text=re.sub(r" [MO] (?:\d+|>1)$", " M 1", first.text))
        return Line(text=f"{name} {_must(loop.usage)} {_times(loop.most)}", children=(opening, *held))

    def segment(self, segment: MapSegment, loop: str, beside: tuple[MapLoop | MapSegment, ...]) -> Line:
        self.said(segment)
        key = key_of(segment, self.uses.shared)
        label = re.sub(r"[^A-Za-z0-9]", "", loop) or segment.tag
        if key and sum(isinstance(other, MapSegment) and other.tag == segment.tag for other in beside) > 1:
            label += "-" + re.sub(r"[^A-Za-z0-9]", "", key.codes[0])
        name = self.uses.segment(segment, label)
        which = f"({key.place}={'|'.join(key.codes)})" if key and id(segment) in self.contested else ""
        return Line(text=f"{name}{which} {_must(segment.usage)} {_times(segment.most)}")

    def told_apart(self, written: list[Line]) -> tuple[Line, ...]:
        """The lines of one of several maps that share a guide: its first segment is chosen by the codes given."""
        first, *rest = written
        name, how = first.text.split(" ", 1)
        which = f"({self.part.place}={'|'.join(self.part.only)})" if self.part.only else ""
        return (Line(text=f"{name.split('(')[0]}{which} {how}"), *rest)

    def positions(self, children: tuple[MapLoop | MapSegment, ...]) -> None:
        """Say where the order of the guide is stricter than the map's."""
        by_position: dict[int, list[MapLoop | MapSegment]] = {}
        for child in children:
            by_position.setdefault(child.position, []).append(child)
        for position, same in by_position.items():
            tags = {segment.tag for child in same if (segment := _opens(child)) is not None}
            if len(tags) > 1:
                self.remark(
                    same[0].line,
                    f"{', '.join(child.tag if isinstance(child, MapSegment) else child.name for child in same)} stand "
                    f"at the same position {position}; the guide asks for this order",
                )

    def said(self, segment: MapSegment) -> None:
        """Say what of a segment's use the guide cannot hold."""
        conditions = [(text, len(segment.parts), segment.line, segment.tag) for text in segment.conditions]
        for part in segment.parts:
            if isinstance(part, MapComposite):
                conditions += [(text, len(part.parts), part.line, part.number) for text in part.conditions]
        for text, parts, line, name in conditions:
            if not is_condition(text, parts):
                self.remark(line, f"{text!r} is no condition between elements of {name}; it is left out")
        for element in _elements(segment):
            self.element(element)

    def element(self, element: MapElement) -> None:
        known = self.uses.shared.elements.get(element.number)
        if element.number not in self.seen and known is None:
            self.seen.add(element.number)
            self.remark(
                element.line,
                f"data element {element.number} has no form in dataele.xml; the guide lets any text pass",
            )
        if element.usage == "N":
            return
        if element.external and element.external not in self.uses.shared.codes:
            self.findings.append(
                fault(
                    self.path, element.line, f"codes.xml has no code list {element.external!r}; no codes are asked for"
                )
            )
        if element.pattern and not is_countable(element.pattern):
            self.remark(element.line, f"the pattern {element.pattern!r} of data element {element.number} is left out")
        elif element.pattern:
            self.remark(
                element.line,
                f"the pattern {element.pattern!r} of data element {element.number} becomes a number of so many digits; "
                "pyx12 lets more stand around them",
            )

    def remark(self, line: int, message: str) -> None:
        self.findings.append(remark(self.path, line, message))


def _opens(child: MapLoop | MapSegment) -> MapSegment | None:
    return child.opener if isinstance(child, MapLoop) else child


def _unwrapped(children: tuple[MapLoop | MapSegment, ...]) -> tuple[MapLoop | MapSegment, ...]:
    """The children with what wrappers hold in their place, as the guide has them."""
    found: list[MapLoop | MapSegment] = []
    for child in children:
        if isinstance(child, MapLoop) and child.transparent:
            found += _unwrapped(child.children)
        elif child.usage != "N":
            found.append(child)
    return tuple(found)


def _elements(segment: MapSegment) -> Iterator[MapElement]:
    for part in segment.parts:
        if isinstance(part, MapElement):
            yield part
        else:
            yield from part.parts


def _alone(bodies: dict[str, Body]) -> dict[str, str]:
    """The plain names of the uses that are the only one of their tag, by the name of the use."""
    tags = [name.partition(".")[0] for name in bodies]
    return {name: tag for name, tag in zip(bodies, tags, strict=True) if name != tag and tags.count(tag) == 1}


def _with_plain(bodies: dict[str, Body]) -> dict[str, Body]:
    """The bodies, and beside the variants of each tag the plain tag, which allows what any of them allows."""
    by_tag: dict[str, list[Body]] = {}
    for name, body in bodies.items():
        by_tag.setdefault(name.split(".")[0], []).append(body)
    plain = {tag: held[0] if len(held) == 1 else widened(held) for tag, held in by_tag.items()}
    return {**bodies, **plain}


def _renamed(line: Line, names: dict[str, str]) -> Line:
    text = re.sub(r"^[^( ]+", lambda name: names.get(name[0], name[0]), line.text)
    return Line(text=text, children=tuple(_renamed(child, names) for child in line.children))


def _with_names(body: Body, names: dict[str, str]) -> Body:
    """A body whose parts name composites as the guide does."""
    parts = [re.sub(r"^\S+", lambda name: names.get(name[0], name[0]), text) for text in body.parts]
    return replace(body, parts=tuple(parts))


def _must(usage: str) -> str:
    return "M" if usage == "R" else "O"


def _times(most: int) -> str:
    return str(most) if most else ">1"


def _by_number(number: str) -> tuple[int, str]:
    return (int(number) if number.isdigit() else 0, number)
