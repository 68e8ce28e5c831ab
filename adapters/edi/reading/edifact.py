"""The beginning of an EDIFACT interchange: UNA, UNB, and what they say about the rest (ISO 9735)."""

import re
from dataclasses import replace

from transload.adapters.base.content import Content
from transload.adapters.base.format import COMPONENT
from transload.adapters.edi.charsets import ASCII, SYNTAX, Charset
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Beginning, Dialect, Interchange, Level
from transload.adapters.edi.reading.envelope_checks import check_number
from transload.adapters.edi.reading.framing import frame
from transload.adapters.edi.segments import BLANKS, after_terminator
from transload.adapters.edi.separators import EDIFACT_DEFAULT, EDIFACT_LEVEL_B, Separators
from transload.adapters.edi.services import Service, service_between
from transload.canonical.findings import Severity
from transload.canonical.places import Place


def _codes(code: str, *levels: Level) -> dict[Level, dict[str, str]]:
    return {level: {"0085": code} for level in levels or tuple(Level)}


_REFERENCE = re.compile(r"\S(?:.{0,12}\S)?", re.DOTALL)
EDIFACT_DIALECT = Dialect(
    standard="edifact",
    headers=("UNB", "UNG", "UNH"),
    trailers=("UNZ", "UNE", "UNT"),
    references=(5, 5, 1),
    package=("UNO", "UNP"),
    forms={
        Level.INTERCHANGE: (_REFERENCE, "1 to 14 letters, digits or signs (0020 an..14)"),
        Level.GROUP: (_REFERENCE, "1 to 14 letters, digits or signs (0048 an..14)"),
        Level.MESSAGE: (_REFERENCE, "1 to 14 letters, digits or signs (0062 an..14)"),
    },
    acks={
        (fault, level): ack
        for fault, codes in {
            "count": _codes("29"),
            "reference": _codes("28"),
            "trailer": _codes("13"),
            "header": _codes("33"),
            "outside": _codes("33"),
            "truncated": _codes("13"),
            "duplicate": _codes("26"),
            "no-reference": _codes("13"),
            "number": _codes("12"),
            "value": _codes("12"),
            "limit": _codes("18"),
            "missing": _codes("13"),
            "mixed": _codes("30"),
            "empty": _codes("32"),
            "charset": _codes("21"),
            "control": _codes("21"),
            "segment": _codes("15"),
            "separators": _codes("20"),
            "syntax": _codes("2"),
        }.items()
        for level, ack in codes.items()
    },
)
"""The codes are those of code list 0085 (ISO 9735-10), read in the service code lists of the Joint Syntax Working
Group and compared with the lists that BizTalk and edifabric publish for CONTRL."""

_REQUIRED = ("the syntax identifier", "the sender", "the receiver", "date and time", "the control reference")
"""What the first elements of UNB hold, each in its first component."""
_LATIN_1 = SYNTAX["UNOC"]
_REPEATING = replace(EDIFACT_DEFAULT, repetition="*")
"""What holds without UNA from syntax version 4 on."""
_HEADERS = (b"UNG+", b"UNH+")
_UNANNOUNCED = re.compile(rb"UNB([^\w\s])UNO[A-Z]([^\w\s])[1-4]\1")
_FIRST_HEADER = re.compile(rb"([^\w\s]|[\r\n])\s*UN[GH]")
_WINDOW = 1000


def _begin(content: Content, pos: int) -> tuple[Separators, int, bool] | None:
    """The separators, where the first segment begins, and whether UNA stands before it; None if none begins here."""
    head = content[pos : pos + 4]
    if head[:3] == b"UNA":
        advice = content[pos : pos + 9].decode("latin-1")
        rest = content[pos + 9 : pos + 9 + _WINDOW]
        first = len(rest) - len(rest.lstrip(BLANKS))
        if len(advice) == 9 and rest[first : first + 3] in (b"UNB", b"UNG", b"UNH"):
            return Separators.from_una(advice), pos + 9 + first, True
        return None
    if head == b"UNB+":
        return EDIFACT_DEFAULT, pos, False
    if head == b"UNB\x1d":
        return EDIFACT_LEVEL_B, pos, False
    if head[:3] == b"UNB":
        separators = _unannounced(content, pos)
        return (separators, pos, False) if separators else None
    return (EDIFACT_DEFAULT, pos, False) if head in _HEADERS else None


def _unannounced(content: Content, pos: int) -> Separators | None:
    """The separators that a UNB shows by itself, where they are not the default ones and no UNA names them."""
    head = content[pos : pos + _WINDOW]
    shown = _UNANNOUNCED.match(head)
    ends = _FIRST_HEADER.search(head)
    if shown is None or ends is None:
        return None
    terminator = ends[1].decode("latin-1")
    found = Separators(
        element=shown[1].decode("latin-1"),
        component=shown[2].decode("latin-1"),
        terminator="\n" if terminator == "\r" else terminator,
        release="?",
    )
    return found if found.sound else None


