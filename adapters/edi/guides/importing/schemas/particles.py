"""What a complex element holds, one after another: its sequences, choices and groups laid flat."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from transload.adapters.edi.guides.importing.markup import fault, remark
from transload.adapters.edi.guides.importing.schemas.loading import XSD, Declared, Schemas
from transload.canonical.findings import Finding

_DEEPEST = 40
_HOLDERS = ("sequence", "choice", "all", "group")


@dataclass(frozen=True, kw_only=True, eq=False)
class Particle:
    """An element where it stands: ``least`` and ``most`` times, 0 of these for any.

    Those of a choice have the same ``position``.  ``element`` is its declaration, which may be a global one; ``about``
    are the nodes that may be annotated, the reference before what it refers to.  A sequence that repeats as a whole is
    a particle without name that ``holds`` others.
    """

    name: str
    element: Declared
    least: int
    most: int
    position: int
    holds: "tuple[Particle, ...]" = ()
    about: tuple[Declared, ...] = ()


@dataclass(kw_only=True)
class Flattener:
    """Lays the content of complex elements flat; what it has to change is a remark."""

    schemas: Schemas
    findings: list[Finding]
    _said: set[tuple[str, int]] = field(default_factory=set)
    _known: "dict[etree._Element, tuple[Particle, ...] | None]" = field(default_factory=dict)

    def content(self, element: Declared) -> tuple[Particle, ...] | None:
        """The particles of an element, or None where its content is simple."""
        if element.node not in self._known:
            self._known[element.node] = self._content(element)
        return self._known[element.node]

    def _content(self, element: Declared) -> tuple[Particle, ...] | None:
        type_ = self.type_of(element)
        if type_ is None or type_.child("simpleContent") is not None:
            return None
        found = list(self._type(type_, deep=0))
        return tuple(replace(one, position=one.position or number) for number, one in enumerate(found, 1))

    def type_of(self, element: Declared) -> Declared | None:
        """The complex type of an element, or None where its type is simple or not known."""
        inline = element.child("complexType")
        if inline is not None:
            return inline
        name = element.node.get("type")
        return self.schemas.find("complexType", element.name(name)) if name else None

    def _type(self, type_: Declared, *, deep: int) -> Iterator[Particle]:
        if deep > _DEEPEST:
            self.say(type_, "the type is made of itself; it is cut off here")
            return
        extended = type_.child("complexContent")
        made = extended.child("extension", "restriction") if extended is not None else None
        if made is not None:
            base = made.node.get("base")
            known = self.schemas.find("complexType", made.name(base)) if base else None
            if known is not None and made.kind == "extension":
                yield from self._type(known, deep=deep + 1)
            type_ = made
        for holder in type_.children(*_HOLDERS):
            yield from self._holder(holder, 1, 1, deep=deep + 1)

    def _holder(self, holder: Declared, least: int, most: int, *, deep: int) -> Iterator[Particle]:
        if deep > _DEEPEST:
            self.say(holder, "the group is made of itself; it is cut off here")
            return
        own_least, own_most = self.occurs(holder)
        least, most = least * own_least, _times(most, own_most)
        if holder.kind == "group" and holder.node.get("ref"):
            named = self.schemas.find("group", holder.name(str(holder.node.get("ref"))))
            if named is None:
                self.findings.append(
                    fault(holder.path, holder.line, f"there is no group {holder.node.get('ref')!r}; it is left out")
                )
                return
            for inner in named.children(*_HOLDERS):
                yield from self._holder(inner, least, most, deep=deep + 1)
            return
        choice, loose = holder.kind == "choice", holder.kind in ("choice", "all")
        inside = [one for child in holder.children() for one in self._child(child, deep=deep)]
        if choice and len(inside) > 1:
            names = ", ".join(one.name for one in inside)
            self.say(holder, f"one of {names} is to stand here; the guide lets each of them stand")
            inside = [replace(one, least=0) for one in inside]
        if loose:
            # Line numbers keep the positions of different holders apart; they are made small again by the reader.
            inside = [replace(one, position=one.position or -holder.line) for one in inside]
        if own_most != 1 and not choice and len(inside) > 1:
            yield Particle(name="", element=holder, least=least, most=most, position=0, holds=tuple(inside))
            return
        if least == 0 and len([one for one in inside if one.least]) > 1:
            self.say(holder, "these may be absent together only; the guide lets each of them be absent")
        for one in inside:
            yield replace(one, least=one.least * min(least, 1), most=_times(one.most, most))

    def _child(self, child: Declared, *, deep: int) -> Iterator[Particle]:
        if child.kind == "element":
            one = self._element(child)
            if one is not None:
                yield one
        elif child.kind in _HOLDERS:
            yield from self._holder(child, 1, 1, deep=deep + 1)
        elif child.kind == "any":
            self.say(child, "xs:any lets anything stand here; it is left out")

    def _element(self, child: Declared) -> Particle | None:
        least, most = self.occurs(child)
        declared, reference = child, child.node.get("ref")
        if reference:
            known = self.schemas.find("element", child.name(reference))
            if known is None:
                self.findings.append(
                    fault(child.path, child.line, f"there is no element {reference!r}; it is left out")
                )
                return None
            declared = known
        type_ = declared.node.get("type")
        if type_ and not self._is_known(declared, type_):
            self.findings.append(fault(child.path, child.line, f"there is no type {type_!r}; any text passes"))
        if declared.node.get("substitutionGroup") or declared.node.get("abstract") == "true":
            self.say(child, "substitution groups are not understood; the element stands for itself")
        return Particle(
            name=str(declared.node.get("name")),
            element=declared,
            least=least,
            most=most,
            position=0,
            about=(declared,) if declared is child else (child, declared),
        )

    def _is_known(self, declared: Declared, type_: str) -> bool:
        name = declared.name(type_)
        return name[0] == XSD or any(self.schemas.find(kind, name) for kind in ("simpleType", "complexType"))

    def occurs(self, node: Declared) -> tuple[int, int]:
        """How often something may stand: 0 for any number, as the most; (0, 0) in a schema is said as least -1."""
        least, most = node.node.get("minOccurs", "1"), node.node.get("maxOccurs", "1")
        if most == "unbounded":
            return (_number(least), 0)
        return (_number(least), _number(most) or -1)

    def say(self, node: Declared, message: str) -> None:
        """A remark, once for each place of a schema."""
        key = (message, node.line)
        if key not in self._said:
            self._said.add(key)
            self.findings.append(remark(node.path, node.line, message))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 1


def _times(one: int, other: int) -> int:
    """The product of two highest numbers of times: 0 is any number, -1 none at all."""
    return -1 if -1 in (one, other) else one * other
