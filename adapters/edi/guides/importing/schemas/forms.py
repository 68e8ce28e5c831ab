"""The form of a data element by its simple type: kind, lengths, codes, and the number that names carry.

Kinds come from the names that BizTalk's schemas use (``X12_AN``, ``X12_ID_353``, ``EDIFACT_N``), else from the
built-in type.
"""

import re
from dataclasses import dataclass, field

from transload.adapters.edi.guides.importing.schemas.loading import XSD, Declared, Schemas

_NAMED_KIND = re.compile(
    r"(?:X12|EDIFACT)_(?P<kind>AN|A|ID|N\d?|R|DT|TM|B)(?:_(?P<number>\d{1,4})(?:_\w+)?)?", re.IGNORECASE
)
_NUMBER = re.compile(r"[A-Za-z_]{0,5}(?P<number>\d{4})(?:[-_.].*)?")
_X12_NUMBER = re.compile(r"(?:E|D|DE|E_|_)(?P<number>\d{1,4})(?:[-_.].*)?")
_DIGITS = re.compile(r"(?:\[0-9\]|\\d)(?:\{(?P<least>\d{1,3})(?:,(?P<most>\d{1,3}))?\}|(?P<plus>[+*]))")
_DECIMALS = frozenset({"decimal", "float", "double"})
_INTEGERS = frozenset(
    {
        *("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger"),
        *("negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
    }
)
_DATES = {"date": ("DT", 8, 8), "time": ("TM", 4, 8)}
_LENGTHS = {"minLength": "least", "maxLength": "most", "totalDigits": "most"}
_UNSAID = frozenset({"minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "fractionDigits", "assertion"})
_LONGEST = 99999


@dataclass(kw_only=True)
class Kind:
    """What is known of a simple type.  ``unsaid`` are its parts that a guide cannot hold, in words."""

    kind: str = ""
    least: int | None = None
    most: int | None = None
    codes: tuple[str, ...] = ()
    number: str = ""
    unsaid: list[str] = field(default_factory=list)

    def form(self, standard: str) -> str:
        """The form as guides of a standard write it; says in ``unsaid`` what it had to leave out."""
        most = self.most
        if most is None and self.codes:
            most = max(len(code) for code in self.codes)
            self.least = self.least or min(len(code) for code in self.codes)
        if most is None:
            most = _LONGEST
            self.unsaid.append("it has no greatest length; the guide allows any")
        least = min(self.least or 1, most)
        if standard == "x12":
            kind = self.kind or ("ID" if self.codes else "AN")
            return f"{'N0' if kind == 'N' else 'AN' if kind == 'A' else kind} {least}/{most}"
        kind = {"A": "a", "N": "n", "R": "n"}.get(self.kind[:1] if self.kind != "AN" else "", "an")
        if least not in (1, most):
            self.unsaid.append(f"its least length {least} is left out, since an EDIFACT form has none")
        return f"{kind}{most}" if least == most and least > 1 else f"{kind}..{most}"


def kind_of_element(element: Declared, schemas: Schemas, holder: str) -> Kind:
    """What the type of a simple element says, from the built-in type up to the element itself.

    ``holder`` is the tag or composite that it stands in: ``BEG03`` in BEG is a position, not a number.
    """
    kind = Kind()
    name = element.node.get("type")
    inline = element.child("simpleType")
    if inline is not None:
        _take(inline, schemas, kind, deep=0)
    elif name:
        _named(element, name, schemas, kind, deep=0)
    own = str(element.node.get("name") or "")
    if not kind.number and not re.match(rf"{re.escape(holder)}\d\d(?!\d)", own):
        kind.number = number_of(own)
    return kind


def number_of(name: str) -> str:
    """The data element's number in a name such as ``E1004``, ``1004`` or ``E1004-DocumentNumber``; empty for none."""
    found = _NUMBER.fullmatch(name) or _X12_NUMBER.fullmatch(name)
    return found["number"] if found else ""


def _named(where: Declared, text: str, schemas: Schemas, kind: Kind, *, deep: int) -> None:
    name = where.name(text)
    said = _NAMED_KIND.fullmatch(name[1])
    if said:
        kind.kind = said["kind"].upper()
        kind.number = kind.number or said["number"] or ""
    elif not kind.number and deep == 0 and name[0] != XSD:
        kind.number = number_of(name[1])
    if name[0] == XSD:
        _builtin(name[1], kind)
        return
    declared = schemas.find("simpleType", name) or _content(schemas.find("complexType", name))
    if declared is None or deep > 20:
        if not said and deep:
            kind.unsaid.append(f"its type {text} is not declared; any text passes")
        return
    _take(declared, schemas, kind, deep=deep + 1)
    if said:  # what a name says of its kind is more than what the type is made of
        kind.kind = said["kind"].upper()


def _content(declared: Declared | None) -> Declared | None:
    """The simple content of a complex type, such as one with attributes."""
    return declared.child("simpleContent") if declared is not None else None


def _builtin(name: str, kind: Kind) -> None:
    if name in _INTEGERS or name in _DECIMALS:
        kind.kind = kind.kind or ("R" if name in _DECIMALS else "N")
    elif name in _DATES:
        standard, least, most = _DATES[name]
        kind.kind, kind.least, kind.most = kind.kind or standard, least, most
        kind.unsaid.append(f"xs:{name} is written in another way in EDI; it is taken for a {standard}")
    elif name in ("dateTime", "boolean", "duration") or name.startswith("g"):
        kind.unsaid.append(f"xs:{name} has no form in EDI; any text passes")


def _take(declared: Declared, schemas: Schemas, kind: Kind, *, deep: int) -> None:
    restriction = declared.child("restriction", "extension")
    if restriction is None:
        kind.unsaid.append("it is a list or a union of types; any text passes")
        return
    base = restriction.node.get("base")
    inner = restriction.child("simpleType")
    if inner is not None and deep <= 20:
        _take(inner, schemas, kind, deep=deep + 1)
    elif base:
        _named(restriction, base, schemas, kind, deep=deep + 1)
    codes = [str(facet.node.get("value") or "") for facet in restriction.children("enumeration")]
    if codes:
        kind.codes = tuple(dict.fromkeys(code for code in codes if code))
    for facet in restriction.children():
        _facet(facet, kind)


def _facet(facet: Declared, kind: Kind) -> None:
    value = str(facet.node.get("value") or "")
    number = int(value) if value.isascii() and value.isdigit() else None
    if facet.kind == "length" and number is not None:
        kind.least = kind.most = number
    elif facet.kind in _LENGTHS and number is not None:
        setattr(kind, _LENGTHS[facet.kind], number)
    elif facet.kind == "pattern":
        _pattern(value, kind)
    elif facet.kind in _UNSAID:
        kind.unsaid.append(f"its {facet.kind} {value} is left out")


def _pattern(value: str, kind: Kind) -> None:
    digits = _DIGITS.fullmatch(value)
    if digits is None:
        kind.unsaid.append(f"its pattern {value!r} is left out")
        return
    kind.kind = "N"
    if digits["least"]:
        kind.least = int(digits["least"])
        kind.most = int(digits["most"] or digits["least"]) if "," not in value or digits["most"] else kind.most
