"""An element of a schema as a message: which of its descendants are loops, segments, composites and elements.

A complex element is a *segment* when its name begins with a tag and it holds data elements and composites alone,
else a *loop*.  A composite is named by its number (``C507``, ``E_C507`` ...) or by its place (``REF04``).  Names may
carry words behind the tag (``NM1_BillingProviderName``) and one letter before it (``S_NM1``), as the schemas of
BizTalk and EdiFabric do.
"""

import re
from dataclasses import dataclass, field, replace

from transload.adapters.edi.guides.importing.markup import fault, remark
from transload.adapters.edi.guides.importing.outlines.records import (
    CompositeUse,
    ElementUse,
    Key,
    Loop,
    SegmentUse,
)
from transload.adapters.edi.guides.importing.schemas.biztalk import (
    noted_number,
    noted_position,
    noted_tag,
    notes,
    rules,
    trigger,
)
from transload.adapters.edi.guides.importing.schemas.forms import kind_of_element
from transload.adapters.edi.guides.importing.schemas.loading import Declared, Schemas
from transload.adapters.edi.guides.importing.schemas.particles import Flattener, Particle
from transload.canonical.findings import Finding

ENVELOPE = frozenset({"UNA", "UNB", "UNZ", "UNG", "UNE", "UNH", "UNT", "ISA", "IEA", "GS", "GE", "ST", "SE"})
"""Segments around a message: a guide begins after its header."""

_DFDL = "http://www.ogf.org/dfdl/dfdl-1.0/"
_PREFIX = re.compile(r"^[SDCGUA]_(?=[A-Z])")
_TAG = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,2})(?:[-_].*)?")
_COMPOSITE = re.compile(r"(?P<number>[CSE]\d{3})(?!\d)(?:[-_.].*)?")
_HOLDS_COMPOSITE = re.compile(r"(?P<number>[CS]\d{3})\d\d(?!\d)")
_LOOP_NUMBER = re.compile(r"(?:^|_)(?P<name>\d{4}[A-Z]{0,2})(?:_|$)")
_GROUP = re.compile(r"(?:SegGrp|SegmentGroup|SG|Group)[-_ ]?(?P<number>\d{1,3})", re.IGNORECASE)
_DEEPEST = 15


