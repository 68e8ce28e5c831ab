"""Finding the interchanges of both standards in a payload, and reporting all that stands between them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from transload.adapters.edi import edifact, x12
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.faults import Lines, Reporter
from transload.adapters.edi.interchange import Interchange, Level
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_BOM = b"\xef\xbb\xbf"
_BETWEEN = re.compile(rb"[ \t\r\n]*+")
_START = re.compile(
    rb"(?<![A-Za-z0-9])(?:UNA(?=.{6}[ \t\r\n]*UN[BGH])|UNB(?=[+\x1d])|UN[GH](?=\+)|ISA(?=[^\w\s]))|\xef\xbb\xbf",
    re.DOTALL,
)
_SHOWN = 60
_LOOKS = (
    (rb"STX=", "this looks like TRADACOMS, which this format does not read"),
    (rb"\xe4\xd5[\xc1\xc2]|\xc9\xe2\xc1", "this looks like EBCDIC: have it sent, or converted, in ASCII"),
    (rb"\xff\xfe|\xfe\xff|U\x00N\x00|\x00U\x00N", "this looks like UTF-16: have it sent in the character set of UNB"),
    (rb"GS[^\w\s]|ST[^\w\s]", "this looks like X12 without its interchange header ISA"),
    (rb"[\s]*<", "this looks like XML: use format xml"),
    (rb"[\s]*[{\[]", "this looks like JSON: use format json"),
)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What stands in a payload: its interchanges in order, and findings about what is none."""

    payload: bytes
    reporter: Reporter
    interchanges: tuple[Interchange, ...]
    findings: tuple[Finding, ...]


def scan(
    payload: bytes, *, file: str | None = None, lenient: Collection[str] = (), charset: Charset | None = None
) -> Scan:
    """Find all interchanges in ``payload``; ``charset`` overrides the one that each interchange says or implies.

    Nothing is raised for what stands in the payload.
    """
    reporter = Reporter(Lines(payload), file, lenient)
    found: list[Interchange] = []
    junk: int | None = None
    pos = 0
    while (pos := _skip(payload, pos)) < len(payload):
        module = edifact if edifact.starts(payload, pos) else x12 if x12.starts(payload, pos) else None
        if module is None and payload.startswith(_BOM, pos):
            _report_junk(payload, junk, pos, reporter, found)
            junk = None
            _report_bom(pos, reporter)
            pos += len(_BOM)
        elif module is None:
            junk = pos if junk is None else junk
            match = _START.search(payload, pos + 1)
            pos = match.start() if match else len(payload)
        else:
            _report_junk(payload, junk, pos, reporter, found)
            junk = None
            found.append(module.read(payload, pos, len(found) + 1, reporter.fresh(), charset))
            pos = max(found[-1].end, pos + 1)
    if not found:
        return Scan(payload=payload, reporter=reporter, interchanges=(), findings=(_not_edi(payload, reporter),))
    _report_junk(payload, junk, len(payload), reporter, found)
    return Scan(
        payload=payload,
        reporter=reporter,
        interchanges=tuple(_with_duplicates(found, reporter)),
        findings=reporter.close(),
    )


def _skip(payload: bytes, pos: int) -> int:
    match = _BETWEEN.match(payload, pos)
    return match.end() if match else pos


def _report_junk(payload: bytes, start: int | None, end: int, reporter: Reporter, found: list[Interchange]) -> None:
    """Report what stood from ``start`` to ``end``, if anything did."""
    if start is None:
        return
    stretch = payload[start:end].rstrip()
    text = stretch[:_SHOWN].decode("latin-1")
    reporter.add(
        "E-JUNK",
        f"text {'after' if found else 'before'} an interchange belongs to none: {len(stretch)} bytes",
        start,
        value=text if len(stretch) <= _SHOWN else text + "...",
        hint="between interchanges only line ends and blanks may stand; add junk to lenient: if it can be ignored",
        allow="junk",
    )


def _report_bom(pos: int, reporter: Reporter) -> None:
    reporter.add(
        "E-BOM",
        "a UTF-8 byte order mark stands before the interchange",
        pos,
        value="\\xEF\\xBB\\xBF",
        hint="EDI has no byte order marks; add bom to lenient: if this partner sends them",
        allow="bom",
    )


def _not_edi(payload: bytes, reporter: Reporter) -> Finding:
    start = payload.lstrip()[:200]
    hint = next((hint for look, hint in _LOOKS if re.match(look, start)), None)
    if not start:
        hint = "the file is empty"
    shown = start[:_SHOWN].decode("latin-1")
    return Finding(
        code="E-NOT-EDI",
        message="there is neither an EDIFACT nor an X12 interchange in this file",
        hint=hint or "an interchange begins with UNA, UNB or ISA",
        value=shown or None,
        place=reporter.place(0),
    )


def _with_duplicates(found: list[Interchange], reporter: Reporter) -> list[Interchange]:
    """The interchanges, with a finding where one has parties and reference of an earlier one."""
    known: dict[tuple[object, ...], int] = {}
    checked: list[Interchange] = []
    for each in found:
        key = (each.standard, each.sender, each.receiver, each.reference)
        earlier = known.setdefault(key, each.number) if each.header and each.reference.strip() else each.number
        if each.header and earlier != each.number:
            dialect = edifact.EDIFACT_DIALECT if each.standard == "edifact" else x12.X12_DIALECT
            own = reporter.fresh()
            own.add(
                "E-DUPLICATE",
                f"interchange {earlier} of this file has the same sender, receiver and reference",
                each.header.start,
                value=each.reference,
                allow="duplicate",
                ack=dialect.ack("duplicate", Level.INTERCHANGE),
                where=Place(
                    interchange=each.number, tag=each.header.tag, element=dialect.references[Level.INTERCHANGE]
                ),
            )
            checked.append(replace(each, findings=(*each.findings, *own.close())))
        else:
            checked.append(each)
    return checked
