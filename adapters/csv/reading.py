"""Finding the documents in a CSV payload: once over all rows for where they begin, then document by document."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from transload.adapters.base.format import Message, Reading
from transload.adapters.base.rows.documents import Divider, Extent, FileValue, miscounted, stray
from transload.adapters.base.rows.text import RowText
from transload.adapters.csv.envelope import CsvEnvelope, CsvPayload
from transload.adapters.csv.options import CsvOptions
from transload.adapters.csv.records import CsvRecords
from transload.adapters.csv.scanning import Dialect, Row, rows
from transload.canonical.findings import Finding
from transload.canonical.places import Place


class CsvReading(Reading):
    """The documents of one payload.  Rows are kept for one document at a time."""

    def __init__(self, source: RowText, options: CsvOptions) -> None:
        self._source = source
        self._options = options
        self.dialect = Dialect(delimiter=options.delimiter, quote=options.quote, escape=options.escape)
        self._number_of_rows = 0
        self.findings: list[Finding] = []
        self.header: tuple[str, ...] = ()
        self._header_at = 0
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
        body = CsvRecords(
            extent.start,
            extent.last,
            header=self.header,
            source=self._source,
            dialect=self.dialect,
            number=number,
            header_at=self._header_at,
            trim=self._options.trim,
        )
        findings = [*extent.findings, *self._source.controls(extent.start, extent.end)]
        width = {len(self.header) + 1} if self.header else None
        if (width and {*map(len, body.segments)} != width) or "rows" in vars(body):  # those of quotes are known
            for index, row in enumerate(body.rows):
                if (width and len(row.cells) != len(self.header)) or row.fault >= 0:
                    findings += self._row_faults(row, index, body)
        payload = self._payload
        return Message(
            kind=self._options.kind,
            start=start,
            end=end,
            body=body,
            findings=tuple(finding.within(Place(message=number)) for finding in findings),
            enveloped=lambda: CsvEnvelope(payload, extent, body),
        )

    def _row_faults(self, row: Row, index: int, body: CsvRecords) -> Iterator[Finding]:
        width = len(self.header)
        if row.fault >= 0:
            yield Finding(
                code="E-QUOTE",
                message="text stands after the closing quote of a cell",
                hint="a quote inside quotes is doubled",
                value=self._source.text[row.fault : row.end][:40],
                place=replace(self._source.place(row.fault)),
            )
        if width and len(row.cells) < width and not self._options.ragged:
            yield Finding(
                code="E-RAGGED",
                message=f"the row has {len(row.cells)} cells, and the header {width} columns",
                hint="write ragged: true under format: if the partner leaves out empty cells at the end",
                place=body.place(index),
            )
        if width and any(row.cells[width:]):
            first = next(n for n, cell in enumerate(row.cells[width:], width + 1) if cell)
            yield Finding(
                code="E-RAGGED",
                message=f"the row has {len(row.cells)} cells, and the header {width} columns",
                hint="is a delimiter inside a value, which then needs quotes?",
                value=row.cells[first - 1],
                place=body.place(index, first),
            )

    def _divided(self) -> list[Extent]:
        """The documents, with what is wrong with the payload as a whole."""
        source, options = self._source, self._options
        lines = source.lines()
        start = 0
        for _ in range(options.skip):
            _, _, start = next(lines, (0, 0, len(source.text)))
        file = options.file
        scan = rows(source, self.dialect, start, len(source.text))
        head = [row for _, row in zip(file.header, scan, strict=False)]
        if options.header:
            self._read_header(next(scan, None))
        tail: list[Row] = []
        divider = Divider(options)
        by, at, texts = self._keys()
        count = 0
        kept = len(file.trailer)
        for row in scan:
            if row.unclosed >= 0:
                self._note("E-QUOTE", "a quote is opened here and never closed", row.unclosed, "what follows is lost")
                return []
            if kept:
                tail.append(row)
                if len(tail) <= kept:
                    continue
                row = tail.pop(0)
            cells = row.cells
            width = len(cells)
            key = tuple([cells[n] if n < width else "" for n in by])
            starts = -1 < at < width and cells[at] in texts
            divider.add(row.start, row.after, count, key, starts=starts, place=source.place)
            if divider.unsorted is not None:
                self.findings.append(divider.unsorted)
                return []
            count += 1
        divider.finish(tail[0].start if tail else len(source.text), source.place)
        first = divider.extents[0].start if divider.extents else tail[0].start if tail else len(source.text)
        self._payload = CsvPayload(
            source=source,
            header=self.header,
            preface=source.text[:first],
            trailing=self._trailing(tail),
            options=options,
        )
        self._check_file(head, tail, {"documents": len(divider.extents), "records": count})
        word = " or ".join(f"{place} {' or '.join(found)}" for place, found in options.start.items())
        self.findings += stray(divider.before, source.place, word)
        return divider.extents

    def _trailing(self, tail: Sequence[Row]) -> str:
        return self._source.text[tail[0].start :] if tail else ""

    def _keys(self) -> tuple[list[int], int, frozenset[str]]:
        """The positions of the columns of ``by``, that of ``start``, and the texts that begin a document there."""
        options = self._options
        by = [position for name in options.by if (position := self._position(name)) >= 0]
        (place, texts) = next(iter(options.start.items()), ("", []))
        return by, self._position(place) if place else -1, frozenset(texts)

    def _position(self, name: str) -> int:
        if self._options.header:
            if name in self.header:
                return self.header.index(name)
        elif name.isascii() and name.isdigit() and int(name):
            return int(name) - 1
        self._note("E-COLUMN", f"there is no column {name!r}, which tells documents apart", self._header_at)
        return -1

    def _read_header(self, row: Row | None) -> None:
        if row is None or row.unclosed >= 0:
            message = "there is no header" if row is None else "a quote is opened in the header and never closed"
            self._note("E-HEADER", message, min(len(self._source.text), row.unclosed if row is not None else 0))
            return
        self._header_at = row.start
        names = {other: name for name, others in self._options.aliases.items() for other in others}
        cells = [cell.strip() if self._options.trim else cell for cell in row.cells]
        self.header = tuple(names.get(cell, cell) or f"#{number}" for number, cell in enumerate(cells, 1))
        for name, times in Counter(self.header).items():
            if times > 1:
                message = f"{times} columns of the header are called {name!r}"
                self._note(
                    "E-HEADER", message, row.start, "ask the partner for different names, or read by header: false"
                )

    def _check_file(self, head: Sequence[Row], tail: Sequence[Row], counts: dict[str, int]) -> None:
        file = self._options.file
        counts["lines"] = counts["records"] + len(file.header) + len(file.trailer) + self._options.header
        for wanted, there in ((file.header, head), (file.trailer, tail)):
            if len(there) < len(wanted):
                self._note("E-FILE", "the rows around the documents are not all there", len(self._source.text))
            for places, row in zip(wanted, there, strict=False):
                for place, value in places.items():
                    self._check_value(place, value, row, counts)

    def _check_value(self, place: str, value: FileValue, row: Row, counts: dict[str, int]) -> None:
        number = int(place) if place.isascii() and place.isdigit() else 0
        found = row.cells[number - 1] if 0 < number <= len(row.cells) else ""
        where = replace(self._source.place(row.start), element=number or None)
        self.findings += miscounted(value, found, counts, where)

    def _note(self, code: str, message: str, at: int, hint: str | None = None) -> None:
        self.findings.append(Finding(code=code, message=message, hint=hint, place=self._source.place(at)))