@dataclass(kw_only=True)
class SchemaReader:
    """Reads messages of one standard from the elements of a schema."""

    schemas: Schemas
    standard: str
    findings: list[Finding]
    unnumbered: dict[tuple[str, str], str] = field(default_factory=dict)
    flat: Flattener = field(init=False)

    def __post_init__(self) -> None:
        self.flat = Flattener(schemas=self.schemas, findings=self.findings)

    def body(self, root: Declared) -> tuple[Loop | SegmentUse, ...]:
        """What stands in a message between its header and its trailer."""
        particles = self.flat.content(root) or ()
        return self._children(particles, deep=0)

    def holds_segments(self, element: Declared) -> bool:
        """Whether an element may be a message: complex, with a segment in it."""
        particles = self.flat.content(element)
        return particles is not None and any(self._tag(one) is not None for one in particles)

    def _children(self, particles: tuple[Particle, ...], *, deep: int) -> tuple[Loop | SegmentUse, ...]:
        found: list[Loop | SegmentUse] = []
        for index, one in enumerate(particles):
            tag = self._tag(one)
            if tag in ENVELOPE:
                continue
            position = index + 1
            if index and one.position == particles[index - 1].position and found:
                position = found[-1].position
            if tag is not None:
                found.append(self._segment(one, tag, position))
                continue
            loop = self._loop(one, position, deep=deep)
            if loop is not None:
                found.append(loop)
        return tuple(found)

    def _loop(self, one: Particle, position: int, *, deep: int) -> Loop | None:
        element = one.element
        held = one.holds or self.flat.content(element)
        if held is None:
            self._say(element, f"{one.name} is neither a segment nor a loop; it is left out")
            return None
        if deep > _DEEPEST:
            self._say(element, f"{one.name} holds itself, or lies too deep; it is cut off here")
            return None
        children = self._children(held, deep=deep + 1)
        first = children[0] if children else None
        if isinstance(first, SegmentUse):
            key = trigger(one.about, first.tag)
            first = replace(first, key=key or first.key)
            children = (first, *children[1:])
        return Loop(
            name=_loop_name(one.name) or f"G{element.line}",
            usage=_usage(one),
            most=max(one.most, 0),
            position=position,
            line=element.line,
            children=children,
            wrapper=False,
        )

    def _segment(self, one: Particle, tag: str, position: int) -> SegmentUse:
        element = one.element
        held = self.flat.content(element) or ()
        parts = self._parts(held, tag, element)
        conditions = self._conditions(one, tag, [particle.name for particle in held])
        if any(child.tag == f"{{{_DFDL}}}discriminator" for child in element.node.iter()):
            self._say(element, f"the DFDL discriminator of {tag} is left out")
        return SegmentUse(
            tag=tag,
            title=_title(one, tag),
            usage=_usage(one),
            most=max(one.most, 0),
            position=position,
            line=element.line,
            parts=parts,
            conditions=conditions,
            key=trigger(one.about, tag) or _first_codes(tag, parts),
        )

    def _parts(self, held: tuple[Particle, ...], tag: str, holder: Declared) -> tuple[ElementUse | CompositeUse, ...]:
        found: list[ElementUse | CompositeUse] = []
        for one in held:
            said = re.match(rf"{re.escape(tag)}(\d\d)(?!\d)", _plain(one.name))
            seq = int(said[1]) if said else noted_position(one.about) or len(found) + 1
            if seq < len(found) + 1:
                self.findings.append(
                    fault(one.element.path, one.element.line, f"{one.name} comes after element {len(found)} of {tag}")
                )
                seq = len(found) + 1
            while len(found) + 1 < seq:
                self._say(
                    holder, f"element {len(found) + 1:02} of {tag} is not in the schema; the guide does not use it"
                )
                found.append(self._gap(len(found) + 1, holder))
            if one.holds:
                self._say(one.element, f"elements of {tag} repeat together; the guide lets each stand once")
                for inner in one.holds:
                    found.append(self._part(inner, len(found) + 1, tag))
            else:
                found.append(self._part(one, seq, tag))
        return tuple(found)

    def _part(self, one: Particle, seq: int, tag: str) -> ElementUse | CompositeUse:
        inner = self.flat.content(one.element)
        if inner is None:
            return self._element(one, seq, tag)
        number = self._composite_number(one, inner, tag)
        parts = tuple(self._element(part, at, number) for at, part in enumerate(inner, 1) if not part.holds)
        return CompositeUse(
            seq=seq,
            number=number,
            title=notes(one.about).lower()[:60],
            usage=_usage(one),
            line=one.element.line,
            parts=parts,
            repetitions=self._repetitions(one),
            conditions=self._conditions(one, number, [part.name for part in inner]),
        )

    def _conditions(self, one: Particle, name: str, names: list[str]) -> tuple[str, ...]:
        conditions, others = rules(one.about, names)
        for other in others:
            self._say(one.element, f"the rule {other!r} of {name} is not understood; it is left out")
        return tuple(conditions)

    def _composite_number(self, one: Particle, inner: tuple[Particle, ...], tag: str) -> str:
        type_name = str(one.element.node.get("type") or "").rpartition(":")[2]
        for name in (_plain(one.name), _plain(type_name)):
            found = _COMPOSITE.fullmatch(name)
            if found:
                return found["number"]
        held = _HOLDS_COMPOSITE.match(_plain(inner[0].name)) if inner else None
        return held["number"] if held else self._invented(one, tag)

    def _element(self, one: Particle, seq: int, holder: str) -> ElementUse:
        kind = kind_of_element(one.element, self.schemas, holder)
        form = kind.form(self.standard)
        for said in kind.unsaid if one.most >= 0 else ():
            self._say(one.element, f"{one.name}: {said}")
        number = noted_number(one.about) or kind.number or self._invented(one, holder)
        if self.standard == "edifact" and number.isdigit():
            number = number.zfill(4)
        return ElementUse(
            seq=seq,
            number=number,
            title=_title(one, holder),
            form=form,
            usage=_usage(one),
            line=one.element.line,
            codes=kind.codes,
            repetitions=self._repetitions(one),
        )

    def _gap(self, seq: int, holder: Declared) -> ElementUse:
        form = "AN 1/1" if self.standard == "x12" else "an..1"
        return ElementUse(seq=seq, number="Z0", title="", form=form, usage="N", line=holder.line)

    def _repetitions(self, one: Particle) -> int:
        if one.least > 1:
            self._say(one.element, f"{one.name} is to stand {one.least} times at least; the guide asks for one")
        return 99 if one.most == 0 else max(one.most, 1)

    def _invented(self, one: Particle, holder: str) -> str:
        """A number for what the schema gives none: the same for the same name in the same segment."""
        key = (holder, one.name)
        if key not in self.unnumbered:
            self.unnumbered[key] = f"Z{len(self.unnumbered) + 1}"
        return self.unnumbered[key]

    def _tag(self, one: Particle) -> str | None:
        """The tag of a segment, or None where an element is none."""
        if one.holds:
            return None
        held = self.flat.content(one.element)
        said = one.element.node.get(f"{{{_DFDL}}}initiator")
        found = _TAG.fullmatch(noted_tag(one.about) or (str(said) if said else _plain(one.name)))
        if found is None or held is None:
            return None
        tag = found["tag"]
        return tag if all(self._is_part(part, tag) for part in held) else None

    def _is_part(self, one: Particle, tag: str) -> bool:
        """Whether this is an element or a composite of the segment ``tag``."""
        if one.holds:
            return all(self._is_part(inner, tag) for inner in one.holds)
        inner = self.flat.content(one.element)
        if inner is None:
            return True
        named = _COMPOSITE.fullmatch(_plain(one.name)) or re.match(rf"{re.escape(tag)}\d", _plain(one.name))
        return bool(named) and all(self.flat.content(part.element) is None for part in inner if not part.holds)

    def _say(self, element: Declared, message: str) -> None:
        said = remark(element.path, element.line, message)
        if said not in self.findings:
            self.findings.append(said)


