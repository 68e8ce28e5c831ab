"""The beginning of an X12 interchange: ISA, whose fixed positions say what separates (X12.5, X12.6)."""

import re
from functools import lru_cache
from typing import NamedTuple

from transload.adapters.base.content import Content
from transload.adapters.edi.charsets import UNDECLARED, Charset, decode
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Beginning, Dialect, Interchange, Level
from transload.adapters.edi.reading.envelope_checks import check_number
from transload.adapters.edi.reading.framing import frame
from transload.adapters.edi.segments import BLANKS
from transload.adapters.edi.separators import Separators
from transload.adapters.edi.services import Service
from transload.canonical.places import Place

ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
"""How many characters each element of ISA has, no more and no less (X12.5)."""
ISA_LENGTH = 106
"""With tag, separators and terminator."""

_NINE_DIGITS = re.compile(r"\d{9}", re.ASCII)
X12_DIALECT = Dialect(
    standard="x12",
    headers=("ISA", "GS", "ST"),
    trailers=("IEA", "GE", "SE"),
    references=(13, 6, 2),
    binary=frozenset({"BIN", "BDS"}),
    forms={
        Level.INTERCHANGE: (_NINE_DIGITS, "nine digits (ISA13)"),
        Level.GROUP: (re.compile(r"\d{1,9}", re.ASCII), "one to nine digits (GS06)"),
        Level.MESSAGE: (re.compile(r"\S(?:.{2,7}\S)", re.DOTALL), "four to nine characters (ST02)"),
    },
    outside=frozenset({"TA1", "TA3", "ISB", "ISE"}),
    groups_needed=True,
    acks={
        ("count", Level.INTERCHANGE): {"I18": "021"},
        ("count", Level.GROUP): {"716": "5"},
        ("count", Level.MESSAGE): {"718": "4"},
        ("reference", Level.INTERCHANGE): {"I18": "001"},
        ("reference", Level.GROUP): {"716": "4"},
        ("reference", Level.MESSAGE): {"718": "3"},
        ("trailer", Level.INTERCHANGE): {"I18": "023"},
        ("trailer", Level.GROUP): {"716": "3"},
        ("trailer", Level.MESSAGE): {"718": "2"},
        ("truncated", Level.INTERCHANGE): {"I18": "023"},
        ("header", Level.INTERCHANGE): {"I18": "022"},
        ("header", Level.GROUP): {"I18": "022"},
        ("header", Level.MESSAGE): {"I18": "024"},
        ("outside", Level.INTERCHANGE): {"I18": "024"},
        ("outside", Level.GROUP): {"I18": "024"},
        ("mixed", Level.INTERCHANGE): {"I18": "024"},
        ("duplicate", Level.INTERCHANGE): {"I18": "025"},
        ("duplicate", Level.GROUP): {"716": "6"},
        ("duplicate", Level.MESSAGE): {"718": "23"},
        ("no-reference", Level.INTERCHANGE): {"I18": "018"},
        ("no-reference", Level.GROUP): {"716": "6"},
        ("no-reference", Level.MESSAGE): {"718": "7"},
        ("number", Level.INTERCHANGE): {"I18": "018"},
        ("number", Level.GROUP): {"716": "6"},
        ("number", Level.MESSAGE): {"718": "7"},
        ("missing", Level.MESSAGE): {"718": "6"},
        ("isa", Level.INTERCHANGE): {"I18": "022"},
        ("segment", Level.MESSAGE): {"720": "1"},
        ("charset", Level.MESSAGE): {"723": "6"},
        ("control", Level.MESSAGE): {"723": "6"},
        ("value", Level.MESSAGE): {"723": "7"},
    },
)
"""Elements 716, 718, 720 and 723 (X12.20) and I18 (TA105, X12.56), as pyx12 reports them in 997, 999 and TA1,
compared with the lists that Stedi and edidev publish."""

_NEXT = re.compile(rb"(?:GS|TA1|TA3|ISB|ISE|IEA|ST)[^\w\s]")
_WINDOW = 400


class _Isa(NamedTuple):
    elements: tuple[bytes, ...]
    element: bytes
    terminator: bytes
    end: int
    fixed: bool


def _loose(content: Content, pos: int) -> _Isa | None:
    """An ISA of another length, if it has sixteen elements and a sensible segment follows it."""
    element = content[pos + 3 : pos + 4]
    elements = content[pos + 4 : pos + _WINDOW].split(element, 15)
    if len(elements) < 16:
        return None
    begin = pos + 4 + sum(len(value) + 1 for value in elements[:15])
    for width in (1, 0):  # ISA16 may be missing
        terminator = content[begin + width : begin + width + 1]
        rest = content[begin + width + 1 : begin + width + 60].lstrip(BLANKS)
        if terminator and not terminator.isalnum() and terminator != element and (not rest or _NEXT.match(rest)):
            found = (*elements[:15], content[begin : begin + width])
            return _Isa(found, element, terminator, begin + width + 1, fixed=False)
    return None