def read(
    content: Content, pos: int, number: int, reporter: Reporter, charset: Charset | None = None
) -> Interchange | None:
    """Frame the interchange, or the messages without one, at ``pos``; None where none begins.

    ``charset`` overrides what UNB says.
    """
    begun = _begin(content, pos)
    if begun is None:
        return None
    separators, first, una = begun
    if una and not separators.sound:
        reporter.add(
            "E-UNA",
            "these service characters cannot be told apart from each other or from text",
            pos,
            value=separators.una,
            hint="they must be six different characters, no letters or digits",
            ack=EDIFACT_DIALECT.ack("separators", Level.INTERCHANGE),
            where=Place(interchange=number, tag="UNA"),
        )
        announced = content[first + 3 : first + 4].decode("latin-1")
        separators = EDIFACT_DEFAULT if announced == "+" or not separators.element else separators
    elif not una and separators is not EDIFACT_DEFAULT and separators is not EDIFACT_LEVEL_B:
        reporter.add(
            "E-UNA",
            "the separators are not the default ones, and no UNA announces them; they are taken from UNB as it looks",
            pos,
            value=f"element {separators.element!r}, component {separators.component!r}, "
            f"terminator {separators.terminator!r}",
            allow="no-una",
            ack=EDIFACT_DIALECT.ack("separators", Level.INTERCHANGE),
            where=Place(interchange=number, tag="UNB"),
        )
    una_end = content[pos + 9 : first].decode("latin-1") if una else ""
    if content[first : first + 3] != b"UNB":
        return _headless(content, pos, first, number, separators, reporter, charset, una, una_end)
    end = after_terminator(content, first, separators)
    header = service_between(content, first, end, separators, _LATIN_1)
    assumed, separators = separators, _with_version(separators, header, una=una)
    found = charset or _charset(header, number, reporter)
    if separators is not assumed or found is not _LATIN_1:  # now what its characters mean is known
        header = service_between(content, first, end, separators, found)
    _check_header(header, number, reporter)
    base = Beginning(
        standard="edifact",
        number=number,
        start=pos,
        separators=separators,
        charset=found,
        header=header,
        una=content[pos : pos + 9].decode("latin-1") if una else "",
        una_end=una_end,
    )
    return frame(content, EDIFACT_DIALECT, base, reporter, header.end)


def _with_version(separators: Separators, header: Service, *, una: bool) -> Separators:
    """Repetitions exist from syntax version 4 on; without UNA they are separated by ``*``."""
    version = header.element(1, 2)
    if version in ("", "1", "2", "3"):
        return separators.without_repetition
    if una or separators is EDIFACT_LEVEL_B:
        return separators
    return _REPEATING


def _charset(header: Service, number: int, reporter: Reporter) -> Charset:
    identifier = header.element(1, 1)
    known = SYNTAX.get(identifier)
    if known is None and identifier:
        reporter.add(
            "W-SYNTAX",
            f"the syntax identifier {identifier!r} is none whose character set is known; the file is read as ASCII",
            header.start,
            severity=Severity.WARNING,
            value=identifier,
            hint="name the character set with charset: under format",
            ack=EDIFACT_DIALECT.ack("syntax", Level.INTERCHANGE),
            where=Place(interchange=number, tag="UNB", element=1, component=1),
        )
    return known or ASCII


def _check_header(header: Service, number: int, reporter: Reporter) -> None:
    reference = header.element(5)
    if reference.strip() and _REFERENCE.fullmatch(reference) is None:
        place = Place(interchange=number, tag="UNB", element=5)
        check_number(EDIFACT_DIALECT, Level.INTERCHANGE, header, reporter, place)
    given = [element.partition(COMPONENT)[0] for element in header.elements[: len(_REQUIRED)]]
    if len(given) < len(_REQUIRED) or not all(given):
        missing = [(element, what) for element, what in enumerate(_REQUIRED, 1) if not header.element(element, 1)]
        names = ", ".join(what for _, what in missing)
        reporter.add(
            "E-ENVELOPE",
            f"UNB does not give {names}",
            header.start,
            ack=EDIFACT_DIALECT.ack("missing", Level.INTERCHANGE),
            where=Place(interchange=number, tag="UNB", element=missing[0][0]),
        )


def _headless(
    content: Content,
    pos: int,
    first: int,
    number: int,
    separators: Separators,
    reporter: Reporter,
    charset: Charset | None,
    una: bool,
    una_end: str,
) -> Interchange:
    """Frame groups and messages that stand without UNB and UNZ."""
    tag = content[first : first + 3].decode("latin-1")
    reporter.add(
        "E-HEADER",
        f"{tag} stands without an interchange header UNB before it",
        first,
        hint="the messages are read, but there is no sender, receiver and control reference",
        ack=EDIFACT_DIALECT.ack("missing", Level.INTERCHANGE),
        where=Place(interchange=number, tag=tag),
    )
    base = Beginning(
        standard="edifact",
        number=number,
        start=pos,
        separators=separators.without_repetition,
        charset=charset or ASCII,
        header=None,
        una=content[pos : pos + 9].decode("latin-1") if una else "",
        una_end=una_end,
    )
    return frame(content, EDIFACT_DIALECT, base, reporter, first)