def _plain(name: str) -> str:
    return _PREFIX.sub("", name)


def _usage(one: Particle) -> str:
    return "N" if one.most < 0 else "M" if one.least else "O"


def _title(one: Particle, holder: str) -> str:
    """A few words on what something is for: BizTalk's notes, or the words behind its name."""
    said = notes(one.about)
    if not said:
        type_ = str(one.element.node.get("type") or "")
        words = re.sub(rf"^{re.escape(holder)}(?:\d\d)?(?!\d)|^E?\d{{4}}", "", _plain(one.name)).strip("_- 0123456789")
        said = words or (type_.rpartition("-")[2] if "-" in type_ else "")
        said = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", said).replace("_", " ")
    return " ".join(said.lower().split())[:60].strip()


def _loop_name(name: str) -> str:
    plain = _plain(name)
    numbered = _LOOP_NUMBER.search(plain)
    group = _GROUP.fullmatch(plain)
    if numbered:
        return numbered["name"]
    return f"SG{group['number']}" if group else re.sub(r"[^A-Za-z0-9]", "", plain)[:10]


def _first_codes(tag: str, parts: tuple[ElementUse | CompositeUse, ...]) -> Key | None:
    """The codes that tell a use apart where the schema says nothing: of HL03, or of the first element."""
    if tag == "HL" and len(parts) > 2 and isinstance(parts[2], ElementUse) and parts[2].codes:
        return Key(place="03", codes=parts[2].codes)
    first = parts[0] if parts else None
    if isinstance(first, CompositeUse):
        inner = first.parts[0] if first.parts else None
        return Key(place="01.1", codes=inner.codes) if inner and inner.codes and inner.usage == "M" else None
    return Key(place="01", codes=first.codes) if first and first.codes and first.usage == "M" else None
