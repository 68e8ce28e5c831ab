"""Finding the documents in a fixed-width payload: once over all lines, then document by document."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from transload.adapters.base.format import Message, Reading
from transload.adapters.base.rows.documents import Divider, Extent, miscounted, stray
from transload.adapters.base.rows.text import RowText
from transload.adapters.fixed.envelope import FixedEnvelope, FixedPayload
from transload.adapters.fixed.options import FixedOptions, bounds
from transload.adapters.fixed.records import FixedRecords
from transload.adapters.fixed.width import Width
from transload.canonical.findings import Finding
from transload.canonical.places import Place

Span = tuple[int, int, int]
"""Start and end of a line, and where the next one begins."""


class FixedReading(Reading):
    """The documents of one payload.  Lines are kept for one document at a time."""

    def __init__(self, source: RowText, options: FixedOptions) -> None:
        self._source = source
        self._options = options
        self._width = Width(options.charset, options.unit)
        self.findings: list[Finding] = []
        found = self._divided()
        self._extents = [] if any(finding.is_error for finding in self.findings) else found

    def __iter__(self) -> Iterator[Message]:
        source = self._source
        character = byte = 0
        for number, extent in enumerate(self._extents, 1):
            start = source.ahead(byte, character, extent.start) + (source.mark if number == 1 else 0)
            character, byte = extent.end, source.ahead(start, extent.start, extent.end)
            yield self._message(extent, number, start, byte)

    def _message(self, extent: Extent, number: int, start: int, end: int) -> Message:
        source = self._source

        def spans() -> list[tuple[int, int]]:
            return [(first, last) for first, last, _ in self._spans(extent.start, extent.last)]

        whole = source.text[extent.start : extent.last]
        body = FixedRecords(self._lines(whole, spans), spans, source=source, width=self._width, number=number)
        findings = [*extent.findings, *source.controls(extent.start, extent.end)]
        length = self._options.length
        if length is not None and body.lines and {*map(len, body.lines)} != {length}:
            findings += self._lengths(body, length)
        if self._width.unsaid and not whole.isascii():
            findings.append(self._unsaid(body.spans))
        payload = self._payload
        return Message(
            kind=self._options.kind,
            start=start,
            end=end,
            body=body,
            findings=tuple(finding.within(Place(message=number)) for finding in findings),
            enveloped=lambda: FixedEnvelope(payload, extent, body),
        )

    def _lines(self, whole: str, spans: Callable[[], Sequence[tuple[int, int]]]) -> list[str]:
        """The lines of a document that are not blank."""
        source = self._source
        if self._options.newline == "none":
            return [source.text[first:last] for first, last in spans()]
        if source.newline == "\n" and "\r" in whole:
            lines = whole.removesuffix("\r").split("\r\n")
            if whole.count("\n") != len(lines) - 1:  # some lines end with a line feed alone
                lines = whole.replace("\r\n", "\n").removesuffix("\r").split("\n")
        else:
            lines = whole.split(source.newline)
        if not lines[-1]:
            lines.pop()
        return lines if all(map(str.strip, lines)) else [line for line in lines if line.strip()]

    def _lengths(self, body: FixedRecords, length: int) -> Iterator[Finding]:
        for index, line in enumerate(body.lines):
            there = self._width.length(line)
            if there > length and line[length:].strip():
                yield Finding(
                    code="E-LENGTH",
                    message=f"the record is {there} long, and should have {length}",
                    hint="is the length right? is there a value that is too long, or one record too many in the line?",
                    value=line[length:].strip(),
                    place=body.place(index, length + 1),
                )
            elif there < length and (self._options.tails == "padded" or self._options.newline == "none"):
                yield Finding(
                    code="E-LENGTH",
                    message=f"the record is {there} long, and should have {length}",
                    hint="write tails: any under format: if the partner leaves out blanks at the end",
                    place=body.place(index),
                )

    def _unsaid(self, lines: Sequence[tuple[int, int]]) -> Finding:
        source = self._source
        first, last = next(span for span in lines if not source.text[span[0] : span[1]].isascii())
        at = next(n for n in range(first, last) if not source.text[n].isascii())
        return Finding(
            code="E-UNIT",
            message=f"{source.text[at]!r} has several bytes in {source.charset}, and what ranges count is not said",
            hint="ask the partner, and write unit: characters or unit: bytes under format:",
            value=source.text[at],
            place=source.place(at),
        )

    def _spans(self, start: int, stop: int) -> Iterator[Span]:
        """The lines between two offsets that are not blank."""
        if self._options.newline == "none":
            yield from self._blocks(start, stop)
            return
        text, newline = self._source.text, self._source.newline
        find = text.find
        while start < stop:
            end = find(newline, start, stop)
            after = end + 1 if end >= 0 else stop
            if end < 0:
                end = stop
            if newline == "\n" and end > start and text[end - 1] == "\r":
                end -= 1
            if end > start and text[start:end].strip():
                yield start, end, after
            start = after

    def _blocks(self, start: int, stop: int) -> Iterator[Span]:
        """Records of the fixed length, one after another.  A line end after the last one is no record."""
        length, text = self._options.length or 1, self._source.text
        while start < stop:
            end = min(start + length, stop)
            if self._width.wide:
                end = start + len(self._width.slice(text[start:end], 0, length))
            if end < stop or text[start:end].strip("\r\n\x1a"):
                yield start, end, end
            start = end

    def _divided(self) -> list[Extent]:
        """The documents, with what is wrong with the payload as a whole."""
        return self._usual() or self._walked()

    def _usual(self) -> list[Extent] | None:
        """The documents of a payload in which nothing but their first lines needs a look; None where it is another."""
        source, options = self._source, self._options
        begins, text = options.begins, source.text
        if begins is None or source.newline != "\n" or (self._width.wide and not text.isascii()):
            return None
        starts = [0] if begins.match("\n" + text[: text.find("\n") + 1 or None]) else []
        starts += [found.end() for found in begins.finditer(text)]
        if not starts or text[: starts[0]].strip():
            return None
        self._payload = FixedPayload(source=source, preface=text[: starts[0]], trailing="", options=options)
        return [Extent(start=start, end=end) for start, end in pairwise((*starts, len(text)))]

    def _walked(self) -> list[Extent]:
        """The same for any payload, line by line."""
        source, options = self._source, self._options
        start = 0
        lines = source.lines()
        for _ in range(options.skip):
            _, _, start = next(lines, (0, 0, len(source.text)))
        file = options.file
        scan = self._spans(start, len(source.text))
        head = [span for _, span in zip(file.header, scan, strict=False)]
        tail: list[Span] = []
        divider = Divider(options)
        by = [bounds(place) for place in options.by]
        (place, texts) = next(iter(options.start.items()), ("1", []))
        first, last = bounds(place)
        begins = {*texts, *(text.ljust(last - first) for text in texts)}
        text, add, count, kept = source.text, divider.add, 0, len(file.trailer)
        wide = self._width.wide and not text.isascii()
        plain = not by and not wide and not kept
        for span in scan:
            if plain:
                begin, end, after = span
                add(
                    begin,
                    after,
                    count,
                    (),
                    starts=text[begin + first : min(begin + last, end)] in begins,
                    place=source.place,
                )
                count += 1
                continue
            if kept:
                tail.append(span)
                if len(tail) <= kept:
                    continue
                span = tail.pop(0)
            begin, end, after = span
            line = text[begin:end] if wide else ""
            if wide:
                key = tuple(self._width.slice(line, one, other).strip() for one, other in by)
                starts = self._width.slice(line, first, last) in begins
            else:
                key = tuple(text[begin + one : min(begin + other, end)].strip() for one, other in by)
                starts = text[begin + first : min(begin + last, end)] in begins
            add(begin, after, count, key, starts=starts, place=source.place)
            if divider.unsorted is not None:
                self.findings.append(divider.unsorted)
                return []
            count += 1
        divider.finish(tail[0][0] if tail else len(text), source.place)
        offset = divider.extents[0].start if divider.extents else tail[0][0] if tail else len(text)
        trailing = text[tail[0][0] :] if tail else ""
        self._payload = FixedPayload(source=source, preface=text[:offset], trailing=trailing, options=options)
        self._check_file(head, tail, {"documents": len(divider.extents), "records": count})
        self.findings += stray(divider.before, source.place, f"{place} {' or '.join(texts)}")
        return divider.extents

    def _check_file(self, head: Sequence[Span], tail: Sequence[Span], counts: dict[str, int]) -> None:
        file, source = self._options.file, self._source
        counts["lines"] = counts["records"] + len(file.header) + len(file.trailer)
        for wanted, there in ((file.header, head), (file.trailer, tail)):
            if len(there) < len(wanted):
                self.findings.append(
                    Finding(
                        code="E-FILE",
                        message="the records around the documents are not all there",
                        place=source.place(len(source.text)),
                    )
                )
            for places, (begin, end, _) in zip(wanted, there, strict=False):
                line = source.text[begin:end]
                for place, value in places.items():
                    first, last = bounds(place)
                    found = self._width.slice(line, first, last).strip()
                    self.findings += miscounted(value, found, counts, source.place(min(begin + first, end)))
