"""Findings about a payload: their places, the deviations that a partner is granted, and a bound on their number."""

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cached_property

from transload.adapters.base.content import Content
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

DEVIATIONS: dict[str, str] = {
    "bom": "a byte order mark before an interchange (E-BOM)",
    "charset": "bytes that the character set does not hold, read as ISO 8859-1 (E-CHARSET)",
    "control-characters": "control characters inside values (E-CONTROL)",
    "control-number": "control references of another form than the standard's (E-NUMBER)",
    "count": "control counts that do not fit (E-COUNT)",
    "duplicate": "references that occur twice (E-DUPLICATE)",
    "empty-segments": "segments without tag and content (E-EMPTY-SEGMENT)",
    "interchange-trailer": "a missing UNZ or IEA (E-TRAILER)",
    "isa-length": "an ISA whose elements do not have their fixed lengths (E-ISA)",
    "junk": "text between interchanges (E-JUNK)",
    "no-una": "separators that no UNA announces, taken from UNB (E-UNA)",
    "reference": "references of header and trailer that differ (E-REFERENCE)",
}
"""What the option ``lenient`` may name: such findings become remarks."""

MOST_ALIKE = 200
"""So many findings of one code are listed one by one for an interchange, and for what stands between interchanges; the
rest becomes one finding that says how many there are."""

_CHUNK = 1 << 16
_LOOKED_AT = 1 << 20
_NOWHERE = Place()


class Lines:
    """Line numbers of a payload by byte offset, counted in blocks as far as one is asked for.

    A line ends with LF; in a payload whose beginning has no LF, with CR.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._before = [0]
        """How many line ends stand before the start of each block."""
        self._last = 0, 0
        """What was asked for last, and how many line ends stand before it: the next is mostly a little further on."""

    @cached_property
    def _mark(self) -> bytes:
        head = self._content[:_LOOKED_AT]
        return b"\r" if b"\n" not in head and b"\r" in head else b"\n"

    def line(self, offset: int) -> int:
        """The line, from 1, in which the byte at ``offset`` stands."""
        block = offset // _CHUNK
        while len(self._before) <= block:
            start = (len(self._before) - 1) * _CHUNK
            self._before.append(self._before[-1] + self._content[start : start + _CHUNK].count(self._mark))
        start, before = self._last
        if not block * _CHUNK <= start <= offset:
            start, before = block * _CHUNK, self._before[block]
        before += self._content[start:offset].count(self._mark)
        self._last = offset, before
        return 1 + before


class Reporter:
    """Collects ``findings`` about one interchange, or about what stands between interchanges.

    ``lenient`` names the deviations that become remarks.
    """

    def __init__(self, lines: Lines, file: str | None, lenient: Collection[str] = ()) -> None:
        self.file = file
        self.lines = lines
        self.lenient = lenient
        self.findings: list[Finding] = []
        self._made: Counter[tuple[str, Severity]] | None = None

    def fresh(self) -> "Reporter":
        """A reporter on the same payload that has collected nothing yet."""
        return Reporter(self.lines, self.file, self.lenient)

    def place(self, byte: int, where: Place = _NOWHERE) -> Place:
        """``where`` with file, line and byte for the offset ``byte``."""
        return where.at(file=self.file, line=self.lines.line(byte), byte=byte)

    def add(
        self,
        code: str,
        message: str,
        byte: int,
        *,
        allow: str | None = None,
        hint: str | None = None,
        value: str | None = None,
        ack: Mapping[str, str] | None = None,
        severity: Severity = Severity.ERROR,
        where: Place = _NOWHERE,
    ) -> None:
        """Add a finding at ``byte``: a remark if the deviation ``allow`` is granted.

        Beyond `MOST_ALIKE` of one kind it is only counted.
        """
        if allow is not None:
            if allow in self.lenient:
                severity = Severity.REMARK
            elif hint is None:
                hint = f"if this partner may do so, add {allow} to lenient: under format"
        if self._made is None:
            self._made = Counter()
        self._made[code, severity] += 1
        if self._made[code, severity] > MOST_ALIKE:
            return
        self.findings.append(
            Finding(
                code=code,
                severity=severity,
                message=message,
                hint=hint,
                value=value,
                place=self.place(byte, where),
                ack=ack or {},
            )
        )

    def close(self) -> tuple[Finding, ...]:
        """All findings, with one more for each kind of which more were met than are listed."""
        if self._made is None:
            return ()
        surplus = [
            Finding(
                code=code,
                severity=severity,
                message=f"{made - MOST_ALIKE} more findings {code} are not listed one by one",
                hint="mend the first ones, then look again",
                place=next(finding.place for finding in self.findings if finding.code == code),
            )
            for (code, severity), made in sorted(self._made.items())
            if made > MOST_ALIKE
        ]
        return (*self.findings, *surplus)
