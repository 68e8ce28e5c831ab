"""The beginning of an EDIFACT interchange: UNA, UNB, and what they say about the rest (ISO 9735)."""

import re

from transload.adapters.edi.charsets import ASCII, SYNTAX, Charset, decode
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.framing import frame
from transload.adapters.edi.interchange import Dialect, Interchange, Level, Service
from transload.adapters.edi.segments import BLANKS, after_terminator, split_elements
from transload.adapters.edi.separators import EDIFACT_DEFAULT, EDIFACT_LEVEL_B, Separators
from transload.canonical.findings import Severity
from transload.canonical.places import Place


def _codes(code: str, *levels: Level) -> dict[Level, dict[str, str]]:
    return {level: {"0085": code} for level in levels or tuple(Level)}


EDIFACT_DIALECT = Dialect(
    standard="edifact",
    headers=("UNB", "UNG", "UNH"),
    trailers=("UNZ", "UNE", "UNT"),
    references=(5, 5, 1),
    outside=frozenset(),
    groups_needed=False,
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

_REQUIRED = (
    (1, "the syntax identifier"),
    (2, "the sender"),
    (3, "the receiver"),
    (4, "date and time"),
    (5, "the control reference"),
)
_HEADERS = re.compile(rb"UN[GH](?=\+)")


def starts(payload: bytes, pos: int) -> bool:
    """Whether an EDIFACT interchange, or a message without one, begins at ``pos``."""
    return _begin(payload, pos) is not None


def _begin(payload: bytes, pos: int) -> tuple[Separators, int, bool] | None:
    """The separators, where the first segment begins, and whether UNA stands before it; None if none begins here."""
    if payload.startswith(b"UNA", pos):
        advice = payload[pos : pos + 9].decode("latin-1")
        first = pos + 9
        while first < len(payload) and payload[first] in BLANKS:
            first += 1
        if len(advice) == 9 and payload[first : first + 3] in (b"UNB", b"UNG", b"UNH"):
            return Separators.from_una(advice), first, True
        return None
    if payload.startswith(b"UNB+", pos):
        return EDIFACT_DEFAULT, pos, False
    if payload.startswith(b"UNB\x1d", pos):
        return EDIFACT_LEVEL_B, pos, False
    return (EDIFACT_DEFAULT, pos, False) if _HEADERS.match(payload, pos) else None


def read(payload: bytes, pos: int, number: int, reporter: Reporter, charset: Charset | None = None) -> Interchange:
    """Frame the interchange at ``pos``, where `starts` is true; ``charset`` overrides what UNB says."""
    begun = _begin(payload, pos)
    assert begun is not None
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
        announced = payload[first + 3 : first + 4].decode("latin-1")
        separators = EDIFACT_DEFAULT if announced == "+" or not separators.element else separators
    una_end = payload[pos + 9 : first].decode("latin-1") if una else ""
    if payload[first : first + 3] != b"UNB":
        return _headless(payload, pos, first, number, separators, reporter, charset, una, una_end)
    terminator, release = separators.terminator.encode("latin-1"), separators.release.encode("latin-1")
    end = after_terminator(payload, first, terminator, release)
    raw = payload[first : len(payload) if end is None else end - 1]
    header = _header(raw, separators, first, len(payload) if end is None else end)
    separators = _with_version(separators, header, una=una)
    found = charset or _charset(header, number, reporter)
    if found.codec != "ascii":
        text, _ = decode(raw, found)
        header = Service(tag="UNB", elements=tuple(split_elements(text, separators)[1:]), start=first, end=header.end)
    _check_header(header, number, reporter)
    base = Interchange(
        standard="edifact",
        number=number,
        start=pos,
        end=pos,
        separators=separators,
        charset=found,
        header=header,
        una=payload[pos : pos + 9].decode("latin-1") if una else "",
        una_end=una_end,
    )
    return frame(payload, EDIFACT_DIALECT, base, reporter, header.end)


def _header(raw: bytes, separators: Separators, start: int, end: int) -> Service:
    elements = split_elements(raw.decode("latin-1"), separators)[1:]
    return Service(tag="UNB", elements=tuple(elements), start=start, end=end)


def _with_version(separators: Separators, header: Service, *, una: bool) -> Separators:
    """Repetitions exist from syntax version 4 on; without UNA they are separated by ``*``."""
    version = header.element(1, 2)
    if version in ("", "1", "2", "3"):
        return separators.without_repetition() if separators.repetition else separators
    if una or separators is EDIFACT_LEVEL_B:
        return separators
    return Separators(component=":", element="+", terminator="'", release="?", repetition="*")


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
    missing = [(element, what) for element, what in _REQUIRED if not header.element(element, 1)]
    if missing:
        names = ", ".join(what for _, what in missing)
        reporter.add(
            "E-ENVELOPE",
            f"UNB does not give {names}",
            header.start,
            ack=EDIFACT_DIALECT.ack("missing", Level.INTERCHANGE),
            where=Place(interchange=number, tag="UNB", element=missing[0][0]),
        )


def _headless(
    payload: bytes,
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
    tag = payload[first : first + 3].decode("latin-1")
    reporter.add(
        "E-HEADER",
        f"{tag} stands without an interchange header UNB before it",
        first,
        hint="the messages are read, but there is no sender, receiver and control reference",
        ack=EDIFACT_DIALECT.ack("missing", Level.INTERCHANGE),
        where=Place(interchange=number, tag=tag),
    )
    base = Interchange(
        standard="edifact",
        number=number,
        start=pos,
        end=pos,
        separators=separators.without_repetition(),
        charset=charset or ASCII,
        header=None,
        una=payload[pos : pos + 9].decode("latin-1") if una else "",
        una_end=una_end,
    )
    return frame(payload, EDIFACT_DIALECT, base, reporter, first)
