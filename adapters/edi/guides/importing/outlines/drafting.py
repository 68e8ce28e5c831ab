"""From outlines to a guide in Transload's form, with a remark for what a guide cannot say."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from transload.adapters.edi.guides.importing.markup import remark
from transload.adapters.edi.guides.importing.outlines.records import (
    CompositeUse,
    Loop,
    Outline,
    SegmentUse,
    Size,
    elements_of,
    segments_of,
)
from transload.adapters.edi.guides.importing.outlines.rivals import rivals
from transload.adapters.edi.guides.importing.outlines.uses import Uses, common_codes, is_condition, widened
from transload.adapters.edi.guides.importing.writing import Body, Directory, Line, ListedMessage, MessageFile, Release
from transload.canonical.findings import Finding


@dataclass(frozen=True, kw_only=True)
class Part:
    """One outline for a guide, and the file that it was read from.

    Where two outlines share a guide, ``only``, codes of the element ``place`` of their first segment, tells them
    apart, and each is a group called ``name``.
    """

    outline: Outline
    path: Path
    name: str = ""
    place: str = ""
    only: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Imported:
    """One guide made of one outline, or of several that share version and message: their ``files`` and ``sizes``."""

    files: tuple[str, ...]
    sizes: tuple[Size, ...]
    message: MessageFile
    standard: str = "x12"

    @property
    def version(self) -> str:
        """The version as messages name it."""
        return self.message.version

    @property
    def release(self) -> Release:
        """The guide as `write_release` takes it: it holds its directory itself."""
        held = self.message
        return Release(standard=self.standard, folder=held.folder, source=held.source, directory=None, messages=(held,))

    @property
    def counts(self) -> dict[str, int]:
        """How much there is of each kind, each use of a segment by itself."""
        return {
            "messages": 1,
            "loops": sum(size.loops for size in self.sizes),
            "segments": sum(size.segments for size in self.sizes),
            "elements": sum(size.elements for size in self.sizes),
        }

    @property
    def listed(self) -> list[ListedMessage]:
        """The message, for a list of what a source holds."""
        return [
            ListedMessage(
                message=self.message.message,
                version=self.version,
                segments=self.counts["segments"],
                groups=self.counts["loops"],
                name=self.message.title,
            )
        ]


def draft(parts: list[Part], folder: str, version: str, source: str, findings: list[Finding]) -> MessageFile:
    """The guide of one version and message, in the folder of a version.  It holds its whole directory itself.

    Left out without a remark are only the names that a source gives to single uses of elements.
    """
    standard = parts[0].outline.standard
    segments = [segment for part in parts for segment in segments_of(part.outline.body)]
    common = common_codes(element for segment in segments for element in elements_of(segment))
    uses = Uses(standard=standard, common=common)
    structure: list[Line] = []
    for part in parts:
        writer = _Writer(part=part, uses=uses, findings=findings)
        written = writer.lines(part.outline.body, "")
        if part.name:
            structure.append(Line(text=f"{part.name} {writer.must('O')} 1", children=writer.told_apart(written)))
        else:
            structure += written
    # A tag with one way of use needs no variant.
    lone = _alone(uses.segments)
    plain = _alone(uses.composites)
    made = {name: body for name, body in _with_plain(uses.segments).items() if name not in lone}
    composites = {code: body for code, body in _with_plain(uses.composites).items() if code not in plain}
    return MessageFile(
        folder=folder,
        message=parts[0].outline.message,
        version=version,
        source=source,
        title=parts[0].outline.title,
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
        self.rivals = rivals(_unwrapped(part.outline.body))

    def lines(self, children: tuple[Loop | SegmentUse, ...], loop: str) -> list[Line]:
        written: list[Line] = []
        self.positions(children)
        for child in children:
            if isinstance(child, SegmentUse):
                if child.usage != "N":
                    written.append(self.segment(child, loop, children))
            elif not child.children:
                if child.usage == "M":
                    self.remark(child.line, f"the loop {child.name} is required and holds nothing; it is left out")
            elif child.transparent:
                written += self.wrapper(child)
            elif child.usage != "N" and child.opener is not None:
                written.append(self.loop(child, child.opener))
        return written

    def wrapper(self, loop: Loop) -> list[Line]:
        """What a wrapper holds, in its place."""
        inner = [child for child in loop.children if child.usage != "N"]
        told = len(inner) == 1 and inner[0].most in (0, loop.most)
        if loop.most != 1 and not told:
            self.remark(
                loop.line,
                f"the wrapper {loop.name} may repeat and no segment opens it; the guide counts what it holds by itself",
            )
        return self.lines(loop.children, loop.name)

    def loop(self, loop: Loop, opener: SegmentUse) -> Line:
        name = re.sub(r"[^A-Za-z0-9]", "", loop.name)[:10]
        if opener.most not in (0, 1):
            self.remark(
                opener.line,
                f"{opener.tag} opens {loop.name} and may stand {opener.most} times in it; "
                "in the guide each of them opens it anew",
            )
        first, *held = self.lines(loop.children, loop.name)
        opening = Line(text=re.sub(r" [MOC] (?:\d+|>1)$", " M 1", first.text))
        return Line(text=f"{name} {self.must(loop.usage)} {_times(loop.most)}", children=(opening, *held))

    def segment(self, segment: SegmentUse, loop: str, beside: tuple[Loop | SegmentUse, ...]) -> Line:
        self.said(segment)
        key = segment.key
        label = re.sub(r"[^A-Za-z0-9]", "", loop) or segment.tag
        if key and sum(isinstance(other, SegmentUse) and other.tag == segment.tag for other in beside) > 1:
            label += "-" + re.sub(r"[^A-Za-z0-9]", "", key.codes[0])
        name = self.uses.segment(segment, label)
        which = f"({key.place}={'|'.join(key.codes)})" if key and id(segment) in self.rivals else ""
        return Line(text=f"{name}{which} {self.must(segment.usage)} {_times(segment.most)}")

    def told_apart(self, written: list[Line]) -> tuple[Line, ...]:
        """The lines of one of several maps that share a guide: its first segment is chosen by the codes given."""
        first, *rest = written
        name, how = first.text.split(" ", 1)
        which = f"({self.part.place}={'|'.join(self.part.only)})" if self.part.only else ""
        return (Line(text=f"{name.split('(')[0]}{which} {how}"), *rest)

    def positions(self, children: tuple[Loop | SegmentUse, ...]) -> None:
        """Say where the order of the guide is stricter than the map's."""
        by_position: dict[int, list[Loop | SegmentUse]] = {}
        for child in children:
            by_position.setdefault(child.position, []).append(child)
        for position, same in by_position.items():
            tags = {segment.tag for child in same if (segment := _opens(child)) is not None}
            if len(tags) > 1:
                self.remark(
                    same[0].line,
                    f"{', '.join(child.tag if isinstance(child, SegmentUse) else child.name for child in same)} stand "
                    f"at the same position {position}; the guide asks for this order",
                )

    def said(self, segment: SegmentUse) -> None:
        """Say what of a segment's use the guide cannot hold."""
        conditions = [(text, len(segment.parts), segment.line, segment.tag) for text in segment.conditions]
        for part in segment.parts:
            if isinstance(part, CompositeUse):
                conditions += [(text, len(part.parts), part.line, part.number) for text in part.conditions]
        for text, parts, line, name in conditions:
            if not is_condition(self.uses.standard, text, parts):
                self.remark(line, f"{text!r} is no condition between elements of {name}; it is left out")

    def must(self, usage: str) -> str:
        return "M" if usage == "M" else "C" if self.uses.standard == "edifact" else "O"

    def remark(self, line: int, message: str) -> None:
        self.findings.append(remark(self.path, line, message))


def _opens(child: Loop | SegmentUse) -> SegmentUse | None:
    return child.opener if isinstance(child, Loop) else child


def _unwrapped(children: tuple[Loop | SegmentUse, ...]) -> tuple[Loop | SegmentUse, ...]:
    """The children with what wrappers hold in their place, as the guide has them."""
    found: list[Loop | SegmentUse] = []
    for child in children:
        if isinstance(child, Loop) and child.transparent:
            found += _unwrapped(child.children)
        elif child.usage != "N":
            found.append(child)
    return tuple(found)


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


def _times(most: int) -> str:
    return str(most) if most else ">1"


def _by_number(number: str) -> tuple[int, str]:
    return (int(number) if number.isdigit() else 0, number)
