"""One message drawn: its segments in their groups, those without findings left out where that is wanted."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from transload.adapters.base.format import Message
from transload.adapters.edi.guides import Guide
from transload.adapters.edi.guides.positions import Standing
from transload.adapters.edi.interchange import Frame, Interchange
from transload.adapters.edi.reading.messages import EdiReading
from transload.adapters.edi.reading.records import EdiRecords
from transload.canonical.findings import Finding, Severity
from transload.runner.cli.screen import counted
from transload.runner.cli.xray.facts import SERVICE_TITLES, plain
from transload.runner.cli.xray.lines import FAINT, HEAD, Line, fold
from transload.runner.cli.xray.row import Row, Segment, Stretch, gutter
from transload.runner.cli.xray.sheet import Sheet

NEIGHBOURS = 2
"""So many segments are shown before and after one with findings, where others are left out."""
_NOWHERE = Standing()
_BLANKS = b" \t\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which segments are shown: the first ``most`` (None for all), and those with findings.

    ``severe`` leaves out remarks.
    """

    most: int | None
    severe: bool = False
    elements: bool = False

    def wants(self, finding: Finding) -> bool:
        """Whether the segment of ``finding`` is shown for its sake."""
        return not self.severe or finding.severity is not Severity.REMARK


SEVERE = Choice(most=0, severe=True)
"""Only what has errors or warnings."""


@dataclass(kw_only=True)
class Picture:
    """A message with all findings about it, to be drawn on ``sheet``."""

    sheet: Sheet
    reading: EdiReading
    interchange: Interchange
    frame: Frame
    message: Message
    findings: Sequence[Finding]
    guide: Guide | None

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """First byte and terminator of each segment, header and trailer too."""
        frame, terminator = self.frame, self.interchange.separators.ends[0]
        found = [(frame.header.start, frame.header.end), *([] if self.opaque else self._body.spans)]
        found += [(frame.trailer.start, frame.trailer.end)] if frame.trailer else []
        content = self.reading.scan.content
        for number in {0, len(found) - 1} if frame.trailer else {0}:
            start, end = found[number]
            found[number] = (start, end - 1 if content[end - 1 : end] == terminator else end)
        return found

    @property
    def _body(self) -> EdiRecords:
        assert isinstance(self.message.body, EdiRecords)
        return self.message.body

    @property
    def opaque(self) -> bool:
        """Whether what stands between header and trailer is not segments, or was too large to be taken apart."""
        return self.frame.package or not self._body.segments

    @cached_property
    def standings(self) -> list[Standing]:
        """The groups of each segment, header and trailer too."""
        inside = self.guide.standings(self._body) if self.guide and not self.opaque else []
        found = [_NOWHERE, *inside]
        return [*found, *[_NOWHERE] * (len(self.spans) - len(found))]

    def title(self) -> str:
        """The message in one line."""
        message = self.message

        def show(text: str) -> str:
            return self.sheet.glyphs.text(plain(text, self.interchange.separators))

        size = "an object" if self.frame.package else counted(len(self.spans), "segment")
        guide = f"guide {self.guide.file}" if self.guide else "no guide: envelope checked, contents not"
        return (
            f"message {self.frame.number}: {show(f'{message.kind} {message.version}'.strip() or '?')},"
            f" reference {show(message.reference or '?')}, {size}, {guide}"
        )

    def lines(self, choice: Choice) -> Iterator[Line]:
        """The message's lines."""
        yield from fold(self.title(), self.sheet.width, indent=2, style=HEAD)
        placed, rest = self._placed()
        last = -1
        for index in self._chosen(choice, placed):
            yield from self._gap(last + 1, index)
            yield from self._segment(index, placed.get(index, ()), elements=choice.elements)
            if index == 0 and self.opaque:
                start, end = self.frame.body_start, self.frame.body_end
                title = f"{end - start:,} bytes, not taken apart"
                stretch = Stretch(start=start, end=end, title=title, codec=self.interchange.charset.codec)
                yield from self.sheet.stretch(stretch, self.reading.scan, ())
            last = index
        yield from self._gap(last + 1, len(self.spans))
        for finding in rest:
            yield from self.sheet.finding(finding, 6)

    def _segment(self, index: int, findings: Sequence[Finding], *, elements: bool) -> Iterator[Line]:
        start, stop = self.spans[index]
        standing = self.standings[index]
        raw = self.reading.scan.content[start : self._end(index)]
        row = Row(
            start=start,
            raw=raw,
            codec=self.interchange.charset.codec,
            segment=Segment(separators=self.interchange.separators, end=stop - start, binary=self.frame.binary),
            lead=gutter(index + 1, self.reading.scan.reporter.lines.line(start)) + "  " * len(standing.groups),
            title=self._titled(index, standing),
            findings=findings,
        )
        yield from self.sheet.row(row)
        if elements:
            from transload.runner.cli.xray.elements import Listing

            tag = raw[: row.tokens[0].stop].decode("latin-1")
            listing = Listing(row=row, guide=self.guide.use(tag, standing) if self.guide else None, sheet=self.sheet)
            yield from listing.lines(len(row.lead) + 2)

    def _end(self, index: int) -> int:
        """Where the bytes end that are shown with a segment: with what stands before the next one."""
        if index == 0 and self.opaque:
            return self.frame.body_start
        if index + 1 < len(self.spans):
            return self.spans[index + 1][0]
        end = self.frame.end
        after = self.reading.scan.content[end : end + 4]
        return end + len(after) - len(after.lstrip(_BLANKS)) if self.frame.trailer else end

    def _placed(self) -> tuple[dict[int, list[Finding]], list[Finding]]:
        """The findings by segment, and those that belong to none."""
        starts = [start for start, _ in self.spans]
        placed: dict[int, list[Finding]] = defaultdict(list)
        rest: list[Finding] = []
        for finding in self.findings:
            byte = finding.place.byte if finding.place else None
            if byte is None or not starts[0] <= byte < self._end(len(starts) - 1):
                rest.append(finding)
            else:
                placed[bisect_right(starts, byte) - 1].append(finding)
        return placed, rest

    def _chosen(self, choice: Choice, placed: dict[int, list[Finding]]) -> list[int]:
        count = len(self.spans)
        if choice.most is None or choice.most >= count:
            return list(range(count))
        chosen = {0, count - 1, *range(choice.most)}
        for index, findings in placed.items():
            if any(choice.wants(finding) for finding in findings):
                chosen.update(range(max(index - NEIGHBOURS, 0), min(index + NEIGHBOURS + 1, count)))
        return sorted(chosen)

    def _gap(self, first: int, end: int) -> Iterator[Line]:
        left = end - first
        if left > 0:
            what = f"{left:,} segments, {first + 1:,} to {end:,}," if left > 1 else f"segment {end:,}"
            yield from fold(f"... {what} not shown", self.sheet.width, indent=len(gutter(None, 1)), style=FAINT)

    def _titled(self, index: int, standing: Standing) -> str:
        if index == 0:
            return SERVICE_TITLES.get(self.frame.header.tag, "header")
        if self.frame.trailer and index == len(self.spans) - 1:
            size = self.frame.body_end - self.frame.body_start
            what = counted(size, "byte") if self.frame.package else counted(len(self.spans), "segment")
            return f"{SERVICE_TITLES.get(self.frame.trailer.tag, 'trailer')}: {what}"
        known = self.guide.use(self._body.segments[index - 1][0], standing) if self.guide else None
        groups = f"({' > '.join(standing.groups)})" if standing.opens else ""
        return " ".join(filter(None, (known.title if known else "", groups)))
