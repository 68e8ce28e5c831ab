"""Finding the interchanges of all standards in a payload, and reporting all that stands between them."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Self

from transload.adapters.base.content import Content
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.faults import Lines, Reporter
from transload.adapters.edi.interchange import Dialect, Interchange, Level
from transload.adapters.edi.reading import edifact, tradacoms, x12
from transload.adapters.edi.reading.outline import Outline, Seen
from transload.canonical.findings import Finding
from transload.canonical.places import Place

DIALECTS: dict[str, Dialect] = {
    "edifact": edifact.EDIFACT_DIALECT,
    "x12": x12.X12_DIALECT,
    "tradacoms": tradacoms.TRADACOMS_DIALECT,
}
_STANDARDS = (edifact.read, x12.read, tradacoms.read)
_NUMBERS = {standard: number for number, standard in enumerate(DIALECTS)}
_BOM = b"\xef\xbb\xbf"
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_START = re.compile(
    rb"(?<![A-Za-z0-9])(?:UNA(?=.{6}[ \t\r\n]*UN[BGH])|UNB(?=[^\w\s]|\x1d)|UN[GH](?=\+)|ISA(?=[^\w\s])|STX(?==))"
    rb"|\xef\xbb\xbf",
    re.DOTALL,
)
_SHOWN = 60
_LOOKED_AT = 1 << 16
MOST_FINDINGS = 10_000
"""So many findings about interchanges are listed for a payload."""
_MOST_KEPT = 1000
"""So many interchanges are kept in memory; those after them are found again when they are asked for."""
_LOOKS = (
    (rb"\xe4\xd5[\xc1\xc2]|\xc9\xe2\xc1", "this looks like EBCDIC: have it sent, or converted, in ASCII"),
    (rb"\xff\xfe|\xfe\xff|U\x00N\x00|\x00U\x00N", "this looks like UTF-16: have it sent in the character set of UNB"),
    (rb"GS[^\w\s]|ST[^\w\s]", "this looks like X12 without its interchange header ISA"),
    (rb"[\s]*<", "this looks like XML: use format xml"),
    (rb"[\s]*[{\[]", "this looks like JSON: use format json"),
)


class Scan:
    """What stands in a payload: its interchanges in order, and ``findings`` about what is none.

    ``charset`` overrides the one that each interchange says or implies.  Nothing is raised
    for what stands in the payload.
    """

    def __init__(
        self,
        content: Content,
        *,
        file: str | None = None,
        lenient: Collection[str] = (),
        charset: Charset | None = None,
    ) -> None:
        self.content = content
        self.reporter = Reporter(Lines(content), file, lenient)
        self._charset = charset
        self.findings: tuple[Finding, ...] = ()
        self._kept: list[Interchange] = []
        self.standards: set[str] = set()
        """The standards of all interchanges."""
        self._rows = Outline(3)
        """Where each interchange begins, the number of an earlier one that is alike or its own, and its standard."""
        self.of_interchanges: list[Finding] = []
        """The findings of all interchanges, as far as they are listed; ``unlisted`` counts the others."""
        self.unlisted = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Interchange]:
        yield from self._kept
        for number in range(len(self._kept) + 1, len(self._rows) + 1):
            start, earlier, _ = self._rows[number - 1]
            yield self._again(start, number, earlier)

    def beginnings(self) -> Iterator[tuple[int, str]]:
        """Where each interchange begins, and its standard."""
        names = tuple(_NUMBERS)
        return ((start, names[standard]) for start, _, standard in self._rows)

    def look(self) -> Self:
        """Go through the payload once, before anything is asked of it; gives the scan itself."""
        content, known = self.content, Seen()
        junk: int | None = None
        pos, number = 0, 0
        while (pos := self._after_blanks(pos)) < len(content):
            found = self._read(pos, number + 1)
            if found is not None:
                self._report_junk(junk, pos, number)
                junk = None
                number += 1
                if number == 2:  # one alone, as in most payloads, is like no other
                    _first_alike(self._kept[0], known)
                earlier = _first_alike(found, known) if number > 1 else number
                self._keep(self._checked(found, earlier), earlier)
                pos = max(found.end, pos + 1)
            elif content.startswith(_BOM, pos):
                self._report_junk(junk, pos, number)
                junk = None
                self._report_bom(pos)
                pos += len(_BOM)
            else:
                junk = pos if junk is None else junk
                hit = content.search(_START, pos + 1)
                pos = hit[0] + hit[1].start() if hit else len(content)
        if number:
            self._report_junk(junk, len(content), number)
            self.findings = self.reporter.close()
        else:
            self.findings = (_not_edi(content, self.reporter),)
        return self

    def _keep(self, interchange: Interchange, earlier: int) -> None:
        self.standards.add(interchange.standard)
        self._rows.append((interchange.start, earlier, _NUMBERS[interchange.standard]))
        if len(self._kept) < _MOST_KEPT:
            self._kept.append(interchange)
        room = MOST_FINDINGS - len(self.of_interchanges)
        self.of_interchanges += interchange.findings[:room]
        self.unlisted += max(len(interchange.findings) - room, 0)

    def _again(self, start: int, number: int, earlier: int) -> Interchange:
        found = self._read(start, number)
        assert found is not None
        return self._checked(found, earlier)

    def _read(self, pos: int, number: int) -> Interchange | None:
        """The interchange at ``pos``, of whatever standard; None where none begins."""
        reporter = self.reporter.fresh()
        for read in _STANDARDS:
            found = read(self.content, pos, number, reporter, self._charset)
            if found is not None:
                return found
        return None

    def _checked(self, interchange: Interchange, earlier: int) -> Interchange:
        """The interchange, with a finding where it has parties and reference of the one with number ``earlier``."""
        header = interchange.header
        if header is None or earlier == interchange.number:
            return interchange
        dialect = DIALECTS[interchange.standard]
        own = self.reporter.fresh()
        own.add(
            "E-DUPLICATE",
            f"interchange {earlier} of this file has the same sender, receiver and reference",
            header.start,
            value=interchange.reference,
            allow="duplicate",
            ack=dialect.ack("duplicate", Level.INTERCHANGE),
            where=Place(interchange=interchange.number, tag=header.tag, element=dialect.references[Level.INTERCHANGE]),
        )
        return replace(interchange, findings=(*interchange.findings, *own.close()))

    def _after_blanks(self, pos: int) -> int:
        hit = self.content.search(_NOT_BLANK, pos)
        return hit[0] + hit[1].start() if hit else len(self.content)

    def _report_junk(self, start: int | None, end: int, before: int) -> None:
        """Report what stood from ``start`` to ``end``, if anything did, ``before`` interchanges having been found."""
        if start is None:
            return
        tail = self.content[max(start, end - _LOOKED_AT) : end]
        size = end - start - (len(tail) - len(tail.rstrip()))
        text = self.content[start : start + min(size, _SHOWN)].decode("latin-1")
        self.reporter.add(
            "E-JUNK",
            f"text {'after' if before else 'before'} an interchange belongs to none: {size} bytes",
            start,
            value=text if size <= _SHOWN else text + "...",
            hint="between interchanges only line ends and blanks may stand; add junk to lenient: if it can be ignored",
            allow="junk",
        )

    def _report_bom(self, pos: int) -> None:
        self.reporter.add(
            "E-BOM",
            "a UTF-8 byte order mark stands before the interchange",
            pos,
            value="\\xEF\\xBB\\xBF",
            hint="EDI has no byte order marks; add bom to lenient: if this partner sends them",
            allow="bom",
        )


def scan(
    payload: bytes | Content, *, file: str | None = None, lenient: Collection[str] = (), charset: Charset | None = None
) -> Scan:
    """Find all interchanges in ``payload``; ``file`` is the name that places carry."""
    return Scan(Content.of(payload), file=file, lenient=lenient, charset=charset).look()


def _first_alike(interchange: Interchange, known: Seen) -> int:
    """The number of the first interchange with this one's standard, parties and reference: its own if there is none."""
    if interchange.header is None or not interchange.reference.strip():
        return interchange.number
    parties = (f"{party.id}\x1f{party.qualifier}" for party in (interchange.sender, interchange.receiver) if party)
    key = "\x1d".join((interchange.standard, *parties, interchange.reference))
    return known.first(key, interchange.number)


def _not_edi(content: Content, reporter: Reporter) -> Finding:
    start = content[:_LOOKED_AT].lstrip()[:200]
    hint = next((hint for look, hint in _LOOKS if re.match(look, start)), None)
    if not start:
        hint = "the file is empty"
    shown = start[:_SHOWN].decode("latin-1")
    return Finding(
        code="E-NOT-EDI",
        message="there is no EDIFACT, X12 or TRADACOMS interchange in this file",
        hint=hint or "an interchange begins with UNA, UNB, ISA or STX",
        value=shown or None,
        place=reporter.place(0),
    )