def _isa(content: Content, pos: int) -> _Isa | None:
    separator = content[pos + 3 : pos + 4]
    if content[pos : pos + 3] != b"ISA" or not separator or separator.isalnum() or separator == b" ":
        return None
    raw = content[pos : pos + ISA_LENGTH]
    _, *elements = raw[:-1].split(separator)
    if tuple(map(len, elements)) != ISA_WIDTHS or raw[-1:].isalnum():
        return _loose(content, pos)
    return _Isa(tuple(elements), separator, raw[-1:], pos + ISA_LENGTH, fixed=True)


def read(
    content: Content, pos: int, number: int, reporter: Reporter, charset: Charset | None = None
) -> Interchange | None:
    """Frame the interchange at ``pos``, None where none begins; ``charset`` is the undeclared one unless given."""
    isa = _isa(content, pos)
    if isa is None:
        return None
    charset = charset or UNDECLARED
    whole = isa.element.join(isa.elements)  # one step where all is as it should be and ASCII, as it nearly always is
    if isa.fixed and whole.isascii():
        elements = tuple(whole.decode().split(isa.element.decode()))
    else:
        elements = tuple(decode(value, charset)[0] for value in isa.elements)
    if not isa.fixed:
        wrong = [n for n, (value, width) in enumerate(zip(elements, ISA_WIDTHS, strict=True), 1) if len(value) != width]
        length = isa.end - pos
        reporter.add(
            "E-ISA",
            f"ISA has {length} characters, it must have {ISA_LENGTH}"
            if length != ISA_LENGTH
            else "the elements of ISA do not have their fixed lengths",
            pos,
            value=elements[wrong[0] - 1] if wrong else None,
            allow="isa-length",
            hint="pad its elements with blanks, or grant lenient: [isa-length] if this partner cannot",
            ack=X12_DIALECT.ack("isa", Level.INTERCHANGE),
            where=Place(interchange=number, tag="ISA", element=wrong[0] if wrong else None),
        )
    header = Service(tag="ISA", elements=elements, start=pos, end=isa.end)
    separators = _separators(isa, header)
    if not separators.sound:
        reporter.add(
            "E-ISA",
            "the separators that ISA announces cannot be told apart from each other or from text",
            pos,
            value=f"element {separators.element!r}, component {separators.component!r}, "
            f"terminator {separators.terminator!r}",
            ack=X12_DIALECT.ack("isa", Level.INTERCHANGE),
            where=Place(interchange=number, tag="ISA", element=16),
        )
    else:
        _check_for_separators(header, separators, number, reporter)
    if not header.element(13).strip():
        reporter.add(
            "E-ENVELOPE",
            "the interchange has no control number",
            pos,
            ack=X12_DIALECT.ack("no-reference", Level.INTERCHANGE),
            where=Place(interchange=number, tag="ISA", element=13),
        )
    elif isa.fixed and _NINE_DIGITS.fullmatch(header.element(13)) is None:
        place = Place(interchange=number, tag="ISA", element=13)
        check_number(X12_DIALECT, Level.INTERCHANGE, header, reporter, place)
    base = Beginning(
        standard="x12",
        number=number,
        start=pos,
        separators=separators,
        charset=charset,
        header=header,
    )
    return frame(content, X12_DIALECT, base, reporter, isa.end)


def _check_for_separators(header: Service, separators: Separators, number: int, reporter: Reporter) -> None:
    """Report the first element of ISA that holds a separator which it does not announce."""
    values = "".join((*header.elements[:10], *header.elements[11:15]))
    if not any(sign in values for sign in separators.service):
        return
    for at, value in enumerate(header.elements[:15], 1):
        own = next((sign for sign in separators.service if sign in value), None)
        if own is not None and at != 11:
            reporter.add(
                "E-ISA",
                f"ISA{at:02} holds {own!r}, a separator of this interchange",
                header.start,
                value=value,
                allow="isa-length",
                hint="have the partner choose other separators, or leave the character out",
                ack=X12_DIALECT.ack("isa", Level.INTERCHANGE),
                where=Place(interchange=number, tag="ISA", element=at),
            )
            return


def _separators(isa: _Isa, header: Service) -> Separators:
    """ISA11 separates repetitions from version 00402 on; before, it names the standard's owner (``U``)."""
    repetition = header.element(11)
    if header.element(12) < "00402" or len(repetition) != 1 or repetition.isalnum() or repetition == " ":
        repetition = ""
    return _known(
        isa.element.decode("latin-1"), header.element(16).strip(" "), isa.terminator.decode("latin-1"), repetition
    )


@lru_cache(maxsize=64)  # what follows from the characters is worked out once, not for each interchange
def _known(element: str, component: str, terminator: str, repetition: str) -> Separators:
    return Separators(element=element, component=component, terminator=terminator, repetition=repetition)
