"""All findings of reading: what each code means, and with which codes acknowledgements report it.

The codes of acknowledgements stand where they belong: those of envelopes in the dialects, those of guides in the
table of their faults.  This page brings both together, for people and for a test that none is missing.
"""

import sys
from dataclasses import dataclass

from transload.adapters.edi.faults import DEVIATIONS
from transload.adapters.edi.guides.faults import FaultKind
from transload.adapters.edi.interchange import Level
from transload.adapters.edi.reading.scan import DIALECTS
from transload.canonical.findings import Severity


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of finding: its code, what is wrong, and the acknowledgement codes ``element: code`` by standard.

    ``lenient`` is the deviation by which a partner may be granted it.
    """

    code: str
    title: str
    edifact: tuple[str, ...] = ()
    x12: tuple[str, ...] = ()
    lenient: str = ""

    @property
    def severity(self) -> Severity:
        """The severity, unless the deviation is granted."""
        return {"E": Severity.ERROR, "W": Severity.WARNING, "R": Severity.REMARK}[self.code[0]]


@dataclass(frozen=True, kw_only=True)
class _Envelope:
    """A kind of finding about envelopes and whole messages: ``fault`` is its name in `Dialect.acks`."""

    code: str
    title: str
    fault: str = ""
    levels: tuple[Level, ...] = tuple(Level)
    lenient: str = ""


_I, _G, _M = Level.INTERCHANGE, Level.GROUP, Level.MESSAGE
_ENVELOPE = (
    _Envelope(code="E-NOT-EDI", title="a file in which there is no interchange"),
    _Envelope(code="E-BOM", title="a byte order mark before an interchange", lenient="bom"),
    _Envelope(code="E-JUNK", title="text between interchanges that belongs to none", lenient="junk"),
    _Envelope(code="E-STANDARD", title="an interchange of another standard than the format reads"),
    _Envelope(
        code="E-UNA", title="separators that cannot be told apart", fault="separators", levels=(_I,), lenient="no-una"
    ),
    _Envelope(
        code="W-SYNTAX", title="a syntax identifier whose character set is not known", fault="syntax", levels=(_I,)
    ),
    _Envelope(
        code="E-ISA",
        title="an ISA of another length, or whose separators are no good or stand in its elements",
        fault="isa",
        levels=(_I,),
        lenient="isa-length",
    ),
    _Envelope(code="E-ENVELOPE", title="a header without what it must give", fault="missing", levels=(_I, _M)),
    _Envelope(code="E-ENVELOPE", title="a header without a reference", fault="no-reference"),
    _Envelope(code="E-NUMBER", title="a control reference of another form", fault="number", lenient="control-number"),
    _Envelope(code="E-DUPLICATE", title="a reference that stood before", fault="duplicate", lenient="duplicate"),
    _Envelope(code="E-HEADER", title="a trailer without a header", fault="header"),
    _Envelope(code="E-HEADER", title="messages without an interchange header", fault="missing", levels=(_I,)),
    _Envelope(code="E-TRAILER", title="a header without a trailer", fault="trailer", lenient="interchange-trailer"),
    _Envelope(code="E-TRUNCATED", title="a file that ends in the middle", fault="truncated", levels=(_I,)),
    _Envelope(code="E-COUNT", title="a control count that does not fit", fault="count", lenient="count"),
    _Envelope(
        code="E-REFERENCE", title="references of header and trailer that differ", fault="reference", lenient="reference"
    ),
    _Envelope(
        code="E-GROUP", title="a message outside of groups where there must be some", fault="mixed", levels=(_I,)
    ),
    _Envelope(code="E-OUTSIDE", title="segments outside of messages", fault="outside", levels=(_I, _G)),
    _Envelope(code="E-EMPTY", title="an interchange or group without messages", fault="empty", levels=(_I, _G)),
    _Envelope(code="E-BINARY", title="a length of binary data that leads nowhere", fault="value", levels=(_M,)),
    _Envelope(
        code="E-LIMIT", title="more than is read: a message, a segment, segments outside", fault="limit", levels=(_M,)
    ),
    _Envelope(
        code="E-CHARSET",
        title="bytes of another character set, UTF-8 mix-ups among them",
        fault="charset",
        lenient="charset",
    ),
    _Envelope(
        code="W-CHARSET",
        title="characters beyond ASCII or beyond the announced repertoire",
        fault="charset",
        levels=(_M,),
        lenient="charset",
    ),
    _Envelope(
        code="E-CONTROL", title="control characters inside values", fault="control", lenient="control-characters"
    ),
    _Envelope(
        code="E-EMPTY-SEGMENT",
        title="a segment without tag and content",
        fault="segment",
        levels=(_M,),
        lenient="empty-segments",
    ),
    _Envelope(code="E-TAG", title="what cannot be the tag of a segment", fault="segment", levels=(_M,)),
    _Envelope(code="E-REJECTED-WITH", title="a right message that is rejected with its neighbours (reject:)"),
    _Envelope(code="E-MORE", title="more findings than are listed"),
    _Envelope(code="R-GUIDE", title="a type of message without a guide: its envelope alone is checked"),
)


def rows() -> list[Row]:
    """All kinds of findings: those of envelopes and characters first, then those of guides."""
    found = []
    for each in _ENVELOPE:
        edifact = {code for level in each.levels for code in _codes("edifact", each.fault, level)}
        x12 = {code: None for level in each.levels for code in _codes("x12", each.fault, level)}
        row = Row(
            code=each.code, title=each.title, edifact=tuple(sorted(edifact)), x12=tuple(x12), lenient=each.lenient
        )
        found.append(row)
    for kind in (each.value for each in FaultKind):
        x12_codes = [f"720: {kind.segment}"] if kind.segment else []
        x12_codes += [f"723: {kind.element}"] if kind.element else []
        x12_codes += [f"621: {kind.note}"] if kind.note else []
        edifact_codes = (f"0085: {kind.edifact}",) if kind.edifact else ()
        found.append(Row(code=kind.code, title=kind.title, edifact=edifact_codes, x12=tuple(x12_codes)))
    return found


def _codes(standard: str, fault: str, level: Level) -> list[str]:
    return [f"{element}: {code}" for element, code in DIALECTS[standard].ack(fault, level).items()]


def documented() -> str:
    """The table of all findings and that of all deviations as Markdown, for docs/edi-findings.md."""
    lines = [
        "| finding | severity | what is wrong | CONTRL | TA1, 997, 999 | `lenient:` |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows():
        lenient = f"`{row.lenient}`" if row.lenient else ""
        codes = f"{', '.join(row.edifact)} | {', '.join(row.x12)}"
        lines.append(f"| `{row.code}` | {row.severity} | {row.title} | {codes} | {lenient} |")
    lines += ["", "| deviation | what it lets pass as a remark |", "| --- | --- |"]
    lines += [f"| `{name}` | {words} |" for name, words in DEVIATIONS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(documented())
